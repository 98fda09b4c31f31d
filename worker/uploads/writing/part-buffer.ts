import type { StoreBody } from "../../storage/object-store.ts";
import type { Slab, SlabBudget } from "./slabs.ts";
import { SMALL_BYTES } from "./slabs.ts";

/** Who still reads a buffer's memory: nobody else may have it until they are done. */
class Readers {
  #count = 0;
  #whenNone: (() => void) | undefined;

  /** Returns what is to be called when this reader is done. */
  add(): () => void {
    this.#count += 1;
    return () => {
      this.#count -= 1;
      if (this.#count === 0) this.#whenNone?.();
    };
  }

  whenNone(act: () => void): void {
    if (this.#count === 0) act();
    else this.#whenNone = act;
  }
}

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
  #readers = new Readers();

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
    return this.#add(this.#budget.tryTake(this.#sizeOfNext(bytes)));
  }

  /** The same, after a wait for a bounded time, and no longer than `until` is pending. */
  async grow(bytes: number, until?: Promise<unknown>): Promise<boolean> {
    return this.#add(await this.#budget.take(this.#sizeOfNext(bytes), until));
  }

  /** Takes a byte that mustn't be anywhere else, whether there is memory or not. */
  keepByte(byte: Uint8Array): void {
    this.#add(this.#budget.takeRegardless(1));
    this.fill(byte);
  }

  /** Says that the memory is still being used (`SlabBudget.renew`). */
  renew(): void {
    this.#budget.renew(this.#slabs);
  }

  /** What is in the buffer. The views stay valid until `release`, and for a store that holds them until it lets go. */
  body(): StoreBody {
    const last = this.#slabs.length - 1;
    const pieces = this.#slabs.map((slab, index) =>
      index === last ? slab.subarray(0, slab.byteLength - this.#roomBytes) : slab,
    );
    const readers = this.#readers;
    const hold = (): (() => void) => {
      this.renew();
      return readers.add();
    };
    return { pieces, sizeBytes: this.#sizeBytes, hold };
  }

  /** Empties the buffer. Its memory is given back, at once or when a store that was given up has let go of it. */
  release(): void {
    const slabs = this.#slabs.splice(0);
    this.#readers.whenNone(() => this.#budget.give(slabs));
    this.#readers = new Readers();
    this.#sizeBytes = 0;
    this.#roomBytes = 0;
  }

  /** The one slab there is, where it is a small one: the next takes its place, so that the part is one piece. */
  get #first(): Slab | undefined {
    const [first] = this.#slabs;
    return first !== undefined && this.#slabs.length === 1 && first.byteLength <= SMALL_BYTES
      ? first
      : undefined;
  }

  #sizeOfNext(bytes: number): number {
    return Math.max(1, bytes + (this.#first?.byteLength ?? 0));
  }

  #add(slab: Slab | undefined): boolean {
    if (slab === undefined) return false;
    const first = this.#first;
    if (first !== undefined) {
      slab.set(first);
      this.#budget.give(this.#slabs.splice(0));
    }
    this.#slabs.push(slab);
    this.#roomBytes = slab.byteLength - (first?.byteLength ?? 0);
    return true;
  }
}
