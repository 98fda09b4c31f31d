import { BoundedMap } from "./bounded-map.ts";

/** Counts by a key, of the `limit` keys that were counted last. */
export class BoundedCounts {
  readonly #counts: BoundedMap<number>;

  constructor(limit: number) {
    this.#counts = new BoundedMap(limit);
  }

  get(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Counts one more, and says how many it is. */
  add(key: string): number {
    const count = this.get(key) + 1;
    this.#counts.set(key, count);
    return count;
  }

  delete(key: string): void {
    this.#counts.delete(key);
  }
}
