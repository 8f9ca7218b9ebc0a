/** Roles and permissions as people read them. The server's table is the only source of who may do what. */
import type { Role, Roles } from "@/api/types";

export interface Subject {
  /** "sessions" of "sessions:read". */
  id: string;
  title: string;
  permissions: Roles["permissions"];
}

const TITLES: Readonly<Record<string, string>> = {
  api_keys: "API keys",
  audit: "Audit log",
  events: "Live updates",
  templates: "Catalog",
  tenant: "Organisation",
  users: "Members",
};

const subjectOf = (permission: string): string => permission.split(":")[0] ?? permission;

export function subjectTitle(id: string): string {
  return TITLES[id] ?? id.charAt(0).toUpperCase() + id.slice(1).replaceAll("_", " ");
}

/** Permissions by what they are about, in the order of the table. */
export function subjects(permissions: Roles["permissions"]): Subject[] {
  const found = new Map<string, Subject>();
  for (const permission of permissions) {
    const id = subjectOf(permission.name);
    const subject = found.get(id) ?? { id, title: subjectTitle(id), permissions: [] };
    subject.permissions.push(permission);
    found.set(id, subject);
  }
  return [...found.values()];
}

export interface Difference {
  gained: string[];
  lost: string[];
}

/** What somebody may do in another role that they could not before, and the other way round, in words. */
export function difference(roles: Roles, from: Role, to: Role): Difference {
  const of = (name: Role) => new Set(roles.items.find((role) => role.name === name)?.permissions);
  const [before, after] = [of(from), of(to)];
  const words = (keep: (name: string) => boolean) =>
    roles.permissions.filter(({ name }) => keep(name)).map(({ description }) => description);
  return {
    gained: words((name) => after.has(name) && !before.has(name)),
    lost: words((name) => before.has(name) && !after.has(name)),
  };
}
