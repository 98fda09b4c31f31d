import { Leases } from "./leases.ts";
import { LEASE_MS, MEMORY_WAIT_MS, PICK_UP_MS } from "./times.ts";

const MIB = 1024 * 1024;

/**
 * All of an isolate's slabs: many Durable Objects share one isolate of 128 MB, and what is being sent to the store is
 * copied once more on its way. Room for a part to fill while another is stored, but for parts of the largest sizes.
 */
export const SLABS_BYTES = 24 * MIB;
/** Beside that, for small slabs alone: whoever brings little doesn't wait in line behind whole parts. */
export const SMALL_LIMIT_BYTES = 4 * MIB;
/** The largest of them. */
export const SMALL_BYTES = 64 * 1024;

export type Slab = Uint8Array<ArrayBuffer>;

interface Waiter {
  readonly sizeBytes: number;
  readonly untilMs: number;
  grant: (slab: Slab | undefined) => void;
}

interface SlabLimits {
  readonly limitBytes?: number;
  readonly smallLimitBytes?: number;
  readonly waitLimitMs?: number;
  readonly now?: () => number;
}

/**
 * Memory for parts being put together, bounded over all uploads of the isolate. First come, first served. What is free is
 * kept for the next taker, because new memory costs a page fault per 4 KiB, and counts as much as what is taken: where
 * sizes change, kept slabs make room. A slab is given up by detaching it; the collector may come late.
 *
 * Nothing here relies on a holder or a waiter to come back: the platform may reset their objects at any moment. A slab is
 * lent for a time, and who waits, waits until a time; both are looked at by whoever comes next. A slab that was taken
 * back is left to the collector, so giving it back late gives nothing.
 */
export class SlabBudget {
  readonly #limitBytes: number;
  readonly #smallLimitBytes: number;
  readonly #waitLimitMs: number;
  readonly #now: () => number;
  readonly #lent = new Leases<Slab>();
  /** Small slabs, beside the others. */
  readonly #lentSmall = new Leases<Slab>();
  readonly #free = new Map<number, Slab[]>();
  #freeBytes = 0;
  readonly #waiters: Waiter[] = [];

  constructor({
    limitBytes = SLABS_BYTES,
    smallLimitBytes = SMALL_LIMIT_BYTES,
    waitLimitMs = MEMORY_WAIT_MS,
    now = () => Date.now(),
  }: SlabLimits = {}) {
    this.#limitBytes = limitBytes;
    this.#smallLimitBytes = smallLimitBytes;
    this.#waitLimitMs = waitLimitMs;
    this.#now = now;
  }

  get takenBytes(): number {
    return this.#lent.sizeBytes + this.#lentSmall.sizeBytes;
  }

  /** What is taken and what is kept. */
  get residentBytes(): number {
    return this.takenBytes + this.#freeBytes;
  }

  /** Whether somebody waits for memory. */
  get isWanted(): boolean {
    // The last to come waits the longest.
    const last = this.#waiters.at(-1);
    return last !== undefined && last.untilMs > this.#now();
  }

  /** A slab of `sizeBytes`, to be given back with `give`, or undefined where there is none at once. */
  tryTake(sizeBytes: number): Slab | undefined {
    const small = this.#trySmall(sizeBytes);
    if (small !== undefined) return small;
    if (this.#waiters.length > 0 || !this.#fits(sizeBytes)) this.#tidy();
    return this.#waiters.length === 0 && this.#fits(sizeBytes) ? this.#grant(sizeBytes, LEASE_MS) : undefined;
  }

  /** The same, after a wait for a bounded time, and no longer than `until` is pending. */
  async take(sizeBytes: number, until?: Promise<unknown>): Promise<Slab | undefined> {
    const atOnce = this.tryTake(sizeBytes);
    if (atOnce !== undefined) return atOnce;
    const { promise, resolve } = Promise.withResolvers<Slab | undefined>();
    const waiter: Waiter = { sizeBytes, untilMs: this.#now() + this.#waitLimitMs, grant: resolve };
    this.#waiters.push(waiter);
    const timer = setTimeout(() => this.#giveUp(waiter), this.#waitLimitMs);
    void until?.then(() => this.#giveUp(waiter));
    try {
      const slab = await promise;
      if (slab !== undefined) this.renew([slab]);
      return slab;
    } finally {
      // Here and not in `grant`, which may run for another object: a timer belongs to the object that set it.
      clearTimeout(timer);
      // `until` may last long, and would keep the slab from the collector.
      waiter.grant = () => {};
    }
  }

  /** A slab whatever the budget says: for what is as good as nothing. */
  takeRegardless(sizeBytes: number): Slab {
    return this.#trySmall(sizeBytes) ?? this.#grant(sizeBytes, LEASE_MS);
  }

  /** Word of a holder: it still has them, and is at work. */
  renew(slabs: readonly Slab[]): void {
    const untilMs = this.#now() + LEASE_MS;
    for (const slab of slabs) {
      this.#lent.renew(slab, untilMs);
      this.#lentSmall.renew(slab, untilMs);
    }
  }

  /** Gives slabs back that nobody reads or writes any more. */
  give(slabs: readonly Slab[]): void {
    for (const slab of slabs) {
      if (this.#lent.end(slab)) this.#keep(slab);
      else this.#lentSmall.end(slab);
    }
    this.#tidy();
  }

  #trySmall(sizeBytes: number): Slab | undefined {
    if (sizeBytes > SMALL_BYTES) return undefined;
    if (this.#lentSmall.sizeBytes + sizeBytes > this.#smallLimitBytes) this.#lentSmall.endLapsed(this.#now());
    if (this.#lentSmall.sizeBytes + sizeBytes > this.#smallLimitBytes) return undefined;
    const slab = new Uint8Array(sizeBytes);
    this.#lentSmall.lend(slab, sizeBytes, this.#now() + LEASE_MS);
    return slab;
  }

  #giveUp(waiter: Waiter): void {
    const place = this.#waiters.indexOf(waiter);
    if (place < 0) return;
    this.#waiters.splice(place, 1);
    waiter.grant(undefined);
    // It may have been the first in line, and too large for what there was.
    this.#tidy();
  }

  #fits(sizeBytes: number): boolean {
    return this.#lent.sizeBytes + sizeBytes <= this.#limitBytes;
  }

  /** Slabs of the usual sizes are kept; the odd ones of small uploads cost little to make. */
  #keep(slab: Slab): void {
    const size = slab.byteLength;
    if (size % MIB !== 0 || this.#lent.sizeBytes + this.#freeBytes + size > this.#limitBytes) {
      return discard(slab);
    }
    const kept = this.#free.get(size) ?? [];
    kept.push(slab);
    this.#free.set(size, kept);
    this.#freeBytes += size;
  }

  #grant(sizeBytes: number, leaseMs: number): Slab {
    const slab = this.#takeKept(sizeBytes) ?? this.#make(sizeBytes);
    this.#lent.lend(slab, sizeBytes, this.#now() + leaseMs);
    return slab;
  }

  #takeKept(sizeBytes: number): Slab | undefined {
    const kept = this.#free.get(sizeBytes)?.pop();
    if (kept !== undefined) this.#freeBytes -= sizeBytes;
    return kept;
  }

  #make(sizeBytes: number): Slab {
    const roomBytes = this.#limitBytes - this.#lent.sizeBytes - sizeBytes;
    for (const kept of this.#free.values()) {
      while (this.#freeBytes > roomBytes && kept.length > 0) this.#dropLast(kept);
    }
    return new Uint8Array(sizeBytes);
  }

  #dropLast(kept: Slab[]): void {
    const slab = kept.pop();
    if (slab === undefined) return;
    this.#freeBytes -= slab.byteLength;
    discard(slab);
  }

  /** Takes back what is overdue, passes over who has waited long enough, and serves who is next. */
  #tidy(): void {
    const nowMs = this.#now();
    this.#lent.endLapsed(nowMs);
    for (let next = this.#waiters[0]; next !== undefined; next = this.#waiters[0]) {
      const isInTime = next.untilMs > nowMs;
      if (isInTime && !this.#fits(next.sizeBytes)) return;
      this.#waiters.shift();
      next.grant(isInTime ? this.#grant(next.sizeBytes, PICK_UP_MS) : undefined);
    }
  }
}

function discard(slab: Slab): void {
  slab.buffer.transfer(0);
}

/** The isolate's one budget. Shared by its Durable Objects on purpose: it is their common memory that is bounded. */
export const isolateSlabs = new SlabBudget();
