import type { Erasure } from "#contract/erasures.ts";
import type { ErasureInput, TenantChangeInput, TenantListInput } from "#contract/inputs.ts";
import type { Recount, TenantPage, TenantRecord } from "#contract/tenant-admin.ts";
import { type ApiCall, type CallOptions, readJson } from "../../http.ts";
import { type ContentOptions, fetchContent } from "../content.ts";
import { itemsOf } from "../pages.ts";
import { pathOf } from "../paths.ts";
import { type ExportedLine, type ExportOptions, exportLines } from "./export.ts";

/** Tenants: the caller's own, and for the deployment's operators all of them. */
export interface Tenants {
  /** For operators. */
  list(query?: TenantListInput, options?: CallOptions): Promise<TenantPage>;
  /** All that `list` has, page after page. */
  all(query?: TenantListInput, options?: CallOptions): AsyncGenerator<TenantRecord, void, undefined>;
  get(tenantId: string, options?: CallOptions): Promise<TenantRecord>;
  /** Changes settings, which are for its admins and services too, and its quota, which is for operators. */
  change(tenantId: string, change: TenantChangeInput, options?: CallOptions): Promise<TenantRecord>;
  recount(tenantId: string, options?: CallOptions): Promise<Recount>;
  getRecount(tenantId: string, options?: CallOptions): Promise<Recount>;
  /** All records of the tenant, to the end, also where an answer breaks off or reaches its limit. */
  export(tenantId: string, options?: ExportOptions): AsyncGenerator<ExportedLine, void, undefined>;
  /** The answer whose body is the bytes of a clean version, also of a file in the trash. */
  exportContent(
    tenantId: string,
    fileId: string,
    version: number,
    options?: Pick<ContentOptions, "range" | keyof CallOptions>,
  ): Promise<Response>;
  /** Erases all that the tenant has. `confirm` is its id again. */
  erase(tenantId: string, request: ErasureInput, options?: CallOptions): Promise<Erasure>;
  /** An erasure, and when it is finished the proof of it. */
  getErasure(id: string, options?: CallOptions): Promise<Erasure>;
}

export function createTenants(call: ApiCall): Tenants {
  const list: Tenants["list"] = async (query = {}, options) =>
    call<TenantPage>({ path: "/v1/admin/tenants", query }, readJson, options);
  const recountPath = (tenantId: string) => pathOf`/v1/admin/tenants/${tenantId}/recount`;
  return {
    list,
    all: (query = {}, options) => itemsOf((at) => list({ ...query, ...at }, options)),
    get: async (tenantId, options) =>
      call<TenantRecord>({ path: pathOf`/v1/admin/tenants/${tenantId}` }, readJson, options),
    change: async (tenantId, body, options) =>
      call<TenantRecord>(
        { method: "PATCH", path: pathOf`/v1/admin/tenants/${tenantId}`, body },
        readJson,
        options,
      ),
    recount: async (tenantId, options) =>
      call<Recount>({ method: "POST", path: recountPath(tenantId), isRepeatable: true }, readJson, options),
    getRecount: async (tenantId, options) =>
      call<Recount>({ path: recountPath(tenantId) }, readJson, options),
    export: (tenantId, options) => exportLines(call, tenantId, options),
    exportContent: async (tenantId, fileId, version, options) =>
      fetchContent(
        call,
        pathOf`/v1/admin/tenants/${tenantId}/files/${fileId}/versions/${version}/content`,
        options,
      ),
    erase: async (tenantId, body, options) =>
      call<Erasure>(
        { method: "POST", path: pathOf`/v1/admin/tenants/${tenantId}/erasure`, body, isRepeatable: true },
        readJson,
        options,
      ),
    getErasure: async (id, options) =>
      call<Erasure>({ path: pathOf`/v1/admin/erasures/${id}` }, readJson, options),
  };
}
