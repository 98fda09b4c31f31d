import { expect, test } from "vitest";
import { REPORT_SIGNATURE_HEADER, REPORTS_PATH, signReport } from "#contract/reports.ts";
import type { Caller } from "../support/api.ts";
import { append, createUpload, newCaller, readProblem } from "../support/api.ts";
import { countsOf, NOTHING_COUNTED, uploadClean } from "../support/file-states.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

const worker = useWorkerAlone();

function objectsOf(caller: Caller, fileId: string): Promise<readonly string[]> {
  return worker.objectKeys(`t/${caller.tenantId}/${fileId}/`);
}

async function put(key: string): Promise<void> {
  await worker.bucket.put(key, "bytes");
}

/** Writes down, as if a worker had died right after it, that a version's objects are to be removed. */
async function writeDown(
  caller: Caller,
  fileId: string,
  version: number,
  attemptedAtMs = 1_000,
): Promise<void> {
  await worker.query(
    "INSERT INTO object_removals VALUES (?, ?, ?, ?, ?)",
    ...[caller.tenantId, fileId, version, `t/${caller.tenantId}/${fileId}/${version}/`, attemptedAtMs],
  );
}

async function writtenDown(fileId: string): Promise<readonly unknown[]> {
  const query = "SELECT version FROM object_removals WHERE file_id = ? ORDER BY attempted_at_ms, version";
  return (await worker.query(query, fileId)).map(({ version }) => version);
}

/** Uploads the next version of a file, which stays in quarantine. */
async function replace(caller: Caller, fileId: string, text: string): Promise<number> {
  const location = await createUpload(caller, text.length, { filename: "notes.txt", replaces: fileId });
  expect((await append(caller, location, 0, text)).status).toBe(204);
  return Number(location.split("/").at(-2));
}

function remove(caller: Caller, fileId: string, version: number): Promise<Response> {
  return caller.fetch(`/v1/files/${fileId}/versions/${version}`, { method: "DELETE" });
}

const WEBP = {
  ...{ name: "thumbnail", mimeType: "image/webp", sizeBytes: 5, width: 1, height: 1 },
  properties: {},
};

test("a number is given once, so that what is left of a removed version is never a new one's", async () => {
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, caller);
  expect(await replace(caller, fileId, "second")).toBe(2);
  expect((await remove(caller, fileId, 2)).status).toBe(204);
  await expect.poll(() => writtenDown(fileId)).toEqual([]);
  await writeDown(caller, fileId, 2);
  await put(`t/${caller.tenantId}/${fileId}/2/original-1`);
  expect(await replace(caller, fileId, "third")).toBe(3);
  await worker.runScheduled();
  expect(await objectsOf(caller, fileId)).toEqual(
    [1, 3].map((version) => `t/${caller.tenantId}/${fileId}/${version}/original-1`),
  );
  expect(await writtenDown(fileId)).toEqual([]);
});

test("objects of a version that there is are never removed", async () => {
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, caller);
  await writeDown(caller, fileId, 1);
  await worker.runScheduled();
  expect(await objectsOf(caller, fileId)).toHaveLength(1);
  const content = await caller.fetch(`/v1/files/${fileId}/content`);
  expect([content.status, await content.text()]).toEqual([200, "hello"]);
});

test("one run takes on a hundred removals, those first that were longest not attempted", async () => {
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, caller);
  for (let version = 101; version <= 220; version += 1) await writeDown(caller, fileId, version, version);
  const left = async () => {
    const versions = await writtenDown(fileId);
    return [versions.length, versions[0]];
  };
  await worker.runScheduled();
  expect(await left()).toEqual([20, 201]);
  await worker.runScheduled();
  expect(await left()).toEqual([0, undefined]);
  expect(await objectsOf(caller, fileId)).toHaveLength(1);
});

test("a thousand objects of one version and more are all removed", async () => {
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, caller);
  await writeDown(caller, fileId, 2);
  const keys = Array.from({ length: 1_050 }, (_, index) => `t/${caller.tenantId}/${fileId}/2/left-${index}`);
  for (let first = 0; first < keys.length; first += 50)
    await Promise.all(keys.slice(first, first + 50).map(put));
  await worker.runScheduled();
  expect(await objectsOf(caller, fileId)).toHaveLength(1);
  expect(await writtenDown(fileId)).toEqual([]);
});

test("with its file for good goes what was still to be removed of its versions", async () => {
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, caller);
  await writeDown(caller, fileId, 2);
  await put(`t/${caller.tenantId}/${fileId}/2/original-1`);
  expect((await caller.fetch(`/v1/files/${fileId}?permanent=true`, { method: "DELETE" })).status).toBe(204);
  expect(await objectsOf(caller, fileId)).toEqual([]);
  expect(await writtenDown(fileId)).toEqual([]);
  expect(await countsOf(worker, caller)).toEqual(NOTHING_COUNTED);
});

test("what is left of a version of a file in the trash is removed, and the file can be restored", async () => {
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, caller);
  await writeDown(caller, fileId, 2);
  await put(`t/${caller.tenantId}/${fileId}/2/original-1`);
  expect((await caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" })).status).toBe(204);
  await worker.runScheduled();
  expect(await objectsOf(caller, fileId)).toEqual([`t/${caller.tenantId}/${fileId}/1/original-1`]);
  expect((await caller.fetch(`/v1/files/${fileId}/restore`, { method: "POST" })).status).toBe(200);
});

async function report(content: object): Promise<Response> {
  const body = JSON.stringify(content);
  const signature = await signReport(worker.reportSecret, body, Date.now());
  const headers = { "content-type": "application/json", [REPORT_SIGNATURE_HEADER]: signature };
  return fetch(new URL(REPORTS_PATH, worker.url), { method: "POST", headers, body });
}

test.each([
  ["when it is told", { kind: "derivative", ...WEBP }],
  ["when its job is begun again, which never told it", { kind: "start", etag: "e", sizeBytes: 6 }],
])("a derivative that is ready when its version has been removed is removed too: %s", async (_when, told) => {
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, caller);
  await replace(caller, fileId, "second");
  const objectKey = `t/${caller.tenantId}/${fileId}/2/thumbnail.webp`;
  const ref = { tenantId: caller.tenantId, fileId, version: 2 };
  expect((await remove(caller, fileId, 2)).status).toBe(204);
  await expect.poll(() => writtenDown(fileId)).toEqual([]);
  await put(objectKey);
  // Of a version that there is nothing goes, whatever is said of it.
  const ofFirst = await report({ kind: "start", etag: "e", sizeBytes: 6, ...ref, version: 1 });
  for (const answer of [ofFirst, await report({ ...told, ...ref, objectKey })]) {
    expect(await readProblem(answer)).toMatchObject({ status: 409, code: "REPORT_REFUSED" });
  }
  expect(await objectsOf(caller, fileId)).toEqual([`t/${caller.tenantId}/${fileId}/1/original-1`]);
});
