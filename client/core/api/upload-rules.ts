import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import { type ApiCall, type CallOptions, readJson } from "../http.ts";

/** What may be uploaded by whoever asks: types, endings, sizes, and what is left of the quota. */
export interface UploadRules {
  get(options?: CallOptions): Promise<UploadRulesResponse>;
}

export function createUploadRules(call: ApiCall): UploadRules {
  return {
    get: async (options) => call<UploadRulesResponse>({ path: "/v1/upload-rules" }, readJson, options),
  };
}
