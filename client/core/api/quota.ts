import type { Quota as QuotaRecord } from "#contract/quota.ts";
import { type ApiCall, type CallOptions, readJson } from "../http.ts";

/** How much of what the tenant may store is stored. */
export interface Quota {
  get(options?: CallOptions): Promise<QuotaRecord>;
}

export function createQuota(call: ApiCall): Quota {
  return { get: async (options) => call<QuotaRecord>({ path: "/v1/quota" }, readJson, options) };
}
