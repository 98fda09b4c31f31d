import { codeOf, ProcessorFailure } from "./failure.ts";
import { COMMON, LaneShares } from "./lane-shares.ts";
import { Line } from "./line.ts";
import { MemoryBudget } from "./memory-budget.ts";

/** Kinds of work that never wait for each other, but for memory. */
export const LANE_NAMES = ["scan", "look", "image", "document", "media", "replica"] as const;
export type LaneName = (typeof LANE_NAMES)[number];

export interface LaneLimits {
  /** How much is done at a time, of one owner. */
  readonly concurrency: number;
  /** Hands beside those, which are kept for other owners. */
  readonly spare: number;
  /** How much may wait; what comes then is refused, and goes back to the queue. */
  readonly waiting: number;
  /** How long one is thought to take before any was done. */
  readonly guessSeconds: number;
  /** What one at a time needs of the common budget. Scans are in the processor's own memory, and looks need little: 0. */
  readonly memoryBytes: number;
}

const MIB = 1024 * 1024;

/** On two cores. */
export const LANE_LIMITS: Readonly<Record<LaneName, LaneLimits>> = {
  scan: { concurrency: 2, spare: 1, waiting: 100, guessSeconds: 0.2, memoryBytes: 0 },
  // What programs look into before it has a verdict: nobody else's file waits for them with a hand for scans taken.
  look: { concurrency: 1, spare: 1, waiting: 50, guessSeconds: 0.3, memoryBytes: 0 },
  image: { concurrency: 2, spare: 0, waiting: 16, guessSeconds: 5, memoryBytes: 500 * MIB },
  document: { concurrency: 1, spare: 0, waiting: 8, guessSeconds: 5, memoryBytes: 700 * MIB },
  media: { concurrency: 1, spare: 0, waiting: 8, guessSeconds: 5, memoryBytes: 500 * MIB },
  // In the processor's own memory, as scans are.
  replica: { concurrency: 2, spare: 0, waiting: 32, guessSeconds: 5, memoryBytes: 0 },
};

/** Taken on at once to find others' work behind that of an owner who has its share: a twentieth of a line. */
const SIFTED = 10;

/** Told what a lane does. */
export interface LaneWatch {
  /** Somebody has come, begun or gone. */
  changed?(lane: Lane): void;
  /** Something was done, well or not, in so much time; the wait before isn't in it. */
  done?(lane: Lane, seconds: number): void;
}

/** Waits for something that isn't work, with a hand taken: how long that takes isn't counted as work. */
export type Waiting = <T>(wait: Promise<T>) => Promise<T>;

interface Turn {
  readonly owner: string;
}

/**
 * Work of one kind: so much at a time, and a short line. Deadlines of what is done begin when it begins, so the wait for
 * a lane doesn't count as work. No owner has all the hands where some are spare, and who has the fewest comes next.
 */
export class Lane {
  readonly name: LaneName;
  readonly #limits: LaneLimits;
  readonly #budget: MemoryBudget;
  readonly #watches: LaneWatch[] = [];
  readonly #line = new Line<Turn>(() => this.#noteLeave());
  readonly #shares: LaneShares;
  #running = 0;

  constructor(name: LaneName, limits: LaneLimits, budget: MemoryBudget) {
    this.name = name;
    this.#limits = limits;
    this.#budget = budget;
    this.#shares = new LaneShares(limits);
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
    const called = this.#next() === undefined ? 0 : this.#line.length;
    return Math.max(0, this.#hands - this.#running - called);
  }

  /** How much to take on at once: what hands are free for; more where those who wait beside a free hand have their share. */
  get room(): number {
    const { free } = this;
    return free > 0 && this.#line.length > 0 ? Math.max(free, SIFTED) : free;
  }

  get #hands(): number {
    return this.#limits.concurrency + this.#limits.spare;
  }

  /** Has `watch` told of everything from now on. */
  watch(watch: LaneWatch): void {
    this.#watches.push(watch);
  }

  /**
   * Does `work` when it is its turn. Throws LANE_FULL, with the time to come again, where the line is, or its owner's part of
   * it, at once, or when the wait was too long; and what `signal` says while waiting.
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal, owner: string = COMMON): Promise<T> {
    await this.#enter(owner, signal);
    return this.#perform(work, owner);
  }

  /** Does `work` where it can begin at once, and nobody waits; undefined where not: it doesn't wait for its turn. */
  runIfFree<T>(work: (waiting: Waiting) => Promise<T>, owner: string = COMMON): Promise<T> | undefined {
    if (this.#line.length > 0) return undefined;
    if (this.#begin(owner)) return this.#perform(work, owner);
    this.#budget.renounce(this);
    return undefined;
  }

  async #perform<T>(work: (waiting: Waiting) => Promise<T>, owner: string): Promise<T> {
    const beganAtMs = performance.now();
    let waitedMs = 0;
    const waiting: Waiting = async (wait) => {
      const sinceMs = performance.now();
      try {
        return await wait;
      } finally {
        waitedMs += performance.now() - sinceMs;
      }
    };
    try {
      return await work(waiting);
    } finally {
      const seconds = (performance.now() - beganAtMs - waitedMs) / 1000;
      this.#shares.end(owner, seconds);
      for (const watch of this.#watches) watch.done?.(this, seconds);
      this.#running -= 1;
      this.#budget.giveBack(this.#limits.memoryBytes);
      this.#advance();
      this.#noteChange();
    }
  }

  async #enter(owner: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#next() === undefined && this.#begin(owner)) return;
    if (this.#line.length >= this.#limits.waiting || this.#isLineTaken(owner)) {
      if (this.#line.length === 0) this.#budget.renounce(this);
      throw this.#refuse(owner);
    }
    const turn = this.#line.wait({ owner }, signal);
    this.#noteChange();
    await turn.catch((error: unknown) => {
      throw codeOf(error) === "LANE_FULL" ? this.#refuse(owner) : error;
    });
  }

  #isLineTaken(owner: string): boolean {
    const ownWaiting = this.#line.wishes.filter((turn) => turn.owner === owner).length;
    return ownWaiting >= this.#shares.maxWaiting(owner);
  }

  #refuse(owner: string): ProcessorFailure {
    return new ProcessorFailure("LANE_FULL", { retryAfterSeconds: this.#shares.makeAppointment(owner) });
  }

  #noteLeave(): void {
    if (this.#line.length === 0) this.#budget.renounce(this);
    this.#noteChange();
  }

  /** Of those who wait and have less than their share, the one with the least, and of these the first; undefined for none. */
  #next(): Turn | undefined {
    const may = this.#line.wishes.filter(({ owner }) => !this.#shares.isFull(owner));
    const running = (turn: Turn | undefined) =>
      turn === undefined ? Infinity : this.#shares.runningOf(turn.owner);
    return may.reduce<Turn | undefined>(
      (best, turn) => (running(turn) < running(best) ? turn : best),
      undefined,
    );
  }

  #advance(): void {
    for (let next = this.#next(); next !== undefined && this.#begin(next.owner); next = this.#next()) {
      this.#line.call(next);
    }
  }

  /** Whether there was a hand, and memory, for one more. */
  #begin(owner: string): boolean {
    if (this.#running >= this.#hands || this.#shares.isFull(owner)) return false;
    if (!this.#budget.take(this, this.#limits.memoryBytes)) return false;
    this.#running += 1;
    this.#shares.begin(owner);
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
