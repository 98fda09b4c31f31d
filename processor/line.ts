import { ProcessorFailure } from "./failure.ts";

/**
 * How long something waits for its turn before it goes back to the queue. The lease runs meanwhile (config.ts), so a short
 * line in the processor and a long one in the queue.
 */
export const MAX_LINE_WAIT_MS = 60_000;

interface Waiter<T> {
  readonly wish: T;
  readonly begin: () => void;
}

/** Those who wait for their turn, each with its wish; whose turn it is decides who calls them. */
export class Line<T> {
  readonly #waiters: Waiter<T>[] = [];
  readonly #left: () => void;

  /** @param left called when somebody has given up waiting */
  constructor(left: () => void) {
    this.#left = left;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** The wish of the next; undefined when nobody waits. */
  get first(): T | undefined {
    return this.#waiters[0]?.wish;
  }

  /** The wishes of all, the first come first. */
  get wishes(): readonly T[] {
    return this.#waiters.map(({ wish }) => wish);
  }

  /** Lets the next begin. */
  callNext(): void {
    this.#waiters.shift()?.begin();
  }

  /** Lets the one begin whose wish this very one is. */
  call(wish: T): void {
    const index = this.#waiters.findIndex((waiter) => waiter.wish === wish);
    if (index >= 0) this.#waiters.splice(index, 1)[0]?.begin();
  }

  /** Resolves when it is called. Throws LANE_FULL when that takes too long, and what `signal` says. */
  async wait(wish: T, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter<T> = { wish, begin: resolve };
    const leave = (reason: unknown): void => {
      const index = this.#waiters.indexOf(waiter);
      // It was called already, in this very turn: it has begun.
      if (index < 0) return;
      this.#waiters.splice(index, 1);
      reject(reason);
      this.#left();
    };
    const onAbort = (): void => leave(signal.reason);
    const timer = setTimeout(() => leave(new ProcessorFailure("LANE_FULL")), MAX_LINE_WAIT_MS);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiters.push(waiter);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }
}
