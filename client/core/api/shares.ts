import type { ShareInput } from "#contract/inputs.ts";
import type { Share, ShareList } from "#contract/sharing.ts";
import { type ApiCall, type CallOptions, readJson, readNothing } from "../http.ts";
import { pathOf } from "./paths.ts";

/** With whom of the tenant a file is shared. */
export interface Shares {
  list(fileId: string, options?: CallOptions): Promise<ShareList>;
  /** Shares it with a user, or changes what they may do. */
  set(fileId: string, userId: string, share: ShareInput, options?: CallOptions): Promise<Share>;
  remove(fileId: string, userId: string, options?: CallOptions): Promise<void>;
}

export function createShares(call: ApiCall): Shares {
  return {
    list: async (fileId, options) =>
      call<ShareList>({ path: pathOf`/v1/files/${fileId}/shares` }, readJson, options),
    set: async (fileId, userId, body, options) =>
      call<Share>(
        { method: "PUT", path: pathOf`/v1/files/${fileId}/shares/${userId}`, body },
        readJson,
        options,
      ),
    remove: async (fileId, userId, options) =>
      call({ method: "DELETE", path: pathOf`/v1/files/${fileId}/shares/${userId}` }, readNothing, options),
  };
}
