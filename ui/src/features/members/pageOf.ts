import type { Member } from "@/api/types";

/** A person's page is under Members, a service account's under API keys: that is where each is listed. */
export const pageOf = ({ id, kind }: Pick<Member, "id" | "kind">): string =>
  kind === "person" ? `/members/${id}` : `/api-keys/service-accounts/${id}`;
