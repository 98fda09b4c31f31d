import type { ObjectParts, SentPart } from "./object-parts.ts";
import type { AssemblyOptions } from "./part-assembly.ts";
import { PartAssembly } from "./part-assembly.ts";
import { PartSending } from "./part-sending.ts";
import { FIRST_BYTES } from "./reading-buffers.ts";
import { SMALL_BYTES } from "./slabs.ts";
import { sizeOf } from "./store-body.ts";

export interface PartWriterOptions extends AssemblyOptions {
  readonly parts: ObjectParts;
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
 * Takes the bytes of one append: one part is put together (part-assembly.ts) while the one before it is being stored
 * (part-sending.ts), in order. The bytes that end the upload are never stored on the way, so that an upload is complete
 * only when its append ended well.
 *
 * A writer that holds back leaves the upload as it is until the end: its parts are sent without being committed, and
 * what it must put aside meanwhile goes to rows of its own instead of the tail.
 *
 * Memory is for those who are fast. Where there is none within a moment, or others wait for that of a slow client, the
 * part grows on disk instead: nobody is turned away, and nobody waits for long.
 */
export class PartWriter {
  readonly #options: PartWriterOptions;
  readonly #assembly: PartAssembly;
  readonly #sending: PartSending;
  /** Sent and not committed; the first has the old tail in front. */
  readonly #heldParts: SentPart[] = [];
  #receivedBytes = 0;
  /** Whether there was no memory the last time: then it is taken again when it is there, and not waited for. */
  #isShort = false;

  constructor(options: PartWriterOptions) {
    this.#options = options;
    this.#assembly = new PartAssembly(options);
    this.#sending = new PartSending(options.parts, options.fence);
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Takes a chunk that fits the memory at hand and doesn't fill the part; false, and nothing done, where it doesn't. */
  writeAtOnce(chunk: Uint8Array): boolean {
    if (!this.#assembly.takesAll(chunk) || this.#assembly.isInTheWay) return false;
    this.#receivedBytes += this.#assembly.fill(chunk);
    return true;
  }

  /** Takes a chunk; its memory may be used again when the promise is done. Waits while two parts are on their way. */
  async write(chunk: Uint8Array): Promise<void> {
    const assembly = this.#assembly;
    if (this.#options.fillsPart === true) this.#sending.prepare();
    if (assembly.isInTheWay) await this.spill();
    for (let from = 0; from < chunk.byteLength;) {
      if (assembly.roomBytes === 0) await this.#startStoring();
      const rest = chunk.subarray(from, from + assembly.roomBytes);
      const takenBytes = (await this.#hasMemory()) ? assembly.fill(rest) : await this.#takeAside(rest);
      this.#receivedBytes += takenBytes;
      from += takenBytes;
    }
    if (assembly.roomBytes === 0 && this.#receivedBytes < this.#options.missingBytes) {
      await this.#startStoring();
    }
  }

  /** Says that the memory that bytes are in is still being used; to be called while they come. */
  renew(): void {
    this.#assembly.renew();
    this.#sending.memory?.renew();
  }

  /**
   * Waits for the store or for memory no more: what is under way there is given up, so that `keep` makes what is in
   * memory durable at once. For a writer that was taken over, whose bytes must be safe before the other one goes on.
   */
  hurry(): void {
    this.#sending.hurry();
  }

  /** Puts aside what isn't stored yet, durably, and gives the memory back: for a client that has stalled. */
  async spill(): Promise<void> {
    await this.#finishStoring();
    if (this.#assembly.inMemory.sizeBytes > 0) this.#putAside([]);
  }

  /**
   * Makes everything received so far durable and part of the upload, by the tail for what isn't in a part, and gives
   * the memory back.
   * @param alsoCommit what must become durable together with it
   */
  async keep(alsoCommit: () => void): Promise<void> {
    const sent = await this.#sending.finishIfPossible();
    const { store, parts, fence } = this.#options;
    try {
      fence();
      store.transaction(() => {
        if (sent !== undefined) this.#takeIn(sent);
        this.#assembly.commitHeld();
        parts.commitParts(this.#heldParts);
        // A part that the store was given up with is still at hand.
        const given = sent === undefined ? this.#sending.memory : undefined;
        if (given !== undefined) store.tail.append(given.body().pieces);
        store.tail.append(this.#assembly.inMemory.pieces);
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
    const last = this.#assembly.body();
    const rest = await this.#sending.sendRest(last.sizeBytes === 0 ? [] : [last]);
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
    await this.#sending.finishIfPossible();
    try {
      // A successor has cleared them by now, and may have its own.
      this.#options.fence();
      if (this.#options.holdsBack) this.#options.store.held.clear();
    } finally {
      this.#release();
    }
  }

  #release(): void {
    this.#sending.release();
    this.#assembly.release();
  }

  /**
   * For how many bytes there is to be memory now: all that may still come for this part. Only at first it is for as much
   * as a first read brings, so that a client which sends a byte and no more doesn't take a part's memory with it.
   */
  #wantedBytes(): number {
    const bytes = Math.min(this.#options.expectedBytes - this.#receivedBytes, this.#assembly.roomBytes);
    return this.#receivedBytes === 0 && bytes > SMALL_BYTES ? FIRST_BYTES : bytes;
  }

  async #hasMemory(): Promise<boolean> {
    const assembly = this.#assembly;
    if (assembly.hasMemory) return true;
    if (this.#sending.wasQuick) await this.#finishStoring();
    if (assembly.tryGrow(this.#wantedBytes())) this.#isShort = false;
    else if (!this.#isShort) {
      // Its own part on the way may be what fills the memory.
      await this.#finishStoring();
      this.#isShort = !(await assembly.grow(this.#wantedBytes(), this.#sending.hurried));
    }
    return !this.#isShort;
  }

  /** Takes bytes for which there is no memory. */
  async #takeAside(bytes: Uint8Array): Promise<number> {
    // What lies aside goes away with the part that is on its way.
    await this.#finishStoring();
    this.#putAside([bytes]);
    return bytes.byteLength;
  }

  #putAside(more: readonly Uint8Array[]): void {
    const endsUpload = this.#receivedBytes + sizeOf(more) === this.#options.missingBytes;
    this.#assembly.putAside(more, endsUpload);
  }

  async #startStoring(): Promise<void> {
    await this.#finishStoring();
    const body = this.#assembly.body();
    // Behind the last bytes of an append there is nothing to interleave the store with.
    const waits = this.#receivedBytes < this.#options.expectedBytes;
    await this.#sending.begin(this.#assembly.beginNext(), body, waits);
  }

  async #finishStoring(): Promise<void> {
    const sent = await this.#sending.finish();
    if (sent === undefined) return;
    const { fence, store } = this.#options;
    fence();
    store.transaction(() => this.#takeIn(sent));
    this.#sending.release();
  }

  /** What lay aside is in the sent part now. To be called within a transaction. */
  #takeIn(sent: SentPart): void {
    const { parts, holdsBack, missingBytes, onPart } = this.#options;
    this.#assembly.clearAside();
    if (holdsBack) {
      this.#heldParts.push(sent);
      return;
    }
    parts.commitParts([sent]);
    onPart();
    if (this.#receivedBytes < missingBytes) parts.numberAhead();
  }
}
