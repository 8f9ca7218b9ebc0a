import { describe, expect, it } from "vitest";
import { isUsable, keyState } from "./keyState";

const now = Date.parse("2026-11-22T12:00:00Z");
const key = (state: "active" | "expired" | "revoked", expires_at: string, replaced_by: string | null = null) => ({
  state,
  expires_at,
  replaced_by,
});

describe("a key", () => {
  it.each([
    [key("active", "2027-01-01T00:00:00Z"), "active"],
    [key("active", "2026-11-29T12:00:00Z"), "expiring"],
    [key("active", "2026-11-22T12:00:00Z"), "expired"],
    [key("active", "2026-11-23T12:00:00Z", "key-2"), "replaced"],
    [key("active", "2026-11-22T11:00:00Z", "key-2"), "expired"],
    [key("revoked", "2027-01-01T00:00:00Z"), "revoked"],
  ])("%o is %s", (of, state) => expect(keyState(of, now)).toBe(state));

  it("is of use until it expires or is revoked", () => {
    expect(isUsable(key("active", "2026-11-22T12:00:01Z"), now)).toBe(true);
    expect(isUsable(key("active", "2026-11-23T12:00:00Z", "key-2"), now)).toBe(true);
    expect(isUsable(key("active", "2026-11-22T11:59:59Z"), now)).toBe(false);
    expect(isUsable(key("revoked", "2027-01-01T00:00:00Z"), now)).toBe(false);
  });
});
