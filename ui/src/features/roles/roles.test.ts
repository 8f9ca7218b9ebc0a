import { describe, expect, it } from "vitest";
import type { Roles } from "@/api/types";
import { difference, subjects, subjectTitle } from "./roles";

const roles: Roles = {
  items: [
    { name: "member", description: "", permissions: ["sessions:read", "sessions:write"] },
    { name: "auditor", description: "", permissions: ["sessions:read", "audit:read"] },
  ],
  permissions: [
    { name: "sessions:read", description: "See sessions", personal: false },
    { name: "sessions:write", description: "Create sessions", personal: false },
    { name: "audit:read", description: "Search the audit log", personal: false },
  ],
};

describe("permissions", () => {
  it("are grouped by what they are about", () => {
    expect(subjects(roles.permissions).map(({ title, permissions }) => [title, permissions.length])).toEqual([
      ["Sessions", 2],
      ["Audit log", 1],
    ]);
  });

  it("have a readable subject even when this version does not know it", () => {
    expect(subjectTitle("api_keys")).toBe("API keys");
    expect(subjectTitle("web_hooks")).toBe("Web hooks");
  });

  it("are gained and lost with a change of role", () => {
    expect(difference(roles, "member", "auditor")).toEqual({
      gained: ["Search the audit log"],
      lost: ["Create sessions"],
    });
    expect(difference(roles, "member", "member")).toEqual({ gained: [], lost: [] });
  });
});
