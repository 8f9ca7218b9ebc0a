import { describe, expect, it } from "vitest";
import type { Roles } from "@/api/types";
import { everyScope, inShort, launching, offered, readOnly, withSubject } from "./scopes";

const roles: Roles = {
  items: [
    { name: "owner", description: "", permissions: ["sessions:read", "sessions:write", "owners:write", "audit:read"] },
    { name: "member", description: "", permissions: ["sessions:read", "sessions:write", "account:write"] },
  ],
  permissions: ["sessions:read", "sessions:write", "account:write", "owners:write", "audit:read"].map((name) => ({
    name,
    description: name,
    personal: name === "account:write" || name === "owners:write",
  })),
};

describe("the scopes of a key", () => {
  it("are what the owner's role has, less what is personal", () => {
    expect(everyScope(offered(roles, "member"))).toEqual(["sessions:read", "sessions:write"]);
    expect(everyScope(offered(roles, "owner"))).toEqual(["sessions:read", "sessions:write", "audit:read"]);
    expect(offered(roles, "auditor")).toEqual([]);
  });

  it("can be chosen by what they are for", () => {
    const all = offered(roles, "owner");
    expect(readOnly(all)).toEqual(["sessions:read", "audit:read"]);
    expect(launching(all)).toEqual(["sessions:read", "sessions:write"]);
  });

  it("can be chosen a subject at a time", () => {
    const [sessions] = offered(roles, "owner");
    if (!sessions) throw new Error("no subject");
    expect(withSubject(["audit:read", "sessions:read"], sessions, true)).toEqual([
      "audit:read",
      "sessions:read",
      "sessions:write",
    ]);
    expect(withSubject(["audit:read", "sessions:read"], sessions, false)).toEqual(["audit:read"]);
  });

  it("are named when few and counted when many", () => {
    expect(inShort([])).toBe("None");
    expect(inShort(["a:read", "b:read"])).toBe("a:read, b:read");
    expect(inShort(["a:read", "b:read", "c:read"])).toBe("a:read, b:read and 1 more");
  });
});
