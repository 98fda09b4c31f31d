import type { StoreBody } from "../../storage/object-store.ts";
import type { UploadStore } from "../state/upload-store.ts";
import type { Fence } from "./object-parts.ts";
import { PartBuffer } from "./part-buffer.ts";
import type { SlabBudget } from "./slabs.ts";
import { joinBodies, sizeOf } from "./store-body.ts";
import { SLOW_PART_MS } from "./times.ts";

export interface AssemblyOptions {
  readonly store: UploadStore;
  readonly slabs: SlabBudget;
  readonly fence: Fence;
  readonly partSizeBytes: number;
  /** Whether what is put aside isn't the upload's yet: it lies in rows of its own instead of the tail. */
  readonly holdsBack: boolean;
}

/**
 * The part that is being put together. Its bytes are, in this order: the upload's tail, as earlier appends left it; rows
 * that are held back; memory. Tail and rows are aside, on disk; what is put aside goes behind them.
 */
export class PartAssembly {
  readonly #options: AssemblyOptions;
  #memory: PartBuffer;
  /** Bytes in front of those in memory. */
  #asideBytes: number;
  /** Since when there is memory. */
  #fillingSinceMs = 0;
  /** Whether a part that has been sent, but isn't the upload's yet, has the tail in front. */
  #isTailSent = false;

  constructor(options: AssemblyOptions) {
    this.#options = options;
    this.#memory = new PartBuffer(options.slabs);
    this.#asideBytes = options.store.tail.sizeBytes;
    if (options.holdsBack) options.store.held.clear();
  }

  /** Bytes until the part is full. */
  get roomBytes(): number {
    const bytes = this.#options.partSizeBytes - this.#asideBytes - this.#memory.sizeBytes;
    if (bytes < 0) throw new Error("There is more than a part.");
    return bytes;
  }

  /** What is in memory alone, and so isn't durable. */
  get inMemory(): StoreBody {
    return this.#memory.body();
  }

  /** Whether there is memory for more. */
  get hasMemory(): boolean {
    return this.#memory.roomBytes > 0;
  }

  /** Whether others wait for memory that this part has had for long. */
  get isInTheWay(): boolean {
    if (!this.#options.slabs.isWanted || this.#memory.sizeBytes === 0) return false;
    return Date.now() - this.#fillingSinceMs > SLOW_PART_MS;
  }

  /** Whether there is memory for all of `chunk`, which doesn't fill the part either. */
  takesAll(chunk: Uint8Array): boolean {
    return chunk.byteLength <= this.#memory.roomBytes && chunk.byteLength < this.roomBytes;
  }

  /** Copies in as much of `bytes` as there is memory for, and tells how much that was. */
  fill(bytes: Uint8Array): number {
    return this.#memory.fill(bytes);
  }

  /** Takes memory for `bytes` more if there is some at once. */
  tryGrow(bytes: number): boolean {
    this.#fillingSinceMs = Date.now();
    return this.#memory.tryGrow(bytes);
  }

  /** The same, after a wait for a bounded time, and no longer than `until` is pending. */
  async grow(bytes: number, until: Promise<unknown>): Promise<boolean> {
    const isThere = await this.#memory.grow(bytes, until);
    this.#fillingSinceMs = Date.now();
    return isThere;
  }

  /**
   * Makes what is in memory durable, and `more` behind it, and gives the memory back.
   * @param endsUpload whether that would be all of the upload: then its last byte stays in memory. With it the upload
   *   would look complete, which it is when its append has ended well.
   */
  putAside(more: readonly Uint8Array[], endsUpload: boolean): void {
    const { store, fence, holdsBack } = this.#options;
    const pieces = [...this.#memory.body().pieces, ...more];
    const last = endsUpload ? pieces.pop() : undefined;
    if (last !== undefined) pieces.push(last.subarray(0, -1));
    const lastByte = last?.slice(-1);
    fence();
    store.transaction(() => {
      (holdsBack ? store.held : store.tail).append(pieces);
      // What was only noted has to be durable with the first bytes.
      store.update({});
    });
    this.#asideBytes += sizeOf(pieces);
    this.#memory.release();
    if (lastByte !== undefined) this.#memory.keepByte(lastByte);
  }

  /** All of the part, from wherever it lies. */
  body(): StoreBody {
    const { store, holdsBack } = this.#options;
    const bodies = [
      ...(this.#isTailSent ? [] : [store.tail.body()]),
      ...(holdsBack ? [store.held.body()] : []),
      this.#memory.body(),
    ].filter(({ sizeBytes }) => sizeBytes > 0);
    const [only] = bodies;
    return only !== undefined && bodies.length === 1 ? only : joinBodies(bodies);
  }

  /** Begins the next part. Returns the memory of this one, which is on its way. */
  beginNext(): PartBuffer {
    const memory = this.#memory;
    this.#memory = new PartBuffer(this.#options.slabs);
    this.#asideBytes = 0;
    return memory;
  }

  /** What lay aside is in a part that was sent. To be called within a transaction. */
  clearAside(): void {
    const { store, holdsBack } = this.#options;
    if (!holdsBack) return store.tail.clear();
    this.#isTailSent = true;
    store.held.clear();
  }

  /** What was held back is the upload's, behind what is in its parts now. To be called within a transaction. */
  commitHeld(): void {
    const { store, holdsBack } = this.#options;
    if (!holdsBack) return;
    if (this.#isTailSent) store.tail.clear();
    store.tail.append(store.held.body().pieces);
    store.held.clear();
  }

  /** Says that the memory is still being used. */
  renew(): void {
    this.#memory.renew();
  }

  /** Gives the memory back, with what is in it. */
  release(): void {
    this.#memory.release();
  }
}
