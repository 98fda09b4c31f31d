import type { UploadContext } from "./context.ts";
import { type CoveredPrefix, PrefixDigest } from "./digest.ts";
import type { ResumePoint } from "./resume-store.ts";
import type { Standing } from "./tus.ts";
import type { UploadMeta } from "./types.ts";

const NOTHING: CoveredPrefix = { bytes: 0, digest: "" };

interface PlaceOptions {
  readonly file: File;
  readonly meta: UploadMeta;
  readonly context: Pick<UploadContext, "scope" | "store">;
  readonly handle: FileSystemFileHandle | undefined;
  readonly digest: PrefixDigest | undefined;
}

/**
 * Where a file is on the server, and how much of what is there is known to be this file's: nothing else says "ours". That is
 * what was written down before it was sent, or proved by another's resume point. What is hashed ahead of that was never sent
 * from here, so it says nothing of the server's bytes.
 */
export class Place {
  /** By which it is found after a reload; undefined: it isn't to be. */
  fingerprint: string | undefined;
  readonly #options: PlaceOptions;
  readonly #digest: PrefixDigest;
  #url: string | undefined;
  #startedAtMs = 0;
  #written = NOTHING;
  #arrivedBytes = 0;
  #isJoined = false;
  #saving: Promise<void> | undefined;

  constructor(options: PlaceOptions) {
    this.#options = options;
    this.#digest = options.digest ?? new PrefixDigest(options.file);
  }

  get url(): string | undefined {
    return this.#url;
  }

  /** Whether others may know this upload too. */
  get isJoined(): boolean {
    return this.#isJoined;
  }

  begin(url: string): void {
    this.#url = url;
    this.#startedAtMs = Date.now();
    this.#written = NOTHING;
    this.#arrivedBytes = 0;
    this.#isJoined = false;
  }

  leave(): void {
    this.#url = undefined;
  }

  /** Goes on from a resume point if that is of this file. Rejects as `PrefixDigest.cover` does. */
  async take(point: ResumePoint, signal: AbortSignal): Promise<boolean> {
    const { covered, url, startedAtMs } = point;
    const { bytes, digest } = this.#written;
    if (url === this.#url && covered.bytes === bytes && covered.digest === digest) return true;
    if (point.sizeBytes !== this.#options.file.size) return false;
    if (!(await this.#digest.proves(covered, signal))) return false;
    this.#url = url;
    this.#startedAtMs = startedAtMs;
    this.#written = covered;
    this.#isJoined = true;
    return true;
  }

  /** What went beyond what is written down was sent by another, who may have had another file. */
  isOurs({ offsetBytes, lengthBytes }: Standing): boolean {
    const { size } = this.#options.file;
    if ((lengthBytes ?? size) !== size || offsetBytes > size) return false;
    return this.fingerprint === undefined || offsetBytes <= this.#written.bytes;
  }

  /** Hashes ahead of what is sent, without a word of it. Never rejects. */
  async prepare(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.fingerprint !== undefined) await this.#digest.cover(bytes, signal).catch(() => {});
  }

  /**
   * Before it is sent: so the server never has more of this file than is written down.
   * @param bytes from its beginning to where what is sent next ends
   * @param arrivedBytes what the server has
   * @throws the signal's reason; an error of the browser's when the file can't be read
   */
  async writeDown(
    bytes: number,
    arrivedBytes: number,
    signal: AbortSignal,
  ): Promise<ResumePoint | undefined> {
    if (this.fingerprint === undefined) return undefined;
    await this.#digest.cover(bytes, signal);
    // What is being given up leaves nothing behind.
    signal.throwIfAborted();
    this.#written = this.#digest.covered;
    this.#arrivedBytes = arrivedBytes;
    const point = this.#point(this.fingerprint);
    await this.#save(point);
    return point;
  }

  /** @param isShared whether one that waits elsewhere, or is paused there, has to find it at its end */
  async finish(isShared: boolean): Promise<void> {
    if (this.fingerprint === undefined) return;
    if (isShared) await this.#save({ ...this.#point(this.fingerprint), doneAtMs: Date.now() });
    else await this.#options.context.store.remove(this.#url ?? "");
  }

  /** Resolves when nothing more is written. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  async #save(point: ResumePoint): Promise<void> {
    this.#saving = this.#options.context.store.save(point);
    await this.#saving;
  }

  #point(fingerprint: string): ResumePoint {
    const { file, meta, context, handle } = this.#options;
    return {
      url: this.#url ?? "",
      scope: context.scope,
      fingerprint,
      filename: file.name,
      sizeBytes: file.size,
      meta,
      startedAtMs: this.#startedAtMs,
      covered: this.#written,
      arrivedBytes: this.#arrivedBytes,
      handle,
    };
  }
}
