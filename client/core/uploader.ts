import { ChunkSizes } from "./chunks.ts";
import { createClaims } from "./claims.ts";
import { browserConnection } from "./connection.ts";
import type { Access, UploadContext } from "./context.ts";
import { findPreviousUploads } from "./previous.ts";
import { ResumeStore } from "./resume-store.ts";
import { Slots } from "./slots.ts";
import { defaultStorage } from "./storage.ts";
import { createTokenSource } from "./tokens.ts";
import type { UploadTotals } from "./totals.ts";
import type { UnfinishedUpload, UploaderOptions, UploadMeta } from "./types.ts";
import { UploadList } from "./upload-list.ts";
import { Upload, type UploadOptions } from "./upload.ts";

export interface Uploader {
  /** Everything added and not removed, in the order of adding: another array whenever that changes. */
  readonly uploads: readonly Upload[];
  /** All of them as one. Another object whenever something changed. */
  readonly totals: UploadTotals;
  /**
   * Calls `listener` after the list or any upload's state changed, and on progress at most ten times a second. Returns its
   * end.
   */
  subscribe(listener: () => void): () => void;
  /** Adds a file; `start()` sends it, going on from where an earlier visit left it. */
  add(file: File, meta?: UploadMeta, options?: UploadOptions): Upload;
  /** Takes an upload off the list; it is paused if it is on its way. */
  remove(upload: Upload): void;
  /** Pauses what runs and what waits for its turn. */
  pauseAll(): void;
  /** Goes on with what was paused, and with what failed. */
  resumeAll(): void;
  /** Gives up everything that isn't over, and deletes what was sent of it. */
  abortAll(): Promise<void>;
  /** Uploads of this user's earlier visits that aren't added here or on their way in any tab, the newest first. */
  findPrevious(): Promise<readonly UnfinishedUpload[]>;
  /** Pauses everything; for when the user leaves or signs out. */
  dispose(): void;
}

function accessOf({ getGrant, renewGrant, getToken }: UploaderOptions, stallTimeoutMs: number): Access {
  if (getGrant !== undefined) return { kind: "grants", getGrant, renewGrant };
  return { kind: "session", tokens: createTokenSource(getToken, stallTimeoutMs) };
}

function createContext(options: UploaderOptions): UploadContext {
  const { chunkSizeBytes, endpoint, tenantId = "", userId = "", stallTimeoutMs = 60_000 } = options;
  if (chunkSizeBytes !== undefined && (!Number.isSafeInteger(chunkSizeBytes) || chunkSizeBytes < 1)) {
    throw new RangeError("chunkSizeBytes must be a positive, finite integer");
  }
  const scope = { endpoint, tenantId, userId };
  return {
    scope,
    chunks: new ChunkSizes(chunkSizeBytes),
    retryBaseMs: options.retryBaseMs ?? 1000,
    stallTimeoutMs,
    access: accessOf(options, stallTimeoutMs),
    store: new ResumeStore(options.storage ?? defaultStorage(), scope),
    slots: new Slots(options.maxConcurrent ?? 3),
    claims: createClaims(),
    connection: options.connection ?? browserConnection(),
  };
}

/**
 * Uploads that survive what happens to them: lost connections, expired tokens, reloads. Framework-free.
 * @throws RangeError when `chunkSizeBytes` is not a positive integer
 */
export function createUploader(options: UploaderOptions): Uploader {
  const context = createContext(options);
  const list = new UploadList();
  const pauseAll = () => list.uploads.forEach((upload) => upload.pause());
  return {
    get uploads() {
      return list.uploads;
    },
    get totals() {
      return list.totals;
    },
    subscribe: (listener) => list.subscribe(listener),
    add(file, meta = {}, how = {}) {
      const upload = new Upload(file, meta, context, how);
      list.add(upload);
      return upload;
    },
    remove(upload) {
      upload.pause();
      list.remove(upload);
    },
    pauseAll,
    resumeAll: () =>
      list.uploads
        .filter(({ state }) => state.kind === "paused" || state.kind === "failed")
        .forEach((upload) => upload.resume()),
    async abortAll() {
      await Promise.all(list.uploads.map((upload) => upload.abort()));
    },
    findPrevious: () => findPreviousUploads(context, new Set(list.uploads.map(({ id }) => id))),
    dispose: pauseAll,
  };
}
