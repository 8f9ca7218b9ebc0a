/** What an API key may be given: permissions of its owner's role, in groups that people can choose from. */
import type { Role, Roles } from "@/api/types";
import { subjects, type Subject } from "@/features/roles/roles";

/** The scopes that a key of somebody in this role may have: nothing that is for people alone. */
export function offered(roles: Roles, role: Role): Subject[] {
  const allowed = new Set(roles.items.find(({ name }) => name === role)?.permissions);
  return subjects(roles.permissions.filter(({ name, personal }) => allowed.has(name) && !personal));
}

export const everyScope = (from: readonly Subject[]): string[] =>
  from.flatMap(({ permissions }) => permissions.map(({ name }) => name));

/** Those that change nothing. */
export const readOnly = (from: readonly Subject[]): string[] =>
  everyScope(from).filter((name) => (name.split(":")[1] ?? "").startsWith("read"));

/** What it takes to launch sessions and open them: the usual reason for a key. */
const LAUNCH: readonly string[] = ["sessions:read", "sessions:write", "templates:read", "quotas:read"];
export const launching = (from: readonly Subject[]): string[] =>
  everyScope(from).filter((name) => LAUNCH.includes(name));

/** All of a subject's scopes in or out; the rest stays as it is. */
export function withSubject(chosen: readonly string[], subject: Subject, on: boolean): string[] {
  const names = subject.permissions.map(({ name }) => name);
  const rest = chosen.filter((name) => !names.includes(name));
  return on ? [...rest, ...names] : rest;
}

/** "sessions:read, sessions:write +3": few are named, many are counted. */
export function inShort(scopes: readonly string[], named = 2): string {
  if (scopes.length === 0) return "None";
  const rest = scopes.length - named;
  return rest > 0 ? `${scopes.slice(0, named).join(", ")} and ${rest} more` : scopes.join(", ");
}
