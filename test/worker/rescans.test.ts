import { beforeEach, expect, test } from "vitest";
import { FileVersionRef } from "#contract/ids.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import { derivativeKey } from "#contract/keys.ts";
import type { Rescan, RescanList } from "#contract/rescans.ts";
import { newAdmin, readAudit, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { getRecord, newCaller, readProblem, signUrl, uploadFile } from "../support/api.ts";
import { auditOf } from "../support/file-states.ts";
import { takeJobs } from "../support/queued-jobs.ts";
import { askStanding, boundTo, sendReport, sendVerdict } from "../support/reports.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

/** Scanning again what is clean, by a processor that the test plays. Cron feeds all there is: each test has nothing else. */
const worker = useWorkerAlone();

beforeEach(async () => {
  for (const table of ["rescan_jobs", "rescans", "files"]) await worker.query(`DELETE FROM ${table}`);
  await drain();
});

const INFECTED = { verdict: "infected", signatureName: "Eicar-Test", signatureVersion: "27842" };

let beats = 0;
function beat(): Promise<Response> {
  beats += 1;
  return sendReport(worker, {
    ...{ kind: "heartbeat", processorId: "p", scanner: "ok", scannerDetail: "Test.", queue: "ok" },
    ...{ signatureVersion: "27842", backlog: 0, atMs: beats },
  });
}

async function scene(files = 1) {
  const ann = await newCaller({ stack: worker });
  const admin = await newAdmin(ann.tenantId, worker);
  const refs: FileVersionRef[] = [];
  for (let index = 0; index < files; index += 1) refs.push(await addClean(ann));
  const [ref] = refs;
  if (ref === undefined) throw new Error("There is no file.");
  await drain();
  await beat();
  return { ann, admin, refs, ref };
}

async function addClean(caller: Caller): Promise<FileVersionRef> {
  const fileId = await uploadFile(caller, Buffer.from("hello"));
  const ref = FileVersionRef.parse({ tenantId: caller.tenantId, fileId, version: 1 });
  await sendVerdict(worker, ref, { signatureVersion: "27841" });
  return ref;
}

async function drain(): Promise<readonly ProcessJob[]> {
  const all: ProcessJob[] = [];
  for (;;) {
    const jobs = (await takeJobs(worker.queues)) as ProcessJob[];
    if (jobs.length === 0) return all;
    all.push(...jobs);
  }
}

/** Runs cron, and returns of which files there are jobs then. */
async function feed(): Promise<readonly string[]> {
  await worker.runScheduled();
  const jobs = await drain();
  expect(jobs.every((job) => job.rescan === true)).toBe(true);
  return jobs.map(({ fileId }) => fileId);
}

const RESCANS = "/v1/admin/rescans";

async function begin(admin: Caller, body: object = {}): Promise<Rescan> {
  const answer = await sendJson(admin, "POST", RESCANS, body);
  expect(answer.status).toBe(202);
  return (await answer.json()) as Rescan;
}

async function look(admin: Caller, { id }: Rescan): Promise<Rescan> {
  return (await (await admin.fetch(`${RESCANS}/${id}`)).json()) as Rescan;
}

const change = (admin: Caller, { id }: Rescan, what: string) =>
  admin.fetch(`${RESCANS}/${id}/${what}`, { method: "POST" });

test("what is clean is scanned again, the newest files first, those in the trash too", async () => {
  const { ann, admin, refs } = await scene(3);
  const [oldest, middle, newest] = refs.map(({ fileId }) => fileId);
  await ann.fetch(`/v1/files/${newest}`, { method: "DELETE" });
  const rescan = await begin(admin);
  expect(rescan).toMatchObject({ state: "running", requestedBy: "boss", files: { total: 3, seen: 0 } });
  expect(await feed()).toEqual([newest, middle, oldest]);
  for (const ref of refs) {
    expect(await askStanding(worker, ref)).toMatchObject({ state: "clean", mustScan: true });
    const answer = await sendVerdict(worker, ref, { signatureVersion: "27842" });
    expect(await answer.json()).not.toHaveProperty("mustScan");
    expect(await askStanding(worker, ref)).not.toHaveProperty("mustScan");
  }
  expect(await feed()).toEqual([]);
  expect(await look(admin, rescan)).toMatchObject({
    ...{ state: "done", finishedAt: expect.any(String), files: { total: 3, seen: 3 } },
    versions: { sent: 3, scanned: 3, found: 0, failed: 0 },
  });
  const record = await getRecord(ann, middle ?? "");
  expect(record).toMatchObject({ state: "clean", verdict: { signatureVersion: "27842" } });
  const [verdicts] = await worker.query(
    "SELECT count(*) AS n FROM all_verdicts WHERE file_id = ?",
    middle ?? "",
  );
  expect(verdicts).toEqual({ n: 2 });
});

test("what is found later is gone from delivery, with what was made of it", async () => {
  const { ann, admin, ref } = await scene();
  const objectKey = derivativeKey(ref, "thumbnail", "webp");
  await worker.bucket.put(objectKey, "abc");
  const facts = { objectKey, mimeType: "image/webp", sizeBytes: 3, width: 1, height: 1 };
  await sendReport(worker, { ...ref, kind: "derivative", name: "thumbnail", ...facts });
  const signed = await signUrl(ann, ref.fileId, { variant: "thumbnail" });
  expect((await fetch(signed)).status).toBe(200);

  const rescan = await begin(admin);
  await feed();
  const verdict = await sendVerdict(worker, ref, INFECTED);
  expect(await verdict.json()).toMatchObject({ state: "infected", derivatives: [] });
  for (const answer of [await fetch(signed), await ann.fetch(`/v1/files/${ref.fileId}/content`)]) {
    expect(await readProblem(answer)).toMatchObject({ status: 403, code: "FILE_BLOCKED" });
  }
  expect(await worker.objectKeys(objectKey)).toEqual([]);
  expect(await getRecord(ann, ref.fileId)).toMatchObject({
    ...{ state: "infected", derivatives: [], missingDerivatives: [] },
    verdict: { signatureName: "Eicar-Test" },
  });
  expect((await auditOf(worker, ref.fileId)).slice(1)).toMatchObject([
    { action: "file.found-later", actor_kind: "processor", detail: INFECTED },
  ]);
  const blocked = (await (await admin.fetch("/v1/admin/quarantine")).json()) as object;
  expect(blocked).toMatchObject({ items: [{ fileId: ref.fileId, signatureName: "Eicar-Test" }] });
  await worker.runScheduled();
  expect(await look(admin, rescan)).toMatchObject({ state: "done", versions: { found: 1, scanned: 1 } });
});

test("a version that a person released isn't blocked by signatures that are no newer than those it was released from", async () => {
  const { ann, admin, ref } = await scene();
  await begin(admin);
  await feed();
  await sendVerdict(worker, ref, INFECTED);
  const path = `/v1/admin/quarantine/${ref.fileId}/1/release`;
  expect((await sendJson(admin, "POST", path, { reason: "A false alarm." })).status).toBe(204);
  await drain();
  for (const [signatureVersion, state] of [
    ["27842", "clean"],
    ["27841", "clean"],
    ["27843", "infected"],
  ]) {
    await begin(admin);
    expect(await feed()).toEqual([ref.fileId]);
    await sendVerdict(worker, ref, { ...INFECTED, signatureVersion, scannedAtMs: Date.now() + 60_000 });
    expect((await getRecord(ann, ref.fileId)).state).toBe(state);
  }
});

test("only what was scanned by older signatures, where that is asked for, and only one file", async () => {
  const { ann, admin, refs } = await scene(2);
  const newer = await addClean(ann);
  await worker.query(
    "UPDATE file_versions SET first_signature_version = '27842' WHERE file_id = ?",
    newer.fileId,
  );
  const [unnumbered] = refs.map(({ fileId }) => fileId);
  await worker.query(
    "UPDATE file_versions SET first_signature_version = 'unnumbered' WHERE file_id = ?",
    unnumbered ?? "",
  );
  await drain();
  await begin(admin, { olderThanSignatureVersion: "27842" });
  expect((await feed()).toSorted()).toEqual(refs.map(({ fileId }) => fileId).toSorted());
  const one = await begin(admin, { fileId: newer.fileId });
  expect(one).toMatchObject({ fileId: newer.fileId, files: { total: 1 } });
  expect(await feed()).toEqual([newer.fileId]);
  await sendVerdict(worker, newer);
  await worker.runScheduled();
  expect(await look(admin, one)).toMatchObject({ state: "done", versions: { sent: 1, scanned: 1 } });
});

test.each([
  ["by older signatures than were asked for", { signatureVersion: "27841" }],
  ["long before it was asked for", { signatureVersion: "27842", scannedAtMs: Date.now() - 3_600_000 }],
])("a scan %s is no answer", async (_what, late) => {
  const { ann, admin, ref } = await scene();
  const rescan = await begin(admin, { olderThanSignatureVersion: "27842" });
  expect(await feed()).toEqual([ref.fileId]);
  for (const verdict of [{}, INFECTED]) {
    expect(await (await sendVerdict(worker, ref, { ...verdict, ...late })).json()).toMatchObject({
      ...{ state: "clean", mustScan: true },
    });
  }
  expect(await getRecord(ann, ref.fileId)).toMatchObject({ verdict: { signatureVersion: "27841" } });
  await worker.runScheduled();
  expect(await look(admin, rescan)).toMatchObject({ state: "running", versions: { scanned: 0 } });
  await sendVerdict(worker, ref, { signatureVersion: "27842/Thu Nov 26 10:00:00 2026" });
  await worker.runScheduled();
  expect(await look(admin, rescan)).toMatchObject({ state: "done", versions: { scanned: 1 } });
});

test("one scan answers every rescan that awaits it, and one that is cancelled takes it from no other", async () => {
  const { admin, ref } = await scene();
  const [all, one, cancelled] = [
    await begin(admin),
    await begin(admin, { fileId: ref.fileId }),
    await begin(admin),
  ];
  expect(await feed()).toEqual(["", "", ""].map(() => ref.fileId));
  await change(admin, cancelled, "cancel");
  expect(await askStanding(worker, ref)).toMatchObject({ mustScan: true });
  await sendVerdict(worker, ref, { signatureVersion: "27842" });
  await worker.runScheduled();
  for (const rescan of [all, one]) {
    expect(await look(admin, rescan)).toMatchObject({ state: "done", versions: { sent: 1, scanned: 1 } });
  }
  expect(await look(admin, cancelled)).toMatchObject({ state: "cancelled", versions: { scanned: 0 } });
});

test("another job of a version that fails is its own failure, until the version is found to be infected", async () => {
  const { ann, admin, ref } = await scene();
  await begin(admin);
  await feed();
  const failure = { kind: "failed-job", code: "TIMEOUT", detail: "No preview.", attempts: 5 };
  expect((await sendReport(worker, { ...(await boundTo(worker, ref)), ...failure })).status).toBe(204);
  expect(await askStanding(worker, ref)).toMatchObject({ state: "clean", mustScan: true });
  expect(await getRecord(ann, ref.fileId)).toMatchObject({
    missingDerivatives: expect.arrayContaining([{ name: "preview", state: "failed", reason: "No preview." }]),
  });
  await sendVerdict(worker, ref, INFECTED);
  expect(await (await admin.fetch("/v1/admin/failed-jobs")).json()).toMatchObject({ items: [] });
});

test("what is paused sends nothing until it is resumed, and what is cancelled awaits nothing", async () => {
  const { admin, ref } = await scene();
  const rescan = await begin(admin);
  for (const state of ["paused", "paused"]) {
    expect(await (await change(admin, rescan, "pause")).json()).toMatchObject({ state });
  }
  expect(await feed()).toEqual([]);
  expect(await (await change(admin, rescan, "resume")).json()).toMatchObject({ state: "running" });
  expect(await feed()).toEqual([ref.fileId]);
  expect(await (await change(admin, rescan, "cancel")).json()).toMatchObject({ state: "cancelled" });
  expect(await askStanding(worker, ref)).not.toHaveProperty("mustScan");
  expect(await (await change(admin, rescan, "cancel")).json()).toMatchObject({ state: "cancelled" });
  for (const what of ["pause", "resume"]) {
    expect(await readProblem(await change(admin, rescan, what))).toMatchObject({ code: "RESCAN_ENDED" });
  }
  const actions = (await readAudit(admin)).map(({ action }) => action);
  expect(actions.filter((action) => action.startsWith("rescan."))).toEqual([
    ...["rescan.cancelled", "rescan.resumed", "rescan.paused", "rescan.created"],
  ]);
});

test("a job that was lost is sent again, and one that was given up leaves the file what it is", async () => {
  const { ann, admin, ref } = await scene();
  const rescan = await begin(admin);
  expect(await feed()).toEqual([ref.fileId]);
  expect(await feed()).toEqual([]);
  await worker.query("UPDATE rescan_jobs SET sent_at_ms = 1");
  expect(await feed()).toEqual([ref.fileId]);
  const failure = {
    kind: "failed-job",
    code: "TIMEOUT",
    detail: "It took too long.",
    attempts: 5,
    rescan: true,
  };
  expect((await sendReport(worker, { ...(await boundTo(worker, ref)), ...failure })).status).toBe(204);
  await worker.runScheduled();
  expect(await look(admin, rescan)).toMatchObject({ state: "done", versions: { failed: 1, scanned: 0 } });
  expect(await getRecord(ann, ref.fileId)).toMatchObject({ state: "clean", processingError: null });
});

test("they are for the tenant's admins, and only its own", async () => {
  const { ann, admin, ref } = await scene();
  const rescan = await begin(admin);
  const service = await newCaller({ tenantId: ann.tenantId, role: "service", stack: worker });
  const askAll = async (caller: Caller) => [
    await caller.fetch(`${RESCANS}/${rescan.id}`),
    await change(caller, rescan, "cancel"),
  ];
  for (const caller of [ann, service]) {
    const answers = [
      ...(await askAll(caller)),
      await caller.fetch(RESCANS),
      await sendJson(caller, "POST", RESCANS, {}),
    ];
    for (const answer of answers) expect(await readProblem(answer)).toMatchObject({ code: "ROLE_REQUIRED" });
  }
  const other = await newCaller({ role: "admin", stack: worker });
  for (const answer of await askAll(other)) {
    expect(await readProblem(answer)).toMatchObject({ status: 404, code: "RESCAN_NOT_FOUND" });
  }
  expect(((await (await other.fetch(RESCANS)).json()) as RescanList).items).toEqual([]);
  const theirs = await sendJson(other, "POST", RESCANS, { fileId: ref.fileId });
  expect(await readProblem(theirs)).toMatchObject({ status: 404, code: "FILE_NOT_FOUND" });
  // Nothing of another tenant's is scanned by a rescan of one's own.
  await change(admin, rescan, "cancel");
  await begin(other);
  expect(await feed()).toEqual([]);
});

test("a tenant has ten under way at most", async () => {
  const { admin } = await scene();
  const first = await begin(admin);
  for (let index = 1; index < 10; index += 1) await begin(admin);
  const refused = await sendJson(admin, "POST", RESCANS, {});
  expect(await readProblem(refused)).toMatchObject({ status: 409, code: "RESCAN_LIMIT_REACHED" });
  await change(admin, first, "cancel");
  await begin(admin);
});
