import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Job } from "#contract/jobs.ts";
import type { Report } from "#contract/reports.ts";
import { Consumer, type ConsumerOptions } from "../../processor/consumer.ts";
import { ProcessorFailure } from "../../processor/failure.ts";
import { createLanes, LANE_LIMITS, type Lanes } from "../../processor/lanes.ts";
import { createLog } from "../../processor/log.ts";
import { createMetrics, type Metrics } from "../../processor/metrics.ts";
import type { JobOutcome } from "../../processor/pipeline.ts";
import { PullQueue } from "../../processor/queue.ts";
import type { Reporter } from "../../processor/report.ts";
import { chooseRetryDelay } from "../../processor/retry-delay.ts";
import { ScannerCrash } from "../../processor/scan/scanner.ts";
import { createJob } from "./support/jobs.ts";
import { QUEUE_NAMES, type QueueDouble, startQueueDouble } from "./support/queue-double.ts";

const OPTIONS: ConsumerOptions = { pollMaxMs: 20, drainMs: 10_000 };

let queue: QueueDouble;
let stop: AbortController;
let metrics: Metrics;
let running: Promise<boolean>;
let lanes: Lanes;
let reports: Report[];

beforeEach(async () => {
  queue = await startQueueDouble();
  stop = new AbortController();
  metrics = createMetrics();
  running = Promise.resolve(true);
  lanes = createLanes(LANE_LIMITS);
  reports = [];
});

afterEach(async () => {
  stop.abort();
  await running;
  await queue.stop();
});

type Handle = (job: Job, signal: AbortSignal) => Promise<JobOutcome>;

interface Setup {
  readonly options?: Partial<ConsumerOptions>;
  readonly isScannerUp?: () => Promise<boolean>;
  readonly send?: Reporter["send"];
}

/** Whatever is handled has a hand of the scan lane for as long. */
function consume(
  handle: Handle,
  { options = {}, isScannerUp = async () => true, send = take }: Setup = {},
): boolean[] {
  return consumeBy((job, signal) => lanes.scan.run(() => handle(job, signal), signal), {
    ...{ options, isScannerUp, send },
  });
}

async function take(report: Report): Promise<"accepted"> {
  reports.push(report);
  return "accepted";
}

function consumeBy(
  handle: Handle,
  { options = {}, isScannerUp = async () => true, send = take }: Setup = {},
): boolean[] {
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
  running = consumer.run(stop.signal);
  return queueStates;
}

async function countJobs(outcome: string): Promise<number> {
  const { values } = await metrics.jobs.get();
  return values.find(({ labels }) => labels["outcome"] === outcome)?.value ?? 0;
}

test("a job is handled as it was sent, and acknowledged", async () => {
  const jobs = [createJob(), createJob(), createJob()];
  for (const job of jobs) queue.push(JSON.stringify(job));
  const seen: Job[] = [];
  consume(async (job) => {
    seen.push(job);
    return "clean";
  });
  await queue.changes.until(() => queue.acks.length === 3);
  expect(seen).toEqual(jobs);
  expect(queue.retries).toEqual([]);
  expect(queue.pulls[0]).toEqual({ batchSize: 2, visibilityTimeoutMs: 600_000 });
  expect(await countJobs("clean")).toBe(3);
});

test("a job sent as text is a job too", async () => {
  queue.push(JSON.stringify(createJob()), "text");
  consume(async () => "clean");
  await queue.changes.until(() => queue.acks.length === 1);
  expect(await countJobs("clean")).toBe(1);
});

test("an obsolete job is acknowledged", async () => {
  queue.push(JSON.stringify(createJob()));
  consume(async () => "obsolete");
  await queue.changes.until(() => queue.acks.length === 1);
  expect(await countJobs("obsolete")).toBe(1);
});

describe("a message that is no job ends once and for all:", () => {
  test.each([
    { what: "no JSON", body: "{", contentType: "json" },
    { what: "null", body: "null", contentType: "json" },
    { what: "another kind", body: JSON.stringify({ ...createJob(), kind: "dance" }), contentType: "json" },
    {
      what: "a wrong tenant",
      body: JSON.stringify({ ...createJob(), tenantId: "../x" }),
      contentType: "json",
    },
    { what: "bytes", body: JSON.stringify(createJob()), contentType: "bytes" },
  ])("$what", async ({ body, contentType }) => {
    queue.push(body, contentType);
    consume(async () => expect.unreachable("it was handled"));
    await queue.changes.until(() => queue.acks.length === 1);
    expect(queue.retries).toEqual([]);
    expect(await countJobs("dead")).toBe(1);
  });
});

test("a job that fails is tried again, later each time, until it is done", async () => {
  queue.push(JSON.stringify(createJob()));
  let calls = 0;
  consume(async () => {
    calls += 1;
    if (calls < 4) throw new ProcessorFailure("STORE_UNAVAILABLE");
    return "clean";
  });
  await queue.changes.until(() => queue.acks.length === 1);
  expect(queue.retries.map(({ delaySeconds }) => delaySeconds)).toEqual([5, 10, 20]);
  expect(await countJobs("retried")).toBe(3);
});

test.each([
  { code: "STORE_UNAVAILABLE", attempts: 1, seconds: 5 },
  { code: "STORE_UNAVAILABLE", attempts: 8, seconds: 640 },
  { code: "WORKER_UNAVAILABLE", attempts: 9, seconds: 900 },
  { code: "WORKER_UNAVAILABLE", attempts: 10_000, seconds: 900 },
  { code: "SCANNER_UNAVAILABLE", attempts: 9, seconds: 900 },
  { code: "LANE_FULL", attempts: 1, seconds: 5 },
  { code: "LANE_FULL", attempts: 3, seconds: 20 },
  { code: "LANE_FULL", attempts: 50, seconds: 120 },
  { code: "TOOL_INSTALLING", attempts: 1, seconds: 15 },
  { code: "TOOL_INSTALLING", attempts: 50, seconds: 15 },
] as const)("$code at attempt $attempts waits $seconds s", ({ code, attempts, seconds }) => {
  expect(chooseRetryDelay(new ProcessorFailure(code), attempts, true)).toBe(seconds);
});

test("a scanner that is away for all is asked again soon, however often", () => {
  expect(chooseRetryDelay(new ProcessorFailure("SCANNER_UNAVAILABLE"), 50, false)).toBe(5);
});

test.each([
  { crashes: 1, seconds: 5 },
  { crashes: 3, seconds: 20 },
])(
  "what the scanner died of $crashes times waits $seconds s, whatever came before",
  ({ crashes, seconds }) => {
    expect(chooseRetryDelay(new ScannerCrash(crashes, undefined), 50, true)).toBe(seconds);
  },
);

test("no more is pulled than there are hands for", async () => {
  for (let index = 0; index < 5; index++) queue.push(JSON.stringify(createJob()));
  const open: (() => void)[] = [];
  let most = 0;
  let active = 0;
  consume(async () => {
    active += 1;
    most = Math.max(most, active);
    await new Promise<void>((resolve) => {
      open.push(resolve);
      queue.changes.notify();
    });
    active -= 1;
    return "clean";
  });
  await queue.changes.until(() => open.length === 2);
  const pullsWhileBusy = queue.pulls.length;
  open.shift()?.();
  await queue.changes.until(() => open.length === 2);
  expect(queue.pulls.slice(pullsWhileBusy)).toEqual([{ batchSize: 1, visibilityTimeoutMs: 600_000 }]);
  for (let done = 1; done < 5; done++) {
    await queue.changes.until(() => open.length > 0);
    open.shift()?.();
  }
  await queue.changes.until(() => queue.acks.length === 5);
  expect(most).toBe(2);
});

test("a scan never waits for what comes after one: as many are pulled as have a hand for the scan", async () => {
  for (let index = 0; index < 6; index++) queue.push(JSON.stringify(createJob()));
  const conversion = Promise.withResolvers<JobOutcome>();
  let scanned = 0;
  consumeBy(async (_, signal) => {
    await lanes.scan.run(async () => {
      scanned += 1;
    }, signal);
    return conversion.promise;
  });
  await queue.changes.until(() => queue.pulls.length > 3 && scanned === 6);
  expect(queue.acks).toEqual([]);
  expect(Math.max(...queue.pulls.map(({ batchSize }) => batchSize))).toBe(2);
  conversion.resolve("clean");
  await queue.changes.until(() => queue.acks.length === 6);
});

test.each(["LANE_FULL", "TOOL_INSTALLING"] as const)("%s is no failure, however often", async (code) => {
  queue.push(JSON.stringify(createJob()));
  let calls = 0;
  consume(async () => {
    calls += 1;
    if (calls <= 40) throw new ProcessorFailure(code);
    return "clean";
  });
  await queue.changes.until(() => queue.acks.length === 1);
  expect(queue.retries).toHaveLength(40);
  expect(reports).toEqual([]);
  expect(await countJobs("postponed")).toBe(40);
  expect((await metrics.failures.get()).values).toEqual([]);
});

describe("a job that fails for ever", () => {
  const job = createJob({ sizeBytes: 7 });
  const failed = {
    ...{ kind: "failed-job", tenantId: job.tenantId, fileId: job.fileId, version: 1, etag: job.etag },
    ...{ sizeBytes: 7, code: "STORE_UNAVAILABLE", attempts: 30 },
    detail: "The object store did not answer as it should.",
  };

  async function always(error: unknown): Promise<never> {
    throw error;
  }

  test("waits at the worker after thirty times, and its message ends", async () => {
    queue.push(JSON.stringify(job));
    consume(() => always(new ProcessorFailure("STORE_UNAVAILABLE")));
    await queue.changes.until(() => queue.acks.length === 1);
    expect(queue.retries).toHaveLength(29);
    expect(reports).toEqual([failed]);
    expect(await countJobs("failed")).toBe(1);
  });

  test("has as many attempts again when somebody has it tried again", async () => {
    queue.push(JSON.stringify(job));
    consume(() => always(new ProcessorFailure("STORE_UNAVAILABLE")));
    await queue.changes.until(() => queue.acks.length === 1);
    queue.push(JSON.stringify(job));
    await queue.changes.until(() => queue.acks.length === 2);
    expect(reports).toEqual([failed, failed]);
    expect(queue.retries).toHaveLength(58);
  });

  test("by what nobody knows, too; and nothing of the error's words is told", async () => {
    queue.push(JSON.stringify(job));
    consume(() => always(new Error("secret.pdf")));
    await queue.changes.until(() => queue.acks.length === 1);
    expect(reports).toMatchObject([{ kind: "failed-job", code: "UNEXPECTED" }]);
    expect(JSON.stringify(reports)).not.toContain("secret");
  });

  test("isn't ended before the worker has taken the report", async () => {
    queue.push(JSON.stringify(job));
    let refusals = 2;
    const send: Reporter["send"] = async (report) => {
      refusals -= 1;
      if (refusals >= 0) throw new ProcessorFailure("WORKER_UNAVAILABLE");
      return take(report);
    };
    consume(() => always(new ProcessorFailure("STORE_UNAVAILABLE")), { send });
    await queue.changes.until(() => queue.acks.length === 1);
    expect(reports).toMatchObject([{ kind: "failed-job", attempts: 32 }]);
  });

  test("isn't blamed for a scanner that is down for all, but given up before the queue drops it", async () => {
    queue.push(JSON.stringify(job));
    let calls = 0;
    const handle = (): Promise<never> => {
      calls += 1;
      return always(new ProcessorFailure("SCANNER_UNAVAILABLE"));
    };
    // Away from each failure until the queue has been told of it.
    const isScannerUp = async () => calls === queue.retries.length;
    consume(handle, { isScannerUp, options: { pollMaxMs: 1 } });
    await queue.changes.until(() => queue.acks.length === 1);
    expect(reports).toMatchObject([{ kind: "failed-job", code: "SCANNER_UNAVAILABLE", attempts: 95 }]);
  });

  test("at a scanner that is there for others is given up like any other", async () => {
    queue.push(JSON.stringify(job));
    consume(() => always(new ProcessorFailure("SCANNER_UNAVAILABLE")));
    await queue.changes.until(() => queue.acks.length === 1);
    expect(reports).toMatchObject([{ kind: "failed-job", code: "SCANNER_UNAVAILABLE", attempts: 30 }]);
  });

  test("because it ends the processor each time is not begun once more", async () => {
    queue.push(JSON.stringify(job), "json", 95);
    consume(async () => expect.unreachable("it was begun"));
    await queue.changes.until(() => queue.acks.length === 1);
    expect(reports).toMatchObject([{ kind: "failed-job", code: "UNFINISHED", attempts: 96 }]);
  });
});

test("nothing is pulled while the scanner is away", async () => {
  queue.push(JSON.stringify(createJob()));
  let asked = 0;
  const isScannerUp = async () => {
    asked += 1;
    return asked > 5;
  };
  consume(async () => "clean", { isScannerUp });
  await queue.changes.until(() => queue.acks.length === 1);
  expect(queue.acks[0]).toMatch(/#1$/);
  expect(asked).toBeGreaterThan(5);
});

test("a queue that fails is asked again, and its state told once each way", async () => {
  queue.failures = 3;
  queue.push(JSON.stringify(createJob()));
  const states = consume(async () => "clean");
  await queue.changes.until(() => queue.acks.length === 1);
  expect(states).toEqual([false, true]);
});

test("an acknowledgement that fails is sent again", async () => {
  queue.push(JSON.stringify(createJob()));
  consume(async () => {
    queue.failures = 1;
    return "clean";
  });
  await queue.changes.until(() => queue.acks.length === 1);
  expect(await countJobs("clean")).toBe(1);
});

describe("a stop", () => {
  test("lets what is under way end", async () => {
    queue.push(JSON.stringify(createJob()));
    consume(async () => {
      stop.abort();
      await new Promise(setImmediate);
      return "clean";
    });
    await running;
    expect(queue.acks).toHaveLength(1);
    expect(queue.retries).toEqual([]);
  });

  test("hands back at once what is not done in time", async () => {
    queue.push(JSON.stringify(createJob()));
    const handle: Handle = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
        // Not before the consumer rests, with all its hands full.
        setImmediate(() => stop.abort());
      });
    consume(handle, { options: { drainMs: 10 } });
    await running;
    expect(queue.acks).toEqual([]);
    expect(queue.retries).toEqual([{ leaseId: expect.stringMatching(/#1$/), delaySeconds: 0 }]);
    expect(await countJobs("handed-back")).toBe(1);
  });

  test("waits for a pull under way, and gives back at once what it brings, without beginning it", async () => {
    const pulled = queue.holdPulls();
    consume(async () => expect.unreachable("it was begun"));
    await pulled.asked;
    queue.push(JSON.stringify(createJob()));
    stop.abort();
    pulled.release();
    expect(await running).toBe(true);
    expect(queue.retries).toEqual([{ leaseId: expect.stringMatching(/#1$/), delaySeconds: 0 }]);
  });

  test("doesn't wait for a pull that isn't answered", async () => {
    const pulled = queue.holdPulls();
    const states = consume(async () => "clean");
    await pulled.asked;
    stop.abort();
    expect(await running).toBe(true);
    // The queue isn't down for that.
    expect(states).toEqual([]);
    pulled.release();
  });

  test("doesn't wait for a scanner that isn't heard of", async () => {
    const asked = Promise.withResolvers<void>();
    const isScannerUp = () => {
      asked.resolve();
      return new Promise<boolean>(() => {});
    };
    consume(async () => "clean", { isScannerUp });
    await asked.promise;
    stop.abort();
    expect(await running).toBe(true);
  });

  test("doesn't wait for ever for what doesn't end when it is told to", async () => {
    queue.push(JSON.stringify(createJob()));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const begun = Promise.withResolvers<void>();
    consume(() => {
      begun.resolve();
      return new Promise(() => {});
    });
    await begun.promise;
    stop.abort();
    await vi.advanceTimersByTimeAsync(OPTIONS.drainMs + 10_000);
    expect(await running).toBe(false);
  });

  test("ends the rest of an empty queue", async () => {
    consume(async () => "clean", { options: { pollMaxMs: 3_600_000 } });
    await queue.changes.until(() => queue.pulls.length >= 2);
    stop.abort();
    expect(await running).toBe(true);
  });
});
