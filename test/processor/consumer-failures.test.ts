import { describe, expect, test } from "vitest";
import { ProcessorFailure } from "../../processor/failure.ts";
import type { Reporter } from "../../processor/report.ts";
import { type ConsumerRun, useConsumer } from "./support/consumer-run.ts";
import { createJob } from "./support/jobs.ts";

let queue: ConsumerRun["queue"];
let metrics: ConsumerRun["metrics"];
let reports: ConsumerRun["reports"];
let consume: ConsumerRun["consume"];
let take: ConsumerRun["take"];
let countJobs: ConsumerRun["countJobs"];
useConsumer((run) => {
  ({ queue, metrics, reports, consume, take, countJobs } = run);
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

test.each(["LANE_FULL", "TOOL_INSTALLING"] as const)(
  "%s is no failure, up to the last delivery",
  async (code) => {
    queue.push(JSON.stringify(createJob()));
    let calls = 0;
    consume(async () => {
      calls += 1;
      if (calls <= 94) throw new ProcessorFailure(code);
      return "clean";
    });
    await queue.changes.until(() => queue.acks.length === 1);
    expect(queue.retries).toHaveLength(94);
    expect(reports).toEqual([]);
    expect(await countJobs("postponed")).toBe(94);
    expect((await metrics.failures.get()).values).toEqual([]);
  },
);

test("while all jobs fail for what all of them need, one at a time is tried; when that is back, all are", async () => {
  for (let index = 0; index < 4; index++) queue.push(JSON.stringify(createJob()));
  let isThere = false;
  const handle = async () => {
    if (!isThere) throw new ProcessorFailure("STORE_UNAVAILABLE");
    return "clean" as const;
  };
  consume(handle, { options: { outageRestMs: 5 } });
  await queue.changes.until(() => queue.retries.length === 6);
  const before = queue.pulls.length + 1;
  await queue.changes.until(() => queue.retries.length === 12);
  expect(new Set(queue.pulls.slice(before).map(({ batchSize }) => batchSize))).toEqual(new Set([1]));
  isThere = true;
  await queue.changes.until(() => queue.acks.length === 4);
  await queue.changes.until(() => queue.pulls.at(-1)?.batchSize === 2);
});

describe("a job that fails for ever", () => {
  const job = createJob({ sizeBytes: 7 });
  const failed = {
    ...{ kind: "failed-job", tenantId: job.tenantId, fileId: job.fileId, version: 1, etag: job.etag },
    ...{ sizeBytes: 7, code: "TOOL_BROKEN_OFF", attempts: 30 },
    detail: "A program that reads files was ended early, or took too long.",
  };

  async function always(error: unknown): Promise<never> {
    throw error;
  }

  test("waits at the worker after thirty times, and its message ends", async () => {
    queue.push(JSON.stringify(job));
    consume(() => always(new ProcessorFailure("TOOL_BROKEN_OFF")));
    await queue.changes.until(() => queue.acks.length === 1);
    expect(queue.retries).toHaveLength(29);
    expect(reports).toEqual([failed]);
    expect(await countJobs("failed")).toBe(1);
  });

  test("has as many attempts again when somebody has it tried again", async () => {
    queue.push(JSON.stringify(job));
    consume(() => always(new ProcessorFailure("TOOL_BROKEN_OFF")));
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
    consume(() => always(new ProcessorFailure("TOOL_BROKEN_OFF")), { send });
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

  test.each(["STORE_UNAVAILABLE", "WORKER_UNAVAILABLE"] as const)(
    "isn't blamed for %s either, however often",
    async (code) => {
      queue.push(JSON.stringify(job));
      consume(() => always(new ProcessorFailure(code)));
      await queue.changes.until(() => queue.acks.length === 1);
      expect(reports).toMatchObject([{ kind: "failed-job", code, attempts: 95 }]);
    },
  );

  test("at a scanner that is there for others is given up like any other", async () => {
    queue.push(JSON.stringify(job));
    consume(() => always(new ProcessorFailure("SCANNER_UNAVAILABLE")));
    await queue.changes.until(() => queue.acks.length === 1);
    expect(reports).toMatchObject([{ kind: "failed-job", code: "SCANNER_UNAVAILABLE", attempts: 30 }]);
  });

  test("is given up at once where only people can help", async () => {
    queue.push(JSON.stringify(job));
    consume(() => always(new ProcessorFailure("SCANNER_NOT_CONFIGURED")));
    await queue.changes.until(() => queue.acks.length === 1);
    const detail = "The virus scanner that the tenant has chosen is not set up here.";
    expect(reports).toMatchObject([
      { kind: "failed-job", code: "SCANNER_NOT_CONFIGURED", detail, attempts: 1 },
    ]);
  });

  test("isn't to be done before the queue drops it: it is given up, and people see it", async () => {
    queue.push(JSON.stringify(job), "json", 93);
    consume(() => always(new ProcessorFailure("LANE_FULL")));
    await queue.changes.until(() => queue.acks.length === 1);
    expect(queue.retries).toHaveLength(1);
    expect(reports).toMatchObject([{ kind: "failed-job", code: "LANE_FULL", attempts: 95 }]);
  });

  test("because it ends the processor each time is not begun once more", async () => {
    queue.push(JSON.stringify(job), "json", 95);
    consume(async () => expect.unreachable("it was begun"));
    await queue.changes.until(() => queue.acks.length === 1);
    expect(reports).toMatchObject([{ kind: "failed-job", code: "UNFINISHED", attempts: 96 }]);
    expect(reports[0]).not.toHaveProperty("rescan");
  });

  test("tells that it was a rescan's", async () => {
    queue.push(JSON.stringify({ ...job, rescan: true }), "json", 95);
    consume(async () => expect.unreachable("it was begun"));
    await queue.changes.until(() => queue.acks.length === 1);
    expect(reports).toMatchObject([{ kind: "failed-job", rescan: true }]);
  });
});
