import { client, unwrap } from "./client";
import { everyPage } from "./pages";
import type { Group, GroupRequest, Member } from "./types";

const at = (group_id: string) => ({ params: { path: { group_id } } });
const member = (group_id: string, user_id: string) => ({ params: { path: { group_id, user_id } } });

export const listGroups = (): Promise<Group[]> =>
  everyPage((cursor) => unwrap(client.GET("/v1/groups", { params: { query: { limit: 100, cursor } } })));

export const getGroup = (id: string): Promise<Group> => unwrap(client.GET("/v1/groups/{group_id}", at(id)));

export const createGroup = (body: GroupRequest): Promise<Group> => unwrap(client.POST("/v1/groups", { body }));

export const changeGroup = (id: string, body: Partial<GroupRequest>): Promise<Group> =>
  unwrap(client.PATCH("/v1/groups/{group_id}", { ...at(id), body }));

export const removeGroup = async (id: string): Promise<void> => {
  await unwrap(client.DELETE("/v1/groups/{group_id}", at(id)));
};

export const listGroupMembers = (id: string): Promise<Member[]> =>
  everyPage((cursor) =>
    unwrap(
      client.GET("/v1/groups/{group_id}/members", {
        params: { path: { group_id: id }, query: { limit: 100, cursor } },
      }),
    ),
  );

export const addToGroup = async (group: string, user: string): Promise<void> => {
  await unwrap(client.PUT("/v1/groups/{group_id}/members/{user_id}", member(group, user)));
};

export const removeFromGroup = async (group: string, user: string): Promise<void> => {
  await unwrap(client.DELETE("/v1/groups/{group_id}/members/{user_id}", member(group, user)));
};
