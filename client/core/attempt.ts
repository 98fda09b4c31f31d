import { type FileReader as TusFileReader, Upload as TusUpload } from "tus-js-client";
import type { Scope } from "./fingerprint.ts";
import type { ResumePoint, ResumeStore } from "./resume-store.ts";
import type { TokenSource } from "./tokens.ts";
import { createTransport } from "./transport.ts";
import type { UploadMeta } from "./types.ts";

export interface AttemptOptions {
  readonly file: File;
  readonly meta: UploadMeta;
  readonly scope: Scope;
  readonly chunkSizeBytes: number;
  readonly stallTimeoutMs: number;
  readonly tokens: TokenSource;
  readonly store: ResumeStore;
  /** Undefined: this upload is not to be resumed after a reload. */
  readonly fingerprint: string | undefined;
  readonly resumeFrom: ResumePoint | undefined;
  /** Where this upload is, for going on without a stored resume point. */
  readonly url: string | undefined;
  readonly signal: AbortSignal;
}

export interface AttemptEvents {
  onResumePoint(point: ResumePoint | undefined): void;
  /** The upload has a URL: a new one, or the one it goes on with. */
  onUrl(url: string): void;
  onSent(bytes: number): void;
  /** An answer came; with the offset when it told one. */
  onAnswer(offsetBytes: number | undefined): void;
  onDone(): void;
  onError(error: unknown): void;
}

/** Slices the file lazily; tus-js-client's reader for Node doesn't take a File. */
const blobReader: TusFileReader = {
  openFile: async (file: File) => ({
    size: file.size,
    slice: async (start, end) => ({ value: file.slice(start, end), done: end >= file.size }),
    close() {},
  }),
};

/** `Upload-Metadata` of a file (architecture §9). */
export function metadataOf(file: File, meta: UploadMeta): Record<string, string> {
  const pairs = {
    filename: file.name,
    filetype: file.type,
    entityType: meta.entityType,
    entityId: meta.entityId,
    tags: meta.tags?.join(","),
    replaces: meta.replaces,
    // As Uppy names it.
    relativePath: meta.folder && `${meta.folder}/${file.name}`,
  };
  const known = Object.entries(pairs).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return Object.fromEntries(known);
}

function parseOffset(header: string | null | undefined): number | undefined {
  return header && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/**
 * Sends the file, from the resume point if there is one, until it is done, fails, or `signal` aborts; exactly one of
 * `onDone` and `onError` is called unless it aborts. Each attempt has a TusUpload of its own: one that was aborted can
 * come back to life when it is started again, or when it was still preparing.
 */
export function startAttempt(options: AttemptOptions, events: AttemptEvents): void {
  const { signal, fingerprint, resumeFrom } = options;
  const live =
    <A extends readonly unknown[]>(handler: (...args: A) => void) =>
    (...args: A) => {
      if (!signal.aborted) handler(...args);
    };
  const tus = new TusUpload(options.file, {
    endpoint: options.scope.endpoint,
    uploadUrl: options.url ?? null,
    chunkSize: options.chunkSizeBytes,
    metadata: metadataOf(options.file, options.meta),
    // Never together with the creation: when its answer is lost, a finished file would be left behind and sent again.
    uploadDataDuringCreation: false,
    retryDelays: null,
    removeFingerprintOnSuccess: true,
    storeFingerprintForResuming: fingerprint !== undefined,
    fingerprint: async () => fingerprint ?? "",
    urlStorage: options.store.forTus(events.onResumePoint),
    fileReader: blobReader,
    httpStack: createTransport({
      ...options,
      onAnswer: live((answer) => events.onAnswer(parseOffset(answer.getHeader("Upload-Offset")))),
    }),
    onUploadUrlAvailable: live(() => events.onUrl(tus.url ?? "")),
    onProgress: live((bytes: number) => events.onSent(bytes)),
    onSuccess: live(() => events.onDone()),
    onError: live((error: unknown) => events.onError(error)),
  });
  if (resumeFrom !== undefined) tus.resumeFromPreviousUpload(resumeFrom);
  signal.addEventListener("abort", () => void tus.abort(), { once: true });
  tus.start();
}

/** Deletes what the server has of an upload (tus termination). Resolves also when it is not there any more. */
export async function terminateUpload(
  url: string,
  options: { tokens: TokenSource; stallTimeoutMs: number; signal: AbortSignal },
): Promise<void> {
  await TusUpload.terminate(url, {
    httpStack: createTransport(options),
    retryDelays: [500, 2000, 8000],
    onShouldRetry: (error) => (error.originalResponse?.getStatus() ?? 500) >= 500,
  });
}
