/** The organisation (the tenant): its settings, its whole data, its end. */
import { client, unwrap } from "./client";
import { everyPage } from "./pages";
import type { Organisation, OrganisationPatch, TenantExport } from "./types";

export type { Branding, Organisation, OrganisationPatch, Plan, TenantExport, TenantSettings } from "./types";

export const getOrganisation = (): Promise<Organisation> => unwrap(client.GET("/v1/tenant"));

export const changeOrganisation = (body: OrganisationPatch): Promise<Organisation> =>
  unwrap(client.PATCH("/v1/tenant", { body }));

export const listTenantExports = (): Promise<TenantExport[]> =>
  everyPage((cursor) => unwrap(client.GET("/v1/tenant/exports", { params: { query: { limit: 100, cursor } } })));

export const startTenantExport = (): Promise<TenantExport> => unwrap(client.POST("/v1/tenant/exports"));

export const getTenantExport = (export_id: string): Promise<TenantExport> =>
  unwrap(client.GET("/v1/tenant/exports/{export_id}", { params: { path: { export_id } } }));

export const deleteOrganisation = async (slug: string, password: string): Promise<void> => {
  await unwrap(client.POST("/v1/tenant/deletion", { body: { slug, password } }));
};
