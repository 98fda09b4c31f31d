import { once } from "node:events";
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CopyJob } from "#contract/jobs.ts";
import { versionPrefix } from "#contract/keys.ts";
import type { CopyTask, RemovalTask } from "#contract/replicas.ts";
import { createLanes, LANE_LIMITS } from "../../../processor/lanes.ts";
import { createLog } from "../../../processor/log.ts";
import { createMetrics } from "../../../processor/metrics.ts";
import { ObjectStore } from "../../../processor/object-store.ts";
import { Replicator } from "../../../processor/replicate/copy-jobs.ts";
import type { ReplicaTarget } from "../../../processor/replicate/target.ts";
import { DirectoryTarget } from "../../../processor/replicate/targets/directory/directory-target.ts";
import { Reporter } from "../../../processor/report.ts";
import { sha256Of } from "../../support/sha256.ts";
import { useStarted } from "../../support/started.ts";
import { startBucket } from "../support/bucket.ts";
import { createJob, storeUpload } from "../support/jobs.ts";
import { REPORT_SECRET, startWorkerDouble, type WorkerDouble } from "../support/worker-double.ts";
import { PART_BYTES } from "./support/copies.ts";

/** Jobs of copies and removals, with two directories as targets. */
const bucket = useStarted(startBucket);
const never = new AbortController().signal;
const BYTES = Buffer.from("what is copied");
const NOTHING: CopyTask = { targets: [], part: "original", objects: [], asOfMs: 5 };
const DEADLINE_MS = 20_000;
const NO_ANSWER = { status: 204 };

let root: string;
let worker: WorkerDouble;
let reads: string[];
let store: ObjectStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "causeway-copy-jobs-"));
  await mkdir(join(root, "near"));
  await mkdir(join(root, "far"));
  worker = await startWorkerDouble();
  store = new ObjectStore(bucket.options);
  reads = [];
});

afterEach(async () => {
  vi.restoreAllMocks();
  store.close();
  await worker.stop();
  await rm(root, { recursive: true });
});

function createTargets(): readonly DirectoryTarget[] {
  return ["near", "far"].map((name) => new DirectoryTarget({ name, path: join(root, name) }));
}

function createReplicator(
  from: Pick<ObjectStore, "findObject"> = store,
  targets: readonly ReplicaTarget[] = createTargets(),
): Replicator {
  return new Replicator({
    targets,
    store: {
      findObject: (key, etag, signal) => {
        reads.push(key);
        return from.findObject(key, etag, signal);
      },
    },
    reporter: new Reporter({ workerUrl: worker.url, secret: REPORT_SECRET }),
    lane: createLanes(LANE_LIMITS).replica,
    metrics: createMetrics(),
    log: createLog("silent"),
    deadlineMs: DEADLINE_MS,
  });
}

async function storeJob(): Promise<CopyJob> {
  const { tenantId, fileId, version, objectKey, etag, sizeBytes } = await storeUpload(bucket, BYTES);
  return { kind: "copy", tenantId, fileId, version, objectKey, etag, sizeBytes };
}

function taskOf({ objectKey, etag }: CopyJob): CopyTask {
  const facts = { contentType: "text/plain", disposition: "attachment", sha256: sha256Of(BYTES) };
  return { ...NOTHING, targets: ["near", "far"], objects: [{ objectKey, etag, ...facts }] };
}

/** What the worker answers: a turn's task, then its outcomes, then the next turn's. */
function answerTasks(...tasks: readonly CopyTask[]): void {
  for (const task of [...tasks, NOTHING]) {
    worker.answers.push({ status: 200, body: task }, ...task.targets.map(() => NO_ANSWER));
  }
}

function outcomes(): readonly object[] {
  return worker.reports.flatMap((report) =>
    report.kind === "copy" ? [{ target: report.target, ...report.outcome }] : [],
  );
}

async function filesIn(name: string): Promise<readonly string[]> {
  const found = await readdir(join(root, name), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

test("a version is copied to all targets with one read, and then what was made of it", async () => {
  const job = await storeJob();
  const preview = `${versionPrefix(job)}preview.html`;
  await bucket.put(preview, Buffer.from("made"));
  const made = { objectKey: preview, etag: null, sha256: null, contentType: "text/html", disposition: null };
  answerTasks(taskOf(job), { ...taskOf(job), part: "derivatives", objects: [made] });
  expect(await createReplicator().copy(job, never)).toBe("copied");
  expect(reads.filter((key) => key === job.objectKey)).toHaveLength(1);
  const stored = { state: "stored", asOfMs: 5 };
  const both = [
    { target: "near", ...stored },
    { target: "far", ...stored },
  ];
  expect(outcomes()).toEqual([...both, ...both]);
  for (const name of ["near", "far"]) {
    expect(await readFile(join(root, name, "objects", job.objectKey))).toEqual(BYTES);
    expect(await readFile(join(root, name, "objects", preview), "utf8")).toBe("made");
  }
});

test("one that has nothing to do ends at once", async () => {
  const job = await storeJob();
  answerTasks();
  expect(await createReplicator().copy(job, never)).toBe("obsolete");
  worker.answers.push({
    status: 409,
    body: { type: "about:blank", title: "", status: 409, code: "REPORT_REFUSED" },
  });
  expect(await createReplicator().copy(job, never)).toBe("obsolete");
  expect(reads).toEqual([]);
});

test("a target's fault is told, and keeps no other from its copy", async () => {
  const job = await storeJob();
  await rm(join(root, "far"), { recursive: true });
  answerTasks(taskOf(job));
  expect(await createReplicator().copy(job, never)).toBe("copied");
  expect(outcomes()).toMatchObject([
    { target: "near", state: "stored" },
    { target: "far", state: "failed", code: "missing-bucket", isPermanent: true },
  ]);
});

test("what the primary has lost, or has other bytes of, is copied nowhere and told", async () => {
  const job = await storeJob();
  answerTasks(taskOf({ ...job, objectKey: createJob().objectKey }));
  await createReplicator().copy(job, never);
  const [object] = taskOf(job).objects;
  answerTasks({
    ...taskOf(job),
    objects: [{ ...taskOf(job).objects[0], sha256: "0".repeat(64) } as typeof object & {}],
  });
  await createReplicator().copy(job, never);
  const lost = { state: "failed", code: "primary-missing" };
  const other = { state: "failed", code: "primary-mismatch" };
  expect(outcomes()).toMatchObject([lost, lost, other, other]);
  expect([...(await filesIn("near")), ...(await filesIn("far"))]).toEqual([]);
});

test("a store that is away gives the turn back, and the job is tried again", async () => {
  const job = await storeJob();
  const away = new ObjectStore({ ...bucket.options, endpoint: "http://127.0.0.1:9" });
  answerTasks(taskOf(job));
  await expect(createReplicator(away).copy(job, never)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(outcomes()).toEqual([
    { target: "near", state: "released" },
    { target: "far", state: "released" },
  ]);
  away.close();
});

/** A store whose object has `sizeBytes`, and gives `bytes` of them, and nothing more until the copy is broken off. */
function slowStore(sizeBytes: number, bytes: number, onRead: () => void): Pick<ObjectStore, "findObject"> {
  return {
    findObject: async (_key, _etag, signal) => {
      async function* body(): AsyncGenerator<Uint8Array> {
        yield Buffer.alloc(bytes);
        const aborted = once(signal, "abort");
        onRead();
        await aborted;
        throw signal.reason;
      }
      return { sizeBytes, body: body() };
    },
  };
}

/** The job's deadline is over when the controller says so. */
function holdDeadline(): AbortController {
  const deadline = new AbortController();
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) =>
    ms === DEADLINE_MS ? deadline.signal : timeout(ms),
  );
  return deadline;
}

test("what a whole job can't read as far as its copy has come is a failure, and doesn't wait for ever", async () => {
  const job = await storeJob();
  const deadline = holdDeadline();
  const slow = slowStore(3 * PART_BYTES, PART_BYTES - 1, () => deadline.abort());
  answerTasks(taskOf(job));
  await expect(createReplicator(slow).copy(job, never)).rejects.toMatchObject({ code: "COPY_UNFINISHED" });
  const failed = { state: "failed", code: "too-slow", isPermanent: true };
  expect(outcomes()).toMatchObject([
    { target: "near", ...failed },
    { target: "far", ...failed },
  ]);
});

test("what has come further by a job is gone on with by the next", async () => {
  const job = await storeJob();
  const deadline = holdDeadline();
  const slow = slowStore(3 * PART_BYTES, PART_BYTES + 1, () => {});
  const [near] = createTargets();
  if (near === undefined) throw new Error("There is no target.");
  const begin = near.begin.bind(near);
  near.begin = async (...args) => {
    const writer = await begin(...args);
    const write = writer.write.bind(writer);
    writer.write = async (...part) => {
      await write(...part);
      deadline.abort();
    };
    return writer;
  };
  answerTasks({ ...taskOf(job), targets: ["near"] });
  await expect(createReplicator(slow, [near]).copy(job, never)).rejects.toMatchObject({
    code: "COPY_UNFINISHED",
  });
  expect(outcomes()).toEqual([{ target: "near", state: "released" }]);
});

test("what is dead is removed by what there is, and what can't be is told", async () => {
  const job = await storeJob();
  answerTasks(taskOf(job));
  await createReplicator().copy(job, never);
  const { tenantId, fileId, version, objectKey } = job;
  const ref = { tenantId, fileId, version };
  await rm(join(root, "far"), { recursive: true });
  await writeFile(join(root, "far"), "no directory");
  const removals: RemovalTask["removals"] = ["near", "far"].map((target) => ({ ...ref, target, objectKey }));
  worker.answers.length = 0;
  worker.answers.push({ status: 200, body: { removals } }, NO_ANSWER, {
    status: 200,
    body: { removals: [] },
  });
  expect(await createReplicator().remove(never)).toBe("removed");
  expect(worker.reports.find(({ kind }) => kind === "removals")).toMatchObject({
    removed: [{ ...ref, target: "near" }],
    failed: [{ ...ref, target: "far", detail: expect.any(String) }],
  });
  expect(await filesIn("near")).toEqual([]);
});
