import type { SignedUrl } from "#contract/api.ts";
import type { SignedUrlInput } from "#contract/inputs.ts";
import type { FileVersion } from "#contract/versions.ts";
import { createFiles, type Files } from "./api/files.ts";
import type { WaiterFor, WatchOptions } from "./api/poll.ts";
import { createSignedUrls } from "./api/signed-urls.ts";
import { createVersions } from "./api/versions.ts";
import { type ApiCall, type ApiOptions, type CallOptions, createApiCall } from "./http.ts";

export type { CallOptions };

export interface FilesClientOptions extends ApiOptions {
  /** Without a trailing slash; "" for the page's own origin. */
  readonly baseUrl: string;
}

/** The tenant's files, with what is most often wanted of them beside. */
export interface FilesClient extends Files {
  /** Signed URLs for any number of files, in the order of the items. */
  signUrls(items: readonly SignedUrlInput[], options?: CallOptions): Promise<readonly SignedUrl[]>;
  /** One version of a file: whether what was just sent in another's place has passed its check. */
  getVersion(id: string, version: number, options?: CallOptions): Promise<FileVersion>;
  /** Waits until the version is neither `uploading` nor `quarantined`. */
  waitForVersion(id: string, version: number, options?: WatchOptions<FileVersion>): Promise<FileVersion>;
}

export function filesClientOf(call: ApiCall, waiterFor?: WaiterFor): FilesClient {
  const versions = createVersions(call, waiterFor);
  return {
    ...createFiles(call, waiterFor),
    signUrls: createSignedUrls(call).create,
    getVersion: versions.get,
    waitForVersion: versions.waitForVersion,
  };
}

/**
 * The files alone of all that `createClient` has. What nobody answers is told at once where `retries` isn't given: pages
 * show it.
 */
export function createFilesClient({ baseUrl, ...options }: FilesClientOptions): FilesClient {
  return filesClientOf(createApiCall(baseUrl, { retries: 0, ...options }));
}
