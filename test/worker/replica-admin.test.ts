import { beforeEach, expect, test } from "vitest";
import type { Erasure } from "#contract/erasures.ts";
import type { QueuedRepairs } from "#contract/repairs.ts";
import type {
  BackfillStep,
  OwedRemovalPage,
  ReplicatedVersionPage,
  ReplicaTargetList,
} from "#contract/replicas.ts";
import { PATIENCE_MS, readAudit, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { readProblem, uploadFile } from "../support/api.ts";
import { addCleanFiles } from "../support/clean-files.ts";
import { takeJobs } from "../support/queued-jobs.ts";
import type { Copied } from "../support/replicas.ts";
import {
  beat,
  copyTo,
  newCopied,
  replicasOf,
  startCopies,
  startRemovals,
  takeJobKinds,
  tellCopy,
  tellRemovals,
} from "../support/replicas.ts";
import { sendVerdict } from "../support/reports.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

/** What admins see of copies and have done about them. */
const worker = useWorkerAlone({ ERASURE_SETTLE_SECONDS: "1", REPLICA_LAG_ALERT_SECONDS: "60" });

const ROOT = "/v1/admin/replicas";
const UNAVAILABLE = {
  state: "failed",
  code: "unavailable",
  detail: "It does not answer.",
  isPermanent: false,
};

beforeEach(async () => {
  while ((await takeJobKinds(worker)).length > 0);
});

async function read<T>(caller: Caller, path: string): Promise<T> {
  const answer = await caller.fetch(`${ROOT}${path}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

async function step(admin: Caller, body: object = {}): Promise<BackfillStep> {
  const answer = await sendJson(admin, "POST", `${ROOT}/backfill`, body);
  expect(answer.status).toBe(200);
  return (await answer.json()) as BackfillStep;
}

/** More clean files of the same tenant. */
async function addFiles({ ann, ref }: Copied, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const fileId = await uploadFile(ann, Buffer.from(`file ${index}`));
    await sendVerdict(worker, { ...ref, fileId: fileId as typeof ref.fileId });
  }
}

test("cron sends the copies of 200 versions in a minute, those of one version together", async () => {
  const { ann, admin } = await newCopied(worker, []);
  await addCleanFiles(worker, ann.tenantId, 200);
  await beat(worker, ["near", "far"]);
  expect(await step(admin)).toMatchObject({ seen: 201, queued: 402 });
  const countDue = async (): Promise<unknown> => {
    const due = "SELECT count(*) AS copies FROM replicas WHERE tenant_id = ? AND announce_at_ms <= ?";
    return (await worker.query(due, ann.tenantId, Date.now()))[0]?.["copies"];
  };
  await worker.runScheduled();
  expect(await countDue()).toBe(2);
  await worker.runScheduled();
  expect(await countDue()).toBe(0);
});

test("a backfill wants what is lacking, in steps, and a second one nothing", async () => {
  const copied = await newCopied(worker, []);
  await addFiles(copied, 2);
  const others = await newCopied(worker, []);
  await beat(worker, ["near", "far"]);
  const { admin } = copied;
  const seen: BackfillStep[] = [await step(admin, { limit: 2 })];
  const cursor = seen[0]?.nextCursor ?? undefined;
  seen.push(await step(admin, { limit: 2, cursor }));
  expect(seen).toEqual([
    { seen: 2, queued: 4, nextCursor: expect.any(String) },
    { seen: 1, queued: 2, nextCursor: null },
  ]);
  expect(await step(admin)).toEqual({ seen: 3, queued: 0, nextCursor: null });
  expect(await readAudit(admin, "?action=replica.backfilled")).toMatchObject([
    { detail: { versions: 1, targets: "near far" } },
    { detail: { versions: 2 } },
  ]);
  expect(await replicasOf(others)).toEqual([]);
  // One job a version, whatever its targets.
  await takeJobKinds(worker);
  await worker.runScheduled();
  const jobs = (await takeJobs(worker.queues)) as { kind: string; tenantId?: string }[];
  const isOwn = ({ kind, tenantId }: (typeof jobs)[number]) => kind === "copy" && tenantId === admin.tenantId;
  expect(jobs.filter(isOwn)).toHaveLength(3);
  const odd = await sendJson(admin, "POST", `${ROOT}/backfill`, { cursor: "1.2" });
  expect(await readProblem(odd)).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
});

test("pages of versions have what copies are compared by, and join", async () => {
  const copied = await newCopied(worker, ["near"]);
  await copyTo(worker, copied, ["near"]);
  await addFiles(copied, 2);
  const items: ReplicatedVersionPage["items"] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: ReplicatedVersionPage = await read(copied.admin, `?limit=2${cursor && `&cursor=${cursor}`}`);
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  expect(items).toHaveLength(3);
  expect(items.map(({ fileId }) => fileId)).toEqual(items.map(({ fileId }) => fileId).toSorted());
  expect(items.find(({ fileId }) => fileId === copied.ref.fileId)).toMatchObject({
    ...{ version: 1, objectKey: copied.objectKey, sizeBytes: 5, sha256: "0".repeat(64) },
    copies: [{ target: "near", state: "stored" }],
  });
});

test("targets tell how far they are behind, and what is owed there", async () => {
  const copied = await newCopied(worker, ["near", "far"]);
  const { ref, admin } = copied;
  const { leaseId } = await startCopies(worker, ref, ["near", "far"]);
  await tellCopy(worker, copied, leaseId, "near");
  await tellCopy(worker, copied, leaseId, "far", UNAVAILABLE);
  await worker.query("UPDATE replicas SET since_ms = changed_at_ms - 90000 WHERE file_id = ?", ref.fileId);
  const { items } = await read<ReplicaTargetList>(admin, "/targets");
  expect(items).toEqual([
    {
      ...{ target: "far", kind: "directory", stored: 0, pending: 1, pendingBytes: 5, failed: 0 },
      ...{ oldestPendingAt: expect.any(String), lagSeconds: null, isLagging: true },
      ...{ removals: 0, oldestRemovalAt: null },
    },
    {
      ...{ target: "near", kind: "directory", stored: 1, pending: 0, pendingBytes: 0, failed: 0 },
      ...{ oldestPendingAt: null, lagSeconds: { p50: 90, p95: 90 }, isLagging: false },
      ...{ removals: 0, oldestRemovalAt: null },
    },
  ]);
  // Of all tenants, for the processor's metrics.
  await worker.runScheduled();
  const lags = (await (await beat(worker, ["near", "far"])).json()) as { replicas: object[] };
  expect(lags.replicas).toContainEqual(expect.objectContaining({ target: "far", failed: 0 }));
  expect((await sendJson(admin, "POST", `${ROOT}/retry`, { target: "near" })).status).toBe(202);
  expect((await startCopies(worker, ref, ["far"])).task?.targets).toEqual([]);
  const retried = await sendJson(admin, "POST", `${ROOT}/retry`, { target: "far" });
  expect(await retried.json()).toEqual({ copies: 1, removals: 0 });
  expect((await startCopies(worker, ref, ["far"])).task?.targets).toEqual(["far"]);
  expect(await readAudit(admin, "?action=replica.retried")).toMatchObject([{ detail: { target: "far" } }]);
});

test("stored copies that somebody has found wanting are made again: of the tenant's own versions, at that target", async () => {
  const copied = await newCopied(worker, ["near", "far"]);
  const others = await newCopied(worker, ["near"]);
  await copyTo(worker, copied, ["near", "far"]);
  await copyTo(worker, others, ["near"]);
  const { admin, ref } = copied;
  const versions = [
    { fileId: ref.fileId, version: 1 },
    { fileId: others.ref.fileId, version: 1 },
  ];
  const lost = async (body: object) => sendJson(admin, "POST", `${ROOT}/retry`, body);
  expect(await readProblem(await lost({ versions }))).toMatchObject({ code: "REQUEST_INVALID" });
  expect(await (await lost({ target: "near", versions })).json()).toEqual({ copies: 1, removals: 0 });
  expect(await replicasOf(others)).toMatchObject([{ target: "near", state: "stored" }]);
  expect(await replicasOf(copied)).toMatchObject([
    { target: "far", state: "stored" },
    { target: "near", state: "pending", error: null },
  ]);
  expect(await (await lost({ target: "near", versions })).json()).toEqual({ copies: 1, removals: 0 });
  expect(await readProblem(await lost({ target: "nowhere" }))).toMatchObject({
    code: "REQUEST_INVALID",
    errors: [{ path: "target" }],
  });
  await takeJobKinds(worker);
  await worker.runScheduled();
  expect(await takeJobKinds(worker)).toContain("copy");
  await copyTo(worker, copied, ["near"]);
  expect(await replicasOf(copied)).toMatchObject([{ state: "stored" }, { target: "near", state: "stored" }]);
});

test("an erasure waits for the last copy, whose removal it counts", async () => {
  const others = await newCopied(worker, ["near"]);
  const copied = await newCopied(worker, ["near", "far"]);
  await copyTo(worker, copied, ["near", "far"]);
  const { ref, admin } = copied;
  const path = `/v1/admin/tenants/${ref.tenantId}/erasure`;
  const begun = (await (await sendJson(admin, "POST", path, { confirm: ref.tenantId })).json()) as Erasure;
  const erasure = async () => (await (await admin.fetch(`/v1/admin/erasures/${begun.id}`)).json()) as Erasure;
  await expect.poll(async () => (await erasure()).copiesLeft, { timeout: PATIENCE_MS }).toBe(2);
  const { leaseId } = await startRemovals(worker, ["near", "far"]);
  const failed = { ...ref, target: "far", code: "unavailable", detail: "It does not answer." };
  await tellRemovals(worker, leaseId, [{ ...ref, target: "near" }], [failed]);
  await worker.runScheduled();
  await worker.runScheduled();
  expect(await erasure()).toMatchObject({ copiesLeft: 1, finishedAt: null, signature: null });
  await worker.query("UPDATE replica_removals SET next_at_ms = 1 WHERE file_id = ?", ref.fileId);
  const again = await startRemovals(worker, ["far"]);
  await tellRemovals(worker, again.leaseId, [{ ...ref, target: "far" }]);
  await expect
    .poll(
      async () => {
        await worker.runScheduled();
        return (await erasure()).finishedAt;
      },
      { timeout: PATIENCE_MS },
    )
    .not.toBeNull();
  expect(await replicasOf(others)).toHaveLength(1);
});

test("removals that are owed are told with the reason, to their tenant alone", async () => {
  const others = await newCopied(worker, ["near"]);
  const copied = await newCopied(worker, ["near", "far"]);
  await copyTo(worker, copied, ["near", "far"]);
  const { ref, admin, ann } = copied;
  await ann.fetch(`/v1/files/${ref.fileId}?permanent=true`, { method: "DELETE" });
  const { leaseId } = await startRemovals(worker, ["far"]);
  await tellRemovals(
    worker,
    leaseId,
    [],
    [{ ...ref, target: "far", code: "full", detail: "It has no room." }],
  );
  const first = await read<OwedRemovalPage>(admin, "/removals?limit=1");
  expect(first.items).toMatchObject([
    { fileId: ref.fileId, target: "far", tries: 1, error: "It has no room." },
  ]);
  const second = await read<OwedRemovalPage>(admin, `/removals?limit=1&cursor=${first.nextCursor}`);
  expect(second).toMatchObject({ items: [{ target: "near", tries: 0, error: null }], nextCursor: null });
  expect(await read<OwedRemovalPage>(others.admin, "/removals")).toEqual({ items: [], nextCursor: null });
});

test("objects of the tenant's own clean versions are made again, and no others, whatever their records say of copies", async () => {
  const copied = await newCopied(worker, ["near", "far"]);
  const others = await newCopied(worker, ["near"]);
  await copyTo(worker, copied, ["near"]);
  await copyTo(worker, others, ["near"]);
  const { admin, ref, objectKey } = copied;
  const { fileId, version } = ref;
  await takeJobKinds(worker);
  const wish = async (...versions: readonly object[]): Promise<QueuedRepairs> => {
    const answer = await sendJson(admin, "POST", `${ROOT}/repair`, { versions });
    expect(answer.status).toBe(202);
    return (await answer.json()) as QueuedRepairs;
  };
  const unknown = [
    { fileId, version: 2, target: "near" },
    { fileId: others.ref.fileId, version, target: "near" },
  ];
  const reason = "There is no such clean version.";
  const skipped = unknown.map(({ target: _target, ...each }) => ({ ...each, reason }));
  expect(await wish(...unknown)).toEqual({ queued: [], skipped });
  const queued = [{ fileId, version }];
  expect(await wish({ fileId, version, target: "far" }, ...unknown)).toEqual({ queued, skipped });
  expect(await takeJobs(worker.queues)).toMatchObject([
    { kind: "repair", ...ref, objectKey, sizeBytes: 5, target: "far", comparesBytes: true },
  ]);
  expect(await readAudit(admin, "?action=replica.repair-wanted")).toMatchObject([
    { actor: { kind: "admin" }, detail: { versions: 1, targets: "far" } },
  ]);
});

test("copies where a tenant's files don't go any more are owed removals, with the reason; a backfill sees to what is left", async () => {
  const copied = await newCopied(worker, ["near", "far"]);
  await copyTo(worker, copied, ["near", "far"]);
  const { admin, ref } = copied;
  const change = async (replicaTargets: readonly string[] | null) => {
    const path = `/v1/admin/tenants/${ref.tenantId}`;
    expect((await sendJson(admin, "PATCH", path, { settings: { replicaTargets } })).status).toBe(200);
  };
  const removals = async () => (await read<OwedRemovalPage>(admin, "/removals")).items;
  await change(["near", "far", "elsewhere"]);
  expect(await removals()).toEqual([]);
  await change(["near"]);
  const error = "The tenant's files aren't copied there any more.";
  expect(await removals()).toMatchObject([{ fileId: ref.fileId, target: "far", tries: 0, error }]);
  expect(await replicasOf(copied)).toMatchObject([{ target: "near", state: "stored" }]);
  const { leaseId, removals: leased } = await startRemovals(worker, ["near", "far"]);
  expect(leased.filter(({ tenantId }) => tenantId === ref.tenantId)).toMatchObject([
    { ...ref, target: "far" },
  ]);
  await tellRemovals(worker, leaseId, [{ ...ref, target: "far" }]);
  expect(await removals()).toEqual([]);

  // As of a tenant with more than one change sees to.
  await worker.query(
    "UPDATE tenants SET settings = json_set(settings, '$.replicaTargets', json('[]')) WHERE tenant_id = ?",
    ref.tenantId,
  );
  await step(admin);
  expect(await removals()).toMatchObject([{ target: "near", error }]);
  // Wanted again, it is copied when its removal is done.
  await change(null);
  expect(await step(admin)).toMatchObject({ queued: 2 });
  expect((await startCopies(worker, ref, ["near"])).task?.targets).toEqual([]);
});
