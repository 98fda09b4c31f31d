import type { Job } from "#contract/jobs.ts";
import { ProcessorFailure } from "./failure.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { JobOutcome } from "./pipeline.ts";
import { type Delivery, type PullQueue, parseJob } from "./queue.ts";

export interface ConsumerParts {
  readonly queue: Pick<PullQueue, "pull" | "acknowledge" | "retry">;
  /** Throws when the job must be tried again. `signal` is aborted when there is no more time for it. */
  readonly handle: (job: Job, signal: AbortSignal) => Promise<JobOutcome>;
  /** Asked before every pull: files that wait for a scanner must not use their deliveries up. */
  readonly isScannerUp: () => Promise<boolean>;
  readonly queueChanged: (up: boolean) => void;
  readonly metrics: Metrics;
  readonly log: Log;
}

export interface ConsumerOptions {
  readonly concurrency: number;
  /** Longest rest between two pulls of an empty queue. */
  readonly pollMaxMs: number;
  /** What jobs under way get to finish after a stop. */
  readonly drainMs: number;
}

const POLL_MIN_MS = 50;
const SCANNER_RETRY_SECONDS = 5;
const RETRY_BASE_SECONDS = 5;
const RETRY_MAX_SECONDS = 900;

/** Seconds before the next delivery: 5, 10, 20, … up to a quarter of an hour; short when only the scanner is away. */
export function chooseRetryDelay(error: unknown, attempts: number): number {
  if (error instanceof ProcessorFailure && error.code === "SCANNER_UNAVAILABLE") return SCANNER_RETRY_SECONDS;
  const exponent = Math.min(Math.max(attempts - 1, 0), 20);
  return Math.min(RETRY_BASE_SECONDS * 2 ** exponent, RETRY_MAX_SECONDS);
}

/** Pulls jobs, as many as there are hands for, and settles each by itself as it ends. */
export class Consumer {
  readonly #parts: ConsumerParts;
  readonly #options: ConsumerOptions;
  readonly #active = new Set<Promise<void>>();
  readonly #overtime = new AbortController();
  #queueUp: boolean | undefined;
  #wake: () => void = () => undefined;

  constructor(parts: ConsumerParts, options: ConsumerOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Works until `stop` is aborted; then finishes what is under way, or hands it back when the time for that is over. */
  async run(stop: AbortSignal): Promise<void> {
    stop.addEventListener("abort", () => this.#wake(), { once: true });
    let restMs = POLL_MIN_MS;
    while (!stop.aborted) {
      const busy = await this.#pullSome();
      restMs = busy ? POLL_MIN_MS : Math.min(restMs * 2, this.#options.pollMaxMs);
      const hasRoom = this.#active.size < this.#options.concurrency;
      if (!stop.aborted && !(busy && hasRoom)) await this.#rest(hasRoom ? restMs : undefined);
    }
    await this.#drain();
  }

  /** Takes what the queue has for the free slots. Whether there was anything. */
  async #pullSome(): Promise<boolean> {
    if (!(await this.#parts.isScannerUp())) return false;
    try {
      const { deliveries, backlog } = await this.#parts.queue.pull(
        this.#options.concurrency - this.#active.size,
      );
      this.#noteQueue(true);
      this.#parts.metrics.queueBacklog.set(backlog);
      for (const delivery of deliveries) this.#start(delivery);
      return deliveries.length > 0;
    } catch (error) {
      this.#noteQueue(false, error);
      return false;
    }
  }

  /** Until a job ends, a stop, or (if given) the time is over. */
  async #rest(durationMs: number | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = durationMs === undefined ? undefined : setTimeout(resolve, durationMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #start(delivery: Delivery): void {
    const work = this.#work(delivery)
      .catch((error: unknown) => {
        // Its lease ends by itself, and the job is done again, which changes nothing.
        this.#parts.log.error({ event: "settle-failed", messageId: delivery.messageId, err: error });
      })
      .finally(() => {
        this.#active.delete(work);
        this.#parts.metrics.jobsActive.set(this.#active.size);
        this.#wake();
      });
    this.#active.add(work);
    this.#parts.metrics.jobsActive.set(this.#active.size);
  }

  async #work(delivery: Delivery): Promise<void> {
    const job = parseJob(delivery);
    if (job === undefined) return this.#bury(delivery);
    const endTimer = this.#parts.metrics.jobSeconds.startTimer();
    try {
      const outcome = await this.#parts.handle(job, this.#overtime.signal);
      this.#note(outcome, delivery, job, endTimer());
    } catch (error) {
      return this.#giveBack(delivery, job, error);
    }
    await this.#parts.queue.acknowledge(delivery.leaseId);
  }

  /** A message that is no job will not become one: it is ended, and this line is its grave. */
  async #bury({ messageId, leaseId, attempts, contentType }: Delivery): Promise<void> {
    this.#parts.metrics.jobs.inc({ outcome: "dead" });
    this.#parts.log.error({ event: "job-dead", messageId, attempts, contentType, reason: "it is not a job" });
    await this.#parts.queue.acknowledge(leaseId);
  }

  async #giveBack(delivery: Delivery, job: Job, error: unknown): Promise<void> {
    const handedBack = this.#overtime.signal.aborted;
    const delaySeconds = handedBack ? 0 : chooseRetryDelay(error, delivery.attempts);
    const code = error instanceof ProcessorFailure ? error.code : "UNEXPECTED";
    if (!handedBack) this.#parts.metrics.failures.inc({ code });
    this.#note(handedBack ? "handed-back" : "retried", delivery, job, undefined, {
      delaySeconds,
      code,
      err: error,
    });
    await this.#parts.queue.retry(delivery.leaseId, delaySeconds);
  }

  #note(
    outcome: string,
    { messageId, attempts }: Delivery,
    job: Job,
    seconds?: number,
    fault?: object,
  ): void {
    const { tenantId, fileId, version, sizeBytes } = job;
    this.#parts.metrics.jobs.inc({ outcome });
    const line = { event: "job-ended", outcome, messageId, attempts, tenantId, fileId, version, sizeBytes };
    if (fault === undefined) this.#parts.log.info({ ...line, seconds });
    if (fault !== undefined) this.#parts.log.warn({ ...line, ...fault });
  }

  #noteQueue(up: boolean, error?: unknown): void {
    if (this.#queueUp === up) return;
    this.#queueUp = up;
    this.#parts.metrics.queueUp.set(up ? 1 : 0);
    if (up) this.#parts.log.info({ event: "queue-up" });
    if (!up) this.#parts.log.error({ event: "queue-down", err: error });
    this.#parts.queueChanged(up);
  }

  async #drain(): Promise<void> {
    const timer = setTimeout(() => this.#overtime.abort(), this.#options.drainMs);
    await Promise.all(this.#active);
    clearTimeout(timer);
  }
}
