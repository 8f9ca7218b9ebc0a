/** Entries of the audit log in words. */
import type { AuditEntry } from "@/api/audit";

export const actorName = ({ actor }: AuditEntry): string => actor.name || actor.id || "Somebody not signed in";

export function targetName({ target }: AuditEntry): string {
  if (!target) return "–";
  return `${target.type.replaceAll("_", " ")} ${target.name || target.id}`;
}

/** What the actor showed to be let in. */
export function viaWords(via: string): string {
  const [kind, id] = via.split(":", 2);
  if (kind === "sign-in") return id ? `Signed in (${id})` : "Signed in";
  if (kind === "api-key") return id ? `API key (${id})` : "API key";
  return via || "Nothing: the request was anonymous";
}

export const outcomeWords = ({ outcome, code }: AuditEntry): string =>
  outcome === "succeeded" ? "Succeeded" : `Refused${code ? ` (${code.replaceAll("_", " ")})` : ""}`;

/** The beginning of a hash, enough to compare by eye. */
export const short = (hash: string): string => hash.slice(0, 12);
