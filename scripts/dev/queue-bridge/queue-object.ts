import { DurableObject } from "cloudflare:workers";
import { type BridgeEnv, parseBridgeConfig } from "./config.ts";
import { MessageStore } from "./message-store.ts";
import type { Backlog, LeasedMessage, OutgoingMessage, QueueCounts, Retry, Settlement } from "./messages.ts";

/** One queue. Its answers leave only after its rows are written, which the Durable Object's output gate sees to. */
export class QueueObject extends DurableObject<BridgeEnv> {
  readonly #store: MessageStore;
  readonly #pullHoldMs: number;
  /** Resolves when something may be deliverable that wasn't. */
  #change = Promise.withResolvers<void>();

  constructor(ctx: DurableObjectState, env: BridgeEnv) {
    super(ctx, env);
    const { MAX_RETRIES: maxRetries, PULL_HOLD_MS } = parseBridgeConfig(env);
    this.#pullHoldMs = PULL_HOLD_MS;
    this.#store = new MessageStore(ctx.storage, { now: () => this.now(), maxRetries });
  }

  /** Stores messages, all or none, and says how many there are then. */
  add(messages: readonly OutgoingMessage[]): Backlog {
    this.#store.add(messages);
    this.#noteChange();
    return this.#store.measureBacklog();
  }

  /** Leases messages, and says how many there are in all. */
  async pull(
    batchSize: number,
    visibilityTimeoutMs: number,
  ): Promise<{ messages: LeasedMessage[]; backlog: Backlog }> {
    if (this.#pullHoldMs > 0 && this.#store.count().visible === 0) {
      await Promise.race([this.#change.promise, scheduler.wait(this.#pullHoldMs)]);
    }
    const messages = this.#store.lease(batchSize, visibilityTimeoutMs);
    return { messages, backlog: this.#store.measureBacklog() };
  }

  /** Acknowledges and retries messages by lease id. */
  settle(acks: readonly string[], retries: readonly Retry[]): Settlement {
    if (retries.length > 0) this.#noteChange();
    return this.#store.settle(acks, retries);
  }

  /** Ends every lease at once, and says how many there were. */
  release(): number {
    const released = this.#store.release();
    this.#noteChange();
    return released;
  }

  /** How many messages are in each state. */
  count(): QueueCounts {
    return this.#store.count();
  }

  #noteChange(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** The clock, in ms since 1970. Tests replace it (clocked.ts). */
  protected now(): number {
    return Date.now();
  }
}
