import type { FileRecord } from "#contract/api.ts";
import type { FileVersionsInput } from "#contract/inputs.ts";
import type { FileVersion, FileVersionList } from "#contract/versions.ts";
import { type ApiCall, type CallOptions, readJson, readNothing } from "../http.ts";
import { type ContentOptions, fetchContent } from "./content.ts";
import { itemsOf } from "./pages.ts";
import { pathOf } from "./paths.ts";
import { isSettled, poll, type WaiterFor, type WatchOptions } from "./poll.ts";

/** A file's history. New versions come by an upload that `replaces` it. */
export interface Versions {
  /** One page, the newest first. */
  list(fileId: string, query?: FileVersionsInput, options?: CallOptions): Promise<FileVersionList>;
  /** All that `list` has, page after page. */
  all(fileId: string, query?: FileVersionsInput, options?: CallOptions): AsyncGenerator<FileVersion, void>;
  /** Whether what was just sent in another's place has passed its check. With an upload grant too, of what it sent. */
  get(fileId: string, version: number, options?: CallOptions): Promise<FileVersion>;
  /** Makes a clean version the current one. */
  restore(fileId: string, version: number, options?: CallOptions): Promise<FileRecord>;
  /** Removes it for good: any but the current one. */
  delete(fileId: string, version: number, options?: CallOptions): Promise<void>;
  /** The answer whose body is the bytes, as that of a file. */
  content(fileId: string, version: number, options?: ContentOptions): Promise<Response>;
  /** Waits until the version is neither `uploading` nor `quarantined`. */
  waitForVersion(fileId: string, version: number, options?: WatchOptions<FileVersion>): Promise<FileVersion>;
}

export function createVersions(call: ApiCall, waiterFor?: WaiterFor): Versions {
  const list: Versions["list"] = async (fileId, query = {}, options) =>
    call<FileVersionList>({ path: pathOf`/v1/files/${fileId}/versions`, query }, readJson, options);
  const get: Versions["get"] = async (fileId, version, options) =>
    call<FileVersion>({ path: pathOf`/v1/files/${fileId}/versions/${version}` }, readJson, options);
  return {
    list,
    all: (fileId, query = {}, options) => itemsOf((at) => list(fileId, { ...query, ...at }, options)),
    get,
    restore: async (fileId, version, options) =>
      call<FileRecord>(
        { method: "POST", path: pathOf`/v1/files/${fileId}/versions/${version}/restore` },
        readJson,
        options,
      ),
    delete: async (fileId, version, options) =>
      call({ method: "DELETE", path: pathOf`/v1/files/${fileId}/versions/${version}` }, readNothing, options),
    content: async (fileId, version, options) =>
      fetchContent(call, pathOf`/v1/files/${fileId}/versions/${version}/content`, options),
    waitForVersion: async (fileId, version, options = {}) =>
      poll(() => get(fileId, version, options), isSettled, options, waiterFor?.(fileId)),
  };
}
