import { client, unwrap } from "./client";
import { everyPage } from "./pages";
import type { Template, TemplatePatch } from "./types";

export const listTemplates = (): Promise<Template[]> =>
  everyPage((cursor) => unwrap(client.GET("/v1/templates", { params: { query: { limit: 100, cursor } } })));

export const changeTemplate = (template_id: string, body: TemplatePatch): Promise<Template> =>
  unwrap(client.PATCH("/v1/templates/{template_id}", { params: { path: { template_id } }, body }));
