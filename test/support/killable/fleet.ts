import type { Caller } from "../api.ts";
import { ConnectionLost } from "./exchange.ts";
import type { ExpectedFile } from "./outcome.ts";
import { newContent, numbersOf } from "./seeded.ts";
import type { Tally } from "./sender.ts";
import { Sender } from "./sender.ts";
import type { KillableStack } from "./stack.ts";

export interface FleetOptions {
  readonly stack: KillableStack;
  readonly caller: Caller;
  readonly seed: number;
  /** Uploads at any time. */
  readonly size: number;
  readonly leastBytes: number;
  readonly mostBytes: number;
}

/** Uploads that are always under way: whenever one is complete, another begins. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #begun: Sender[] = [];
  readonly #current: Sender[];

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#current = Array.from({ length: options.size }, () => this.#next());
  }

  /** What must have come of every upload that was ever begun, when all are complete. */
  get files(): readonly ExpectedFile[] {
    const { tenantId } = this.#options.caller;
    return this.#begun.map(({ fileId, content }) => ({ tenantId, fileId, content }));
  }

  get underWay(): number {
    return this.#current.filter(({ isUnderWay }) => isUnderWay).length;
  }

  get tally(): Tally {
    const tallies = this.#begun.map(({ tally }) => tally);
    return {
      resentBytes: tallies.reduce((sum, { resentBytes }) => sum + resentBytes, 0),
      refusals: tallies.reduce((sum, { refusals }) => sum + refusals, 0),
    };
  }

  /** Every upload exists, and says truly where it is. */
  async prepare(): Promise<void> {
    await Promise.all(this.#current.map((_sender, slot) => this.#prepare(slot)));
  }

  /** Sends until the connections are lost, which must be by a kill. */
  async sendUntilKilled(): Promise<void> {
    await Promise.all(this.#current.map((_sender, slot) => this.#sendUntilKilled(slot)));
  }

  /** Sends what is left of those that are under way. */
  async finish(): Promise<void> {
    await Promise.all(
      this.#current.map(async (sender) => {
        await sender.prepare();
        await sender.send();
      }),
    );
  }

  async #prepare(slot: number): Promise<void> {
    await this.#current[slot]?.prepare();
    // It was complete when it was killed, and only the answer was lost.
    if (this.#current[slot]?.isUnderWay === false) await this.#replace(slot);
  }

  async #replace(slot: number): Promise<void> {
    this.#current[slot] = this.#next();
    await this.#current[slot].prepare();
  }

  async #sendUntilKilled(slot: number): Promise<void> {
    try {
      for (;;) {
        await this.#current[slot]?.send();
        await this.#replace(slot);
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost) || this.#options.stack.isRunning) throw error;
    }
  }

  #next(): Sender {
    const { stack, caller, seed, leastBytes, mostBytes } = this.#options;
    const index = this.#begun.length;
    const numbers = numbersOf(seed, index);
    const content = newContent(numbers, numbers.between(leastBytes, mostBytes));
    const sender = new Sender({
      stack,
      caller,
      numbers,
      content,
      protocol: index % 2 === 0 ? "tus" : "ietf",
    });
    this.#begun.push(sender);
    return sender;
  }
}
