import type { FileRecord, Variant } from "#contract/api.ts";
import type { BulkItem, BulkResponse } from "#contract/file-changes.ts";
import type { MAX_BULK_FILES } from "#contract/file-changes.ts";
import type { BulkInput, DerivativesInput, FileEditInput, FileListInput } from "#contract/inputs.ts";
import type { FileList } from "#contract/listing.ts";
import { type ApiCall, type CallOptions, readJson, readNothing } from "../http.ts";
import { type ContentOptions, fetchBlob, fetchContent } from "./content.ts";
import type { MakingOptions } from "./idempotency.ts";
import { inBatches, itemsOf } from "./pages.ts";
import { pathOf } from "./paths.ts";
import { type PlainFile, plainUploadRequest } from "./plain-upload.ts";
import { isSettled, poll, type WaiterFor, type WatchOptions } from "./poll.ts";

const BULK_FILES: typeof MAX_BULK_FILES = 200;
const UPLOAD_TIMEOUT_MS = 300_000;
/** A second time they say of a file that it is done what the first time did. */
const NOT_TWICE: readonly BulkInput["action"][] = ["delete", "restore", "purge"];

/** What `POST /v1/files` answers: the record, its path, and that of what was sent. */
export type StoredFile = FileRecord & { readonly url: string; readonly versionUrl: string };

export interface DeleteOptions extends CallOptions {
  /** Whether it is removed for good, from the trash too. */
  readonly permanent?: boolean;
}

/** The tenant's files, as far as the caller may see them. */
export interface Files {
  get(id: string, options?: CallOptions): Promise<FileRecord>;
  /** One page. */
  list(query?: FileListInput, options?: CallOptions): Promise<FileList>;
  /** All that `list` has, page after page. */
  all(query?: FileListInput, options?: CallOptions): AsyncGenerator<FileRecord, void, undefined>;
  /** Sends a file in one request; what is large or comes over a poor connection is for `uploads`. */
  upload(file: PlainFile, options?: MakingOptions): Promise<StoredFile>;
  edit(id: string, edit: FileEditInput, options?: CallOptions): Promise<FileRecord>;
  /** Puts it into the trash. */
  delete(id: string, options?: DeleteOptions): Promise<void>;
  /** Takes it out of the trash. */
  restore(id: string, options?: CallOptions): Promise<FileRecord>;
  /** Does one thing with any number of files, 200 in each request; what became of each comes in their order. */
  change(change: BulkInput, options?: CallOptions): Promise<readonly BulkItem[]>;
  /** Has tried again what could not be made of it. */
  retryDerivatives(id: string, request?: DerivativesInput, options?: CallOptions): Promise<FileRecord>;
  /**
   * The answer whose body is the bytes, to be read as they come. A variant that is still being made is an `ApiError` with
   * the code `VARIANT_BEING_MADE`.
   */
  content(id: string, options?: ContentOptions): Promise<Response>;
  /** The same bytes in memory: for previews, not for downloads. */
  contentBlob(id: string, variant?: Variant, options?: CallOptions): Promise<Blob>;
  /** Asks again and again, ever more slowly, until the file is as wanted. A lost connection doesn't end it. */
  waitUntil(
    id: string,
    isWanted: (file: FileRecord) => boolean,
    options?: WatchOptions<FileRecord>,
  ): Promise<FileRecord>;
  /** Waits until the file is neither `uploading` nor `quarantined`. */
  waitUntilSettled(id: string, options?: WatchOptions<FileRecord>): Promise<FileRecord>;
}

export function createFiles(call: ApiCall, waiterFor?: WaiterFor): Files {
  const get: Files["get"] = async (id, options) =>
    call<FileRecord>({ path: pathOf`/v1/files/${id}` }, readJson, options);
  const list: Files["list"] = async (query = {}, options) =>
    call<FileList>({ path: "/v1/files", query }, readJson, options);
  const waitUntil: Files["waitUntil"] = async (id, isWanted, options = {}) =>
    poll(() => get(id, options), isWanted, options, waiterFor?.(id));
  return {
    get,
    list,
    all: (query = {}, options) => itemsOf((at) => list({ ...query, ...at }, options)),
    upload: async (file, options = {}) =>
      call<StoredFile>(plainUploadRequest(file, options), readJson, {
        timeoutMs: UPLOAD_TIMEOUT_MS,
        ...options,
      }),
    edit: async (id, body, options) =>
      call<FileRecord>({ method: "PATCH", path: pathOf`/v1/files/${id}`, body }, readJson, options),
    delete: async (id, { permanent, ...options } = {}) =>
      call({ method: "DELETE", path: pathOf`/v1/files/${id}`, query: { permanent } }, readNothing, options),
    restore: async (id, options) =>
      call<FileRecord>({ method: "POST", path: pathOf`/v1/files/${id}/restore` }, readJson, options),
    change: async (change, options) =>
      inBatches(change.fileIds, BULK_FILES, (fileIds) => {
        const isRepeatable = !NOT_TWICE.includes(change.action);
        const body = { ...change, fileIds };
        return call<BulkResponse>(
          { method: "POST", path: "/v1/files/bulk", body, isRepeatable },
          readJson,
          options,
        );
      }),
    retryDerivatives: async (id, body = {}, options) =>
      call<FileRecord>(
        { method: "POST", path: pathOf`/v1/files/${id}/derivatives`, body },
        readJson,
        options,
      ),
    content: async (id, options) => fetchContent(call, pathOf`/v1/files/${id}/content`, options),
    contentBlob: async (id, variant, options = {}) =>
      fetchBlob(
        call,
        pathOf`/v1/files/${id}/content`,
        variant === undefined ? options : { ...options, variant },
      ),
    waitUntil,
    waitUntilSettled: async (id, options) => waitUntil(id, isSettled, options),
  };
}
