/** Counts by a key, of the `limit` keys that were counted last: forgetting the others bounds the memory. */
export class BoundedCounts {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Counts one more, and says how many it is. */
  add(key: string): number {
    const count = this.get(key) + 1;
    // Put in anew, so that the map's order is that of the last counting.
    this.#counts.delete(key);
    this.#counts.set(key, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > this.#limit && oldest !== undefined) this.#counts.delete(oldest);
    return count;
  }

  delete(key: string): void {
    this.#counts.delete(key);
  }
}
