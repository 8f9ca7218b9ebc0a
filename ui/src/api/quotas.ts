/** Limits and usage of the organisation, its groups and its members. */
import { client, unwrap } from "./client";
import type { Limits, Quota } from "./types";

export type { Limits, Quota } from "./types";

/** Whose limits: the organisation's, those of members without their own, one group's or one member's. */
export type Subject = { scope: "tenant" | "user-default" } | { scope: "user" | "group"; id: string };

export const listQuotas = async (): Promise<Quota[]> => (await unwrap(client.GET("/v1/quotas"))).items;

export const setQuota = async (subject: Subject, limits: Limits): Promise<void> => {
  const body = { limits };
  switch (subject.scope) {
    case "user":
      await unwrap(client.PUT("/v1/quotas/users/{user_id}", { params: { path: { user_id: subject.id } }, body }));
      break;
    case "group":
      await unwrap(client.PUT("/v1/quotas/groups/{group_id}", { params: { path: { group_id: subject.id } }, body }));
      break;
    default:
      await unwrap(client.PUT("/v1/quotas/{scope}", { params: { path: { scope: subject.scope } }, body }));
  }
};

/** Back to the default (a member) or to no limits (a group). */
export const resetQuota = async ({ scope, id }: Subject & { id: string }): Promise<void> => {
  if (scope === "user")
    await unwrap(client.DELETE("/v1/quotas/users/{user_id}", { params: { path: { user_id: id } } }));
  else await unwrap(client.DELETE("/v1/quotas/groups/{group_id}", { params: { path: { group_id: id } } }));
};
