/**
 * The bridge with a clock that can be moved and queues that can be stalled: the entry of
 * test/dev/queue-bridge.test.ts, never of `npm start`, which bundles index.ts. Reached only from miniflare's own side
 * (`getDurableObjectNamespace`); no route leads here.
 */
import { QueueObject as RealQueueObject } from "./queue-object.ts";

export { default, LocalQueue } from "./index.ts";

const OFFSET_KEY = "clock-offset-ms";

export class QueueObject extends RealQueueObject {
  #pulls = 0;
  #pull = Promise.withResolvers<void>();

  override pull(...options: Parameters<RealQueueObject["pull"]>): ReturnType<RealQueueObject["pull"]> {
    const pulled = super.pull(...options);
    this.#pulls += 1;
    this.#pull.resolve();
    this.#pull = Promise.withResolvers();
    return pulled;
  }

  /** Resolves when so many pulls have come, and the last of them has something or is held. */
  async untilPulls(count: number): Promise<void> {
    while (this.#pulls < count) await this.#pull.promise;
  }

  /** Moves this queue's clock forward, for good. */
  advanceClock(durationMs: number): void {
    this.ctx.storage.kv.put(OFFSET_KEY, this.#offsetMs() + durationMs);
  }

  /** Lets whatever reaches this queue next wait. Returns at once. */
  stall(durationMs: number): void {
    this.ctx.waitUntil(this.ctx.blockConcurrencyWhile(() => scheduler.wait(durationMs)));
  }

  protected override now(): number {
    return super.now() + this.#offsetMs();
  }

  #offsetMs(): number {
    return this.ctx.storage.kv.get<number>(OFFSET_KEY) ?? 0;
  }
}
