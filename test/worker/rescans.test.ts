import { expect, test } from "vitest";
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
import type { WorkerAlone } from "../support/worker-alone.ts";
import { startWorkerAlone } from "../support/worker-alone.ts";

/** Scanning again what is clean, by a processor that the test plays. Each test has a worker of its own: cron feeds all. */

const INFECTED = { verdict: "infected", signatureName: "Eicar-Test", signatureVersion: "27842" };

let beats = 0;
function beat(worker: WorkerAlone, change: object = {}): Promise<Response> {
  beats += 1;
  return sendReport(worker, {
    ...{ kind: "heartbeat", processorId: "p", scanner: "ok", scannerDetail: "Test.", queue: "ok" },
    ...{ signatureVersion: "27842", backlog: 0, atMs: beats, ...change },
  });
}

async function scene(files = 1) {
  const worker = await startWorkerAlone();
  const ann = await newCaller({ stack: worker });
  const admin = await newAdmin(ann.tenantId, worker);
  const refs: FileVersionRef[] = [];
  for (let index = 0; index < files; index += 1) refs.push(await addClean(worker, ann));
  const [ref] = refs;
  if (ref === undefined) throw new Error("There is no file.");
  await drain(worker);
  await beat(worker);
  return { worker, ann, admin, refs, ref };
}

async function addClean(worker: WorkerAlone, caller: Caller): Promise<FileVersionRef> {
  const fileId = await uploadFile(caller, Buffer.from("hello"));
  const ref = FileVersionRef.parse({ tenantId: caller.tenantId, fileId, version: 1 });
  await sendVerdict(worker, ref, { signatureVersion: "27841" });
  return ref;
}

async function drain(worker: WorkerAlone): Promise<readonly ProcessJob[]> {
  const all: ProcessJob[] = [];
  for (;;) {
    const jobs = (await takeJobs(worker.queues)) as ProcessJob[];
    if (jobs.length === 0) return all;
    all.push(...jobs);
  }
}

/** Runs cron, and returns of which files there are jobs then. */
async function feed(worker: WorkerAlone): Promise<readonly string[]> {
  await worker.runScheduled();
  const jobs = await drain(worker);
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

test("what is clean is scanned again, the newest files first, and those in the trash last", async () => {
  const { worker, ann, admin, refs } = await scene(3);
  const [oldest, middle, newest] = refs.map(({ fileId }) => fileId);
  await ann.fetch(`/v1/files/${newest}`, { method: "DELETE" });
  const rescan = await begin(admin);
  expect(rescan).toMatchObject({ state: "running", requestedBy: "boss", files: { total: 3, seen: 0 } });
  expect(await feed(worker)).toEqual([middle, oldest]);
  for (const ref of refs.slice(0, 2)) {
    expect(await askStanding(worker, ref)).toMatchObject({ state: "clean", mustScan: true });
    const answer = await sendVerdict(worker, ref, { signatureVersion: "27842" });
    expect(await answer.json()).not.toHaveProperty("mustScan");
    expect(await askStanding(worker, ref)).not.toHaveProperty("mustScan");
  }
  expect(await feed(worker)).toEqual([newest]);
  for (const ref of refs.slice(2)) await sendVerdict(worker, ref, { signatureVersion: "27842" });
  expect(await feed(worker)).toEqual([]);
  expect(await look(admin, rescan)).toMatchObject({
    ...{ state: "done", finishedAt: expect.any(String), files: { total: 3, seen: 3 } },
    versions: { sent: 3, scanned: 3, found: 0, failed: 0 },
  });
  const record = await getRecord(ann, middle ?? "");
  expect(record).toMatchObject({ state: "clean", verdict: { signatureVersion: "27842" } });
  const [verdicts] = await worker.query("SELECT count(*) AS n FROM verdicts WHERE file_id = ?", middle ?? "");
  expect(verdicts).toEqual({ n: 2 });
});

test("what is found later is gone from delivery, with what was made of it", async () => {
  const { worker, ann, admin, ref } = await scene();
  const objectKey = derivativeKey(ref, "thumbnail", "webp");
  const bucket = await worker.miniflare.getR2Bucket("BUCKET", "causeway");
  await bucket.put(objectKey, "abc");
  const facts = { objectKey, mimeType: "image/webp", sizeBytes: 3, width: 1, height: 1 };
  await sendReport(worker, { ...ref, kind: "derivative", name: "thumbnail", ...facts });
  const signed = await signUrl(ann, ref.fileId, { variant: "thumbnail" });
  expect((await fetch(signed)).status).toBe(200);

  const rescan = await begin(admin);
  await feed(worker);
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
  // The trash is looked through, and then it is over.
  for (let minute = 0; minute < 2; minute += 1) await worker.runScheduled();
  expect(await look(admin, rescan)).toMatchObject({ state: "done", versions: { found: 1, scanned: 1 } });
});

test("a version that a person released isn't blocked by the signatures that it was released from", async () => {
  const { worker, ann, admin, ref } = await scene();
  await begin(admin);
  await feed(worker);
  await sendVerdict(worker, ref, INFECTED);
  const path = `/v1/admin/quarantine/${ref.fileId}/1/release`;
  expect((await sendJson(admin, "POST", path, { reason: "A false alarm." })).status).toBe(204);
  await drain(worker);
  for (const [signatureVersion, state] of [
    ["27842", "clean"],
    ["27843", "infected"],
  ]) {
    await begin(admin);
    expect(await feed(worker)).toEqual([ref.fileId]);
    await sendVerdict(worker, ref, { ...INFECTED, signatureVersion, scannedAtMs: Date.now() + 60_000 });
    expect((await getRecord(ann, ref.fileId)).state).toBe(state);
  }
});

test("only what was scanned by older signatures, where that is asked for, and only one file", async () => {
  const { worker, ann, admin, refs } = await scene(2);
  const newer = await addClean(worker, ann);
  await worker.query("UPDATE verdicts SET signature_version = '27842' WHERE file_id = ?", newer.fileId);
  const [unnumbered] = refs.map(({ fileId }) => fileId);
  await worker.query(
    "UPDATE verdicts SET signature_version = 'unnumbered' WHERE file_id = ?",
    unnumbered ?? "",
  );
  await drain(worker);
  await begin(admin, { olderThanSignatureVersion: "27842" });
  expect((await feed(worker)).toSorted()).toEqual(refs.map(({ fileId }) => fileId).toSorted());
  const one = await begin(admin, { fileId: newer.fileId });
  expect(one).toMatchObject({ fileId: newer.fileId, files: { total: 1 } });
  expect(await feed(worker)).toEqual([newer.fileId]);
  await sendVerdict(worker, newer);
  await worker.runScheduled();
  expect(await look(admin, one)).toMatchObject({ state: "done", versions: { sent: 1, scanned: 1 } });
});

test.each<[string, (worker: WorkerAlone, ann: Caller) => Promise<unknown>]>([
  ["the queue is long", (worker) => beat(worker, { backlog: 20 })],
  ["no processor is heard of", (worker) => worker.query("DELETE FROM processor_heartbeats")],
  [
    "uploads wait",
    async (worker, ann) => {
      for (let index = 0; index < 20; index += 1) await uploadFile(ann, Buffer.from("x"));
      await drain(worker);
    },
  ],
])("nothing is scanned again while %s", async (_what, hinder) => {
  const { worker, ann, admin, ref } = await scene();
  const rescan = await begin(admin);
  await hinder(worker, ann);
  expect(await feed(worker)).toEqual([]);
  await beat(worker);
  await worker.query("UPDATE file_versions SET state = 'clean'");
  expect(await feed(worker)).toContain(ref.fileId);
  expect((await look(admin, rescan)).state).toBe("running");
});

test("what is paused sends nothing until it is resumed, and what is cancelled awaits nothing", async () => {
  const { worker, admin, ref } = await scene();
  const rescan = await begin(admin);
  for (const state of ["paused", "paused"]) {
    expect(await (await change(admin, rescan, "pause")).json()).toMatchObject({ state });
  }
  expect(await feed(worker)).toEqual([]);
  expect(await (await change(admin, rescan, "resume")).json()).toMatchObject({ state: "running" });
  expect(await feed(worker)).toEqual([ref.fileId]);
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
  const { worker, ann, admin, ref } = await scene();
  const rescan = await begin(admin);
  expect(await feed(worker)).toEqual([ref.fileId]);
  expect(await feed(worker)).toEqual([]);
  await worker.query("UPDATE rescan_jobs SET sent_at_ms = 1");
  expect(await feed(worker)).toEqual([ref.fileId]);
  const failure = { kind: "failed-job", code: "TIMEOUT", detail: "It took too long.", attempts: 5 };
  expect((await sendReport(worker, { ...(await boundTo(worker, ref)), ...failure })).status).toBe(204);
  await worker.runScheduled();
  expect(await look(admin, rescan)).toMatchObject({ state: "done", versions: { failed: 1, scanned: 0 } });
  expect(await getRecord(ann, ref.fileId)).toMatchObject({ state: "clean", processingError: null });
});

test("a large tenant is gone through in steps, each of as much as may be under way", async () => {
  const { worker, admin, refs } = await scene(1);
  // Files with the same bytes as the first one's, so that they need no uploads.
  const rows = JSON.stringify(Array.from({ length: 230 }, (_, index) => index));
  const tables = [
    ["files", "id"],
    ["file_versions", "file_id"],
  ] as const;
  for (const [table, key] of tables) {
    const columns = (await worker.query(`SELECT name FROM pragma_table_info('${table}')`))
      .map(({ name }) => String(name))
      .filter((name) => name !== "search_id");
    const values = columns.map((name) =>
      name === key ? `substr(t.${key}, 1, 23) || printf('%03d', each.value)` : `t.${name}`,
    );
    await worker.query(
      `INSERT INTO ${table} (${columns.join()}) SELECT ${values.join()} FROM ${table} AS t, json_each(?) AS each WHERE t.${key} = ?`,
      ...[rows, refs[0]?.fileId ?? ""],
    );
  }
  const rescan = await begin(admin);
  const sent: string[] = [];
  for (const expected of [100, 100, 31, 0]) {
    const fileIds = await feed(worker);
    expect(fileIds).toHaveLength(expected);
    sent.push(...fileIds);
    await worker.query("DELETE FROM rescan_jobs");
  }
  expect(new Set(sent).size).toBe(231);
  await worker.runScheduled();
  expect(await look(admin, rescan)).toMatchObject({ state: "done", files: { total: 231, seen: 231 } });
});

test("they are for the tenant's admins, and only its own", async () => {
  const { worker, ann, admin, ref } = await scene();
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
  expect(await feed(worker)).toEqual([]);
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
