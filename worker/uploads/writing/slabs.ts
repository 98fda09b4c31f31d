const MIB = 1024 * 1024;

/**
 * All of an isolate's slabs: many Durable Objects share one isolate of 128 MB, and what is being sent to the store is
 * copied once more on its way. Room for a part to fill while another is stored, but for parts of the largest sizes.
 */
const BUDGET_BYTES = 24 * MIB;
/**
 * Longest wait for a slab: nobody is to wait for more than 2 s because of others. Fast clients give theirs back much
 * sooner; where many are slow, disk is fast enough.
 */
const WAIT_LIMIT_MS = 1_500;
export type Slab = Uint8Array<ArrayBuffer>;

interface Waiter {
  readonly sizeBytes: number;
  grant: (slab: Slab | undefined) => void;
}

/**
 * Memory for parts being put together, bounded over all uploads of the isolate. First come, first served. What is free is
 * kept for the next taker, because new memory costs a page fault per 4 KiB, and counts as much as what is taken: where
 * sizes change, kept slabs make room. A slab is given up by detaching it; the collector may come late.
 */
export class SlabBudget {
  readonly #limitBytes: number;
  readonly #waitLimitMs: number;
  readonly #free = new Map<number, Slab[]>();
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

  /** What is taken and what is kept. */
  get residentBytes(): number {
    return this.#takenBytes + this.#freeBytes;
  }

  /** Whether somebody waits for memory. */
  get isWanted(): boolean {
    return this.#waiters.length > 0;
  }

  /** A slab of `sizeBytes`, to be given back with `give`, or undefined where there is none at once. */
  tryTake(sizeBytes: number): Slab | undefined {
    return this.#waiters.length === 0 && this.#fits(sizeBytes) ? this.#grant(sizeBytes) : undefined;
  }

  /** The same, after a wait for a bounded time, and no longer than `until` is pending. */
  async take(sizeBytes: number, until?: Promise<unknown>): Promise<Slab | undefined> {
    const atOnce = this.tryTake(sizeBytes);
    if (atOnce !== undefined) return atOnce;
    const { promise, resolve } = Promise.withResolvers<Slab | undefined>();
    const waiter: Waiter = { sizeBytes, grant: resolve };
    this.#waiters.push(waiter);
    const timer = setTimeout(() => this.#giveUp(waiter), this.#waitLimitMs);
    void until?.then(() => this.#giveUp(waiter));
    try {
      return await promise;
    } finally {
      // Here and not in `grant`, which may run for another object: a timer belongs to the object that set it.
      clearTimeout(timer);
      // `until` may last long, and would keep the slab from the collector.
      waiter.grant = () => {};
    }
  }

  /** A slab whatever the budget says: for what is as good as nothing. */
  takeRegardless(sizeBytes: number): Slab {
    return this.#grant(sizeBytes);
  }

  /**
   * Gives slabs back.
   * @param reusable false while a store that was given up may still read them: then they are left to the collector
   */
  give(slabs: readonly Slab[], reusable: boolean): void {
    for (const slab of slabs) {
      this.#takenBytes -= slab.byteLength;
      if (reusable) this.#keep(slab);
    }
    this.#serveWaiters();
  }

  #giveUp(waiter: Waiter): void {
    const place = this.#waiters.indexOf(waiter);
    if (place < 0) return;
    this.#waiters.splice(place, 1);
    waiter.grant(undefined);
    // It may have been the first in line, and too large for what there was.
    this.#serveWaiters();
  }

  #fits(sizeBytes: number): boolean {
    return this.#takenBytes + sizeBytes <= this.#limitBytes;
  }

  /** Slabs of the usual sizes are kept; the odd ones of small uploads cost little to make. */
  #keep(slab: Slab): void {
    const size = slab.byteLength;
    if (size % MIB !== 0 || this.residentBytes + size > this.#limitBytes) return giveUp(slab);
    const kept = this.#free.get(size) ?? [];
    kept.push(slab);
    this.#free.set(size, kept);
    this.#freeBytes += size;
  }

  #grant(sizeBytes: number): Slab {
    this.#takenBytes += sizeBytes;
    const kept = this.#free.get(sizeBytes)?.pop();
    if (kept === undefined) return this.#make(sizeBytes);
    this.#freeBytes -= sizeBytes;
    return kept;
  }

  #make(sizeBytes: number): Slab {
    for (const kept of this.#free.values()) {
      while (this.residentBytes > this.#limitBytes && kept.length > 0) this.#dropLast(kept);
    }
    return new Uint8Array(sizeBytes);
  }

  #dropLast(kept: Slab[]): void {
    const slab = kept.pop();
    if (slab === undefined) return;
    this.#freeBytes -= slab.byteLength;
    giveUp(slab);
  }

  #serveWaiters(): void {
    for (let next = this.#waiters[0]; next && this.#fits(next.sizeBytes); next = this.#waiters[0]) {
      this.#waiters.shift();
      next.grant(this.#grant(next.sizeBytes));
    }
  }
}

function giveUp(slab: Slab): void {
  slab.buffer.transfer(0);
}

/** The isolate's one budget. Shared by its Durable Objects on purpose: it is their common memory that is bounded. */
export const isolateSlabs = new SlabBudget();
