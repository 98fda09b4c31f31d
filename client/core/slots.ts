interface Waiter {
  readonly priority: () => number;
  readonly grant: () => void;
}

/** Lets a few uploads run at a time; of the others those of the highest priority are next, and among these the first. */
export class Slots {
  readonly #limit: number;
  #taken = 0;
  readonly #queue = new Set<Waiter>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Resolves true with a slot, which is given back when `signal` aborts; false if it aborts while waiting.
   * @param priority asked when a slot is free
   */
  hold(signal: AbortSignal, priority: () => number): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(false);
      const grant = () => {
        signal.removeEventListener("abort", leave);
        this.#taken += 1;
        signal.addEventListener("abort", () => this.#release(), { once: true });
        resolve(true);
      };
      const waiter = { priority, grant };
      const leave = () => {
        this.#queue.delete(waiter);
        resolve(false);
      };
      if (this.#taken < this.#limit) return grant();
      this.#queue.add(waiter);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  /**
   * Does `work` with a slot, and with a signal that ends with it; undefined where `signal` aborts while waiting. Rejects as
   * `work` does.
   */
  async during<T>(
    signal: AbortSignal,
    priority: () => number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    try {
      return (await this.hold(either, priority)) ? await work(either) : undefined;
    } finally {
      over.abort();
    }
  }

  #release(): void {
    this.#taken -= 1;
    let next: Waiter | undefined;
    for (const waiter of this.#queue) {
      if (next === undefined || waiter.priority() > next.priority()) next = waiter;
    }
    if (next === undefined) return;
    this.#queue.delete(next);
    next.grant();
  }
}
