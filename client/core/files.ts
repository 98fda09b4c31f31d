import type { Disposition, FileRecord, SignedUrl, Variant } from "#contract/api.ts";
import type { FileList, FileListQuery } from "#contract/listing.ts";
import type { FileVersion } from "#contract/versions.ts";
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

export interface WatchOptions<T = FileRecord> extends CallOptions {
  /** Called with every answer, the last one included. */
  readonly onUpdate?: (answer: T) => void;
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
  /** One version of a file: whether what was just sent in another's place has passed its check. */
  getVersion(id: string, version: number, options?: CallOptions): Promise<FileVersion>;
  /** Waits until the version is neither `uploading` nor `quarantined`. */
  waitForVersion(id: string, version: number, options?: WatchOptions<FileVersion>): Promise<FileVersion>;
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
export function isSettled(file: Pick<FileRecord, "state">): boolean {
  return file.state !== "uploading" && file.state !== "quarantined";
}

async function poll<T>(
  look: () => Promise<T>,
  isWanted: (answer: T) => boolean,
  { signal = new AbortController().signal, onUpdate }: WatchOptions<T>,
): Promise<T> {
  for (let delayMs = FIRST_POLL_MS; ; delayMs = Math.min(SLOWEST_POLL_MS, delayMs * POLL_GROWTH)) {
    const answer = await look().catch((error: unknown) => {
      if (isPassing(error)) return undefined;
      throw error;
    });
    if (answer !== undefined) onUpdate?.(answer);
    if (answer !== undefined && isWanted(answer)) return answer;
    if (!(await wait(delayMs, signal))) throw signal.reason;
  }
}

function createCalls(call: ApiFetch): Omit<FilesClient, "waitUntil" | "waitUntilSettled" | "waitForVersion"> {
  return {
    async get(id, { signal } = {}) {
      const answer = await call({ path: pathOf(id), signal });
      return (await answer.json()) as FileRecord;
    },
    async getVersion(id, version, { signal } = {}) {
      const answer = await call({ path: `${pathOf(id)}/versions/${version}`, signal });
      return (await answer.json()) as FileVersion;
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
  return {
    ...calls,
    waitUntil,
    waitUntilSettled: (id, options) => waitUntil(id, isSettled, options),
    waitForVersion: (id, version, options = {}) =>
      poll(() => calls.getVersion(id, version, options), isSettled, options),
  };
}
