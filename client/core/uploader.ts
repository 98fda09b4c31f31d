import { Awake } from "./awake.ts";
import { ChunkSizes } from "./chunks.ts";
import { createClaims } from "./claims.ts";
import { browserConnection } from "./connection.ts";
import type { Access, UploadContext } from "./context.ts";
import { createDuplicateSearch } from "./duplicates.ts";
import { findOnOtherDevices } from "./other-devices.ts";
import { PreviousUploads } from "./previous.ts";
import { ResumeStore } from "./resume-store.ts";
import { createRuleSource } from "./rule-source.ts";
import { refusalOf } from "./rules.ts";
import { Slots } from "./slots.ts";
import { defaultStorage } from "./storage.ts";
import { createTokenSource } from "./tokens.ts";
import type { UploadTotals } from "./totals.ts";
import type { TransferOrigin } from "./transfer.ts";
import { waitingFirst } from "./turn.ts";
import type {
  PreviousMatch,
  RefusedFile,
  RemoteUpload,
  UnfinishedUpload,
  UploaderOptions,
  UploadMeta,
} from "./types.ts";
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
  /**
   * Those of the files that continue an upload of an earlier visit, by their content: whatever they are called now.
   * @throws the signal's reason
   */
  match(
    files: readonly File[],
    options?: {
      /** Only those that were sent of this folder; "" is of none. Without it, those of every folder. */
      readonly folder?: string;
      readonly signal?: AbortSignal;
    },
  ): Promise<readonly PreviousMatch[]>;
  /**
   * This user's unfinished uploads of other devices, to be deleted.
   * @throws Error when they can't be had
   */
  findOnOtherDevices(): Promise<readonly RemoteUpload[]>;
  /** Which of the files the server won't take, before anything is sent. Those that it isn't known of are not among them. */
  check(files: readonly File[]): Promise<readonly RefusedFile[]>;
  /** Pauses everything; for when the user leaves or signs out. */
  dispose(): void;
}

function accessOf({ getGrant, renewGrant, getToken }: UploaderOptions, stallTimeoutMs: number): Access {
  if (getGrant !== undefined) return { kind: "grants", getGrant, renewGrant };
  return { kind: "session", tokens: createTokenSource(getToken, stallTimeoutMs) };
}

/** For duplicates at a time, ahead of what is being sent. */
const SEARCHES = 3;

function createContext(options: UploaderOptions): UploadContext {
  const { chunkSizeBytes, endpoint, tenantId = "", userId = "", stallTimeoutMs = 60_000 } = options;
  const scope = { endpoint, tenantId, userId };
  const access = accessOf(options, stallTimeoutMs);
  // A grant's rules are its own, and asked by nobody else.
  const hasRules = access.kind === "session" && options.checkRules !== false;
  return {
    scope,
    chunks: new ChunkSizes(chunkSizeBytes),
    retryBaseMs: options.retryBaseMs ?? 1000,
    stallTimeoutMs,
    access,
    store: new ResumeStore(options.storage ?? defaultStorage(), scope),
    slots: new Slots(options.maxConcurrent ?? 3),
    hashings: new Slots(1),
    looks: new Slots(1),
    claims: createClaims(),
    connection: options.connection ?? browserConnection(),
    awake: new Awake(),
    rules: hasRules ? createRuleSource(endpoint, { tokens: access.tokens, stallTimeoutMs }) : undefined,
    findDuplicate: createDuplicateSearch({ access, scope, stallTimeoutMs }, new Slots(SEARCHES)),
    findDuplicates: options.findDuplicates ?? false,
  };
}

/** Pauses, resumes and aborts what is on a list. */
function createControls(list: UploadList): Pick<Uploader, "pauseAll" | "resumeAll" | "abortAll" | "dispose"> {
  const pauseAll = () => waitingFirst(list.uploads).forEach((upload) => upload.pause());
  const isStopped = ({ state }: Upload) => state.kind === "paused" || state.kind === "failed";
  return {
    pauseAll,
    resumeAll: () => list.uploads.filter(isStopped).forEach((upload) => upload.resume()),
    async abortAll() {
      await Promise.all(waitingFirst(list.uploads).map((upload) => upload.abort()));
    },
    dispose: pauseAll,
  };
}

/**
 * Uploads that survive what happens to them: lost connections, expired tokens, reloads. Framework-free.
 * @throws RangeError when `chunkSizeBytes` is not a positive integer
 */
export function createUploader(options: UploaderOptions): Uploader {
  const context = createContext(options);
  const list = new UploadList();
  const add = (file: File, meta: UploadMeta = {}, how: UploadOptions & TransferOrigin = {}) => {
    const upload = new Upload(file, meta, context, how);
    list.add(upload);
    return upload;
  };
  const own = () => new Set(list.uploads.map(({ continuesId }) => continuesId));
  const previous = new PreviousUploads({ context, add, own });
  return {
    get uploads() {
      return list.uploads;
    },
    get totals() {
      return list.totals;
    },
    subscribe: (listener) => list.subscribe(listener),
    add,
    remove(upload) {
      upload.pause();
      list.remove(upload);
    },
    ...createControls(list),
    findPrevious: () => previous.list(),
    match: (files, { folder, signal = new AbortController().signal } = {}) =>
      previous.match(files, folder, signal),
    findOnOtherDevices: () => findOnOtherDevices(context, own()),
    async check(files) {
      const rules = await context.rules?.();
      if (rules === undefined) return [];
      return files.flatMap((file) => {
        const problem = refusalOf(rules, file);
        return problem === undefined ? [] : [{ file, problem }];
      });
    },
  };
}
