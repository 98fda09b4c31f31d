import type { UploadGrantResponse } from "#contract/api.ts";
import type { GrantRenewalInput, UploadGrantInput } from "#contract/inputs.ts";
import { type ApiCall, type CallOptions, readJson } from "../http.ts";
import { keyHeader, type MakingOptions } from "./idempotency.ts";

/** What lets somebody without a session upload one file. */
export interface UploadGrants {
  create(grant?: UploadGrantInput, options?: MakingOptions): Promise<UploadGrantResponse>;
  /** Another token for the same upload, also when the grant has ended within the last seven days. */
  renew(grant: GrantRenewalInput, options?: CallOptions): Promise<UploadGrantResponse>;
}

export function createUploadGrants(call: ApiCall): UploadGrants {
  return {
    create: async (body = {}, options = {}) =>
      call<UploadGrantResponse>(
        { method: "POST", path: "/v1/upload-grants", headers: keyHeader(options), body },
        readJson,
        options,
      ),
    renew: async (body, options) =>
      call<UploadGrantResponse>(
        { method: "POST", path: "/v1/upload-grants/renewals", body, isRepeatable: true },
        readJson,
        options,
      ),
  };
}
