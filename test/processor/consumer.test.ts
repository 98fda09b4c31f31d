import { describe, expect, test } from "vitest";
import { TenantId } from "#contract/ids.ts";
import type { Job } from "#contract/jobs.ts";
import type { JobOutcome } from "../../processor/pipeline.ts";
import { type ConsumerRun, useConsumer } from "./support/consumer-run.ts";
import { createJob } from "./support/jobs.ts";

let queue: ConsumerRun["queue"];
let lanes: ConsumerRun["lanes"];
let consume: ConsumerRun["consume"];
let consumeBy: ConsumerRun["consumeBy"];
let countJobs: ConsumerRun["countJobs"];
useConsumer((run) => {
  ({ queue, lanes, consume, consumeBy, countJobs } = run);
});

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
  expect(queue.pulls[0]).toEqual({ batchSize: 3, visibilityTimeoutMs: 600_000 });
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

test.each([
  { fields: { body: 7 }, acks: 2 },
  { fields: { body: undefined, attempts: "x", metadata: [] }, acks: 2 },
  // It comes again when its lease ends.
  { fields: { lease_id: null }, acks: 1 },
])("a message of which $fields isn't as it should be keeps nobody from its own", async ({ fields, acks }) => {
  const jobs = [createJob(), createJob()];
  for (const job of jobs) queue.push(JSON.stringify(job));
  queue.spoilNext(fields);
  const seen: Job[] = [];
  consume(async (job) => {
    seen.push(job);
    return "clean";
  });
  await queue.changes.until(() => queue.acks.length === acks);
  expect(seen).toEqual(jobs.slice(1));
  expect(queue.retries).toEqual([]);
});

test("no more is pulled than there are hands for", async () => {
  for (let index = 0; index < 6; index++) {
    queue.push(JSON.stringify(createJob({ tenantId: TenantId.parse(`tenant-${index}`) })));
  }
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
  await queue.changes.until(() => open.length === 3);
  const pullsWhileBusy = queue.pulls.length;
  open.shift()?.();
  await queue.changes.until(() => open.length === 3);
  expect(queue.pulls.slice(pullsWhileBusy)).toEqual([{ batchSize: 1, visibilityTimeoutMs: 600_000 }]);
  for (let done = 1; done < 6; done++) {
    await queue.changes.until(() => open.length > 0);
    open.shift()?.();
  }
  await queue.changes.until(() => queue.acks.length === 6);
  expect(most).toBe(3);
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
  expect(Math.max(...queue.pulls.map(({ batchSize }) => batchSize))).toBe(3);
  conversion.resolve("clean");
  await queue.changes.until(() => queue.acks.length === 6);
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
