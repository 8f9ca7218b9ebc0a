import { client, unwrap } from "./client";
import { everyPage } from "./pages";
import type { Quota, Template } from "./types";

export const listTemplates = (): Promise<Template[]> =>
  everyPage((cursor) => unwrap(client.GET("/v1/templates", { params: { query: { limit: 100, cursor } } })));

export const listQuotas = async (): Promise<Quota[]> => (await unwrap(client.GET("/v1/quotas"))).items;
