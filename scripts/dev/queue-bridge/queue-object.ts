import { DurableObject } from "cloudflare:workers";
import { type BridgeEnv, parseBridgeConfig } from "./config.ts";
import { MessageStore } from "./message-store.ts";
import type { Backlog, LeasedMessage, OutgoingMessage, QueueCounts, Retry, Settlement } from "./messages.ts";

/** One queue. Its answers leave only after its rows are written, which the Durable Object's output gate sees to. */
export class QueueObject extends DurableObject<BridgeEnv> {
  readonly #store: MessageStore;

  constructor(ctx: DurableObjectState, env: BridgeEnv) {
    super(ctx, env);
    const { MAX_RETRIES: maxRetries } = parseBridgeConfig(env);
    this.#store = new MessageStore(ctx.storage, { now: () => this.now(), maxRetries });
  }

  /** Stores messages, all or none, and says how many there are then. */
  add(messages: readonly OutgoingMessage[]): Backlog {
    this.#store.add(messages);
    return this.#store.measureBacklog();
  }

  /** Leases messages, and says how many there are in all. */
  pull(batchSize: number, visibilityTimeoutMs: number): { messages: LeasedMessage[]; backlog: Backlog } {
    const messages = this.#store.lease(batchSize, visibilityTimeoutMs);
    return { messages, backlog: this.#store.measureBacklog() };
  }

  /** Acknowledges and retries messages by lease id. */
  settle(acks: readonly string[], retries: readonly Retry[]): Settlement {
    return this.#store.settle(acks, retries);
  }

  /** Ends every lease at once, and says how many there were. */
  release(): number {
    return this.#store.release();
  }

  /** How many messages are in each state. */
  count(): QueueCounts {
    return this.#store.count();
  }

  /** The clock, in ms since 1970. Tests replace it (clocked.ts). */
  protected now(): number {
    return Date.now();
  }
}
