import { Line } from "../line.ts";

/** Lets scans in together, but those that must be alone one at a time, with nothing beside them. In the order they came. */
export class ScanGate {
  readonly #line = new Line<{ readonly alone: boolean }>(() => this.#advance());
  #inside = 0;
  #isAloneInside = false;
  /** Of those inside and in line that would rather end than have one wait that must be alone. */
  readonly #obliging = new Set<() => void>();

  /**
   * Throws LANE_FULL when the wait was too long, and what `signal` says while waiting.
   * @param stepAside called when one has to wait that must be alone
   */
  async run<T>(
    alone: boolean,
    work: () => Promise<T>,
    signal: AbortSignal,
    stepAside?: () => void,
  ): Promise<T> {
    signal.throwIfAborted();
    if (stepAside === undefined) return this.#pass(alone, work, signal);
    this.#obliging.add(stepAside);
    try {
      return await this.#pass(alone, work, signal);
    } finally {
      this.#obliging.delete(stepAside);
    }
  }

  async #pass<T>(alone: boolean, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#line.length > 0 || !this.#begin(alone)) {
      if (alone) for (const stepAside of this.#obliging) stepAside();
      await this.#line.wait({ alone }, signal);
    }
    try {
      return await work();
    } finally {
      this.#inside -= 1;
      this.#isAloneInside = false;
      this.#advance();
    }
  }

  #begin(alone: boolean): boolean {
    if (this.#isAloneInside || (alone && this.#inside > 0)) return false;
    this.#inside += 1;
    this.#isAloneInside = alone;
    return true;
  }

  #advance(): void {
    for (
      let next = this.#line.first;
      next !== undefined && this.#begin(next.alone);
      next = this.#line.first
    ) {
      this.#line.callNext();
    }
  }
}
