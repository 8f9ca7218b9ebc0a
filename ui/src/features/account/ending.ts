/** Why somebody who was signed in may not go on, told from the server's refusal. */
import type { Problem } from "@/api/problem";

export type Ending = "suspended" | "deleted" | "address";

const ENDINGS: ReadonlyMap<string, Ending> = new Map([
  ["tenant_suspended", "suspended"],
  ["tenant_deleting", "deleted"],
  ["address_not_allowed", "address"],
]);

/** Null for refusals that are about one request only. */
export const endingOf = (problem: Problem): Ending | null => ENDINGS.get(problem.code) ?? null;
