import { ProcessorFailure } from "./failure.ts";

/** Kinds of work that never wait for each other. */
export const LANE_NAMES = ["scan", "image", "document", "media"] as const;
export type LaneName = (typeof LANE_NAMES)[number];

export interface LaneLimits {
  /** How much is done at a time. */
  readonly concurrency: number;
  /** How much may wait; what comes then is refused, and goes back to the queue. */
  readonly waiting: number;
}

/** On two cores. */
export const LANE_LIMITS: Readonly<Record<LaneName, LaneLimits>> = {
  scan: { concurrency: 2, waiting: 100 },
  image: { concurrency: 2, waiting: 16 },
  document: { concurrency: 1, waiting: 8 },
  media: { concurrency: 1, waiting: 8 },
};

interface Waiter {
  readonly begin: () => void;
}

/**
 * Work of one kind: so much at a time, and a short line. Deadlines of what is done begin when it begins, so the wait for
 * a lane doesn't count as work.
 */
export class Lane {
  readonly #limits: LaneLimits;
  readonly #line: Waiter[] = [];
  readonly #changed: () => void;
  #running = 0;

  /** @param changed told whenever somebody has come or gone */
  constructor(limits: LaneLimits, changed: () => void = () => undefined) {
    this.#limits = limits;
    this.#changed = changed;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** How much more could begin at once. */
  get free(): number {
    return Math.max(0, this.#limits.concurrency - this.#running - this.#line.length);
  }

  /** Does `work` when it is its turn. Throws LANE_FULL at once where the line is, and what `signal` says while waiting. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#line.shift()?.begin();
      this.#changed();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running < this.#limits.concurrency) return this.#begin();
    if (this.#line.length >= this.#limits.waiting) throw new ProcessorFailure("LANE_FULL");
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        const place = this.#line.indexOf(waiter);
        if (place >= 0) this.#line.splice(place, 1);
        this.#changed();
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        begin: () => {
          signal.removeEventListener("abort", leave);
          this.#begin();
          resolve();
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#line.push(waiter);
      this.#changed();
    });
  }

  #begin(): void {
    this.#running += 1;
    this.#changed();
  }
}

export type Lanes = Readonly<Record<LaneName, Lane>>;

/** A lane of each kind. */
export function createLanes(limits: Readonly<Record<LaneName, LaneLimits>>, changed?: () => void): Lanes {
  const entries = LANE_NAMES.map((name) => [name, new Lane(limits[name], changed)] as const);
  return Object.fromEntries(entries) as Record<LaneName, Lane>;
}
