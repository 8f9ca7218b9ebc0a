import { describe, expect, it } from "vitest";
import type { Invitation } from "@/api/types";
import { isOpen, stateOf } from "./invitations";

const invitation = (state: Invitation["state"]) =>
  ({ id: "inv-1", state, expires_at: "2026-11-22T12:00:00Z" }) as Invitation;

describe("an invitation", () => {
  it("expires while the list is open", () => {
    const at = (time: string) => stateOf(invitation("pending"), Date.parse(time));
    expect(at("2026-11-22T11:59:59Z")).toBe("pending");
    expect(at("2026-11-22T12:00:00Z")).toBe("expired");
  });

  it("does not expire once it was answered", () => {
    expect(stateOf(invitation("accepted"), Date.parse("2027-01-01T00:00:00Z"))).toBe("accepted");
  });

  it("needs attention until it is accepted or revoked", () => {
    expect((["pending", "expired", "accepted", "revoked"] as const).map((state) => isOpen(invitation(state)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
