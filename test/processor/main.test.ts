import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { BegunWork } from "../../processor/begun-work.ts";
import { nameBytes } from "../../processor/queue.ts";
import { type RunningClamd, startClamd } from "../support/clamd.ts";
import { eicar } from "../support/eicar.ts";
import { picture } from "../support/images.ts";
import { startBucket, type TestBucket } from "./support/bucket.ts";
import { startCrashingClamd, versionReply } from "./support/crashing-clamd.ts";
import { startEvilClamd } from "./support/evil-clamd.ts";
import { createJob, storeUpload } from "./support/jobs.ts";
import { withoutIsolation } from "./support/no-isolation.ts";
import { MAIN, startProcessor as start, untilEvent } from "./support/processor-process.ts";
import { QUEUE_NAMES, type QueueDouble, startQueueDouble } from "./support/queue-double.ts";
import { createScratch } from "./support/sandboxes.ts";
import { REPORT_SECRET, startWorkerDouble, type WorkerDouble } from "./support/worker-double.ts";

let bucket: TestBucket;
let clamd: RunningClamd;
let worker: WorkerDouble;
let queue: QueueDouble;

beforeAll(async () => {
  bucket = await startBucket();
});

afterAll(() => bucket.stop());

beforeEach(async () => {
  [clamd, worker, queue] = await Promise.all([startClamd(), startWorkerDouble(), startQueueDouble()]);
});

afterEach(() => Promise.all([clamd.stop(), worker.stop(), queue.stop()]));

function environment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    CAUSEWAY_WORKER_URL: worker.url,
    CAUSEWAY_REPORT_SECRET: REPORT_SECRET,
    S3_ENDPOINT: bucket.options.endpoint,
    S3_BUCKET: bucket.options.bucket,
    S3_ACCESS_KEY_ID: bucket.options.accessKeyId,
    S3_SECRET_ACCESS_KEY: bucket.options.secretAccessKey,
    QUEUES_BASE_URL: queue.baseUrl,
    QUEUES_ACCOUNT_ID: QUEUE_NAMES.accountId,
    QUEUES_QUEUE_ID: QUEUE_NAMES.queueId,
    QUEUES_TOKEN: QUEUE_NAMES.token,
    CLAMAV_HOST: clamd.host,
    CLAMAV_PORT: String(clamd.port),
    ALLOW_UNDATED_SIGNATURES: "true",
    POLL_MAX_SECONDS: "0.1",
  };
}

test("a wrong environment is told in full, with exit code 2", async () => {
  const { S3_BUCKET: _bucket, QUEUES_TOKEN: _token, ...env } = environment();
  const child = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "ignore", "pipe"] });
  const [message, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect(code).toBe(2);
  expect(message).toContain("S3_BUCKET: is missing");
  expect(message).toContain("QUEUES_TOKEN: is missing");
});

test("jobs go from the queue to reports, and SIGTERM ends it with 0", async () => {
  const child = start(environment());
  const { metricsPort, tools } = await untilEvent(child, "started");
  const metricsUrl = `http://127.0.0.1:${String(metricsPort)}`;
  const picked = await storeUpload(bucket, await picture("png", 50, 50));
  queue.push(JSON.stringify(picked));
  queue.push(JSON.stringify(await storeUpload(bucket, eicar())));
  queue.push(JSON.stringify(createJob()));
  await queue.changes.until(() => queue.acks.length === 3);
  expect(
    worker
      .verdicts()
      .map(({ verdict }) => verdict)
      .sort(),
  ).toEqual(["clean", "infected"]);
  expect(worker.reports.filter(({ kind }) => kind === "derivative")).toHaveLength(2);

  const metrics = await (await fetch(`${metricsUrl}/metrics`)).text();
  expect(metrics).toContain('causeway_processor_jobs_total{outcome="infected"} 1');
  expect(metrics).toContain("causeway_processor_scanner_up 1");
  const health = await fetch(`${metricsUrl}/healthz`);
  expect(await health.json()).toMatchObject({ status: "ok", scanner: { up: true }, tools });
  expect(tools).toMatchObject({ mayRun: true });

  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test.each([
  { word: undefined, derivatives: 0 },
  { word: "true", derivatives: 2 },
])(
  "where tools can't be isolated, TOOLS_WITHOUT_ISOLATION=$word makes $derivatives derivatives",
  async (each) => {
    await using directory = await createScratch();
    const word = each.word === undefined ? {} : { TOOLS_WITHOUT_ISOLATION: each.word };
    const child = start({ ...environment(), ...word }, await withoutIsolation(directory.path));
    const { tools } = await untilEvent(child, "started");
    expect(tools).toMatchObject({ mayRun: each.word === "true" });
    queue.push(JSON.stringify(await storeUpload(bucket, await picture("png", 50, 50))));
    await queue.changes.until(() => queue.acks.length === 1);
    expect(worker.verdicts()).toMatchObject([{ verdict: "clean" }]);
    expect(worker.reports.filter(({ kind }) => kind === "derivative")).toHaveLength(each.derivatives);
  },
);

test("a scanner that dies is told at once, files wait, and go on when it is back", async () => {
  const child = start(environment());
  await untilEvent(child, "started");
  const scannerStates = () =>
    worker.reports.filter((report) => report.kind === "heartbeat").map(({ scanner }) => scanner);
  await worker.changes.until(() => scannerStates().at(-1) === "ok");

  await clamd.kill();
  await worker.changes.until(() => scannerStates().at(-1) === "down");
  queue.push(JSON.stringify(await storeUpload(bucket, Buffer.from("waits"))));
  const { pulls } = queue;
  const pullsWhileDown = pulls.length;

  const again = await startClamd({ port: clamd.port });
  onTestFinished(() => again.stop());
  await queue.changes.until(() => queue.acks.length === 1);
  expect(pulls.length).toBeGreaterThan(pullsWhileDown);
  expect(queue.acks[0]).toMatch(/#1$/);
  expect(worker.verdicts()).toMatchObject([{ verdict: "clean" }]);
});

test("a file that the scanner dies of ends unscannable, and the others are checked", async () => {
  const crashing = await startCrashingClamd("poison", 10);
  onTestFinished(() => crashing.stop());
  start({ ...environment(), CLAMAV_PORT: String(crashing.port) });
  const poison = await storeUpload(bucket, Buffer.from("poison"));
  const others = await Promise.all(["a", "b", "c"].map((text) => storeUpload(bucket, Buffer.from(text))));
  for (const job of [poison, ...others]) queue.push(JSON.stringify(job));
  await queue.changes.until(() => queue.acks.length === 4);
  expect(crashing.crashes()).toBe(3);
  const verdictOf = ({ fileId }: { fileId: string }) =>
    worker.verdicts().find((report) => report.fileId === fileId);
  expect(verdictOf(poison)).toMatchObject({ verdict: "unscannable", signatureName: "Scanner.Crashed" });
  expect(others.map((job) => verdictOf(job)?.verdict)).toEqual(["clean", "clean", "clean"]);
});

test("a file that the processor itself dies of ends unscannable, and nothing stays noted", async () => {
  await using state = await createScratch();
  const [poison, other] = await Promise.all(
    ["poison", "a"].map((content) => storeUpload(bucket, Buffer.from(content))),
  );
  if (poison === undefined || other === undefined) throw new Error("nothing was stored");
  // Of two processors that had died of it before.
  for (const pid of [2 ** 30, 2 ** 30 + 1]) {
    new BegunWork(state.path, { host: hostname(), pid }).begin(nameBytes(poison));
  }
  let child: ReturnType<typeof start> | undefined;
  const deadly = await startCrashingClamd("poison", 0, () => child?.kill("SIGKILL"));
  onTestFinished(() => deadly.stop());
  const run = (...jobs: object[]) => {
    for (const job of jobs) queue.push(JSON.stringify(job));
    child = start({ ...environment(), CLAMAV_PORT: String(deadly.port), STATE_DIRECTORY: state.path });
    child.stdout.resume();
    return child;
  };
  expect(await once(run(poison), "exit")).toEqual([null, "SIGKILL"]);
  const last = run(poison, other);
  await queue.changes.until(() => queue.acks.length === 2);
  expect(worker.verdicts().toSorted(({ verdict: a }, { verdict: b }) => a.localeCompare(b))).toMatchObject([
    { fileId: other.fileId, verdict: "clean" },
    { fileId: poison.fileId, verdict: "unscannable", signatureName: "Processor.Crashed" },
  ]);
  expect(deadly.crashes()).toBe(1);
  last.kill("SIGTERM");
  expect(await once(last, "exit")).toEqual([0, null]);
  expect(await readdir(state.path)).toEqual([]);
});

test("by signatures that are too old nothing is called clean, and health says why", async () => {
  const { ALLOW_UNDATED_SIGNATURES: _allowed, ...env } = environment();
  queue.push(JSON.stringify(await storeUpload(bucket, Buffer.from("waits"))));
  start(env);
  const beats = () => worker.reports.filter((report) => report.kind === "heartbeat");
  await worker.changes.until(() => beats().length > 0);
  expect(beats()[0]).toMatchObject({ scanner: "down", scannerDetail: expect.stringContaining("signatures") });
  expect(queue.pulls).toEqual([]);
});

describe("SIGTERM", () => {
  test("during a pull: what it brings goes back at once, and isn't begun", async () => {
    const pulled = queue.holdPulls();
    const child = start(environment());
    await pulled.asked;
    queue.push(JSON.stringify(await storeUpload(bucket, Buffer.from("late"))));
    const draining = untilEvent(child, "draining");
    child.kill("SIGTERM");
    await draining;
    const ended = once(child, "exit");
    pulled.release();
    expect(await ended).toEqual([0, null]);
    expect(queue.retries).toEqual([{ leaseId: expect.stringMatching(/#1$/), delaySeconds: 0 }]);
    expect(queue.acks).toEqual([]);
    expect(worker.verdicts()).toEqual([]);
  });

  test("during a scan that doesn't end: it goes back within ten seconds", async () => {
    const scanning = Promise.withResolvers<void>();
    const silent = await startEvilClamd((socket) => {
      let text = "";
      socket.on("data", (bytes) => {
        text += bytes.toString("latin1");
        if (text.startsWith("zVERSION")) socket.end(versionReply(1));
        if (text.includes("EICAR")) socket.end("stream: Eicar FOUND\0");
        if (text.includes("for ever")) scanning.resolve();
      });
    });
    onTestFinished(() => silent.stop());
    queue.push(JSON.stringify(await storeUpload(bucket, Buffer.from("for ever"))));
    const child = start({ ...environment(), CLAMAV_PORT: String(silent.port) });
    child.stdout.resume();
    await scanning.promise;
    const ended = once(child, "exit");
    const stoppedAtMs = Date.now();
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect(Date.now() - stoppedAtMs).toBeLessThan(10_000);
    expect(queue.retries).toEqual([{ leaseId: expect.stringMatching(/#1$/), delaySeconds: 0 }]);
    expect(queue.acks).toEqual([]);
  });
});

test("it ends with its parent", async () => {
  const parent = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  const child = start({ ...environment(), CAUSEWAY_PARENT_PID: String(parent.pid) });
  await untilEvent(child, "started");
  const ended = once(child, "exit");
  parent.kill("SIGKILL");
  expect(await ended).toEqual([1, null]);
});
