import { randomUUID } from "node:crypto";
import type { CopyJob } from "#contract/jobs.ts";
import type { ConfiguredTarget, CopyReport, CopyTask } from "#contract/replicas.ts";
import { ProcessorFailure } from "../failure.ts";
import type { Lane } from "../lanes.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { ObjectStore } from "../object-store.ts";
import type { Reporter } from "../report.ts";
import { copyObject } from "./copy-object.ts";
import { CopyRemovals } from "./copy-removals.ts";
import type { ReplicaTarget } from "./target.ts";

export interface ReplicatorParts {
  readonly targets: readonly ReplicaTarget[];
  readonly store: Pick<ObjectStore, "findObject">;
  readonly reporter: Pick<Reporter, "send" | "startCopies" | "startRemovals">;
  readonly lane: Pick<Lane, "run">;
  readonly metrics: Metrics;
  readonly log: Log;
  /** For all of a job's turns together: shorter than the worker's lease (worker/services/replica-reports.ts) and the queue's. */
  readonly deadlineMs: number;
}

type Outcome = CopyReport["outcome"];
/** What keeps an object from being copied at all is every target's. */
type Outcomes = ReadonlyMap<string, Outcome>;

/** The original, what was made of it, and each target that couldn't keep up alone; no job has more turns. */
const MAX_TURNS = 40;
/** That a copy is broken off is told though there is no more time for anything else. */
const BREAK_OFF_MS = 2_000;
const RELEASED: Outcome = { state: "released" };
/** A whole job's time, and no target has a part more: the next would come no further, as each reads from the first byte. */
const TOO_SLOW: Outcome = {
  state: "failed",
  code: "too-slow",
  detail: "The file can't be read as far as its copy has come in the time that one job has.",
  isPermanent: true,
};

/** Copies versions to targets, and removes there what is dead, as the worker says when a job is begun. */
export class Replicator {
  readonly #parts: ReplicatorParts;
  readonly #removals: CopyRemovals;

  constructor(parts: ReplicatorParts) {
    this.#parts = parts;
    this.#removals = new CopyRemovals(parts);
  }

  /** For the heartbeat. */
  get configured(): readonly ConfiguredTarget[] {
    return this.#parts.targets.map(({ name, kind }) => ({ name, kind }));
  }

  /**
   * Copies a version wherever that is due. A target's fault is reported, and is no fault of the job's. Throws a
   * ProcessorFailure where the primary or the worker is away, and COPY_UNFINISHED where it takes longer than a job may:
   * the next goes on with what the targets have. Where a job brings nothing more to any, the copies have failed.
   */
  async copy(job: CopyJob, signal: AbortSignal): Promise<"copied" | "obsolete"> {
    return this.#parts.lane.run(
      async () => {
        const deadline = AbortSignal.timeout(this.#parts.deadlineMs);
        for (let turn = 0; turn < MAX_TURNS; turn += 1) {
          const isDone = await this.#takeTurn(job, signal, deadline, turn === 0);
          if (isDone) return turn === 0 ? "obsolete" : "copied";
        }
        return "copied";
      },
      signal,
      job.tenantId,
    );
  }

  async remove(signal: AbortSignal): Promise<"removed"> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(this.#parts.deadlineMs)]);
    return this.#parts.lane.run(() => this.#removals.run(deadline), signal);
  }

  /**
   * Returns whether there was nothing to do.
   * @param isFirst whether it has all of the job's time
   */
  async #takeTurn(
    job: CopyJob,
    signal: AbortSignal,
    deadline: AbortSignal,
    isFirst: boolean,
  ): Promise<boolean> {
    const { tenantId, fileId, version, etag, sizeBytes } = job;
    const leaseId = randomUUID();
    const start = { kind: "copies-start", tenantId, fileId, version, etag, sizeBytes, leaseId } as const;
    const names = this.#parts.targets.map(({ name }) => name);
    const task = await this.#parts.reporter.startCopies({ ...start, targets: names }, signal);
    if (task === undefined || task.targets.length === 0) return true;
    const both = AbortSignal.any([signal, deadline]);
    let hasAdvanced = false;
    const onAdvance = (): void => {
      hasAdvanced = true;
    };
    try {
      const outcomes = await this.#copyObjects(task, both, onAdvance);
      await this.#report(job, task, leaseId, outcomes, signal);
    } catch (error) {
      const isLate = deadline.aborted && !signal.aborted;
      await this.#breakOff(job, task, leaseId, isLate && isFirst && !hasAdvanced ? TOO_SLOW : RELEASED);
      if (isLate) {
        throw new ProcessorFailure("COPY_UNFINISHED", { cause: error, retryAfterSeconds: 1 });
      }
      throw error;
    }
    return false;
  }

  /** One after the other; a target that one of them can't be copied to gets no more of them. */
  async #copyObjects(task: CopyTask, signal: AbortSignal, onAdvance: () => void): Promise<Outcomes> {
    const stored = { state: "stored", asOfMs: task.asOfMs } as const;
    const outcomes = new Map<string, Outcome>(task.targets.map((name) => [name, stored]));
    for (const object of task.objects) {
      const targets = this.#parts.targets.filter(({ name }) => outcomes.get(name)?.state === "stored");
      if (targets.length === 0) break;
      const failures = await copyObject(this.#parts.store, object, targets, signal, { onAdvance });
      for (const [name, failed] of failures) outcomes.set(name, failed);
    }
    return outcomes;
  }

  async #report(
    job: CopyJob,
    { part }: CopyTask,
    leaseId: string,
    outcomes: Outcomes,
    signal: AbortSignal,
  ): Promise<void> {
    const { tenantId, fileId, version, objectKey } = job;
    for (const [target, outcome] of outcomes) {
      const report = { kind: "copy", tenantId, fileId, version, objectKey, leaseId, part } as const;
      await this.#parts.reporter.send({ ...report, target, outcome }, signal);
      this.#note(job, part, target, outcome);
    }
  }

  #note(
    { tenantId, fileId, version, sizeBytes }: CopyJob,
    part: CopyTask["part"],
    target: string,
    outcome: Outcome,
  ): void {
    const { metrics, log } = this.#parts;
    metrics.copies.inc({ target, outcome: outcome.state === "failed" ? outcome.code : outcome.state });
    if (outcome.state === "stored" && part === "original") metrics.copiedBytes.inc({ target }, sizeBytes);
    if (outcome.state !== "failed") return;
    const { code, detail } = outcome;
    log.warn({ event: "copy-failed", target, tenantId, fileId, version, code, reason: detail });
  }

  /** So that nobody waits for the lease to end. Never throws. */
  async #breakOff(job: CopyJob, task: CopyTask, leaseId: string, outcome: Outcome): Promise<void> {
    const outcomes = new Map(task.targets.map((name) => [name, outcome]));
    await this.#report(job, task, leaseId, outcomes, AbortSignal.timeout(BREAK_OFF_MS)).catch(
      () => undefined,
    );
  }
}
