import type { CoveredPrefix } from "./digest.ts";
import type { Scope } from "./fingerprint.ts";
import type { UploadStorage } from "./storage.ts";
import type { UploadMeta } from "./types.ts";
import { within } from "./wait.ts";

/** The server drops an unfinished upload at most six days after its creation (architecture §4, "Expiry"). */
const MAX_AGE_MS = 6 * 24 * 3600 * 1000;
/** A tab that is paused meanwhile finds within this time that another has sent its file. */
const DONE_KEPT_MS = 24 * 3600 * 1000;
/** A browser's storage that doesn't answer by then is broken: some have such days. It isn't asked again before it answers. */
const STORAGE_TIMEOUT_MS = 5_000;

/** What an upload goes on from after a reload. */
export interface ResumePoint {
  readonly url: string;
  readonly scope: Scope;
  readonly fingerprint: string;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly meta: UploadMeta;
  readonly startedAtMs: number;
  /** All that may have been sent: it is written down before it is. */
  readonly covered: CoveredPrefix;
  /** What the server had said that it has, by then; undefined in those that are older than this. */
  readonly arrivedBytes?: number | undefined;
  /** By which the browser finds the file again, where it keeps such. */
  readonly handle?: FileSystemFileHandle | undefined;
  /** All of it was sent. */
  readonly doneAtMs?: number | undefined;
}

function isResumePoint(value: unknown): value is ResumePoint {
  return typeof value === "object" && value !== null && "url" in value && "covered" in value;
}

/**
 * Resume points of one user. A storage that is full, forbidden or broken costs the resume after a reload and nothing else:
 * nothing here rejects.
 */
export class ResumeStore {
  readonly #storage: UploadStorage;
  readonly #scope: Scope;
  /** Urls to be removed when it answers again: what it is at may still write them. */
  readonly #removals = new Set<string>();
  #isSilent = false;

  constructor(storage: UploadStorage, scope: Scope) {
    this.#storage = storage;
    this.#scope = scope;
  }

  /** Those that may be of this file, the newest first; also what was sent to its end. */
  async find(fingerprint: string): Promise<readonly ResumePoint[]> {
    return (await this.#all(Date.now())).filter((point) => point.fingerprint === fingerprint);
  }

  /** This user's unfinished uploads, the newest first; those that the server has dropped by now are removed. */
  async list(): Promise<readonly ResumePoint[]> {
    return (await this.#all(Date.now())).filter(({ doneAtMs }) => doneAtMs === undefined);
  }

  /**
   * Whether another has sent all of it: then it is a file, and no upload to be given up. Null where the storage says nothing.
   */
  async isDone(url: string): Promise<boolean | null> {
    const isFile = async () => {
      const value = await this.#storage.get(url);
      return isResumePoint(value) && value.doneAtMs !== undefined;
    };
    return this.#tried<boolean | null>(isFile, false, null);
  }

  async #all(nowMs: number): Promise<readonly ResumePoint[]> {
    const values = await this.#tried(() => this.#storage.list(), []);
    const points = values.filter(isResumePoint);
    const isDead = ({ startedAtMs, doneAtMs = nowMs }: ResumePoint) =>
      nowMs - startedAtMs > MAX_AGE_MS || nowMs - doneAtMs > DONE_KEPT_MS;
    // Those of other users too: they may not come back to this device.
    await Promise.all(points.filter(isDead).map(({ url }) => this.remove(url)));
    const own = points.filter((point) => this.#isOurs(point.scope) && !isDead(point));
    return own.sort((a, b) => b.startedAtMs - a.startedAtMs);
  }

  async save(point: ResumePoint): Promise<void> {
    const { handle: _handle, ...plain } = point;
    // A storage may take all but the handle.
    const isSaved = await this.#tried(
      async () => this.#storage.set(point.url, point).then(() => true),
      false,
    );
    if (!isSaved) await this.#tried(() => this.#storage.set(point.url, plain), undefined);
  }

  async remove(url: string): Promise<void> {
    if (this.#isSilent) this.#removals.add(url);
    await this.#tried(() => this.#storage.remove(url), undefined);
  }

  /** @param unheard in the place of an answer, where none comes */
  async #tried<T>(call: () => Promise<T>, otherwise: T, unheard = otherwise): Promise<T> {
    // Each of an upload's requests would wait for it.
    if (this.#isSilent) return unheard;
    const asked = (async () => call())().catch(() => otherwise);
    return within(asked, STORAGE_TIMEOUT_MS).catch(() => {
      this.#isSilent = true;
      void asked.then(() => {
        this.#isSilent = false;
        // Another may have finished meanwhile what was given up here.
        for (const url of this.#removals)
          void this.isDone(url).then((isDone) => (isDone ? undefined : this.remove(url)));
        this.#removals.clear();
      });
      return unheard;
    });
  }

  #isOurs(scope: Scope): boolean {
    const { endpoint, tenantId, userId } = this.#scope;
    return scope.endpoint === endpoint && scope.tenantId === tenantId && scope.userId === userId;
  }
}
