/** The audit log: pages of entries, its head, and exports to verify elsewhere. */
import { client, unwrap } from "./client";
import type { Page } from "./pages";
import type { AuditEntry, AuditExport, AuditHead } from "./types";

export type { AuditEntry, AuditExport, AuditHead } from "./types";

export interface AuditFilter {
  actor?: string;
  action?: string;
  target?: string;
  outcome?: AuditEntry["outcome"];
  from?: string;
  to?: string;
}

const PAGE = 50;

export const searchAudit = (filter: AuditFilter, cursor?: string): Promise<Page<AuditEntry>> =>
  unwrap(client.GET("/v1/audit", { params: { query: { ...filter, limit: PAGE, cursor } } }));

export const auditHead = (): Promise<AuditHead> => unwrap(client.GET("/v1/audit/head"));

export const auditActions = async (): Promise<string[]> => (await unwrap(client.GET("/v1/audit/actions"))).items;

export const exportAudit = (range: { from?: string; to?: string }): Promise<AuditExport> =>
  unwrap(client.POST("/v1/audit/exports", { body: range }));
