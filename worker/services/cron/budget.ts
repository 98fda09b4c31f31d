/** A Worker may make so many calls to other parts in one run (Cloudflare, Workers, "Limits": subrequests on paid plans). */
export const SUBREQUESTS = 10_000;
/** And so many of these to databases (Cloudflare, D1, "Limits": queries per Worker invocation). */
export const QUERIES = 1_000;
/** Kept back of each, in parts of a hundred: for what finds out what there is to do, and for steps that take more than was thought. */
const KEPT_PERCENT = 10;
/** A run begins nothing new after so long: the next one begins a minute after it did. */
const RUN_MS = 45_000;

/** What something takes. */
export interface Cost {
  /** Calls to other parts, databases too. */
  readonly calls: number;
  /** Those of them that are to databases. */
  readonly queries: number;
}

/**
 * What may still be done: calls to other parts, calls to databases, and time. It is shared out in equal parts, so that
 * nobody takes what is another's; what one doesn't need goes to those that come after it.
 */
export class Budget {
  readonly #given: Cost;
  #calls: number;
  #queries: number;
  #untilMs: number;

  constructor(given: Cost, untilMs: number) {
    const { calls, queries } = given;
    this.#given = given;
    this.#calls = calls;
    this.#queries = queries;
    this.#untilMs = untilMs;
  }

  /** That of one run of the cron. */
  static ofRun(nowMs: number): Budget {
    const most = (limit: number) => (limit * (100 - KEPT_PERCENT)) / 100;
    return new Budget({ calls: most(SUBREQUESTS), queries: most(QUERIES) }, nowMs + RUN_MS);
  }

  /** How many items that take so much there may be: one at least. What is left is for the next run. */
  itemsOf({ calls, queries }: Cost): number {
    const byQueries = queries === 0 ? Infinity : this.#queries / queries;
    return Math.max(1, Math.floor(Math.min(this.#calls / calls, byQueries)));
  }

  /** Whether nothing more is to be begun. */
  get isSpent(): boolean {
    return this.#calls <= 0 || this.#queries <= 0 || this.msLeft <= 0;
  }

  /** Whether most of it is gone: whoever had it has more to do, or nearly. */
  get isMostlySpent(): boolean {
    const { calls, queries } = this.#given;
    return this.#calls < calls / 2 || this.#queries < queries / 2;
  }

  get msLeft(): number {
    return this.#untilMs - Date.now();
  }

  /** Takes it off; of the last item there may be more than there was. */
  spend({ calls, queries }: Cost): void {
    this.#calls -= calls;
    this.#queries -= queries;
  }

  /** Takes an item off where it may still be begun, and says whether it may. */
  begin(cost: Cost): boolean {
    if (this.isSpent) return false;
    this.spend(cost);
    return true;
  }

  /** One of `parts` equal parts, of calls alone: for what goes on at the same time. */
  part(parts: number): Budget {
    return new Budget({ calls: this.#calls / parts, queries: this.#queries / parts }, this.#untilMs);
  }

  /** The same, taken off: nobody else has it until it is given back. */
  takePart(parts: number): Budget {
    const part = this.part(parts);
    this.spend(part.#given);
    return part;
  }

  /** What is left of a part that was taken is anybody's again. */
  giveBack(part: Budget): void {
    this.spend({ calls: -part.#calls, queries: -part.#queries });
    part.#untilMs = 0;
  }

  /**
   * Has `work` done with one of `parts` equal parts, of time too, and takes off what it has spent. Whatever it still does
   * when its time is over, it finds nothing left.
   */
  async lend<T>(parts: number, work: (part: Budget) => Promise<T>): Promise<T> {
    const lent = { calls: this.#calls / parts, queries: this.#queries / parts };
    const part = new Budget(lent, Date.now() + this.msLeft / parts);
    try {
      return await work(part);
    } finally {
      this.spend({ calls: lent.calls - part.#calls, queries: lent.queries - part.#queries });
      part.#untilMs = 0;
    }
  }
}
