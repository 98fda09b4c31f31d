interface Lease {
  readonly sizeBytes: number;
  untilMs: number;
}

/**
 * What is lent of a memory, and until when. A Durable Object that the platform resets runs no `finally` and no timer any
 * more: what it had is taken back when its time is over, by whoever looks next, and can't be ended a second time.
 */
export class Leases<Key> {
  readonly #leases = new Map<Key, Lease>();
  #sizeBytes = 0;

  /** Of all that is lent. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** @param key what is lent, or whom to: nothing else may be lent under it before this has ended */
  lend(key: Key, sizeBytes: number, untilMs: number): void {
    this.#leases.set(key, { sizeBytes, untilMs });
    this.#sizeBytes += sizeBytes;
  }

  /** Lets a lease last longer, if it hasn't ended. */
  renew(key: Key, untilMs: number): void {
    const lease = this.#leases.get(key);
    if (lease !== undefined) lease.untilMs = untilMs;
  }

  /** False where it has ended before. */
  end(key: Key): boolean {
    const lease = this.#leases.get(key);
    if (lease === undefined) return false;
    this.#leases.delete(key);
    this.#sizeBytes -= lease.sizeBytes;
    return true;
  }

  endLapsed(nowMs: number): void {
    for (const [key, { untilMs }] of this.#leases) if (untilMs <= nowMs) this.end(key);
  }
}
