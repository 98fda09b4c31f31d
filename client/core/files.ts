import type { Disposition, FileRecord, SignedUrl, Variant } from "#contract/api.ts";
import type { FileList, FileListQuery } from "#contract/listing.ts";
import { type ApiFetch, createApiFetch } from "./http.ts";
import { ApiError, parseProblem } from "./problem.ts";
import { createTokenSource } from "./tokens.ts";
import type { GetToken } from "./types.ts";
import { wait } from "./wait.ts";

export interface FilesClientOptions {
  /** Without a trailing slash; "" for the page's own origin. */
  readonly baseUrl: string;
  readonly getToken: GetToken;
}

export interface SignItem {
  readonly fileId: string;
  readonly variant?: Variant;
  readonly disposition?: Disposition;
  readonly expiresInSeconds?: number;
}

export type { SignedUrl };

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface WatchOptions extends CallOptions {
  /** Called with every answer, the last one included. */
  readonly onUpdate?: (file: FileRecord) => void;
}

/** The tenant's files. Every call throws `ApiError` for an error answer and for none. */
export interface FilesClient {
  get(id: string, options?: CallOptions): Promise<FileRecord>;
  list(query?: Partial<FileListQuery>, options?: CallOptions): Promise<FileList>;
  delete(id: string, options?: CallOptions): Promise<void>;
  /** Signed URLs for up to 500 files in one call, in the order of the items. */
  signUrls(items: readonly SignItem[], options?: CallOptions): Promise<readonly SignedUrl[]>;
  /** Asks again and again, ever more slowly, until the file is as wanted. A lost connection doesn't end it. */
  waitUntil(id: string, isWanted: (file: FileRecord) => boolean, options?: WatchOptions): Promise<FileRecord>;
  /** Waits until the file is neither `uploading` nor `quarantined`. */
  waitUntilSettled(id: string, options?: WatchOptions): Promise<FileRecord>;
  /**
   * The bytes of a variant. They are held in memory: for previews, not for downloads. One that is still being made is an
   * `ApiError` with the code `VARIANT_BEING_MADE`.
   */
  contentBlob(id: string, variant?: Variant, options?: CallOptions): Promise<Blob>;
}

const CONTENT_TIMEOUT_MS = 300_000;
const FIRST_POLL_MS = 400;
const SLOWEST_POLL_MS = 10_000;
const POLL_GROWTH = 1.4;

function pathOf(id: string): string {
  return `/v1/files/${encodeURIComponent(id)}`;
}

type QueryValue = string | number | readonly string[] | undefined;

function queryOf(values: Readonly<Record<string, QueryValue>>): string {
  const pairs = Object.entries(values).flatMap(([key, value]) =>
    [value ?? []].flat().map((each) => [key, String(each)]),
  );
  const text = new URLSearchParams(pairs).toString();
  return text === "" ? "" : `?${text}`;
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const { status } = error.problem;
  return status === 0 || status === 429 || status >= 500;
}

/** Whether the file's fate is known: nothing more happens to its state by itself. */
export function isSettled(file: FileRecord): boolean {
  return file.state !== "uploading" && file.state !== "quarantined";
}

async function poll(
  look: () => Promise<FileRecord>,
  isWanted: (file: FileRecord) => boolean,
  { signal = new AbortController().signal, onUpdate }: WatchOptions,
): Promise<FileRecord> {
  for (let delayMs = FIRST_POLL_MS; ; delayMs = Math.min(SLOWEST_POLL_MS, delayMs * POLL_GROWTH)) {
    const file = await look().catch((error: unknown) => {
      if (isPassing(error)) return undefined;
      throw error;
    });
    if (file !== undefined) onUpdate?.(file);
    if (file !== undefined && isWanted(file)) return file;
    if (!(await wait(delayMs, signal))) throw signal.reason;
  }
}

function createCalls(call: ApiFetch): Omit<FilesClient, "waitUntil" | "waitUntilSettled"> {
  return {
    async get(id, { signal } = {}) {
      const answer = await call({ path: pathOf(id), signal });
      return (await answer.json()) as FileRecord;
    },
    async list(query = {}, { signal } = {}) {
      const answer = await call({ path: `/v1/files${queryOf(query)}`, signal });
      return (await answer.json()) as FileList;
    },
    async delete(id, { signal } = {}) {
      await call({ method: "DELETE", path: pathOf(id), signal });
    },
    async signUrls(items, { signal } = {}) {
      const answer = await call({ method: "POST", path: "/v1/signed-urls", body: { items }, signal });
      // All or none: it isn't asked for those that can be signed alone.
      const signed = (await answer.json()) as { readonly items: readonly SignedUrl[] };
      return signed.items;
    },
    async contentBlob(id, variant, { signal } = {}) {
      const path = `${pathOf(id)}/content${queryOf({ variant })}`;
      const answer = await call({ path, signal, timeoutMs: CONTENT_TIMEOUT_MS });
      // Not an error to HTTP, and not the bytes: the variant is still being made.
      if (answer.status === 202) throw new ApiError(parseProblem(answer.status, await answer.text()));
      return answer.blob();
    },
  };
}

export function createFilesClient({ baseUrl, getToken }: FilesClientOptions): FilesClient {
  const calls = createCalls(createApiFetch(baseUrl, createTokenSource(getToken)));
  const waitUntil: FilesClient["waitUntil"] = (id, isWanted, options = {}) =>
    poll(() => calls.get(id, options), isWanted, options);
  return { ...calls, waitUntil, waitUntilSettled: (id, options) => waitUntil(id, isSettled, options) };
}
