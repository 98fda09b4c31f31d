import type { Quota } from "#contract/quota.ts";
import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import type { CallOptions, FilesClient } from "../core/files.ts";
import type { Uploader } from "../core/uploader.ts";

/** What components need of a client; `createClient` makes one. Each says by its own type which of it it uses. */
export interface CausewayClient {
  readonly uploads: Uploader;
  readonly files: FilesClient;
  readonly quota: { get(options?: CallOptions): Promise<Quota> };
  readonly uploadRules: { get(options?: CallOptions): Promise<UploadRulesResponse> };
}
