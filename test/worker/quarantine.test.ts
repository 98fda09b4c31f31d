import { expect, test } from "vitest";
import { FileVersionRef } from "#contract/ids.ts";
import type { BlockedVersion, QuarantinePage } from "#contract/quarantine.ts";
import { newAdmin, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { createUpload, getRecord, newCaller, readProblem, TUS, uploadFile } from "../support/api.ts";
import { auditOf, countsOf, NOTHING_COUNTED } from "../support/file-states.ts";
import { takeJobs } from "../support/queued-jobs.ts";
import { askStanding, sendVerdict } from "../support/reports.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

/** Versions that did not pass their check, by the verdicts of a processor that the test plays. */
const worker = useWorkerAlone();

const INFECTED = { verdict: "infected", signatureName: "Eicar-Test", signatureVersion: "27841" };
const DAY_MS = 24 * 3_600_000;

async function addVersion(caller: Caller, verdict: object, replaces?: string): Promise<FileVersionRef> {
  const attached = { entityType: "contact", entityId: "c-7" };
  const metadata = { filename: "notes.txt", ...(replaces === undefined ? attached : { replaces }) };
  const uploaded = await uploadFile(caller, Buffer.from("hello"), metadata);
  const [row] = await worker.query(
    "SELECT file_id, max(version) AS version FROM file_versions WHERE file_id = ?",
    replaces ?? uploaded,
  );
  const { tenantId } = caller;
  const ref = FileVersionRef.parse({ tenantId, fileId: row?.["file_id"], version: row?.["version"] });
  expect((await sendVerdict(worker, ref, verdict)).status).toBe(200);
  return ref;
}

/** A tenant with an infected file of one version. */
async function infectedFile() {
  const ann = await newCaller({ stack: worker });
  const admin = await newAdmin(ann.tenantId, worker);
  return { ann, admin, ref: await addVersion(ann, INFECTED) };
}

async function list(caller: Caller, query = ""): Promise<readonly BlockedVersion[]> {
  const answer = await caller.fetch(`/v1/admin/quarantine${query}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as QuarantinePage).items;
}

const pathOf = ({ fileId, version }: FileVersionRef) => `/v1/admin/quarantine/${fileId}/${version}`;
const release = (caller: Caller, ref: FileVersionRef, body: object = { reason: "A false alarm." }) =>
  sendJson(caller, "POST", `${pathOf(ref)}/release`, body);
const remove = (caller: Caller, ref: FileVersionRef) => caller.fetch(pathOf(ref), { method: "DELETE" });

async function newestVerdict({ fileId }: FileVersionRef) {
  const [row] = await worker.query(
    "SELECT * FROM verdicts WHERE file_id = ? ORDER BY scanned_at_ms DESC LIMIT 1",
    fileId,
  );
  return row;
}

test("blocked versions are listed with what was found, those that aren't current too", async () => {
  const { ann, admin, ref } = await infectedFile();
  const clean = await addVersion(ann, {});
  const second = await addVersion(ann, { verdict: "unscannable", signatureName: "Zip.Bomb" }, clean.fileId);
  const [newest, oldest] = await list(admin);
  expect(oldest).toEqual({
    ...{ fileId: ref.fileId, version: 1, isCurrent: true, state: "infected" },
    ...{ filename: "notes.txt", originalFilename: "notes.txt", mimeType: "text/plain", sizeBytes: 5 },
    ...{ ownerId: "ann", uploadedBy: "ann", sha256: "0".repeat(64), entityType: "contact", entityId: "c-7" },
    ...{ signatureName: "Eicar-Test", signatureVersion: "27841", engine: "Test" },
    ...{ reason: "The file contains malware: Eicar-Test.", foundLater: false },
    ...{ blockedAt: expect.any(String), purgeAt: expect.any(String) },
  });
  expect(Date.parse(oldest?.purgeAt ?? "") - Date.parse(oldest?.blockedAt ?? "")).toBe(30 * DAY_MS);
  expect(newest).toMatchObject({ ...{ fileId: second.fileId, version: 2 }, isCurrent: false });
  expect(await list(admin, "?state=infected")).toEqual([oldest]);
  expect(await list(admin, "?state=unscannable")).toEqual([newest]);
  const page = (await (await admin.fetch("/v1/admin/quarantine?limit=1")).json()) as QuarantinePage;
  expect(page.items).toEqual([newest]);
  expect(await list(admin, `?limit=1&cursor=${page.nextCursor}`)).toEqual([oldest]);
});

test("a released version is clean by a person's verdict, and derivatives are made of it", async () => {
  const { ann, admin, ref } = await infectedFile();
  while ((await takeJobs(worker.queues)).length > 0);
  expect((await release(admin, ref)).status).toBe(204);
  expect(await getRecord(ann, ref.fileId)).toMatchObject({
    state: "clean",
    verdict: { verdict: "clean", engine: "person", signatureName: null, signatureVersion: "27841" },
  });
  expect((await ann.fetch(`/v1/files/${ref.fileId}/content`)).status).toBe(200);
  expect(await newestVerdict(ref)).toMatchObject({ decided_by: "boss", reason: "A false alarm." });
  expect(await takeJobs(worker.queues)).toMatchObject([{ fileId: ref.fileId }]);
  expect(await askStanding(worker, ref)).toMatchObject({ state: "clean" });
  expect(await list(admin)).toEqual([]);
  expect(await auditOf(worker, ref.fileId)).toEqual([
    {
      ...{ action: "version.released", actor_id: "boss", actor_kind: "admin" },
      detail: {
        ...{ reason: "A false alarm.", was: "infected" },
        ...{ signatureName: "Eicar-Test", signatureVersion: "27841" },
      },
    },
  ]);
  const again = await release(admin, ref);
  expect(await readProblem(again)).toMatchObject({ status: 409, code: "VERSION_NOT_BLOCKED" });
  // A late copy of the processor's verdict.
  await sendVerdict(worker, ref, INFECTED);
  expect(await getRecord(ann, ref.fileId)).toMatchObject({ state: "clean" });
});

test("a released version that is newer than the current one takes its place", async () => {
  const { ann, admin } = await infectedFile();
  const first = await addVersion(ann, {});
  const second = await addVersion(ann, INFECTED, first.fileId);
  expect((await getRecord(ann, first.fileId)).version).toBe(1);
  expect((await release(admin, second)).status).toBe(204);
  expect(await getRecord(ann, first.fileId)).toMatchObject({ version: 2, state: "clean" });
});

test("a reason is needed", async () => {
  const { admin, ref } = await infectedFile();
  for (const body of [{}, { reason: " " }, { reason: " x " }, { reason: "x".repeat(501) }]) {
    expect(await readProblem(await release(admin, ref, body))).toMatchObject({ status: 400 });
  }
});

test("a file goes with its only version", async () => {
  const { ann, admin, ref } = await infectedFile();
  expect((await remove(admin, ref)).status).toBe(204);
  expect((await ann.fetch(`/v1/files/${ref.fileId}`)).status).toBe(404);
  expect(await worker.objectKeys(`t/${ann.tenantId}/`)).toEqual([]);
  expect(await countsOf(worker, ann)).toEqual(NOTHING_COUNTED);
  expect((await auditOf(worker, ref.fileId)).map(({ action }) => action)).toEqual([
    "file.deleted",
    "file.purged",
  ]);
  expect(await readProblem(await remove(admin, ref))).toMatchObject({ code: "VERSION_NOT_FOUND" });
});

test("a version that isn't the only one goes alone, the current one too", async () => {
  const { ann, admin, ref: first } = await infectedFile();
  const third = await addVersion(ann, {}, first.fileId);
  expect(third.version).toBe(2);
  const fourth = await addVersion(ann, INFECTED, first.fileId);
  // As when it was found later: the current one is infected, and an older one is clean.
  await worker.query("UPDATE files SET current_version = 3 WHERE id = ?", first.fileId);
  for (const ref of [first, fourth]) expect((await remove(admin, ref)).status).toBe(204);
  expect(await getRecord(ann, first.fileId)).toMatchObject({ version: 2, state: "clean" });
  await expect
    .poll(() => worker.objectKeys(`t/${ann.tenantId}/${first.fileId}/`))
    .toEqual([expect.stringContaining("/2/")]);
  expect(await countsOf(worker, ann)).toMatchObject({ files_bytes: 4096, versions_bytes: 0 });
  expect((await auditOf(worker, first.fileId)).map(({ action }) => action)).toEqual([
    "version.deleted",
    "version.deleted",
  ]);
});

/** Files whose current version isn't there. */
const headless = () =>
  worker.query(
    `SELECT id FROM files WHERE NOT EXISTS (SELECT 1 FROM file_versions AS v
      WHERE v.tenant_id = files.tenant_id AND v.file_id = files.id AND v.version = files.current_version)`,
  );

test.each([
  ["waits for its check", undefined, 2],
  ["is clean, and older than another", {}, 2],
])("an upload under way takes no place: one that %s does", async (_what, verdict, expected) => {
  const { ann, admin, ref } = await infectedFile();
  const metadata = { filename: "notes.txt", replaces: ref.fileId };
  if (verdict === undefined) await uploadFile(ann, Buffer.from("better"), metadata);
  else {
    await addVersion(ann, verdict, ref.fileId);
    await addVersion(ann, INFECTED, ref.fileId);
    // As when the first was found later than the others came.
    await worker.query("UPDATE files SET current_version = 1 WHERE id = ?", ref.fileId);
  }
  const upload = await createUpload(ann, 5, metadata);
  expect((await remove(admin, ref)).status).toBe(204);
  expect(await getRecord(ann, ref.fileId)).toMatchObject({ version: expected });
  expect((await ann.fetch(upload, { method: "DELETE", headers: TUS })).status).toBe(204);
  if (verdict === undefined) await sendVerdict(worker, { ...ref, version: 2 });
  expect(await getRecord(ann, ref.fileId)).toMatchObject({ version: expected, state: "clean" });
  expect(await headless()).toEqual([]);
});

test("a file goes with its only stored version, and ends the uploads to it", async () => {
  const { ann, admin, ref } = await infectedFile();
  const upload = await createUpload(ann, 5, { filename: "notes.txt", replaces: ref.fileId });
  expect((await remove(admin, ref)).status).toBe(204);
  expect((await ann.fetch(`/v1/files/${ref.fileId}`)).status).toBe(404);
  expect((await ann.fetch(upload, { method: "HEAD", headers: TUS })).status).toBe(404);
  expect(await countsOf(worker, ann)).toEqual(NOTHING_COUNTED);
  expect(await headless()).toEqual([]);
});

test("what isn't blocked is neither released nor removed here", async () => {
  const { ann, admin } = await infectedFile();
  const ref = await addVersion(ann, {});
  for (const answer of [await release(admin, ref), await remove(admin, ref)]) {
    expect(await readProblem(answer)).toMatchObject({ status: 409, code: "VERSION_NOT_BLOCKED" });
  }
  expect((await ann.fetch(`/v1/files/${ref.fileId}/content`)).status).toBe(200);
});

test("cron removes what was kept as long as its tenant says", async () => {
  const { ann, admin, ref } = await infectedFile();
  const path = `/v1/admin/tenants/${ann.tenantId}`;
  await sendJson(admin, "PATCH", path, { settings: { quarantineDays: 2 } });
  const mixed = await addVersion(ann, {});
  const late = await addVersion(ann, INFECTED, mixed.fileId);
  const [newest] = await list(admin);
  expect(Date.parse(newest?.purgeAt ?? "") - Date.parse(newest?.blockedAt ?? "")).toBe(2 * DAY_MS);
  await worker.runScheduled();
  expect(await list(admin)).toHaveLength(2);
  await worker.query(
    "UPDATE file_versions SET purge_at_ms = 5 WHERE tenant_id = ? AND state = 'infected'",
    ann.tenantId,
  );
  // The first run removes the records; objects may be another's.
  await worker.runScheduled();
  expect(await list(admin)).toEqual([]);
  await worker.runScheduled();
  expect((await ann.fetch(`/v1/files/${ref.fileId}`)).status).toBe(404);
  expect(await getRecord(ann, mixed.fileId)).toMatchObject({ version: 1, state: "clean" });
  expect(await worker.objectKeys(`t/${ann.tenantId}/`)).toHaveLength(1);
  expect(await auditOf(worker, late.fileId)).toMatchObject([
    { action: "version.deleted", actor_id: "system", actor_kind: "system" },
  ]);
});

test("one that can't be removed now keeps no other from being removed", async () => {
  const { ref: broken } = await infectedFile();
  const others = [await infectedFile(), await infectedFile()];
  await worker.query(
    `CREATE TRIGGER broken BEFORE UPDATE OF purging_at_ms ON files WHEN new.id = '${broken.fileId}'
     BEGIN SELECT raise(ABORT, 'It is broken.'); END`,
  );
  for (const [index, { fileId }] of [broken, ...others.map(({ ref }) => ref)].entries()) {
    await worker.query("UPDATE file_versions SET purge_at_ms = ? WHERE file_id = ?", index, fileId);
  }
  await worker.runScheduled();
  await worker.query("DROP TRIGGER broken");
  for (const { admin } of others) expect(await list(admin)).toEqual([]);
  const [left] = await worker.query(
    "SELECT purge_at_ms > 5 AS behind FROM file_versions WHERE file_id = ?",
    broken.fileId,
  );
  expect(left).toEqual({ behind: 1 });
});

test("it is for the tenant's admins, and only its own", async () => {
  const { ann, ref } = await infectedFile();
  const service = await newCaller({ tenantId: ann.tenantId, role: "service", stack: worker });
  for (const caller of [ann, service]) {
    const answers = [
      await caller.fetch("/v1/admin/quarantine"),
      await release(caller, ref),
      await remove(caller, ref),
    ];
    for (const answer of answers) {
      expect(await readProblem(answer)).toMatchObject({ status: 403, code: "ROLE_REQUIRED" });
    }
  }
  const other = await newCaller({ role: "admin", stack: worker });
  expect(await list(other)).toEqual([]);
  for (const answer of [await release(other, ref), await remove(other, ref)]) {
    expect(await readProblem(answer)).toMatchObject({ status: 404, code: "VERSION_NOT_FOUND" });
  }
  expect(await getRecord(ann, ref.fileId)).toMatchObject({ state: "infected" });
});
