import { client, unwrap } from "./client";
import type { ImportReport, ImportRequest } from "./types";

export const runImport = (body: ImportRequest): Promise<ImportReport> =>
  unwrap(client.POST("/v1/imports", { body }));
