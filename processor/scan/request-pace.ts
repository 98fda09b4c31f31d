import { setTimeout as sleep } from "node:timers/promises";
import { ProcessorFailure } from "../failure.ts";

const MINUTE_MS = 60_000;

/** Lets so many requests out in any minute, and none at all while the other side wants none. */
export class RequestPace {
  readonly #perMinute: number;
  readonly #sentAtMs: number[] = [];
  #closed: { readonly untilMs: number; readonly reason: string } | undefined;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Why nothing may be asked now; undefined when it may. */
  get closure(): string | undefined {
    if (this.#closed === undefined || Date.now() >= this.#closed.untilMs) return undefined;
    return `${this.#closed.reason}, until ${new Date(this.#closed.untilMs).toISOString()}`;
  }

  /** Nothing is asked before then. */
  close(untilMs: number, reason: string): void {
    this.#closed = { untilMs, reason };
  }

  /** Resolves when one more may be asked. Throws SCANNER_UNAVAILABLE while it is closed. */
  async enter(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { closure } = this;
      if (closure !== undefined) throw new ProcessorFailure("SCANNER_UNAVAILABLE", { detail: closure });
      const waitMs = this.#nextAtMs() - Date.now();
      if (waitMs <= 0) break;
      await sleep(waitMs, undefined, { signal });
    }
    this.#sentAtMs.push(Date.now());
    if (this.#sentAtMs.length > this.#perMinute) this.#sentAtMs.shift();
  }

  #nextAtMs(): number {
    const [oldest] = this.#sentAtMs;
    return oldest === undefined || this.#sentAtMs.length < this.#perMinute ? 0 : oldest + MINUTE_MS;
  }
}
