import type { StoreBody } from "../storage/object-store.ts";
import type { Fence, ObjectParts } from "./object-parts.ts";
import { PartBuffer } from "./part-buffer.ts";
import type { SlabBudget } from "./slabs.ts";
import type { UploadStore } from "./upload-state.ts";

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
}

/**
 * Takes the bytes of one append: one part fills while the one before it is being stored, in order. The bytes that end
 * the upload are never stored on the way, so that an upload is complete only when its append ended well.
 */
export class PartWriter {
  readonly #options: PartWriterOptions;
  #filling: PartBuffer;
  #storing: { readonly buffer: PartBuffer; readonly settled: Promise<void> } | undefined;
  /** Bytes of the tail that belong in front of `#filling`; none once a part has taken them. */
  #tailBytes: number;
  #receivedBytes = 0;
  /** Whether somebody else may hold views of `#filling`. */
  #lent = false;

  constructor(options: PartWriterOptions) {
    this.#options = options;
    this.#filling = new PartBuffer(options.slabs);
    this.#tailBytes = options.store.tailBytes();
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Takes a chunk; its memory may be used again when the promise is done. Waits while two parts are on their way. */
  async write(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.byteLength; ) {
      if (this.#roomBytes() === 0) await this.#startStoring();
      const taken = chunk.subarray(from, from + this.#roomBytes());
      await this.#filling.append(taken, this.#options.expectedBytes - this.#receivedBytes);
      this.#receivedBytes += taken.byteLength;
      from += taken.byteLength;
    }
    if (this.#roomBytes() === 0 && this.#receivedBytes < this.#options.missingBytes) await this.#startStoring();
  }

  /** What isn't stored yet, after waiting for what is on its way. Valid until `release`. */
  async remainder(): Promise<StoreBody> {
    await this.#finishStoring();
    this.#lent = true;
    return this.#filling.body();
  }

  /**
   * Makes everything received so far durable, by the tail for what isn't in a part, and gives the memory back.
   * @param alsoCommit what must become durable together with it
   */
  async keep(alsoCommit: () => void = () => {}): Promise<void> {
    const unstored = await this.#unstored();
    const { store, fence } = this.#options;
    try {
      fence();
      store.transaction(() => {
        for (const buffer of unstored) store.appendTail(buffer.body().pieces);
        alsoCommit();
      });
    } finally {
      this.#release(!this.#lent);
    }
  }

  /** Lets go of what isn't stored yet. */
  async discard(): Promise<void> {
    await this.#unstored();
    this.#release(!this.#lent);
  }

  /** To be called when what `remainder` gave is stored. */
  release(): void {
    this.#release(true);
  }

  /** Buffers whose bytes are in no part, in order: that of a store that failed, and the one being filled. */
  async #unstored(): Promise<readonly PartBuffer[]> {
    try {
      await this.#finishStoring();
      return [this.#filling];
    } catch {
      return this.#storing === undefined ? [this.#filling] : [this.#storing.buffer, this.#filling];
    }
  }

  #release(reusable: boolean): void {
    this.#storing?.buffer.release(false);
    this.#storing = undefined;
    this.#filling.release(reusable);
  }

  #roomBytes(): number {
    return this.#options.partSizeBytes - this.#tailBytes - this.#filling.sizeBytes;
  }

  async #startStoring(): Promise<void> {
    await this.#finishStoring();
    const buffer = this.#filling;
    const settled = this.#options.parts.storePart(buffer.body(), this.#options.fence);
    // Its rejection is met by whoever finishes it; until then it must not count as unhandled.
    settled.catch(() => {});
    this.#storing = { buffer, settled };
    this.#filling = new PartBuffer(this.#options.slabs);
    this.#tailBytes = 0;
  }

  async #finishStoring(): Promise<void> {
    if (this.#storing === undefined) return;
    await this.#storing.settled;
    this.#storing.buffer.release(true);
    this.#storing = undefined;
  }
}
