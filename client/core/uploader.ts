import { defaultOptions } from "tus-js-client";
import { terminateUpload } from "./attempt.ts";
import { createClaims } from "./claims.ts";
import { browserConnection } from "./connection.ts";
import { type Access, fileIdOf, type UploadContext } from "./context.ts";
import { Listeners } from "./listeners.ts";
import { type ResumePoint, ResumeStore } from "./resume-store.ts";
import { Slots } from "./slots.ts";
import { createTokenSource, type TokenSource } from "./tokens.ts";
import type { UnfinishedUpload, UploaderOptions, UploadMeta } from "./types.ts";
import { Upload } from "./upload.ts";

const MIB = 1024 * 1024;

export interface Uploader {
  /** Everything added and not removed, in the order of adding. */
  readonly uploads: readonly Upload[];
  /** Adds a file; `start()` sends it, going on from where an earlier visit left it. */
  add(file: File, meta?: UploadMeta): Upload;
  /** Calls `listener` when the list or a state changes, and on progress ten times a second at most. Returns its end. */
  subscribe(listener: () => void): () => void;
  /** Takes an upload off the list; it is paused if it is on its way. */
  remove(upload: Upload): void;
  /** Uploads of this user's earlier visits that aren't added here or on their way in any tab, the newest first. */
  findPrevious(): Promise<readonly UnfinishedUpload[]>;
  /** Pauses everything; for when the user leaves or signs out. */
  dispose(): void;
}

function accessOf({ getGrant, renewGrant, getToken }: UploaderOptions): Access {
  if (getGrant !== undefined) return { kind: "grants", getGrant, renewGrant };
  return { kind: "session", tokens: createTokenSource(getToken) };
}

function createContext(options: UploaderOptions): UploadContext {
  const { chunkSizeBytes = 8 * MIB, endpoint, tenantId = "", userId = "" } = options;
  if (!Number.isSafeInteger(chunkSizeBytes) || chunkSizeBytes < 1) {
    throw new RangeError("chunkSizeBytes must be a positive, finite integer");
  }
  const scope = { endpoint, tenantId, userId };
  return {
    scope,
    chunkSizeBytes,
    retryBaseMs: options.retryBaseMs ?? 1000,
    stallTimeoutMs: options.stallTimeoutMs ?? 60_000,
    access: accessOf(options),
    store: new ResumeStore(options.storage ?? defaultOptions.urlStorage, scope),
    slots: new Slots(options.maxConcurrent ?? 3),
    claims: createClaims(),
    connection: options.connection ?? browserConnection(),
  };
}

function describePrevious(point: ResumePoint, context: UploadContext, tokens: TokenSource): UnfinishedUpload {
  const url = point.uploadUrl ?? "";
  const { filename = "", entityType, entityId } = point.metadata;
  return {
    id: fileIdOf(url),
    filename,
    sizeBytes: point.size ?? 0,
    startedAtMs: Date.parse(point.creationTime),
    entityType,
    entityId,
    async discard() {
      await context.store.remove(point);
      // The server expires what can't be deleted now.
      const signal = AbortSignal.timeout(60_000);
      await terminateUpload(url, { ...context, tokens, signal }).catch(() => {});
    },
  };
}

function watchUpload(upload: Upload, listeners: Listeners): void {
  let known = upload.state;
  upload.subscribe(({ state }) => {
    if (state === known) listeners.progressed();
    else listeners.changed();
    known = state;
  });
}

/**
 * Uploads that survive what happens to them: lost connections, expired tokens, reloads. Framework-free.
 * @throws RangeError when `chunkSizeBytes` is not a positive integer
 */
export function createUploader(options: UploaderOptions): Uploader {
  const context = createContext(options);
  const uploads: Upload[] = [];
  const listeners = new Listeners();
  return {
    uploads,
    subscribe: (listener) => listeners.add(listener),
    add(file, meta = {}) {
      const upload = new Upload(file, meta, context);
      uploads.push(upload);
      watchUpload(upload, listeners);
      listeners.changed();
      return upload;
    },
    remove(upload) {
      upload.pause();
      const index = uploads.indexOf(upload);
      if (index >= 0) uploads.splice(index, 1);
      listeners.changed();
    },
    async findPrevious() {
      const { access } = context;
      // Grants don't outlive their page.
      if (access.kind === "grants") return [];
      const [points, held] = await Promise.all([context.store.list(), context.claims.held()]);
      const own = new Set(uploads.map((upload) => upload.id));
      return points
        .filter((point) => !held.has(point.fingerprint) && !own.has(fileIdOf(point.uploadUrl ?? "")))
        .map((point) => describePrevious(point, context, access.tokens));
    },
    dispose() {
      for (const upload of uploads) upload.pause();
    },
  };
}
