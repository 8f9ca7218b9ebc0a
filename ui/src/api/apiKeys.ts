import { client, unwrap } from "./client";
import { everyPage } from "./pages";
import type { ApiKey, ApiKeyRequest, NewApiKey } from "./types";

const at = (api_key_id: string) => ({ params: { path: { api_key_id } } });

/** Whose keys: one's own, everybody's, or those of a particular user. */
export type Whose = { all: true } | { user_id: string } | Record<string, never>;

export const listApiKeys = (whose: Whose): Promise<ApiKey[]> =>
  everyPage((cursor) => unwrap(client.GET("/v1/api-keys", { params: { query: { ...whose, limit: 100, cursor } } })));

export const createApiKey = (body: ApiKeyRequest): Promise<NewApiKey> => unwrap(client.POST("/v1/api-keys", { body }));

export const rotateApiKey = (id: string, overlap_hours: number): Promise<NewApiKey> =>
  unwrap(client.POST("/v1/api-keys/{api_key_id}/rotate", { ...at(id), body: { overlap_hours } }));

export const revokeApiKey = async (id: string): Promise<void> => {
  await unwrap(client.DELETE("/v1/api-keys/{api_key_id}", at(id)));
};
