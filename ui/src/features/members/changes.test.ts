import { describe, expect, it } from "vitest";
import type { Me, Member } from "@/api/types";
import { chargedGroup, formOf, limitsOn, movesOf, patchOf } from "./changes";

const member: Member = {
  id: "usr-2",
  email: "li@example.com",
  name: "Li Wei",
  role: "member",
  kind: "person",
  group_ids: ["grp-1", "grp-2"],
  charged_group_id: "grp-1",
  disabled: false,
  created_at: "2026-01-01T00:00:00Z",
  last_sign_in_at: null,
};
const me = (permissions: string[], id = "usr-1") => ({ user: { id }, permissions }) as Me;

describe("the form of a member", () => {
  const form = (change: object) => ({ ...formOf(member), ...change });

  it("comes to nothing when nothing was changed", () => {
    const same = form({ name: " Li Wei " });
    expect(movesOf(member, same)).toEqual({ join: [], leave: [] });
    expect(patchOf(member, same, chargedGroup(member, same))).toBeNull();
  });

  it("comes to what differs, and to nothing else", () => {
    const changed = form({ role: "operator", groupIds: ["grp-1", "grp-3"] });
    expect(movesOf(member, changed)).toEqual({ join: ["grp-3"], leave: ["grp-2"] });
    expect(patchOf(member, changed, chargedGroup(member, changed))).toEqual({ role: "operator" });
  });

  it("charges another group, or none, when somebody says so", () => {
    expect(chargedGroup(member, form({ charged: "grp-2" }))).toBe("grp-2");
    expect(chargedGroup(member, form({ charged: "" }))).toBeNull();
  });

  it("charges what the server would when nobody says", () => {
    expect(chargedGroup(member, form({ groupIds: ["grp-2"] }))).toBe("grp-2");
    expect(chargedGroup(member, form({ groupIds: ["grp-2"], charged: "grp-1" }))).toBe("grp-2");
    expect(chargedGroup(member, form({ groupIds: [] }))).toBeNull();
    const outsider: Member = { ...member, group_ids: [], charged_group_id: null };
    expect(chargedGroup(outsider, form({ groupIds: ["grp-9"] }))).toBe("grp-9");
  });

  it("keeps somebody uncharged who is so on purpose", () => {
    const free: Member = { ...member, charged_group_id: null };
    expect(chargedGroup(free, form({ groupIds: ["grp-1", "grp-2", "grp-3"] }))).toBeNull();
  });
});

describe("what may be done to a member", () => {
  it("is nothing for those who only look", () => {
    expect(limitsOn(member, me(["users:read"])).edit).toBeDefined();
  });

  it("is everything for an administrator", () => {
    expect(Object.values(limitsOn(member, me(["users:write"])))).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("leaves owners to owners", () => {
    const owner: Member = { ...member, role: "owner" };
    expect(limitsOn(owner, me(["users:write"])).remove).toContain("owners");
    expect(limitsOn(owner, me(["users:write", "owners:write"])).remove).toBeUndefined();
  });

  it("does not let anybody out by their own hand", () => {
    const limits = limitsOn(member, me(["users:write", "owners:write"], "usr-2"));
    expect(limits.edit).toBeUndefined();
    expect([limits.role, limits.disable, limits.remove].every((limit) => limit !== undefined)).toBe(true);
  });
});
