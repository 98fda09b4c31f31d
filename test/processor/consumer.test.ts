import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Job } from "#contract/jobs.ts";
import { Consumer, type ConsumerOptions, chooseRetryDelay } from "../../processor/consumer.ts";
import { ProcessorFailure } from "../../processor/failure.ts";
import { createLog } from "../../processor/log.ts";
import { createMetrics, type Metrics } from "../../processor/metrics.ts";
import type { JobOutcome } from "../../processor/pipeline.ts";
import { PullQueue } from "../../processor/queue.ts";
import { createJob } from "./support/jobs.ts";
import { QUEUE_NAMES, type QueueDouble, startQueueDouble } from "./support/queue-double.ts";

const OPTIONS: ConsumerOptions = { concurrency: 2, pollMaxMs: 20, drainMs: 10_000 };

let queue: QueueDouble;
let stop: AbortController;
let metrics: Metrics;
let running: Promise<void>;

beforeEach(async () => {
  queue = await startQueueDouble();
  stop = new AbortController();
  metrics = createMetrics();
  running = Promise.resolve();
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
}

function consume(handle: Handle, { options = {}, isScannerUp = async () => true }: Setup = {}): boolean[] {
  const queueStates: boolean[] = [];
  const client = new PullQueue({ ...QUEUE_NAMES, baseUrl: queue.baseUrl, visibilityTimeoutSeconds: 600 });
  const consumer = new Consumer(
    {
      ...{ queue: client, handle, isScannerUp, metrics, log: createLog("silent") },
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
  { code: "SCANNER_UNAVAILABLE", attempts: 50, seconds: 5 },
] as const)("$code at attempt $attempts waits $seconds s", ({ code, attempts, seconds }) => {
  expect(chooseRetryDelay(new ProcessorFailure(code), attempts)).toBe(seconds);
});

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
    consume(handle, { options: { concurrency: 1, drainMs: 10 } });
    await running;
    expect(queue.acks).toEqual([]);
    expect(queue.retries).toEqual([{ leaseId: expect.stringMatching(/#1$/), delaySeconds: 0 }]);
    expect(await countJobs("handed-back")).toBe(1);
  });

  test("ends the rest of an empty queue", async () => {
    consume(async () => "clean", { options: { pollMaxMs: 3_600_000 } });
    await queue.changes.until(() => queue.pulls.length >= 2);
    stop.abort();
    await expect(running).resolves.toBeUndefined();
  });
});
