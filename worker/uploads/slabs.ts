import { AppError } from "#contract/errors.ts";

const MIB = 1024 * 1024;

/** What a part's memory is taken in when there isn't much: a client that stalls then keeps little from others. */
export const SLAB_BYTES = MIB;
/** All of an isolate's slabs: many Durable Objects share one isolate of 128 MB. */
const BUDGET_BYTES = 64 * MIB;
/** Longest wait for a slab before the request is told to come again. */
const WAIT_LIMIT_MS = 2_000;
/** Free memory kept for the next taker; allocating it costs a page fault per 4 KiB. */
const KEPT_BYTES = 24 * MIB;

interface Waiter {
  readonly sizeBytes: number;
  readonly grant: (slab: Uint8Array) => void;
}

/** Memory for parts being put together, bounded over all uploads of the isolate. First come, first served. */
export class SlabBudget {
  readonly #limitBytes: number;
  readonly #waitLimitMs: number;
  readonly #free = new Map<number, Uint8Array[]>();
  #freeBytes = 0;
  readonly #waiters: Waiter[] = [];
  #takenBytes = 0;

  constructor(limitBytes = BUDGET_BYTES, waitLimitMs = WAIT_LIMIT_MS) {
    this.#limitBytes = limitBytes;
    this.#waitLimitMs = waitLimitMs;
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  /**
   * How large a slab should be for `expectedBytes` that are still to come: all of it in one while half of the budget is
   * free, because each further piece costs a hand-over to the store.
   */
  slabBytesFor(expectedBytes: number): number {
    const isRoomy = this.#takenBytes + expectedBytes <= this.#limitBytes / 2;
    return Math.max(1, isRoomy ? expectedBytes : Math.min(expectedBytes, SLAB_BYTES));
  }

  /** A slab of `sizeBytes`, to be given back with `give`, or undefined where there is none at once. */
  tryTake(sizeBytes: number): Uint8Array | undefined {
    return this.#waiters.length === 0 && this.#fits(sizeBytes) ? this.#grant(sizeBytes) : undefined;
  }

  /**
   * Waits for a slab for a bounded time, then throws `UPLOAD_BUSY` with `Retry-After`. Only for those who hold none:
   * who waits with slabs in hand may be who the others wait for.
   */
  async take(sizeBytes: number): Promise<Uint8Array> {
    const atOnce = this.tryTake(sizeBytes);
    if (atOnce !== undefined) return atOnce;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const waiter: Waiter = { sizeBytes, grant: resolve };
    this.#waiters.push(waiter);
    const timer = setTimeout(() => {
      const place = this.#waiters.indexOf(waiter);
      if (place < 0) return;
      this.#waiters.splice(place, 1);
      reject(new AppError("UPLOAD_BUSY", { headers: { "Retry-After": "2" } }));
    }, this.#waitLimitMs);
    try {
      return await promise;
    } finally {
      // Here and not in `grant`, which may run for another object: a timer belongs to the object that set it.
      clearTimeout(timer);
    }
  }

  /**
   * Gives slabs back.
   * @param reusable false while a store that was given up may still read them: then they are left to the collector
   */
  give(slabs: readonly Uint8Array[], reusable: boolean): void {
    for (const slab of slabs) {
      this.#takenBytes -= slab.byteLength;
      if (reusable) this.#keep(slab);
    }
    this.#serveWaiters();
  }

  #fits(sizeBytes: number): boolean {
    return this.#takenBytes + sizeBytes <= this.#limitBytes;
  }

  /** Slabs of the usual sizes are kept; the odd ones of small uploads cost little to make. */
  #keep(slab: Uint8Array): void {
    const size = slab.byteLength;
    if (size % SLAB_BYTES !== 0 || this.#freeBytes + size > KEPT_BYTES) return;
    const kept = this.#free.get(size) ?? [];
    kept.push(slab);
    this.#free.set(size, kept);
    this.#freeBytes += size;
  }

  #grant(sizeBytes: number): Uint8Array {
    this.#takenBytes += sizeBytes;
    const kept = this.#free.get(sizeBytes)?.pop();
    if (kept === undefined) return new Uint8Array(sizeBytes);
    this.#freeBytes -= sizeBytes;
    return kept;
  }

  #serveWaiters(): void {
    for (let next = this.#waiters[0]; next && this.#fits(next.sizeBytes); next = this.#waiters[0]) {
      this.#waiters.shift();
      next.grant(this.#grant(next.sizeBytes));
    }
  }
}

/** The isolate's one budget. Shared by its Durable Objects on purpose: it is their common memory that is bounded. */
export const isolateSlabs = new SlabBudget();
