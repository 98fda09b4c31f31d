import { beforeEach, expect, test } from "vitest";
import { derivativeKey } from "#contract/keys.ts";
import { getRecord } from "../support/api.ts";
import { takeJobs } from "../support/queued-jobs.ts";
import type { Copied } from "../support/replicas.ts";
import {
  copyTo,
  newCopied,
  replicasOf,
  startCopies,
  startRemovals,
  takeJobKinds,
  tellCopy,
  tellRemovals,
} from "../support/replicas.ts";
import { boundTo, sendReport } from "../support/reports.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

/** Copies in the records, as a processor and its tenants see them. The processor is the test. */
const worker = useWorkerAlone();

const BOTH = ["near", "far"];
const UNAVAILABLE = {
  state: "failed",
  code: "unavailable",
  detail: "It does not answer.",
  isPermanent: false,
};

beforeEach(async () => {
  while ((await takeJobs(worker.queues)).length > 0);
});

/** Of the file alone: those of other tests become due while this one runs. */
async function countCopyJobs({ ref }: Copied): Promise<number> {
  const jobs = (await takeJobs(worker.queues)) as { kind: string; fileId?: string }[];
  return jobs.filter(({ kind, fileId }) => kind === "copy" && fileId === ref.fileId).length;
}

test("what is clean is wanted at every target, and is stored where a processor says so", async () => {
  const copied = await newCopied(worker, BOTH);
  expect(await takeJobKinds(worker)).toEqual(["process", "copy"]);
  const pending = { state: "pending", tries: 0, error: null };
  expect(await replicasOf(copied)).toEqual([
    { target: "far", ...pending },
    { target: "near", ...pending },
  ]);
  const { leaseId, task } = await startCopies(worker, copied.ref, [...BOTH, "unknown"]);
  expect(task).toMatchObject({
    targets: BOTH.toSorted(),
    part: "original",
    objects: [{ objectKey: copied.objectKey, sha256: "0".repeat(64), disposition: "attachment" }],
  });
  // A second job finds that somebody is at it.
  expect((await startCopies(worker, copied.ref, BOTH)).task).toMatchObject({ targets: [] });
  expect((await tellCopy(worker, copied, leaseId, "near")).status).toBe(204);
  expect((await tellCopy(worker, copied, leaseId, "near")).status).toBe(204);
  expect((await tellCopy(worker, copied, leaseId, "far", UNAVAILABLE)).status).toBe(204);
  const { replicas } = await getRecord(copied.ann, copied.ref.fileId);
  expect(replicas).toEqual([
    {
      ...{ target: "far", state: "pending", tries: 1, error: "It does not answer." },
      ...{ since: expect.any(String), storedAt: null, nextTryAt: expect.any(String) },
    },
    {
      ...{ target: "near", state: "stored", tries: 0, error: null },
      ...{ since: expect.any(String), storedAt: expect.any(String), nextTryAt: null },
    },
  ]);
});

test("a tenant's files go where its settings say", async () => {
  const copied = await newCopied(worker, BOTH, { replicaTargets: ["near", "elsewhere"] });
  expect(await replicasOf(copied)).toMatchObject([{ target: "near" }]);
  expect(await replicasOf(await newCopied(worker, BOTH, { replicaTargets: [] }))).toEqual([]);
});

test("a fault that lasts is a failure at once, and one that may pass after an hour; both are tried on", async () => {
  const copied = await newCopied(worker, BOTH);
  const first = await startCopies(worker, copied.ref, BOTH);
  const refused = { ...UNAVAILABLE, code: "credentials", isPermanent: true };
  await tellCopy(worker, copied, first.leaseId, "near", refused);
  await tellCopy(worker, copied, first.leaseId, "far", UNAVAILABLE);
  expect(await replicasOf(copied)).toMatchObject([{ state: "pending" }, { state: "failed" }]);
  // It isn't due yet: neither is it given out nor is its job sent.
  expect((await startCopies(worker, copied.ref, BOTH)).task).toMatchObject({ targets: [] });
  await countCopyJobs(copied);
  await worker.runScheduled();
  expect(await countCopyJobs(copied)).toBe(0);
  await worker.query("UPDATE replicas SET retry_at_ms = 1, tries = 19 WHERE file_id = ?", copied.ref.fileId);
  const again = await startCopies(worker, copied.ref, ["far"]);
  await tellCopy(worker, copied, again.leaseId, "far", UNAVAILABLE);
  expect(await replicasOf(copied)).toMatchObject([{ state: "failed", tries: 20 }, { state: "failed" }]);
  const [row] = await worker.query(
    "SELECT retry_at_ms FROM replicas WHERE target = 'far' AND file_id = ?",
    copied.ref.fileId,
  );
  const waitsHours = (Number(row?.["retry_at_ms"]) - Date.now()) / 3_600_000;
  expect(waitsHours).toBeGreaterThan(5.9);
  expect(waitsHours).toBeLessThan(6.1);
  await worker.query("UPDATE replicas SET announce_at_ms = 1 WHERE file_id = ?", copied.ref.fileId);
  await worker.runScheduled();
  expect(await countCopyJobs(copied)).toBe(1);
});

test("a target that couldn't keep up is copied to alone, and a broken job's turn is given back", async () => {
  const copied = await newCopied(worker, BOTH);
  const behind = { ...UNAVAILABLE, code: "behind" };
  const first = await startCopies(worker, copied.ref, BOTH);
  await tellCopy(worker, copied, first.leaseId, "near", behind);
  await tellCopy(worker, copied, first.leaseId, "far", behind);
  const alone = await startCopies(worker, copied.ref, BOTH);
  expect(alone.task?.targets).toHaveLength(1);
  const [target = ""] = alone.task?.targets ?? [];
  await tellCopy(worker, copied, alone.leaseId, target, { state: "released" });
  const again = await startCopies(worker, copied.ref, [target]);
  expect(again.task?.targets).toEqual([target]);
  // What the lease of before says doesn't count.
  expect((await tellCopy(worker, copied, alone.leaseId, target)).status).toBe(409);
});

test("what is found infected later is gone from its targets when they say so", async () => {
  const copied = await newCopied(worker, BOTH);
  await copyTo(worker, copied, BOTH);
  await worker.query("UPDATE file_versions SET state = 'infected' WHERE file_id = ?", copied.ref.fileId);
  expect(await replicasOf(copied)).toEqual([]);
  await takeJobKinds(worker);
  await worker.runScheduled();
  expect(await takeJobKinds(worker)).toContain("remove-copies");
  const { leaseId, removals } = await startRemovals(worker, BOTH);
  const { objectKey, ref } = copied;
  expect(removals.toSorted((a, b) => a.target.localeCompare(b.target))).toEqual([
    { ...ref, target: "far", objectKey },
    { ...ref, target: "near", objectKey },
  ]);
  expect((await startRemovals(worker, BOTH)).removals).toEqual([]);
  const failed = { ...ref, target: "far", code: "unavailable", detail: "It does not answer." };
  await tellRemovals(worker, leaseId, [{ ...ref, target: "near" }], [failed]);
  const owed = await worker.query(
    "SELECT target, tries, detail FROM replica_removals WHERE file_id = ?",
    ref.fileId,
  );
  expect(owed).toEqual([{ target: "far", tries: 1, detail: "It does not answer." }]);
  // Released, it is wanted again, and is copied when what was there before is gone.
  await worker.query(
    "UPDATE file_versions SET state = 'infected', blocked_at_ms = 1 WHERE file_id = ?",
    ref.fileId,
  );
  const release = await copied.admin.fetch(`/v1/admin/quarantine/${ref.fileId}/1/release`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ reason: "A false alarm." }),
  });
  expect(release.status).toBe(204);
  expect(await replicasOf(copied)).toMatchObject([{ state: "pending" }, { state: "pending" }]);
  expect((await startCopies(worker, ref, BOTH)).task?.targets).toEqual(["near"]);
});

test("a copy that was under way when its file was purged is looked for once more, and one that lands later is removed", async () => {
  const copied = await newCopied(worker, ["near"]);
  const { leaseId } = await startCopies(worker, copied.ref, ["near"]);
  const purge = await copied.ann.fetch(`/v1/files/${copied.ref.fileId}?permanent=true`, { method: "DELETE" });
  expect(purge.status).toBe(204);
  const first = await startRemovals(worker, ["near"]);
  expect(first.removals).toHaveLength(1);
  const gone = { ...copied.ref, target: "near" };
  await tellRemovals(worker, first.leaseId, [gone]);
  const owed = () =>
    worker.query("SELECT code, next_at_ms FROM replica_removals WHERE file_id = ?", copied.ref.fileId);
  expect(await owed()).toMatchObject([{ code: "settling" }]);
  // It is told at last, and the file isn't there any more.
  expect((await tellCopy(worker, copied, leaseId, "near")).status).toBe(409);
  await worker.query(
    "UPDATE replica_removals SET next_at_ms = 1, settle_at_ms = 1 WHERE file_id = ?",
    copied.ref.fileId,
  );
  const second = await startRemovals(worker, ["near"]);
  await tellRemovals(worker, second.leaseId, [gone]);
  expect(await owed()).toEqual([]);
});

test("what was never begun leaves nothing to remove", async () => {
  const copied = await newCopied(worker, BOTH);
  await worker.query("DELETE FROM files WHERE id = ?", copied.ref.fileId);
  expect(await worker.query("SELECT * FROM replica_removals WHERE file_id = ?", copied.ref.fileId)).toEqual(
    [],
  );
  expect((await startCopies(worker, copied.ref, BOTH)).task).toBeUndefined();
});

test("what is made of a file is copied too where its tenant wants that", async () => {
  const copied = await newCopied(worker, ["near"], { replicaDerivatives: true });
  const { ref } = copied;
  await copyTo(worker, copied, ["near"]);
  expect((await startCopies(worker, ref, ["near"])).task?.targets).toEqual([]);
  const objectKey = derivativeKey(ref, "preview", "html");
  const preview = { ...ref, kind: "derivative", name: "preview", objectKey, mimeType: "text/html" };
  await sendReport(worker, { ...preview, sizeBytes: 5, width: null, height: null });
  await worker.query("UPDATE replicas SET retry_at_ms = 1 WHERE file_id = ?", ref.fileId);
  const { leaseId, task } = await startCopies(worker, ref, ["near"]);
  expect(task).toMatchObject({
    targets: ["near"],
    part: "derivatives",
    objects: [{ objectKey, sha256: null }],
  });
  expect(await replicasOf(copied)).toMatchObject([{ state: "stored" }]);
  await tellCopy(worker, copied, leaseId, "near", { state: "stored", asOfMs: task?.asOfMs }, "derivatives");
  expect((await startCopies(worker, ref, ["near"])).task?.targets).toEqual([]);
});

test("what is made while others of its file are copied is copied too", async () => {
  const copied = await newCopied(worker, ["near"], { replicaDerivatives: true });
  const { ref } = copied;
  const make = async (name: "preview" | "thumbnail", ending: string, mimeType: string) => {
    const objectKey = derivativeKey(ref, name, ending);
    const made = { ...ref, kind: "derivative", name, objectKey, mimeType, sizeBytes: 5 };
    expect((await sendReport(worker, { ...made, width: null, height: null })).status).toBe(204);
    return objectKey;
  };
  const first = await make("preview", "html", "text/html");
  await copyTo(worker, copied, ["near"]);
  const { leaseId, task } = await startCopies(worker, ref, ["near"]);
  expect(task).toMatchObject({ part: "derivatives", objects: [{ objectKey: first }] });
  const second = await make("thumbnail", "webp", "image/webp");
  await tellCopy(worker, copied, leaseId, "near", { state: "stored", asOfMs: task?.asOfMs }, "derivatives");
  const next = await startCopies(worker, ref, ["near"]);
  expect(next.task?.objects.map(({ objectKey }) => objectKey)).toContain(second);
});

test("nothing is wanted while no processor has targets", async () => {
  const copied = await newCopied(worker, []);
  expect(await replicasOf(copied)).toEqual([]);
  expect(await takeJobKinds(worker)).toEqual(["process"]);
});

const repairsOf = async ({ ref }: Copied) => {
  const jobs = (await takeJobs(worker.queues)) as { kind: string; fileId?: string }[];
  return jobs.filter(({ kind, fileId }) => kind === "repair" && fileId === ref.fileId);
};

test("what a processor misses in the primary is made again of a copy that is stored", async () => {
  const copied = await newCopied(worker, BOTH);
  const report = { ...(await boundTo(worker, copied.ref)), kind: "missing-object" };
  const ask = async (change: object = {}) => (await sendReport(worker, { ...report, ...change })).json();
  expect(await ask()).toEqual({ isBeingRepaired: false });
  await copyTo(worker, copied, BOTH);
  expect(await repairsOf(copied)).toEqual([]);
  expect(await ask()).toEqual({ isBeingRepaired: true });
  const { ref, objectKey } = copied;
  expect(await repairsOf(copied)).toMatchObject([{ ...ref, objectKey, target: "far" }]);
  expect(await ask({ etag: "another" })).toMatchObject({ code: "REPORT_REFUSED" });
});

test("a copy that is found wrong isn't stored any more, and its turn is now; what isn't that copy stays as it is", async () => {
  const copied = await newCopied(worker, BOTH);
  await copyTo(worker, copied, BOTH);
  const { ref, objectKey } = copied;
  const report = { kind: "copy-mismatch", ...ref, target: "near", objectKey, sha256: "0".repeat(64) };
  const stored = await replicasOf(copied);
  for (const other of [{ sha256: "1".repeat(64) }, { objectKey: `${objectKey}0` }, { target: "else" }]) {
    expect((await sendReport(worker, { ...report, ...other })).status).toBe(204);
  }
  expect(await replicasOf(copied)).toEqual(stored);
  expect((await sendReport(worker, report)).status).toBe(204);
  expect(await replicasOf(copied)).toMatchObject([
    { target: "far", state: "stored" },
    { target: "near", state: "pending", error: expect.stringContaining("has other bytes") },
  ]);
  const { leaseId, task } = await startCopies(worker, ref, BOTH);
  expect(task).toMatchObject({ targets: ["near"], part: "original" });
  expect((await tellCopy(worker, copied, leaseId, "near")).status).toBe(204);
  expect(await replicasOf(copied)).toEqual(stored);
});
