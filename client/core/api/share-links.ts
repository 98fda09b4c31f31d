import type { ShareLinkInput } from "#contract/inputs.ts";
import type { ShareLink, ShareLinkList } from "#contract/sharing.ts";
import { type ApiCall, type CallOptions, readJson, readNothing } from "../http.ts";
import { keyHeader, type MakingOptions } from "./idempotency.ts";
import { pathOf } from "./paths.ts";

/** A file's public pages, as its owner sees them. */
export interface ShareLinks {
  list(fileId: string, options?: CallOptions): Promise<ShareLinkList>;
  create(fileId: string, link?: ShareLinkInput, options?: MakingOptions): Promise<ShareLink>;
  revoke(fileId: string, linkId: string, options?: CallOptions): Promise<void>;
}

export function createShareLinks(call: ApiCall): ShareLinks {
  return {
    list: async (fileId, options) =>
      call<ShareLinkList>({ path: pathOf`/v1/files/${fileId}/share-links` }, readJson, options),
    create: async (fileId, body = {}, options = {}) =>
      call<ShareLink>(
        {
          method: "POST",
          path: pathOf`/v1/files/${fileId}/share-links`,
          headers: keyHeader(options),
          body,
        },
        readJson,
        options,
      ),
    revoke: async (fileId, linkId, options) =>
      call(
        { method: "DELETE", path: pathOf`/v1/files/${fileId}/share-links/${linkId}` },
        readNothing,
        options,
      ),
  };
}
