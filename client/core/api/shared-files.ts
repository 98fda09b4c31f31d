import type { SharedDownload, SharedFile } from "#contract/sharing.ts";
import { type ApiCall, type CallOptions, readJson } from "../http.ts";
import { pathOf } from "./paths.ts";

const headers = { Accept: "application/json" } as const;

/** What a share link leads to, for whoever has its address: no token is sent. */
export interface SharedFiles {
  /** @param link its address, or the token that this ends with */
  get(link: string, options?: CallOptions): Promise<SharedFile>;
  /** Counts one download, and tells where the bytes are. */
  download(link: string, password?: string, options?: CallOptions): Promise<SharedDownload>;
}

function tokenOf(link: string): string {
  return link.slice(link.lastIndexOf("/") + 1);
}

export function createSharedFiles(call: ApiCall): SharedFiles {
  return {
    get: async (link, options) =>
      call<SharedFile>({ path: pathOf`/s/${tokenOf(link)}`, headers, isPublic: true }, readJson, options),
    download: async (link, password, options) =>
      call<SharedDownload>(
        {
          method: "POST",
          path: pathOf`/s/${tokenOf(link)}`,
          headers,
          body: { password },
          isPublic: true,
        },
        readJson,
        options,
      ),
  };
}
