import { expect, onTestFinished, test, vi } from "vitest";
import { TenantId } from "#contract/ids.ts";
import type { Job } from "#contract/jobs.ts";
import { createLanes, LANE_LIMITS, type Lane } from "../../processor/lanes.ts";
import { MAX_LINE_WAIT_MS } from "../../processor/line.ts";
import { chooseRetryDelay } from "../../processor/retry-delay.ts";
import { type ConsumerRun, useConsumer } from "./support/consumer-run.ts";
import { createJob } from "./support/jobs.ts";

let run: ConsumerRun;
useConsumer((current) => {
  run = current;
});

const never = new AbortController().signal;
const settle = () => new Promise(setImmediate);

/** Work of an owner that ends when it is told to. */
function occupy(lane: Lane, owner: string) {
  const { promise: work, resolve } = Promise.withResolvers<void>();
  const state = { begun: false };
  const ended = lane.run(
    () => {
      state.begun = true;
      return work;
    },
    never,
    owner,
  );
  ended.catch(() => undefined);
  const end = () => {
    resolve();
    return ended;
  };
  return { state, end, ended };
}

test("one owner never has all the hands, and another's begins at once", async () => {
  const { scan } = createLanes(LANE_LIMITS);
  const own = [occupy(scan, "a"), occupy(scan, "a"), occupy(scan, "a")];
  await settle();
  expect(own.map(({ state }) => state.begun)).toEqual([true, true, false]);
  expect(scan.free).toBe(1);
  const other = occupy(scan, "b");
  await settle();
  expect(other.state.begun).toBe(true);
  expect([scan.free, scan.room]).toEqual([0, 0]);
  for (const one of [other, ...own]) await one.end();
});

test("who has the fewest hands comes next, and of one owner's the first", async () => {
  const { scan } = createLanes({ ...LANE_LIMITS, scan: { ...LANE_LIMITS.scan, concurrency: 1 } });
  const [first, second] = [occupy(scan, "a"), occupy(scan, "b")];
  const [ofA, ofC, laterOfA] = [occupy(scan, "a"), occupy(scan, "c"), occupy(scan, "a")];
  await first.end();
  await settle();
  expect([ofA, ofC, laterOfA].map(({ state }) => state.begun)).toEqual([true, false, false]);
  await second.end();
  await settle();
  expect([ofC, laterOfA].map(({ state }) => state.begun)).toEqual([true, false]);
  for (const one of [ofA, ofC, laterOfA]) await one.end();
});

test("what is over an owner's part of the line comes again later, and nobody else's does", async () => {
  const { scan } = createLanes({ ...LANE_LIMITS, scan: { ...LANE_LIMITS.scan, waiting: 4 } });
  const own = [occupy(scan, "a"), occupy(scan, "a"), occupy(scan, "a"), occupy(scan, "a")];
  const refused = { code: "LANE_FULL", retryAfterSeconds: expect.closeTo(0.05) };
  await expect(occupy(scan, "a").ended).rejects.toMatchObject(refused);
  const others = [occupy(scan, "b"), occupy(scan, "b")];
  await settle();
  expect(others.map(({ state }) => state.begun)).toEqual([true, false]);
  for (const one of [...own, ...others]) await one.end();
});

test("an owner with five hundred is done as soon as its hands get through them, and none comes often", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { scan } = createLanes(LANE_LIMITS);
  const [jobs, workMs] = [500, 200];
  let most = 0;
  const deliver = async (attempts: number): Promise<void> => {
    most = Math.max(most, attempts);
    try {
      await scan.run(() => new Promise<void>((resolve) => setTimeout(resolve, workMs)), never, "a");
    } catch (error) {
      await new Promise<void>((resolve) =>
        setTimeout(resolve, chooseRetryDelay(error, attempts, false) * 1000),
      );
      await deliver(attempts + 1);
    }
  };
  const beganAtMs = Date.now();
  const done = Promise.all(Array.from({ length: jobs }, () => deliver(1)));
  await vi.runAllTimersAsync();
  await done;
  expect(Date.now() - beganAtMs).toBeLessThan((jobs * workMs) / 2 + MAX_LINE_WAIT_MS);
  expect(most).toBeLessThan(20);
});

test("a job behind sixty of one tenant, whose scans don't end, is scanned meanwhile", async () => {
  const { queue } = run;
  const flood = Array.from({ length: 60 }, () => createJob());
  const other = createJob({ tenantId: TenantId.parse("other") });
  for (const job of [...flood, other]) queue.push(JSON.stringify(job));
  const end = Promise.withResolvers<"clean">();
  const seen: Job[] = [];
  run.consume(async (job) => {
    seen.push(job);
    return "tenantId" in job && job.tenantId === other.tenantId ? "clean" : end.promise;
  });
  await queue.changes.until(() => queue.acks.length === 1);
  expect(seen).toEqual([flood[0], flood[1], other]);
  expect(run.reports).toEqual([]);
  expect(await run.countJobs("retried")).toBe(0);
  end.resolve("clean");
});

test("of a lane that one owner may have alone, its work has half of the line at most, and another's goes in beside it", async () => {
  const { document } = createLanes({
    ...LANE_LIMITS,
    document: { ...LANE_LIMITS.document, concurrency: 1, waiting: 4 },
  });
  const [running, ...waiting] = [1, 2, 3].map(() => occupy(document, "a"));
  await expect(occupy(document, "a").ended).rejects.toMatchObject({ code: "LANE_FULL" });
  const other = occupy(document, "b");
  for (const one of [running, ...waiting]) await one?.end();
  await settle();
  expect(other.state.begun).toBe(true);
  await other.end();
});
