import type { Job } from "#contract/jobs.ts";
import type { FailedJobReport, MissingDerivativeReport } from "#contract/reports.ts";
import { BoundedCounts } from "./bounded-counts.ts";
import { codeOf, explainFailure, isForPeople, isPostponement } from "./failure.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { isOutage, OutageWatch } from "./outage.ts";
import type { JobOutcome } from "./pipeline.ts";
import { type Delivery, nameBytes, type PullQueue, parseJob } from "./queue.ts";
import type { Reporter } from "./report.ts";
import { chooseRetryDelay } from "./retry-delay.ts";
import { ScannerCrash } from "./scan/scanner.ts";

export interface SettlerParts {
  readonly queue: Pick<PullQueue, "acknowledge" | "retry">;
  /** Throws when the job must be tried again. `signal` is aborted when there is no more time for it. */
  readonly handle: (job: Job, signal: AbortSignal) => Promise<JobOutcome>;
  readonly reporter: Pick<Reporter, "send">;
  readonly isScannerUp: () => Promise<boolean>;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** When there is no more time: first for the jobs, then for telling the queue. */
export interface SettlerEnds {
  readonly work: AbortSignal;
  readonly settling: AbortSignal;
}

/** So often a job may fail by its own fault; then it waits for somebody to look at it. */
export const MAX_ATTEMPTS = 30;
/**
 * The queue itself drops a message for good after a hundred deliveries (wrangler.toml, `max_retries`), without a word. So it is given up
 * before, whosever fault it was: also where each delivery ended the processor, and nothing was counted.
 */
const LAST_DELIVERY = 95;
/** Jobs whose faults are remembered. */
const MAX_REMEMBERED = 10_000;

/** Does the job of one delivery, and tells the queue what becomes of it. */
export class JobSettler {
  readonly #parts: SettlerParts;
  readonly #ends: SettlerEnds;
  readonly #faults = new BoundedCounts(MAX_REMEMBERED);
  readonly #outage = new OutageWatch();

  constructor(parts: SettlerParts, ends: SettlerEnds) {
    this.#parts = parts;
    this.#ends = ends;
  }

  /** Whether what all jobs need is away. */
  get isOutage(): boolean {
    return this.#outage.isOut;
  }

  /** Throws QUEUE_UNAVAILABLE when the queue can't be told: the job comes again when its lease ends. */
  async settle(delivery: Delivery): Promise<void> {
    const job = parseJob(delivery);
    if (job === undefined) return this.#bury(delivery);
    if (delivery.attempts > LAST_DELIVERY) return this.#giveUp(delivery, job, undefined);
    const endTimer = this.#parts.metrics.jobSeconds.startTimer();
    try {
      const outcome = await this.#parts.handle(job, this.#ends.work);
      this.#faults.delete(nameBytes(job));
      this.#outage.note(nameBytes(job));
      this.#note(outcome, delivery, job, { seconds: endTimer() });
    } catch (error) {
      return this.#fail(delivery, job, error);
    }
    await this.#acknowledge(delivery);
  }

  /** Gives a delivery back that was not begun. */
  async handBack({ leaseId }: Delivery): Promise<void> {
    this.#parts.metrics.jobs.inc({ outcome: "handed-back" });
    await this.#parts.queue.retry(leaseId, 0, this.#ends.settling);
  }

  /** A message that is no job will not become one: it is ended, and this line is its grave. */
  async #bury(delivery: Delivery): Promise<void> {
    const { messageId, attempts, contentType } = delivery;
    this.#parts.metrics.jobs.inc({ outcome: "dead" });
    this.#parts.log.error({ event: "job-dead", messageId, attempts, contentType, reason: "it is not a job" });
    await this.#acknowledge(delivery);
  }

  async #fail(delivery: Delivery, job: Job, error: unknown): Promise<void> {
    if (this.#ends.work.aborted) return this.#retry("handed-back", delivery, job, error, 0);
    const { attempts } = delivery;
    this.#outage.note(nameBytes(job), error);
    if (isPostponement(error) && attempts < LAST_DELIVERY) {
      return this.#retry("postponed", delivery, job, error, chooseRetryDelay(error, attempts, false));
    }
    this.#parts.metrics.failures.inc({ code: codeOf(error) });
    if (isForPeople(error)) return this.#giveUp(delivery, job, error);
    const isOwn = await this.#isOwnFault(error);
    const faults = isOwn ? this.#faults.add(nameBytes(job)) : 0;
    if (faults >= MAX_ATTEMPTS || attempts >= LAST_DELIVERY) return this.#giveUp(delivery, job, error);
    return this.#retry("retried", delivery, job, error, chooseRetryDelay(error, attempts, isOwn));
  }

  /** What is down for all is no job's fault, but a scanner that died of that job's file. */
  async #isOwnFault(error: unknown): Promise<boolean> {
    if (isOutage(error)) return false;
    if (codeOf(error) !== "SCANNER_UNAVAILABLE" || error instanceof ScannerCrash) return true;
    return this.#parts.isScannerUp();
  }

  async #retry(
    outcome: string,
    delivery: Delivery,
    job: Job,
    error: unknown,
    delaySeconds: number,
  ): Promise<void> {
    this.#note(outcome, delivery, job, { delaySeconds, code: codeOf(error), err: error });
    await this.#parts.queue.retry(delivery.leaseId, delaySeconds, this.#ends.settling);
  }

  /** From now on it waits at the worker, where people see it and can have it tried again. */
  async #giveUp(delivery: Delivery, job: Job, error: unknown): Promise<void> {
    const report = reportFailure(job, delivery.attempts, error);
    try {
      if (report !== undefined) await this.#parts.reporter.send(report, this.#ends.work);
    } catch (cause) {
      if (this.#ends.work.aborted) return this.#retry("handed-back", delivery, job, cause, 0);
      return this.#retry("retried", delivery, job, cause, chooseRetryDelay(cause, delivery.attempts, true));
    }
    this.#faults.delete(nameBytes(job));
    this.#note("failed", delivery, job, { code: error === undefined ? UNFINISHED.code : codeOf(error) });
    await this.#acknowledge(delivery);
  }

  async #acknowledge({ leaseId }: Delivery): Promise<void> {
    await this.#parts.queue.acknowledge(leaseId, this.#ends.settling);
  }

  #note(outcome: string, { messageId, attempts }: Delivery, job: Job, more: object): void {
    this.#parts.metrics.jobs.inc({ outcome });
    const line = { event: "job-ended", outcome, messageId, attempts, ...subjectOf(job) };
    if ("code" in more) this.#parts.log.warn({ ...line, ...more });
    if (!("code" in more)) this.#parts.log.info({ ...line, ...more });
  }
}

function subjectOf(job: Job): object {
  if (job.kind === "remove-copies") return { kind: job.kind };
  const { tenantId, fileId, version, sizeBytes } = job;
  return { ...(job.kind === "copy" ? { kind: job.kind } : {}), tenantId, fileId, version, sizeBytes };
}

const UNFINISHED = {
  code: "UNFINISHED",
  detail: "It was begun many times, and none of them came to an end.",
};

/**
 * A page that isn't drawn is no fault of its version's; a copy's next job is sent by the worker, whatever became of this; and
 * what isn't repaired is asked for by whoever next finds it missing.
 */
function reportFailure(
  job: Job,
  attempts: number,
  error: unknown,
): FailedJobReport | MissingDerivativeReport | undefined {
  if (job.kind === "copy" || job.kind === "remove-copies" || job.kind === "repair") return undefined;
  const { tenantId, fileId, version, etag, sizeBytes } = job;
  const why = error === undefined ? UNFINISHED : { code: codeOf(error), detail: explainFailure(error) };
  if (job.kind === "page") {
    const { name } = job;
    return {
      kind: "missing-derivative",
      tenantId,
      fileId,
      version,
      name,
      state: "failed",
      reason: why.detail,
    };
  }
  const ref = { tenantId, fileId, version, etag, sizeBytes };
  const rescan = job.rescan === undefined ? {} : { rescan: job.rescan };
  return { kind: "failed-job", ...ref, ...rescan, attempts, ...why };
}
