import { expect, test } from "vitest";
import type { FailedJobPage } from "#contract/failed-jobs.ts";
import { FileVersionRef } from "#contract/ids.ts";
import { derivativeKey } from "#contract/keys.ts";
import { newAdmin, readAudit } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { getRecord, newCaller, readProblem, uploadFile } from "../support/api.ts";
import { takeJobs } from "../support/queued-jobs.ts";
import { boundTo, sendReport, sendVerdict } from "../support/reports.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

/** Jobs that a processor gave up, as people see them. Cron announces at once what has no answer. */
const worker = useWorkerAlone({ REANNOUNCE_AFTER_SECONDS: "0" });

const FAILURE = { code: "SCANNER_UNAVAILABLE", detail: "The virus scanner does not answer.", attempts: 5 };

async function giveUp(ref: FileVersionRef, change: object = {}): Promise<Response> {
  const bound = await boundTo(worker, ref);
  return sendReport(worker, { ...bound, kind: "failed-job", ...FAILURE, ...change });
}

/** A tenant with files whose jobs were given up, the oldest first. */
async function tenantWithFailures(files = 1) {
  const ann = await newCaller({ stack: worker });
  const admin = await newAdmin(ann.tenantId, worker);
  const refs: FileVersionRef[] = [];
  for (let index = 0; index < files; index += 1) {
    const fileId = await uploadFile(ann, Buffer.from(`file ${index}`));
    const ref = FileVersionRef.parse({ tenantId: ann.tenantId, fileId, version: 1 });
    expect((await giveUp(ref)).status).toBe(204);
    refs.push(ref);
  }
  while ((await takeJobs(worker.queues)).length > 0);
  const [first] = refs;
  if (first === undefined) throw new Error("There is no file.");
  return { ann, admin, refs, ref: first, retryPath: retryPathOf(first) };
}

const retryPathOf = ({ fileId }: FileVersionRef) => `/v1/admin/failed-jobs/${fileId}/1/retry`;

async function listJobs(caller: Caller, query = ""): Promise<FailedJobPage> {
  const answer = await caller.fetch(`/v1/admin/failed-jobs${query}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as FailedJobPage;
}

const post = (caller: Caller, path: string) => caller.fetch(path, { method: "POST" });

async function announced(): Promise<readonly unknown[]> {
  const jobs = (await takeJobs(worker.queues)) as { fileId: string }[];
  return jobs.map(({ fileId }) => fileId).toSorted();
}

test("a job that was given up is told to people, and nobody tries it by himself", async () => {
  const { ann, admin, ref } = await tenantWithFailures();
  expect(await getRecord(ann, ref.fileId)).toMatchObject({
    state: "quarantined",
    processingError: FAILURE.detail,
  });
  const job = { fileId: ref.fileId, version: 1, filename: "notes.txt", state: "quarantined", ...FAILURE };
  expect(await listJobs(admin)).toEqual({
    items: [{ ...job, failedAt: expect.any(String) }],
    nextCursor: null,
  });
  await worker.runScheduled();
  expect(await announced()).toEqual([]);
  // Told again, it is the newest reason.
  await giveUp(ref, { detail: "Another.", attempts: 6 });
  expect(await listJobs(admin)).toMatchObject({ items: [{ detail: "Another.", attempts: 6 }] });
});

test("tried again, it is announced, and is no failure any more until it fails anew", async () => {
  const { ann, admin, ref, retryPath } = await tenantWithFailures();
  expect((await post(admin, retryPath)).status).toBe(202);
  expect(await announced()).toEqual([ref.fileId]);
  expect(await listJobs(admin)).toMatchObject({ items: [] });
  expect(await getRecord(ann, ref.fileId)).toMatchObject({ state: "quarantined", processingError: null });
  expect(await readProblem(await post(admin, retryPath))).toMatchObject({
    ...{ status: 404, code: "FAILED_JOB_NOT_FOUND" },
  });
  expect(await readAudit(admin, "?action=job.retried")).toMatchObject([
    { actor: { id: "boss", kind: "admin" }, fileId: ref.fileId, version: 1 },
  ]);
  // It isn't forgotten either, should that be lost.
  await worker.runScheduled();
  expect(await announced()).toEqual([ref.fileId]);
  await giveUp(ref);
  expect((await listJobs(admin)).items).toHaveLength(1);
});

test("all of a tenant's are tried again, and no other's", async () => {
  const { admin, refs } = await tenantWithFailures(3);
  const others = await tenantWithFailures();
  const answer = await post(admin, "/v1/admin/failed-jobs/retry");
  expect([answer.status, await answer.json()]).toEqual([202, { retried: 3, left: 0 }]);
  expect(await announced()).toEqual(refs.map(({ fileId }) => fileId).toSorted());
  expect((await listJobs(others.admin)).items).toHaveLength(1);
  expect(await readAudit(admin, "?action=job.retried")).toMatchObject([{ detail: { jobs: 3 } }]);
  const again = await post(admin, "/v1/admin/failed-jobs/retry");
  expect([again.status, await again.json()]).toEqual([202, { retried: 0, left: 0 }]);
  expect(await readAudit(admin, "?action=job.retried")).toHaveLength(1);
});

test("pages join", async () => {
  const { admin, refs } = await tenantWithFailures(5);
  // All of one moment: their ids decide then.
  await worker.query("UPDATE failed_jobs SET failed_at_ms = 7 WHERE tenant_id = ?", admin.tenantId);
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: FailedJobPage = await listJobs(admin, `?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
    seen.push(...page.items.map(({ fileId }) => fileId));
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(
    refs
      .map(({ fileId }) => fileId)
      .toSorted()
      .toReversed(),
  );
  const odd = await admin.fetch("/v1/admin/failed-jobs?cursor=1.2.3");
  expect(await readProblem(odd)).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
});

test("a verdict takes it away, and so does a derivative", async () => {
  const { ann, admin, ref } = await tenantWithFailures();
  expect((await sendVerdict(worker, ref)).status).toBe(200);
  expect(await listJobs(admin)).toMatchObject({ items: [] });

  // Of a clean version, what isn't made won't be by itself.
  await giveUp(ref, { code: "TIMEOUT", detail: "It took too long." });
  expect(await getRecord(ann, ref.fileId)).toMatchObject({
    state: "clean",
    processingError: null,
    missingDerivatives: [
      { name: "thumbnail", state: "failed", reason: "It took too long." },
      { name: "preview", state: "failed", reason: "It took too long." },
    ],
  });
  const objectKey = derivativeKey(ref, "preview", "html");
  const preview = { ...ref, kind: "derivative", name: "preview", objectKey, mimeType: "text/html" };
  await sendReport(worker, { ...preview, sizeBytes: 5, width: null, height: null });
  expect(await listJobs(admin)).toMatchObject({ items: [] });
  expect(await getRecord(ann, ref.fileId)).toMatchObject({
    missingDerivatives: [{ name: "thumbnail", state: "making" }],
  });
});

test("a clean file's is tried again by whoever may change it, too", async () => {
  const { ann, admin, ref } = await tenantWithFailures();
  await sendVerdict(worker, ref);
  await giveUp(ref);
  const headers = { "content-type": "application/json" };
  const path = `/v1/files/${ref.fileId}/derivatives`;
  expect((await ann.fetch(path, { method: "POST", headers, body: "{}" })).status).toBe(202);
  expect(await announced()).toEqual([ref.fileId]);
  expect(await listJobs(admin)).toMatchObject({ items: [] });
});

test.each([
  ["other bytes", { etag: "other" }],
  ["another size", { sizeBytes: 1 }],
  ["another version", { version: 2 }],
])("one about %s is refused", async (_what, change) => {
  const { admin, ref } = await tenantWithFailures();
  await sendVerdict(worker, ref);
  const refused = await giveUp(ref, change);
  expect(await readProblem(refused)).toMatchObject({ status: 409, code: "REPORT_REFUSED" });
  expect(await listJobs(admin)).toMatchObject({ items: [] });
});

test("they are for the tenant's admins, and only its own", async () => {
  const { ann, ref, retryPath } = await tenantWithFailures();
  const service = await newCaller({ tenantId: ann.tenantId, role: "service", stack: worker });
  for (const caller of [ann, service]) {
    const answers = [
      await caller.fetch("/v1/admin/failed-jobs"),
      await post(caller, retryPath),
      await post(caller, "/v1/admin/failed-jobs/retry"),
    ];
    for (const answer of answers) {
      expect(await readProblem(answer)).toMatchObject({ status: 403, code: "ROLE_REQUIRED" });
    }
  }
  const other = await newCaller({ role: "admin", stack: worker });
  expect(await listJobs(other)).toMatchObject({ items: [] });
  expect(await readProblem(await post(other, retryPathOf(ref)))).toMatchObject({ status: 404 });
  expect(await announced()).toEqual([]);
});

test("what opens the local queue opens no database", async () => {
  const door = await worker.miniflare.unsafeGetDirectURL("side-door");
  const headers = { authorization: `Bearer ${worker.queues.token}` };
  const answer = await fetch(new URL("/databases", door), { method: "POST", headers, body: "{}" });
  expect(answer.status).toBe(401);
});
