import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HeartbeatReport } from "#contract/reports.ts";
import { Reporter } from "../../processor/report.ts";
import { problem, REPORT_SECRET, startWorkerDouble, type WorkerDouble } from "./support/worker-double.ts";

const HEARTBEAT: HeartbeatReport = {
  kind: "heartbeat",
  processorId: "p-1",
  scanner: "ok",
  scannerDetail: "ClamAV",
  signatureVersion: "1",
  queue: "ok",
  backlog: null,
  tools: [],
  targets: [],
  atMs: 1,
};
const never = new AbortController().signal;

let worker: WorkerDouble;
let reporter: Reporter;

beforeEach(async () => {
  worker = await startWorkerDouble();
  reporter = new Reporter({ workerUrl: worker.url, secret: REPORT_SECRET });
});

afterEach(() => worker.stop());

test("a report arrives signed", async () => {
  expect(await reporter.send(HEARTBEAT, never)).toBe("accepted");
  expect(worker.reports).toEqual([HEARTBEAT]);
});

test.each([
  { what: "an error of the worker", answer: { status: 503 } },
  { what: "too many requests", answer: { status: 429 } },
  { what: "a cut connection", answer: "cut" as const },
])("is sent again after $what", async ({ answer }) => {
  worker.answers.push(answer);
  expect(await reporter.send(HEARTBEAT, never)).toBe("accepted");
  expect(worker.reports).toHaveLength(2);
});

test.each([
  { status: 409, code: "REPORT_REFUSED" },
  { status: 404, code: "FILE_NOT_FOUND" },
])("$status $code means that nobody wants it", async ({ status, code }) => {
  worker.answers.push({ status, body: problem(status, code) });
  expect(await reporter.send(HEARTBEAT, never)).toBe("obsolete");
  expect(worker.reports).toHaveLength(1);
});

describe("is a failure, not an obsolete job:", () => {
  test.each([
    { what: "a 404 of something else at that address", answer: { status: 404, body: "Not found" } },
    { what: "a 404 without the route", answer: { status: 404, body: problem(404, "ROUTE_NOT_FOUND") } },
    { what: "another conflict", answer: { status: 409, body: problem(409, "FILE_NOT_READY") } },
    {
      what: "a report that isn't understood",
      answer: { status: 400, body: problem(400, "REQUEST_INVALID") },
    },
  ])("$what", async ({ answer }) => {
    worker.answers.push(answer);
    await expect(reporter.send(HEARTBEAT, never)).rejects.toMatchObject({ code: "WORKER_UNAVAILABLE" });
  });

  test("a wrong secret", async () => {
    const stranger = new Reporter({ workerUrl: worker.url, secret: "another-secret-0123456789-012345" });
    await expect(stranger.send(HEARTBEAT, never)).rejects.toMatchObject({ code: "WORKER_UNAVAILABLE" });
    expect(worker.reports).toEqual([]);
  });
});

test("a heartbeat is tried once", async () => {
  worker.answers.push({ status: 503 });
  await expect(reporter.beat(HEARTBEAT, never)).rejects.toMatchObject({ code: "WORKER_UNAVAILABLE" });
  expect(worker.reports).toHaveLength(1);
});

test("gives up when its job does", async () => {
  worker.answers.push({ status: 503 });
  const stop = new AbortController();
  const sending = reporter.send(HEARTBEAT, stop.signal);
  await worker.changes.until(() => worker.reports.length === 1);
  stop.abort();
  await expect(sending).rejects.toThrow(/abort/i);
});
