import type { StoreBody } from "../storage/object-store.ts";
import type { SlabBudget } from "./slabs.ts";
import { nextSlabBytes } from "./slabs.ts";

/** Bytes of one part as they arrive, in slabs that are taken from the isolate's budget only when they are needed. */
export class PartBuffer {
  readonly #budget: SlabBudget;
  readonly #slabs: Uint8Array[] = [];
  #sizeBytes = 0;
  /** Free room in the last slab. */
  #roomBytes = 0;

  constructor(budget: SlabBudget) {
    this.#budget = budget;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Copies `bytes` in. Throws `UPLOAD_BUSY` when no slab is to be had in time; what was copied before stays.
   * @param expectedBytes how many may come in all from here on: a small upload takes a small slab
   */
  async append(bytes: Uint8Array, expectedBytes: number): Promise<void> {
    for (let from = 0; from < bytes.byteLength; ) {
      if (this.#roomBytes === 0) await this.#addSlab(expectedBytes - from);
      const taken = bytes.subarray(from, from + this.#roomBytes);
      this.#copy(taken);
      from += taken.byteLength;
    }
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

  async #addSlab(expectedBytes: number): Promise<void> {
    const slab = await this.#budget.take(nextSlabBytes(this.#sizeBytes, expectedBytes));
    this.#slabs.push(slab);
    this.#roomBytes = slab.byteLength;
  }

  #copy(bytes: Uint8Array): void {
    const slab = this.#slabs[this.#slabs.length - 1];
    slab?.set(bytes, slab.byteLength - this.#roomBytes);
    this.#roomBytes -= bytes.byteLength;
    this.#sizeBytes += bytes.byteLength;
  }
}
