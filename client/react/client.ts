import type { Quota } from "#contract/quota.ts";
import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import type { CallOptions, FilesClient } from "../core/files.ts";
import type { Uploader } from "../core/uploader.ts";

/** What components need of a client; `createClient` makes one. */
export interface CausewayClient {
  readonly uploads: Uploader;
  readonly files: Pick<FilesClient, "waitUntilSettled">;
  readonly versions: Pick<FilesClient, "waitForVersion">;
  readonly quota: { get(options?: CallOptions): Promise<Quota> };
  readonly uploadRules: { get(options?: CallOptions): Promise<UploadRulesResponse> };
}
