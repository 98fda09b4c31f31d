import type { StoreBody } from "../../storage/object-store.ts";
import type { Slab, SlabBudget } from "./slabs.ts";

/**
 * Bytes of one part as they arrive, in memory of the isolate's budget: one slab as a rule, because each further piece
 * costs a hand-over to the store.
 */
export class PartBuffer {
  readonly #budget: SlabBudget;
  readonly #slabs: Slab[] = [];
  #sizeBytes = 0;
  /** Free room in the last slab. */
  #roomBytes = 0;

  constructor(budget: SlabBudget) {
    this.#budget = budget;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Bytes for which there is memory already. */
  get roomBytes(): number {
    return this.#roomBytes;
  }

  /** Copies in as much of `bytes` as there is memory for, and tells how much that was. */
  fill(bytes: Uint8Array): number {
    const slab = this.#slabs[this.#slabs.length - 1];
    if (slab === undefined || this.#roomBytes === 0) return 0;
    const taken = bytes.byteLength <= this.#roomBytes ? bytes : bytes.subarray(0, this.#roomBytes);
    slab.set(taken, slab.byteLength - this.#roomBytes);
    this.#roomBytes -= taken.byteLength;
    this.#sizeBytes += taken.byteLength;
    return taken.byteLength;
  }

  /** Takes memory for `bytes` more if there is some at once. */
  tryGrow(bytes: number): boolean {
    return this.#add(this.#budget.tryTake(Math.max(1, bytes)));
  }

  /** The same, after a wait for a bounded time, and no longer than `until` is pending. */
  async grow(bytes: number, until?: Promise<unknown>): Promise<boolean> {
    return this.#add(await this.#budget.take(Math.max(1, bytes), until));
  }

  /** Takes a byte that mustn't be anywhere else, whether there is memory or not. */
  keepByte(byte: Uint8Array): void {
    this.#add(this.#budget.takeRegardless(1));
    this.fill(byte);
  }

  /** What is in the buffer. The views stay valid until `release`. */
  body(): StoreBody {
    const last = this.#slabs.length - 1;
    const pieces = this.#slabs.map((slab, index) =>
      index === last ? slab.subarray(0, slab.byteLength - this.#roomBytes) : slab,
    );
    return { pieces, sizeBytes: this.#sizeBytes };
  }

  /** Gives the memory back; the buffer is empty then. `reusable` as in `SlabBudget.give`. */
  release(reusable: boolean): void {
    this.#budget.give(this.#slabs.splice(0), reusable);
    this.#sizeBytes = 0;
    this.#roomBytes = 0;
  }

  #add(slab: Slab | undefined): boolean {
    if (slab === undefined) return false;
    this.#slabs.push(slab);
    this.#roomBytes = slab.byteLength;
    return true;
  }
}
