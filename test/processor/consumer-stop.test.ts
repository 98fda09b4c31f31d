import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type ConsumerRun, type Handle, OPTIONS, useConsumer } from "./support/consumer-run.ts";
import { createJob } from "./support/jobs.ts";

let queue: ConsumerRun["queue"];
let stop: ConsumerRun["stop"];
let running: ConsumerRun["running"];
let consume: ConsumerRun["consume"];
let countJobs: ConsumerRun["countJobs"];
useConsumer((run) => {
  ({ queue, stop, running, consume, countJobs } = run);
});

describe("a stop", () => {
  test("lets what is under way end, as long as the drain is", async () => {
    queue.push(JSON.stringify(createJob()));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<"clean">();
    consume((_, signal) => {
      signal.addEventListener("abort", () => end.reject(signal.reason as Error));
      begun.resolve();
      return end.promise;
    });
    await begun.promise;
    stop.abort();
    await vi.advanceTimersByTimeAsync(OPTIONS.drainMs - 1);
    end.resolve("clean");
    expect(await running).toBe(true);
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
