import { AppError } from "#contract/errors.ts";
import type { StoreBody } from "../../storage/object-store.ts";
import type { UploadStore } from "../state/upload-store.ts";
import type { Fence, ObjectParts, SentPart } from "./object-parts.ts";
import { PartBuffer } from "./part-buffer.ts";
import { settlesWithin } from "./settles-within.ts";
import type { SlabBudget } from "./slabs.ts";
import { joinBodies, sizeOf } from "./store-body.ts";

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
  /** Whether nothing is committed before `keep` or `storeRest`: the append may yet be discarded as a whole. */
  readonly holdsBack: boolean;
  /** Whether this append is sure to fill a part, and not the upload's last: then the store is told of it early. */
  readonly fillsPart?: boolean;
  /** What must become durable together with each part. */
  readonly onPart: () => void;
}

/**
 * How long a store is waited for before the next part is begun: one that is quick is better not interleaved with, which
 * costs a tenth of the CPU; one that is slow isn't waited for.
 */
const QUICK_STORE_MS = 40;
/** How long a part may be filling while others wait for its memory. */
const SLOW_MS = 1_000;

interface StoringPart {
  readonly buffer: PartBuffer;
  readonly settled: Promise<SentPart>;
  /** Whether the store has answered. */
  isSettled: boolean;
}

/**
 * Takes the bytes of one append: one part fills while the one before it is being stored, in order. The bytes that end
 * the upload are never stored on the way, so that an upload is complete only when its append ended well.
 *
 * A writer that holds back leaves the upload as it is until the end: its parts are sent without being committed, and
 * what it must put aside meanwhile goes to rows of its own instead of the tail.
 *
 * Memory is for those who are fast. Where there is none within a moment, or others wait for that of a slow client, the
 * part grows on disk instead: nobody is turned away, and nobody waits for long.
 */
export class PartWriter {
  readonly #options: PartWriterOptions;
  #filling: PartBuffer;
  #storing: StoringPart | undefined;
  /** Sent and not committed; the first has the old tail in front. */
  readonly #heldParts: SentPart[] = [];
  /** Bytes put aside that belong in front of `#filling`: the tail, or rows held back, or both. */
  #asideBytes: number;
  #receivedBytes = 0;
  /** Since when `#filling` has memory. */
  #fillingSinceMs = 0;
  /** Whether there was no memory the last time: then it is taken again when it is there, and not waited for. */
  #isShort = false;
  /** What the first part will need of the store. */
  #preparing: Promise<void> | undefined;
  /** Resolved when there is no time to wait for the store any more. */
  readonly #hurry = Promise.withResolvers<"hurry">();
  #isHurried = false;

  constructor(options: PartWriterOptions) {
    this.#options = options;
    this.#filling = new PartBuffer(options.slabs);
    this.#asideBytes = options.store.tail.sizeBytes;
    if (options.holdsBack) options.store.held.clear();
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Takes a chunk that fits the memory at hand and doesn't fill the part; false, and nothing done, where it doesn't. */
  writeAtOnce(chunk: Uint8Array): boolean {
    const fits = chunk.byteLength <= this.#filling.roomBytes && chunk.byteLength < this.#roomBytes();
    if (!fits || this.#isInTheWay()) return false;
    this.#receivedBytes += this.#filling.fill(chunk);
    return true;
  }

  /** Takes a chunk; its memory may be used again when the promise is done. Waits while two parts are on their way. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#options.fillsPart === true) this.#preparing ??= this.#options.parts.prepare(this.#sendingFence);
    if (this.#isInTheWay()) await this.spill();
    for (let from = 0; from < chunk.byteLength;) {
      if (this.#roomBytes() === 0) await this.#startStoring();
      const rest = chunk.subarray(from, from + this.#roomBytes());
      const takenBytes = (await this.#hasMemory()) ? this.#filling.fill(rest) : await this.#takeAside(rest);
      this.#receivedBytes += takenBytes;
      from += takenBytes;
    }
    if (this.#roomBytes() === 0 && this.#receivedBytes < this.#options.missingBytes)
      await this.#startStoring();
  }

  /**
   * Waits for the store or for memory no more: what is under way there is given up, so that `keep` makes what is in
   * memory durable at once. For a writer that was taken over, whose bytes must be safe before the other one goes on.
   */
  hurry(): void {
    this.#isHurried = true;
    this.#hurry.resolve("hurry");
  }

  /** Puts aside what isn't stored yet, durably, and gives the memory back: for a client that has stalled. */
  async spill(): Promise<void> {
    await this.#finishStoring();
    if (this.#filling.sizeBytes > 0) this.#putAside([]);
  }

  /**
   * Makes everything received so far durable and part of the upload, by the tail for what isn't in a part, and gives
   * the memory back.
   * @param alsoCommit what must become durable together with it
   */
  async keep(alsoCommit: () => void): Promise<void> {
    const sent = await this.#sentPart();
    const { store, fence } = this.#options;
    try {
      fence();
      store.transaction(() => {
        if (sent !== undefined) this.#takeIn(sent);
        this.#commitHeld();
        if (sent === undefined && this.#storing !== undefined) {
          store.tail.append(this.#storing.buffer.body().pieces);
        }
        store.tail.append(this.#filling.body().pieces);
        alsoCommit();
      });
    } finally {
      this.#release();
    }
  }

  /** Sends all that is left of a complete upload, then commits everything and gives the memory back. */
  async storeRest(alsoCommit: () => void): Promise<void> {
    const { store, parts, fence } = this.#options;
    await this.#finishStoring();
    const last = this.#withAside(this.#filling.body());
    const bodies = last.sizeBytes === 0 ? [] : [last];
    const rest = await this.#unlessHurried(parts.sendRest(bodies, this.#sendingFence));
    fence();
    store.transaction(() => {
      parts.commitParts(this.#heldParts);
      parts.commitRest(rest);
      store.held.clear();
      alsoCommit();
    });
    this.#release();
  }

  /** Lets go of what isn't committed yet. */
  async discard(): Promise<void> {
    await this.#sentPart();
    try {
      // A successor has cleared them by now, and may have its own.
      this.#options.fence();
      if (this.#options.holdsBack) this.#options.store.held.clear();
    } finally {
      this.#release();
    }
  }

  /** What was held back becomes the upload's: parts first, then what lies aside. */
  #commitHeld(): void {
    const { store, parts, holdsBack } = this.#options;
    if (!holdsBack) return;
    if (this.#heldParts.length > 0) store.tail.clear();
    parts.commitParts(this.#heldParts);
    store.tail.append(store.held.body().pieces);
    store.held.clear();
  }

  /** The part on its way, once it is stored; undefined where there is none or it failed or there is no time for it. */
  async #sentPart(): Promise<SentPart | undefined> {
    // An append that was cut short is over when the store knows of nothing that the upload doesn't.
    if (!this.#isHurried) await Promise.race([this.#preparing, this.#hurry.promise]);
    if (this.#storing === undefined || this.#isHurried) return undefined;
    return this.#unlessHurried(this.#storing.settled).catch(() => undefined);
  }

  /** Throws `UPLOAD_SUPERSEDED` when the writer is hurried before `work` is done; its late result counts for nothing. */
  async #unlessHurried<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    const result = await Promise.race([work, this.#hurry.promise]);
    if (result === "hurry" || this.#isHurried) throw new AppError("UPLOAD_SUPERSEDED");
    return result;
  }

  /** Of calls to the store: one that was given up settles nothing of the upload any more, whoever may come next. */
  readonly #sendingFence: Fence = () => {
    if (this.#isHurried) throw new AppError("UPLOAD_SUPERSEDED");
    this.#options.fence();
  };

  /** Says that the memory that bytes are in is still being used; to be called while they come. */
  renew(): void {
    this.#filling.renew();
    this.#storing?.buffer.renew();
  }

  #release(): void {
    this.#storing?.buffer.release();
    this.#storing = undefined;
    this.#filling.release();
  }

  /** Bytes until the part is full. */
  #roomBytes(): number {
    const bytes = this.#options.partSizeBytes - this.#asideBytes - this.#filling.sizeBytes;
    if (bytes < 0) throw new Error("There is more than a part.");
    return bytes;
  }

  /** Whether others wait for memory that this part has had for long. */
  #isInTheWay(): boolean {
    if (!this.#options.slabs.isWanted || this.#filling.sizeBytes === 0) return false;
    return Date.now() - this.#fillingSinceMs > SLOW_MS;
  }

  async #hasMemory(): Promise<boolean> {
    if (this.#filling.roomBytes > 0) return true;
    // Its memory is the best to go on with.
    if (this.#storing?.isSettled === true) await this.#finishStoring();
    if (this.#filling.tryGrow(this.#expectedBytes())) this.#isShort = false;
    else if (!this.#isShort) {
      // Its own part on the way may be what fills the memory.
      await this.#finishStoring();
      this.#isShort = !(await this.#filling.grow(this.#expectedBytes(), this.#hurry.promise));
    }
    this.#fillingSinceMs = Date.now();
    return !this.#isShort;
  }

  /** Takes bytes for which there is no memory. */
  async #takeAside(bytes: Uint8Array): Promise<number> {
    // What lies aside goes away with the part that is on its way.
    await this.#finishStoring();
    this.#putAside([bytes]);
    return bytes.byteLength;
  }

  /**
   * Makes what is in memory durable, and `more` behind it, and gives the memory back. The upload's last byte stays in
   * memory: with it an upload would look complete, which it is when its append has ended well.
   */
  #putAside(more: readonly Uint8Array[]): void {
    const { store, fence, holdsBack, missingBytes } = this.#options;
    const pieces = [...this.#filling.body().pieces, ...more];
    const isAll = this.#receivedBytes + sizeOf(more) === missingBytes;
    const last = isAll ? pieces.pop() : undefined;
    if (last !== undefined) pieces.push(last.subarray(0, -1));
    const lastByte = last?.slice(-1);
    fence();
    store.transaction(() => {
      (holdsBack ? store.held : store.tail).append(pieces);
      // What was only noted has to be durable with the first bytes.
      store.update({});
    });
    this.#asideBytes += sizeOf(pieces);
    this.#filling.release();
    if (lastByte !== undefined) this.#filling.keepByte(lastByte);
  }

  /** How many bytes may still come for this part. */
  #expectedBytes(): number {
    return Math.min(this.#options.expectedBytes - this.#receivedBytes, this.#roomBytes());
  }

  #withAside(body: StoreBody): StoreBody {
    const { store, holdsBack } = this.#options;
    const bodies = [
      ...(this.#heldParts.length === 0 ? [store.tail.body()] : []),
      ...(holdsBack ? [store.held.body()] : []),
      body,
    ].filter(({ sizeBytes }) => sizeBytes > 0);
    return bodies.length === 1 ? (bodies[0] ?? body) : joinBodies(bodies);
  }

  async #startStoring(): Promise<void> {
    await this.#finishStoring();
    const buffer = this.#filling;
    const settled = this.#options.parts.sendPart(this.#withAside(buffer.body()), this.#sendingFence);
    // Its rejection is met by whoever finishes it; until then it must not count as unhandled.
    settled.catch(() => {});
    const storing = { buffer, settled, isSettled: false };
    this.#storing = storing;
    this.#filling = new PartBuffer(this.#options.slabs);
    this.#asideBytes = 0;
    // Behind the last bytes of an append there is nothing to interleave it with.
    if (this.#receivedBytes >= this.#options.expectedBytes) return;
    storing.isSettled = await settlesWithin(settled, QUICK_STORE_MS, this.#hurry.promise);
  }

  async #finishStoring(): Promise<void> {
    if (this.#storing === undefined) return;
    const sent = await this.#unlessHurried(this.#storing.settled);
    const { fence, store } = this.#options;
    fence();
    store.transaction(() => this.#takeIn(sent));
    this.#storing.buffer.release();
    this.#storing = undefined;
  }

  /** What lay aside is in the sent part now. To be called within a transaction. */
  #takeIn(sent: SentPart): void {
    const { store, parts, holdsBack, missingBytes, onPart } = this.#options;
    if (holdsBack) {
      this.#heldParts.push(sent);
      store.held.clear();
      return;
    }
    store.tail.clear();
    parts.commitParts([sent]);
    onPart();
    if (this.#receivedBytes < missingBytes) parts.reservePart();
  }
}
