import { afterEach, beforeEach } from "vitest";
import type { Job } from "#contract/jobs.ts";
import type { Report } from "#contract/reports.ts";
import { Consumer, type ConsumerOptions } from "../../../processor/consumer.ts";
import { createLanes, LANE_LIMITS, type Lanes } from "../../../processor/lanes.ts";
import { createLog } from "../../../processor/log.ts";
import { createMetrics, type Metrics } from "../../../processor/metrics.ts";
import type { JobOutcome } from "../../../processor/pipeline.ts";
import { PullQueue } from "../../../processor/queue.ts";
import type { Reporter } from "../../../processor/report.ts";
import { QUEUE_NAMES, type QueueDouble, startQueueDouble } from "./queue-double.ts";

export const OPTIONS: ConsumerOptions = { pollMaxMs: 20, drainMs: 10_000 };

export type Handle = (job: Job, signal: AbortSignal) => Promise<JobOutcome>;

interface Setup {
  readonly options?: Partial<ConsumerOptions>;
  readonly isScannerUp?: () => Promise<boolean>;
  readonly send?: Reporter["send"];
}

/** A queue, and what a consumer of it works with; the consumer runs once it is told to consume. */
export interface ConsumerRun {
  readonly queue: QueueDouble;
  readonly lanes: Lanes;
  readonly metrics: Metrics;
  /** What the worker has taken. */
  readonly reports: readonly Report[];
  readonly stop: AbortController;
  /** What the consumer's run comes to. */
  readonly running: Promise<boolean>;
  /**
   * Whatever is handled has a hand of the scan lane for as long.
   * @returns the queue's states, as they are told
   */
  consume(handle: Handle, setup?: Setup): readonly boolean[];
  /** The same, where `handle` takes its hands itself. */
  consumeBy(handle: Handle, setup?: Setup): readonly boolean[];
  /** The worker, which takes every report. */
  take(report: Report): Promise<"accepted">;
  countJobs(outcome: string): Promise<number>;
}

/** A run of its own for each test of a file, stopped after it; `take` is called before each of them. */
export function useConsumer(take: (run: ConsumerRun) => void): void {
  let queue: QueueDouble;
  let run: ConsumerRun;
  let endUnbegun: () => void;
  beforeEach(async () => {
    queue = await startQueueDouble();
    ({ run, endUnbegun } = createRun(queue));
    take(run);
  });
  afterEach(async () => {
    run.stop.abort();
    endUnbegun();
    await run.running;
    await queue.stop();
  });
}

function createRun(queue: QueueDouble): { readonly run: ConsumerRun; readonly endUnbegun: () => void } {
  const { promise: running, resolve: follow } = Promise.withResolvers<boolean>();
  const stop = new AbortController();
  const metrics = createMetrics();
  const lanes = createLanes(LANE_LIMITS);
  const reports: Report[] = [];

  const take: ConsumerRun["take"] = async (report) => {
    reports.push(report);
    return "accepted";
  };

  const consumeBy: ConsumerRun["consumeBy"] = (
    handle,
    { options = {}, isScannerUp = async () => true, send = take } = {},
  ) => {
    const queueStates: boolean[] = [];
    const client = new PullQueue({ ...QUEUE_NAMES, baseUrl: queue.baseUrl, visibilityTimeoutSeconds: 600 });
    const consumer = new Consumer(
      {
        ...{ queue: client, handle, isScannerUp, metrics, log: createLog("silent") },
        ...{ lane: lanes.scan, reporter: { send } },
        queueChanged: (up) => queueStates.push(up),
      },
      { ...OPTIONS, ...options },
    );
    follow(consumer.run(stop.signal));
    return queueStates;
  };

  const run: ConsumerRun = {
    ...{ queue, lanes, metrics, reports, stop, running, take, consumeBy },
    consume: (handle, setup) =>
      consumeBy((job, signal) => {
        const owner = "tenantId" in job ? job.tenantId : undefined;
        return lanes.scan.run(() => handle(job, signal), signal, owner);
      }, setup),
    countJobs: async (outcome) => {
      const { values } = await metrics.jobs.get();
      return values.find(({ labels }) => labels["outcome"] === outcome)?.value ?? 0;
    },
  };
  // Changes nothing where a consumer's run is followed already.
  return { run, endUnbegun: () => follow(true) };
}
