import type { Member } from "@/api/types";

/** What disabling and removing have in common. */
export const shutOut = ({ kind }: Pick<Member, "kind">): string =>
  kind === "service"
    ? "Its API keys are refused from their next request on."
    : "They are signed out everywhere at once, and their API keys are refused.";
