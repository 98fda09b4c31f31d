import { once } from "node:events";
import { JobSettler, type SettlerParts } from "./job-settler.ts";
import type { Lane } from "./lanes.ts";
import type { Delivery, Pulled, PullQueue } from "./queue.ts";

export interface ConsumerParts extends SettlerParts {
  readonly queue: Pick<PullQueue, "pull" | "acknowledge" | "retry">;
  /** Asked before every pull: files that wait for a scanner must not use their deliveries up. */
  readonly isScannerUp: () => Promise<boolean>;
  /** What every job needs first: as many are pulled as it has room for, whatever the other lanes are at. */
  readonly lane: Pick<Lane, "free" | "room" | "watch">;
  readonly queueChanged: (up: boolean) => void;
  /** Told how much the queue holds, at each pull. */
  readonly backlogTold?: (backlog: number) => void;
}

export interface ConsumerOptions {
  /** Longest rest between two pulls of an empty queue. */
  readonly pollMaxMs: number;
  /** What jobs under way get to finish after a stop. */
  readonly drainMs: number;
  /** Rest between two pulls, of one job each, while all jobs fail by the same outage. */
  readonly outageRestMs?: number;
}

const POLL_MIN_MS = 50;
const OUTAGE_REST_MS = 5_000;
/** A pull whose answer is given up may have leased messages, which then come only when the lease ends. */
const LAST_PULL_MS = 1_000;
/** After the drain: for telling the queue what comes back. */
const HAND_BACK_MS = 3_000;

/** Pulls jobs, as many as there are hands for, and has each settled by itself as it ends. */
export class Consumer {
  readonly #parts: ConsumerParts;
  readonly #options: ConsumerOptions;
  readonly #settler: JobSettler;
  readonly #active = new Set<Promise<void>>();
  readonly #ends = {
    pull: new AbortController(),
    work: new AbortController(),
    settling: new AbortController(),
  };
  readonly #stopping = Promise.withResolvers<void>();
  #queueUp: boolean | undefined;
  #wake: () => void = () => undefined;

  constructor(parts: ConsumerParts, options: ConsumerOptions) {
    this.#parts = parts;
    this.#options = options;
    const { work, settling } = this.#ends;
    this.#settler = new JobSettler(parts, { work: work.signal, settling: settling.signal });
    parts.lane.watch({ changed: ({ free }) => free > 0 && this.#wake() });
  }

  /**
   * Works until `stop` is aborted; then finishes what is under way, or hands it back when the time for that is over.
   * False where not even that was done in time.
   */
  async run(stop: AbortSignal): Promise<boolean> {
    let stopClocks = (): void => undefined;
    const onStop = (): void => {
      stopClocks = this.#startClocks();
    };
    stop.addEventListener("abort", onStop, { once: true });
    if (stop.aborted) onStop();
    await this.#pullUntil(stop);
    const isSettled = await this.#untilIdle();
    stopClocks();
    return isSettled;
  }

  async #pullUntil(stop: AbortSignal): Promise<void> {
    let restMs = POLL_MIN_MS;
    while (!stop.aborted) {
      const busy = await this.#pullSome(stop);
      if (this.#settler.isOutage) {
        await this.#rest(this.#options.outageRestMs ?? OUTAGE_REST_MS);
        continue;
      }
      restMs = busy ? POLL_MIN_MS : Math.min(restMs * 2, this.#options.pollMaxMs);
      const hasRoom = this.#parts.lane.free > 0;
      if (!stop.aborted && !(busy && hasRoom)) await this.#rest(hasRoom ? restMs : undefined);
    }
  }

  /** Takes what the queue has for the free hands. Whether there was anything. */
  async #pullSome(stop: AbortSignal): Promise<boolean> {
    if (!(await Promise.race([this.#parts.isScannerUp(), this.#stopping.promise]))) return false;
    // A job in the line may have taken the hand meanwhile.
    const room = Math.min(this.#parts.lane.room, this.#settler.isOutage ? 1 : Number.POSITIVE_INFINITY);
    if (room === 0 || stop.aborted) return room === 0;
    try {
      const pulled = await this.#parts.queue.pull(room, this.#ends.pull.signal);
      this.#notePull(pulled);
      for (const delivery of pulled.deliveries) this.#start(delivery, stop.aborted);
      return pulled.deliveries.length > 0;
    } catch (error) {
      if (!stop.aborted) this.#noteQueue(false, error);
      return false;
    }
  }

  /** Until a hand is free where none is, a stop, or (if given) the time is over. */
  async #rest(durationMs: number | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (durationMs === undefined) {
      this.#wake = resolve;
      if (this.#parts.lane.free > 0) resolve();
    }
    const timer = durationMs === undefined ? undefined : setTimeout(resolve, durationMs);
    await Promise.race([promise, this.#stopping.promise]);
    clearTimeout(timer);
    this.#wake = () => undefined;
  }

  /** What comes after a stop goes back at once, for another processor. */
  #start(delivery: Delivery, isLate: boolean): void {
    const settled = isLate ? this.#settler.handBack(delivery) : this.#settler.settle(delivery);
    const work = settled
      .catch((error: unknown) => {
        // Its lease ends by itself, and the job is done again, which changes nothing.
        this.#parts.log.error({ event: "settle-failed", messageId: delivery.messageId, err: error });
      })
      .finally(() => {
        this.#active.delete(work);
        this.#parts.metrics.jobsActive.set(this.#active.size);
      });
    this.#active.add(work);
    this.#parts.metrics.jobsActive.set(this.#active.size);
  }

  #notePull({ backlog, deliveries }: Pulled): void {
    this.#noteQueue(true);
    this.#parts.metrics.queueBacklog.set(backlog);
    this.#parts.backlogTold?.(backlog);
    const sentAtMs = deliveries.map((delivery) => delivery.sentAtMs ?? Date.now());
    const oldestMs = Math.min(...sentAtMs, Date.now());
    this.#parts.metrics.queueAgeSeconds.set((Date.now() - oldestMs) / 1000);
  }

  #noteQueue(up: boolean, error?: unknown): void {
    if (this.#queueUp === up) return;
    this.#queueUp = up;
    this.#parts.metrics.queueUp.set(up ? 1 : 0);
    if (up) this.#parts.log.info({ event: "queue-up" });
    if (!up) this.#parts.log.error({ event: "queue-down", err: error });
    this.#parts.queueChanged(up);
  }

  /** The clocks run from the stop itself, whatever is being waited for. Returns what stops them. */
  #startClocks(): () => void {
    const { pull, work, settling } = this.#ends;
    const { drainMs } = this.#options;
    this.#stopping.resolve();
    const timers = [
      setTimeout(() => pull.abort(), LAST_PULL_MS),
      setTimeout(() => work.abort(), drainMs),
      setTimeout(() => settling.abort(), drainMs + HAND_BACK_MS),
    ];
    return () => timers.forEach((timer) => clearTimeout(timer));
  }

  /** False where something doesn't even end when it is told to. */
  async #untilIdle(): Promise<boolean> {
    const { signal } = this.#ends.settling;
    const over = once(signal, "abort").then(() => false);
    if (signal.aborted) return this.#active.size === 0;
    return Promise.race([Promise.all(this.#active).then(() => true), over]);
  }
}
