import type { AuditPage, AuditRecord } from "#contract/audit.ts";
import type { AuditInput } from "#contract/inputs.ts";
import { type ApiCall, type CallOptions, readJson } from "../../http.ts";
import { itemsOf } from "../pages.ts";

/** What was done by whom, the newest first. */
export interface Audit {
  /** One page, which may have fewer events than were asked for though it isn't the last. */
  list(query?: AuditInput, options?: CallOptions): Promise<AuditPage>;
  /** All that `list` has, page after page. */
  all(query?: AuditInput, options?: CallOptions): AsyncGenerator<AuditRecord, void, undefined>;
}

export function createAudit(call: ApiCall): Audit {
  const list: Audit["list"] = async (query = {}, options) =>
    call<AuditPage>({ path: "/v1/admin/audit", query }, readJson, options);
  return { list, all: (query = {}, options) => itemsOf((at) => list({ ...query, ...at }, options)) };
}
