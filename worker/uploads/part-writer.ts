import { AppError } from "#contract/errors.ts";
import type { StoreBody } from "../storage/object-store.ts";
import type { Fence, ObjectParts, SentPart } from "./object-parts.ts";
import { sizeOf } from "./object-parts.ts";
import { PartBuffer } from "./part-buffer.ts";
import type { SlabBudget } from "./slabs.ts";
import type { UploadStore } from "./upload-store.ts";

export interface PartWriterOptions {
  readonly store: UploadStore;
  readonly parts: ObjectParts;
  readonly slabs: SlabBudget;
  readonly fence: Fence;
  readonly partSizeBytes: number;
  /** Bytes this append may bring: slabs are no larger than what can still come. */
  readonly expectedBytes: number;
  /** Bytes until the upload is complete. */
  readonly missingBytes: number;
  /** Whether nothing is committed before `keep` or `sendRest`: the append may yet be discarded as a whole. */
  readonly holdsBack: boolean;
}

/**
 * Takes the bytes of one append: one part fills while the one before it is being stored, in order. The bytes that end
 * the upload are never stored on the way, so that an upload is complete only when its append ended well.
 *
 * A writer that holds back leaves the upload as it is until the end: its parts are sent without being committed, and
 * what it must put aside meanwhile goes to rows of its own instead of the tail.
 */
export class PartWriter {
  readonly #options: PartWriterOptions;
  #filling: PartBuffer;
  #storing: { readonly buffer: PartBuffer; readonly settled: Promise<SentPart> } | undefined;
  /** Sent and not committed; the first has the old tail in front. */
  readonly #heldParts: SentPart[] = [];
  /** Bytes put aside that belong in front of `#filling`: the tail, or rows held back, or both. */
  #asideBytes: number;
  #receivedBytes = 0;
  /** Whether somebody else may hold views of `#filling`. */
  #lent = false;
  /** Resolved when there is no time to wait for the store any more. */
  readonly #hurry = Promise.withResolvers<"hurry">();
  #isHurried = false;

  constructor(options: PartWriterOptions) {
    this.#options = options;
    this.#filling = new PartBuffer(options.slabs);
    this.#asideBytes = options.store.tailBytes();
    if (options.holdsBack) options.store.clearHeld();
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Takes a chunk; its memory may be used again when the promise is done. Waits while two parts are on their way. */
  async write(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.byteLength; ) {
      if (this.#roomBytes() === 0) await this.#startStoring();
      const taken = chunk.subarray(from, from + this.#roomBytes());
      const expectedBytes = Math.min(this.#options.expectedBytes - this.#receivedBytes, this.#roomBytes());
      await this.#filling.append(taken, expectedBytes);
      this.#receivedBytes += taken.byteLength;
      from += taken.byteLength;
    }
    if (this.#roomBytes() === 0 && this.#receivedBytes < this.#options.missingBytes)
      await this.#startStoring();
  }

  /**
   * Waits for the store no more: what is under way there is given up, so that `keep` makes what is in memory durable at
   * once. For a writer that was taken over, whose bytes must be safe before the one that took over goes on.
   */
  hurry(): void {
    this.#isHurried = true;
    this.#hurry.resolve("hurry");
  }

  /** Puts aside what isn't stored yet, durably, and gives the memory back: for a client that has stalled. */
  async spill(): Promise<void> {
    await this.#finishStoring();
    if (this.#filling.sizeBytes === 0) return;
    const { store, fence, holdsBack } = this.#options;
    const { pieces, sizeBytes } = this.#filling.body();
    fence();
    store.transaction(() => (holdsBack ? store.appendHeld(pieces) : store.appendTail(pieces)));
    this.#asideBytes += sizeBytes;
    this.#filling.release(true);
  }

  /**
   * Makes everything received so far durable and part of the upload, by the tail for what isn't in a part, and gives
   * the memory back.
   * @param alsoCommit what must become durable together with it
   */
  async keep(alsoCommit: () => void): Promise<void> {
    const unstored = await this.#unstored();
    const { store, fence } = this.#options;
    try {
      fence();
      store.transaction(() => {
        this.#commitHeld();
        for (const buffer of unstored) store.appendTail(buffer.body().pieces);
        alsoCommit();
      });
    } finally {
      this.#release(!this.#lent);
    }
  }

  /** Sends all that is left of a complete upload, then commits everything and gives the memory back. */
  async storeRest(alsoCommit: () => void): Promise<void> {
    const { store, parts, fence } = this.#options;
    await this.#finishStoring();
    this.#lent = true;
    const rest = await this.#unlessHurried(parts.sendRest(this.#withAside(this.#filling.body()), fence));
    fence();
    store.transaction(() => {
      parts.commitParts(this.#heldParts);
      parts.commitRest(rest);
      store.clearHeld();
      alsoCommit();
    });
    this.#release(true);
  }

  /** Lets go of what isn't committed yet. */
  async discard(): Promise<void> {
    await this.#unstored();
    if (this.#options.holdsBack) this.#options.store.clearHeld();
    this.#release(!this.#lent);
  }

  /** What was held back becomes the upload's: parts first, then what lies aside. */
  #commitHeld(): void {
    const { store, parts, holdsBack } = this.#options;
    if (!holdsBack) return;
    const aside = store.readHeld();
    if (this.#heldParts.length > 0) store.clearTail();
    parts.commitParts(this.#heldParts);
    store.appendTail(aside);
    store.clearHeld();
  }

  /** Buffers whose bytes are in no part, in order: that of a store that failed, and the one being filled. */
  async #unstored(): Promise<readonly PartBuffer[]> {
    if (!this.#isHurried) await this.#finishStoring().catch(() => {});
    return this.#storing === undefined ? [this.#filling] : [this.#storing.buffer, this.#filling];
  }

  /** Throws `UPLOAD_SUPERSEDED` when the writer is hurried before `work` is done; its late result counts for nothing. */
  async #unlessHurried<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    const result = await Promise.race([work, this.#hurry.promise]);
    if (result === "hurry" || this.#isHurried) throw new AppError("UPLOAD_SUPERSEDED");
    return result;
  }

  #release(reusable: boolean): void {
    this.#storing?.buffer.release(false);
    this.#storing = undefined;
    this.#filling.release(reusable);
  }

  #roomBytes(): number {
    return this.#options.partSizeBytes - this.#asideBytes - this.#filling.sizeBytes;
  }

  #withAside(body: StoreBody): StoreBody {
    const { store } = this.#options;
    const tail = this.#heldParts.length === 0 ? store.readTail() : [];
    const aside = [...tail, ...(this.#options.holdsBack ? store.readHeld() : [])];
    if (aside.length === 0) return body;
    return { pieces: [...aside, ...body.pieces], sizeBytes: sizeOf(aside) + body.sizeBytes };
  }

  async #startStoring(): Promise<void> {
    await this.#finishStoring();
    const buffer = this.#filling;
    const settled = this.#options.parts.sendPart(this.#withAside(buffer.body()), this.#options.fence);
    // Its rejection is met by whoever finishes it; until then it must not count as unhandled.
    settled.catch(() => {});
    this.#storing = { buffer, settled };
    this.#filling = new PartBuffer(this.#options.slabs);
    this.#asideBytes = 0;
  }

  async #finishStoring(): Promise<void> {
    if (this.#storing === undefined) return;
    const sent = await this.#unlessHurried(this.#storing.settled);
    this.#options.fence();
    this.#takeIn(sent);
    this.#storing.buffer.release(true);
    this.#storing = undefined;
  }

  /** What lay aside is in the sent part now. */
  #takeIn(sent: SentPart): void {
    const { store, parts, holdsBack } = this.#options;
    if (holdsBack) {
      this.#heldParts.push(sent);
      store.clearHeld();
      return;
    }
    store.transaction(() => {
      store.clearTail();
      parts.commitParts([sent]);
    });
  }
}
