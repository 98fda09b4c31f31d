import { Appointments } from "./appointments.ts";
import { codeOf, ProcessorFailure } from "./failure.ts";
import { Line } from "./line.ts";
import { MemoryBudget } from "./memory-budget.ts";

/** Kinds of work that never wait for each other, but for memory. */
export const LANE_NAMES = ["scan", "image", "document", "media", "replica"] as const;
export type LaneName = (typeof LANE_NAMES)[number];

export interface LaneLimits {
  /** How much is done at a time. */
  readonly concurrency: number;
  /** How much may wait; what comes then is refused, and goes back to the queue. */
  readonly waiting: number;
  /** What one at a time needs of the common budget. Scans are in the processor's own memory: 0. */
  readonly memoryBytes: number;
}

const MIB = 1024 * 1024;

/** On two cores. */
export const LANE_LIMITS: Readonly<Record<LaneName, LaneLimits>> = {
  scan: { concurrency: 2, waiting: 100, memoryBytes: 0 },
  image: { concurrency: 2, waiting: 16, memoryBytes: 500 * MIB },
  document: { concurrency: 1, waiting: 8, memoryBytes: 700 * MIB },
  media: { concurrency: 1, waiting: 8, memoryBytes: 500 * MIB },
  // In the processor's own memory, as scans are.
  replica: { concurrency: 2, waiting: 32, memoryBytes: 0 },
};

/** Told what a lane does. */
export interface LaneWatch {
  /** Somebody has come, begun or gone. */
  changed?(lane: Lane): void;
  /** Something was done, well or not, in so much time; the wait before isn't in it. */
  done?(lane: Lane, seconds: number): void;
}

/**
 * Work of one kind: so much at a time, and a short line. Deadlines of what is done begin when it begins, so the wait for
 * a lane doesn't count as work.
 */
export class Lane {
  readonly name: LaneName;
  readonly #limits: LaneLimits;
  readonly #budget: MemoryBudget;
  readonly #watches: LaneWatch[] = [];
  readonly #line = new Line<null>(() => this.#noteLeave());
  readonly #appointments: Appointments;
  #running = 0;

  constructor(name: LaneName, limits: LaneLimits, budget: MemoryBudget) {
    this.name = name;
    this.#limits = limits;
    this.#budget = budget;
    this.#appointments = new Appointments(limits.concurrency);
    if (limits.memoryBytes > 0) budget.onMore(() => this.#advance());
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** How much more could begin at once, as far as hands go. */
  get free(): number {
    return Math.max(0, this.#limits.concurrency - this.#running - this.#line.length);
  }

  /** Has `watch` told of everything from now on. */
  watch(watch: LaneWatch): void {
    this.#watches.push(watch);
  }

  /**
   * Does `work` when it is its turn. Throws LANE_FULL, with the time to come again, where the line is, at once, or when the
   * wait was too long; and what `signal` says while waiting.
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#enter(signal);
    const beganAtMs = performance.now();
    try {
      return await work();
    } finally {
      const seconds = (performance.now() - beganAtMs) / 1000;
      this.#appointments.note(seconds);
      for (const watch of this.#watches) watch.done?.(this, seconds);
      this.#running -= 1;
      this.#budget.giveBack(this.#limits.memoryBytes);
      this.#advance();
      this.#noteChange();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#line.length === 0 && this.#begin()) return;
    if (this.#line.length >= this.#limits.waiting) {
      if (this.#line.length === 0) this.#budget.renounce(this);
      throw this.#refuse();
    }
    const turn = this.#line.wait(null, signal);
    this.#noteChange();
    await turn.catch((error: unknown) => {
      throw codeOf(error) === "LANE_FULL" ? this.#refuse() : error;
    });
  }

  #refuse(): ProcessorFailure {
    return new ProcessorFailure("LANE_FULL", { retryAfterSeconds: this.#appointments.make() });
  }

  #noteLeave(): void {
    if (this.#line.length === 0) this.#budget.renounce(this);
    this.#noteChange();
  }

  #advance(): void {
    while (this.#line.length > 0 && this.#begin()) this.#line.callNext();
  }

  /** Whether there was a hand, and memory, for one more. */
  #begin(): boolean {
    if (this.#running >= this.#limits.concurrency) return false;
    if (!this.#budget.take(this, this.#limits.memoryBytes)) return false;
    this.#running += 1;
    this.#noteChange();
    return true;
  }

  #noteChange(): void {
    for (const watch of this.#watches) watch.changed?.(this);
  }
}

export type Lanes = Readonly<Record<LaneName, Lane>>;

/**
 * A lane of each kind.
 * @param memoryBytes what all that runs in them may need together
 */
export function createLanes(
  limits: Readonly<Record<LaneName, LaneLimits>>,
  memoryBytes = Number.POSITIVE_INFINITY,
): Lanes {
  const budget = new MemoryBudget(memoryBytes);
  const entries = LANE_NAMES.map((name) => [name, new Lane(name, limits[name], budget)] as const);
  return Object.fromEntries(entries) as Record<LaneName, Lane>;
}
