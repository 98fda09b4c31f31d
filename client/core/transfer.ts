import type { UploadContext } from "./context.ts";
import type { PrefixDigest } from "./digest.ts";
import { discardUpload } from "./discard.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { Hold, type HoldEvents } from "./hold.ts";
import { Place } from "./place.ts";
import type { ResumePoint } from "./resume-store.ts";
import { Sending, type TransferEvents } from "./sending.ts";
import type { UploadMeta } from "./types.ts";

export interface TransferOrigin {
  readonly handle?: FileSystemFileHandle | undefined;
  /** Of an earlier visit: the file is to go on from there, if it is the same. */
  readonly point?: ResumePoint | undefined;
  /** Of the file, as far as that was proved already. */
  readonly digest?: PrefixDigest | undefined;
}

/**
 * One file's way to the server. It outlives runs and pauses, and by its resume point the page. Nothing is sent on to an
 * upload whose bytes aren't proved to be this file's beginning (`place.ts`), nor while another tab sends it (`hold.ts`).
 */
export class Transfer {
  readonly #file: File;
  readonly #meta: UploadMeta;
  readonly #context: UploadContext;
  readonly #place: Place;
  readonly #hold: Hold;
  readonly #sending: Sending;
  /** From an earlier visit, not proved to be of this file yet. */
  #offered: ResumePoint | undefined;

  constructor(
    file: File,
    meta: UploadMeta,
    context: UploadContext,
    { handle, point, digest }: TransferOrigin,
  ) {
    this.#file = file;
    this.#meta = meta;
    this.#context = context;
    this.#offered = point;
    this.#place = new Place({ file, meta, context, handle: handle ?? point?.handle, digest });
    this.#hold = new Hold(context.claims);
    this.#sending = new Sending({ file, meta, context, place: this.#place, hold: this.#hold });
  }

  get url(): string | undefined {
    return this.#place.url;
  }

  /** Also of an earlier visit's upload that it hasn't come to yet. */
  get knownUrl(): string | undefined {
    return this.#place.url ?? this.#offered?.url;
  }

  /**
   * Resolves true when nobody else sends this file, until `signal` aborts; false when that aborts first. Rejects when the
   * file can't be read.
   */
  async claim(signal: AbortSignal, events: HoldEvents): Promise<boolean> {
    const { access, scope } = this.#context;
    // Nobody has its grant after a reload.
    if (access.kind === "grants") return true;
    if (signal.aborted) return false;
    const place = this.#place;
    place.fingerprint ??= this.#offered?.fingerprint ?? (await fingerprintOf(this.#file, this.#meta, scope));
    if (place.fingerprint === undefined) return true;
    return this.#hold.take(place.fingerprint, signal, events);
  }

  /** Settles which upload this one goes on with, if any. Rejects as `PrefixDigest.cover` does. */
  async findPlace(signal: AbortSignal): Promise<void> {
    const place = this.#place;
    if (place.fingerprint === undefined) return;
    const stored = await this.#context.store.find(place.fingerprint);
    const { sighted, seenUrl } = this.#hold;
    const hints = [this.#offered, sighted].filter((point) => point !== undefined);
    const isHinted = ({ url }: ResumePoint) => url === seenUrl || url === this.#offered?.url;
    // What has ended is found only by who knew of it: the same file may be sent twice.
    const known = stored.filter((point) =>
      place.url === undefined ? point.doneAtMs === undefined : point.url === place.url,
    );
    // What is stored is further than what was offered before.
    for (const point of [...stored.filter(isHinted), ...hints, ...known]) {
      if (await place.take(point, signal)) {
        this.#offered = undefined;
        return;
      }
    }
    // Another file's bytes have been sent there since.
    if (known.some(({ url }) => url === place.url)) this.#sending.leave();
    // An upload of its own, whosever claim it has.
    if (this.#offered !== undefined)
      place.fingerprint = await fingerprintOf(this.#file, this.#meta, this.#context.scope);
    this.#offered = undefined;
  }

  /**
   * Sends what the server hasn't, and resolves when it has all.
   * @throws what `createSend` and `tus.ts` throw
   */
  async send(signal: AbortSignal, events: TransferEvents): Promise<void> {
    await this.#sending.send(signal, events);
    await this.#place.finish(this.#place.isJoined || this.#hold.wasAsked);
  }

  /** The server has nothing of it any more, or won't take it: the next attempt begins anew. */
  forget(): void {
    const { url } = this.#place;
    this.#offered = undefined;
    this.#sending.leave();
    if (url !== undefined) void this.#context.store.remove(url);
  }

  /** Tells the other tabs that it is over, before the claim ends. */
  giveUp(): void {
    if (this.#hold.isHeld) this.#hold.tell({ kind: "aborted" });
  }

  get isHeld(): boolean {
    return this.#hold.isHeld;
  }

  /**
   * Forgets it here and deletes what the server has; what another tab sends by now, or has sent, stays. Never rejects: what
   * can't be deleted now expires there.
   */
  async discard(): Promise<void> {
    await this.#sending.settled();
    const url = this.knownUrl;
    if (url === undefined) return;
    const fingerprint = this.#place.fingerprint ?? this.#offered?.fingerprint;
    await this.#hold.whileHeld(fingerprint, async () => {
      await this.#place.settled();
      const { store } = this.#context;
      const isDone = await store.isDone(url);
      if (isDone) return;
      await store.remove(url);
      // What may be a file by now isn't deleted: if it is none, it expires.
      if (isDone === false) await discardUpload(url, { ...this.#context, tokens: this.#sending.tokens });
    });
  }
}
