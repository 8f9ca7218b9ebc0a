import { describe, expect, it } from "vitest";
import { isUsable, keyState } from "./keyState";

const now = Date.parse("2026-11-22T12:00:00Z");
const key = (state: "active" | "expired" | "revoked", expires_at: string) => ({ state, expires_at });

describe("a key", () => {
  it.each([
    [key("active", "2027-01-01T00:00:00Z"), "active"],
    [key("active", "2026-11-29T12:00:00Z"), "expiring"],
    [key("active", "2026-11-22T12:00:00Z"), "expired"],
    [key("revoked", "2027-01-01T00:00:00Z"), "revoked"],
  ])("%o is %s", (of, state) => expect(keyState(of, now)).toBe(state));

  it("is of use until it expires or is revoked", () => {
    expect(isUsable(key("active", "2026-11-22T12:00:01Z"), now)).toBe(true);
    expect(isUsable(key("active", "2026-11-22T11:59:59Z"), now)).toBe(false);
    expect(isUsable(key("revoked", "2027-01-01T00:00:00Z"), now)).toBe(false);
  });
});
