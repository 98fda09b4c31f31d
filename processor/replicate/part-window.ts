import type { CopyPart, PartBuffers } from "./parts.ts";

/** Parts in memory at a time, the one that is being read apart: 32 MiB of files up to 70 GiB. */
const WINDOW_PARTS = 4;

/** Who takes the parts of one copy. */
export interface PartTaker {
  /** Gives it the next part. */
  push(part: CopyPart): void;
  /** Tells it that the others won't wait for it any longer. */
  fallBehind(): void;
}

interface HeldPart {
  readonly part: CopyPart;
  readonly takers: Set<PartTaker>;
  /** Whether a request that was given up may still read it. */
  isSpoilt: boolean;
}

/**
 * The parts that some taker has yet to send. When they are as many as may be, the source waits; and whoever has kept it
 * waiting for `patienceMs` in all, while others had nothing to do, falls behind.
 */
export class PartWindow {
  readonly #takers: Set<PartTaker>;
  readonly #buffers: PartBuffers;
  readonly #patienceMs: number;
  readonly #held: HeldPart[] = [];
  readonly #waitedMs = new Map<PartTaker, number>();
  #changed = Promise.withResolvers<void>();

  constructor(takers: Iterable<PartTaker>, buffers: PartBuffers, patienceMs: number) {
    this.#takers = new Set(takers);
    this.#buffers = buffers;
    this.#patienceMs = patienceMs;
  }

  /** Whether anybody wants parts at all. */
  get isWanted(): boolean {
    return this.#takers.size > 0;
  }

  /** Resolves when there is room for another part. */
  async offer(part: CopyPart): Promise<void> {
    this.#held.push({ part, takers: new Set(this.#takers), isSpoilt: false });
    for (const taker of this.#takers) taker.push(part);
    while (this.#held.length > WINDOW_PARTS) await this.#waitForRoom();
  }

  /** This one is done with the part. */
  release(part: CopyPart, taker: PartTaker): void {
    this.#held.find((held) => held.part === part)?.takers.delete(taker);
    this.#settle();
  }

  /** This one wants no more. */
  leave(taker: PartTaker): void {
    this.#takers.delete(taker);
    for (const held of this.#held) if (held.takers.delete(taker)) held.isSpoilt = true;
    this.#settle();
  }

  #settle(): void {
    while (this.#held[0]?.takers.size === 0) {
      const held = this.#held.shift();
      if (held !== undefined && !held.isSpoilt) this.#buffers.giveBack(held.part.bytes);
    }
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  async #waitForRoom(): Promise<void> {
    const slowest = [...(this.#held[0]?.takers ?? [])];
    const isHoldingUp = slowest.length < this.#takers.size;
    const startedAtMs = performance.now();
    await this.#waitForChange(isHoldingUp ? this.#patienceLeft(slowest) : undefined);
    if (!isHoldingUp) return;
    const waitedMs = performance.now() - startedAtMs;
    for (const taker of slowest) this.#blame(taker, waitedMs);
  }

  #blame(taker: PartTaker, waitedMs: number): void {
    const total = (this.#waitedMs.get(taker) ?? 0) + waitedMs;
    this.#waitedMs.set(taker, total);
    if (total < this.#patienceMs || !this.#takers.has(taker)) return;
    this.leave(taker);
    taker.fallBehind();
  }

  #patienceLeft(slowest: readonly PartTaker[]): number {
    const waited = slowest.map((taker) => this.#waitedMs.get(taker) ?? 0);
    return Math.max(1, this.#patienceMs - Math.max(...waited));
  }

  async #waitForChange(withinMs: number | undefined): Promise<void> {
    if (withinMs === undefined) return this.#changed.promise;
    const elapsed = Promise.withResolvers<void>();
    const timer = setTimeout(elapsed.resolve, withinMs);
    await Promise.race([this.#changed.promise, elapsed.promise]);
    clearTimeout(timer);
  }
}
