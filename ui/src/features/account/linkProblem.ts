/** What to say about a link from a mail that does not work any more. */
import type { Problem } from "@/api/problem";

export interface LinkTrouble {
  header: string;
  text: string;
}

const TROUBLES: Readonly<Record<string, LinkTrouble>> = {
  link_used: { header: "This link was used already", text: "If that was you, sign in. A link works once." },
  link_expired: { header: "This link has expired", text: "Ask for another one: links work for a limited time." },
  link_invalid: {
    header: "This link does not work",
    text: "It may have been cut off on its way, or replaced by a newer one. Open the newest mail and try again.",
  },
  invitation_revoked: { header: "This invitation was withdrawn", text: "Ask whoever invited you for another one." },
};

/** Trouble with the link itself, for which trying again is no use; null when the form may be corrected. */
export function linkTrouble(problem: Problem | null): LinkTrouble | null {
  if (!problem) return null;
  const known = TROUBLES[problem.code];
  if (known) return known;
  if (problem.field("token") !== undefined) return TROUBLES["link_invalid"] ?? null;
  return [404, 409, 410].includes(problem.status) ? { header: "This link does not work", text: problem.message } : null;
}
