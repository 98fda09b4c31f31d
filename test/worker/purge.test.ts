import { expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import { REPORT_SIGNATURE_HEADER, REPORTS_PATH, signReport } from "#contract/reports.ts";
import type { Caller } from "../support/api.ts";
import { append, createUpload, fileIdOf, newCaller, readProblem, TUS, uploadFile } from "../support/api.ts";
import {
  auditOf,
  countsOf,
  markPurging,
  NOTHING_COUNTED,
  patchFile,
  shareFile,
  uploadClean,
} from "../support/file-states.ts";
import { PART } from "../support/tus.ts";
import { makeVideo } from "../support/video.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

const worker = useWorkerAlone();

const TABLES_OF_FILE = [
  "file_versions",
  "object_removals",
  "file_tags",
  "verdicts",
  "derivatives",
  "missing_derivatives",
  "failed_jobs",
  "rescan_jobs",
  "shares",
  "share_links",
  "quota_reservations",
];

function purge(caller: Caller, fileId: string): Promise<Response> {
  return caller.fetch(`/v1/files/${fileId}?permanent=true`, { method: "DELETE" });
}

async function put(key: string): Promise<void> {
  await worker.bucket.put(key, "bytes");
}

/** A file with something in every table, and stored bytes that no row tells of. */
async function fullFile(caller: Caller): Promise<string> {
  const fileId = await uploadClean(worker, caller, Buffer.from("hello"), { filename: "a.txt", tags: "x,y" });
  const { tenantId } = caller;
  const ids = `'${tenantId}', '${fileId}'`;
  await shareFile(worker, caller, fileId, "bob", "view");
  for (const statement of [
    `INSERT INTO file_versions (tenant_id, file_id, version, state, declared_type, size_bytes, created_at_ms)
     VALUES (${ids}, 2, 'quarantined', 'text/plain', 7, 1)`,
    `INSERT INTO verdicts VALUES (${ids}, 1, 1, 'clean', NULL, 'Test', '1', NULL, NULL)`,
    `INSERT INTO derivatives VALUES (${ids}, 1, 'thumbnail', 'k', 'image/webp', 11, 1, 1, 1)`,
    `INSERT INTO missing_derivatives VALUES (${ids}, 1, 'preview', 'failed', 'It took too long.', 1, 1)`,
    `INSERT INTO failed_jobs VALUES (${ids}, 2, 'SCANNER_UNAVAILABLE', 'The scanner does not answer.', 5, 1)`,
    `INSERT INTO rescan_jobs VALUES (${ids}, 1, 'r', 1, 1)`,
    `INSERT INTO share_links (tenant_id, file_id, id, created_by, created_at_ms) VALUES (${ids}, '${fileId}', 'ann', 1)`,
    `INSERT INTO quota_reservations (tenant_id, file_id, version, reserved_bytes, created_at_ms, check_at_ms) VALUES (${ids}, 3, 13, 1, 1)`,
    `INSERT INTO object_removals VALUES (${ids}, 7, 't/${tenantId}/${fileId}/7/', 1)`,
  ]) {
    await worker.query(statement);
  }
  for (const name of ["1/original-9", "1/thumbnail.webp", "2/original-1", "7/left-behind"]) {
    await put(`t/${tenantId}/${fileId}/${name}`);
  }
  return fileId;
}

function nameFound(searchId: number): Promise<readonly unknown[]> {
  return worker.query("SELECT rowid FROM file_search WHERE rowid = ?", searchId);
}

async function expectGone(caller: Caller, fileId: string): Promise<void> {
  expect((await caller.fetch(`/v1/files/${fileId}`)).status).toBe(404);
  expect(await worker.query("SELECT id FROM files WHERE id = ?", fileId)).toEqual([]);
  for (const table of TABLES_OF_FILE) {
    expect(await worker.query(`SELECT file_id FROM ${table} WHERE file_id = ?`, fileId), table).toEqual([]);
  }
  expect(await worker.objectKeys(`t/${caller.tenantId}/${fileId}/`)).toEqual([]);
}

test.each(["live", "in the trash"])(
  "a file that is %s is removed for good, with all that is of it",
  async (place) => {
    const caller = await newCaller({ stack: worker });
    const [fileId, other] = [await fullFile(caller), await fullFile(caller)];
    for (const table of TABLES_OF_FILE) {
      expect(await worker.query(`SELECT file_id FROM ${table} WHERE file_id = ?`, fileId), table).not.toEqual(
        [],
      );
    }
    const counts = {
      file_count: 1,
      reserved_bytes: 13,
      files_bytes: MINIMUM_CHARGE_BYTES,
      versions_bytes: MINIMUM_CHARGE_BYTES,
      derivatives_bytes: 11,
    };
    const [row] = await worker.query("SELECT search_id FROM files WHERE id = ?", fileId);
    const searchId = Number(row?.["search_id"]);
    expect(await nameFound(searchId)).toHaveLength(1);
    if (place === "in the trash") await caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
    expect((await purge(caller, fileId)).status).toBe(204);
    await expectGone(caller, fileId);
    // What is another file's is as it was.
    expect(await countsOf(worker, caller)).toEqual({ ...counts, trash_bytes: 0 });
    expect(await worker.objectKeys(`t/${caller.tenantId}/${other}/`)).toHaveLength(5);
    expect((await purge(caller, other)).status).toBe(204);
    expect(await countsOf(worker, caller)).toEqual(NOTHING_COUNTED);
    expect(await nameFound(searchId)).toEqual([]);
    const actions = (await auditOf(worker, fileId)).slice(place === "live" ? 0 : 1);
    const ann = { actor_id: "ann", actor_kind: "member" };
    expect(actions).toEqual([
      { action: "file.deleted", ...ann, detail: { permanent: true } },
      { action: "file.purged", ...ann, detail: {} },
    ]);
    expect((await purge(caller, fileId)).status).toBe(404);
  },
);

test("cron removes what has been in the trash for long enough, and nothing else", async () => {
  const caller = await newCaller({ stack: worker });
  const [due, notDue, live] = [await fullFile(caller), await fullFile(caller), await fullFile(caller)];
  for (const id of [due, notDue]) await caller.fetch(`/v1/files/${id}`, { method: "DELETE" });
  await worker.query("UPDATE files SET purge_at_ms = ? WHERE id = ?", Date.now(), due);
  await worker.query("UPDATE files SET purge_at_ms = ? WHERE id = ?", Date.now() + 60_000, notDue);
  await worker.runScheduled();
  await expectGone(caller, due);
  expect((await caller.fetch(`/v1/files/${notDue}`)).status).toBe(200);
  expect((await caller.fetch(`/v1/files/${live}`)).status).toBe(200);
  expect(await countsOf(worker, caller)).toMatchObject({
    file_count: 2,
    trash_bytes: 2 * MINIMUM_CHARGE_BYTES,
    files_bytes: MINIMUM_CHARGE_BYTES,
  });
  expect((await auditOf(worker, due)).at(-1)).toEqual({
    ...{ action: "file.purged", actor_id: "system", actor_kind: "system", detail: {} },
  });
  // Again, and nothing happens.
  await worker.runScheduled();
  expect(await auditOf(worker, due)).toHaveLength(2);
});

test("a run that has nothing else to do purges hundreds of files", async () => {
  const caller = await newCaller({ stack: worker });
  await uploadFile(caller, Buffer.from("hello"));
  await worker.query(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
     INSERT INTO files (tenant_id, id, owner_id, filename, current_version, created_at_ms, updated_at_ms,
       deleted_at_ms, purge_at_ms)
     SELECT ?, 'due-' || i, 'ann', 'x', 1, 1, 1, 1, i FROM n`,
    caller.tenantId,
  );
  const left = () => worker.query("SELECT id FROM files WHERE id LIKE 'due-%'");
  expect(await left()).toHaveLength(400);
  await worker.runScheduled();
  expect(await left()).toEqual([]);
  expect(await countsOf(worker, caller)).toMatchObject({ file_count: 1, files_bytes: MINIMUM_CHARGE_BYTES });
});

test("a thousand objects of one file and more are all removed", async () => {
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, caller);
  const keys = Array.from({ length: 1_050 }, (_, index) => `t/${caller.tenantId}/${fileId}/1/left-${index}`);
  for (let first = 0; first < keys.length; first += 50)
    await Promise.all(keys.slice(first, first + 50).map(put));
  expect((await purge(caller, fileId)).status).toBe(204);
  await expectGone(caller, fileId);
});

test("an upload that is under way ends with its file, and its parts are gone", async () => {
  const caller = await newCaller({ stack: worker });
  const video = makeVideo(PART + 1_000);
  const location = await createUpload(caller, video.byteLength, { filename: "v.mp4", filetype: "video/mp4" });
  expect((await append(caller, location, 0, video.subarray(0, PART))).status).toBe(204);
  const open = worker.storedBytes().openMultiparts;
  expect((await purge(caller, fileIdOf(location))).status).toBe(204);
  await expectGone(caller, fileIdOf(location));
  expect((await caller.fetch(location, { method: "HEAD", headers: TUS })).status).toBe(404);
  expect(worker.storedBytes().openMultiparts).toBe(open - 1);
  expect(await countsOf(worker, caller)).toEqual(NOTHING_COUNTED);
  expect((await auditOf(worker, fileIdOf(location))).map(({ action }) => action)).toEqual([
    "file.deleted",
    "file.purged",
  ]);
});

test("bytes whose last came when their file was being purged are kept by nobody", async () => {
  const caller = await newCaller({ stack: worker });
  const location = await createUpload(caller, 5);
  const fileId = fileIdOf(location);
  await markPurging(worker, fileId);
  await append(caller, location, 0, "hello");
  expect((await caller.fetch(location, { method: "HEAD", headers: TUS })).status).toBe(404);
  expect(await worker.objectKeys(`t/${caller.tenantId}/${fileId}/`)).toEqual([]);
  await worker.runScheduled();
  await expectGone(caller, fileId);
  expect(await countsOf(worker, caller)).toEqual(NOTHING_COUNTED);
});

test("what was marked by a worker that died there is removed by cron, and by nobody brought back", async () => {
  const caller = await newCaller({ stack: worker });
  const fileId = await fullFile(caller);
  await markPurging(worker, fileId);
  expect((await caller.fetch(`/v1/files/${fileId}/restore`, { method: "POST" })).status).toBe(404);
  expect((await patchFile(caller, fileId, { filename: "b.txt" })).status).toBe(404);
  await worker.runScheduled();
  await expectGone(caller, fileId);
  expect(await countsOf(worker, caller)).toEqual(NOTHING_COUNTED);
});

test("purged by two at the same time, a file is freed once and on record once", async () => {
  const caller = await newCaller({ stack: worker });
  const fileId = await fullFile(caller);
  await fullFile(caller);
  const answers = await Promise.all([purge(caller, fileId), purge(caller, fileId), worker.runScheduled()]);
  const statuses = answers.slice(0, 2).map((answer) => answer?.status);
  expect(new Set(statuses)).toEqual(new Set([204, 404]));
  await worker.runScheduled();
  await expectGone(caller, fileId);
  expect(await countsOf(worker, caller)).toMatchObject({
    file_count: 1,
    files_bytes: MINIMUM_CHARGE_BYTES,
    trash_bytes: 0,
  });
  const actions = (await auditOf(worker, fileId)).map(({ action }) => action);
  expect(actions).toEqual(["file.deleted", "file.purged"]);
});

/** What the processor would say of a thumbnail that it has stored. */
async function reportThumbnail(caller: Caller, fileId: string, key: string): Promise<Response> {
  const body = JSON.stringify({
    ...{
      kind: "derivative",
      tenantId: caller.tenantId,
      fileId,
      version: 1,
      name: "thumbnail",
      objectKey: key,
    },
    ...{ mimeType: "image/webp", sizeBytes: 5, width: 1, height: 1, properties: {} },
  });
  const signature = await signReport(worker.reportSecret, body, Date.now());
  const headers = { "content-type": "application/json", [REPORT_SIGNATURE_HEADER]: signature };
  return fetch(new URL(REPORTS_PATH, worker.url), { method: "POST", headers, body });
}

test.each(["is being purged", "is purged"])(
  "a derivative that is ready when its file %s is removed",
  async (when) => {
    const caller = await newCaller({ stack: worker });
    const fileId = await uploadClean(worker, caller);
    const key = `t/${caller.tenantId}/${fileId}/1/thumbnail.webp`;
    await put(key);
    expect((await reportThumbnail(caller, fileId, key)).status).toBe(204);
    await (when === "is purged" ? purge(caller, fileId) : markPurging(worker, fileId));
    await put(key);
    const answer = await reportThumbnail(caller, fileId, key);
    expect(await readProblem(answer)).toMatchObject({ status: 409, code: "REPORT_REFUSED" });
    expect(await worker.objectKeys(key)).toEqual([]);
  },
);

test("a report about a file that isn't there removes nothing of any other", async () => {
  const caller = await newCaller({ stack: worker });
  const [gone, other] = [await uploadClean(worker, caller), await uploadClean(worker, caller)];
  await purge(caller, gone);
  const key = `t/${caller.tenantId}/${other}/1/original-1`;
  for (const wanted of [key, `t/${caller.tenantId}/${gone}/../${other}/1/thumbnail.webp`]) {
    expect((await reportThumbnail(caller, gone, wanted)).status).toBe(409);
  }
  expect(await worker.objectKeys(`t/${caller.tenantId}/${other}/`)).toEqual([key]);
});
