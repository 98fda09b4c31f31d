import { expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import type { Caller } from "../support/api.ts";
import {
  APPEND,
  append,
  createUpload,
  fileIdOf,
  getRecord,
  newCaller,
  readProblem,
  TUS,
  uploadFile,
} from "../support/api.ts";
import { auditOf, countsOf, NOTHING_COUNTED, shareFile, uploadClean } from "../support/file-states.ts";
import { openRequest } from "../support/raw-request.ts";
import { listedFiles, PART } from "../support/tus.ts";
import { makeVideo } from "../support/video.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

const worker = useWorkerAlone();

const DAY_MS = 24 * 3_600_000;

function remove(caller: Caller, fileId: string): Promise<Response> {
  return caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
}

function restore(caller: Caller, fileId: string): Promise<Response> {
  return caller.fetch(`/v1/files/${fileId}/restore`, { method: "POST" });
}

test("a file goes into the trash and comes out of it as it was", async () => {
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, caller, Buffer.from("hello"), { filename: "a.txt", tags: "x" });
  const before = await getRecord(caller, fileId);
  expect((await remove(caller, fileId)).status).toBe(204);
  const inTrash = await getRecord(caller, fileId);
  expect(inTrash).toMatchObject({ state: "deleted", deletedAt: expect.any(String) });
  expect(await listedFiles(caller)).toEqual([]);
  expect(await countsOf(worker, caller)).toMatchObject({
    files_bytes: 0,
    trash_bytes: MINIMUM_CHARGE_BYTES,
    file_count: 1,
  });

  const answer = await restore(caller, fileId);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ ...before, updatedAt: expect.any(String) });
  expect(await countsOf(worker, caller)).toMatchObject({ files_bytes: MINIMUM_CHARGE_BYTES, trash_bytes: 0 });
  expect((await caller.fetch(`/v1/files/${fileId}/content`)).status).toBe(200);
  const [row] = await worker.query("SELECT deleted_by, purge_at_ms FROM files WHERE id = ?", fileId);
  expect(row).toEqual({ deleted_by: null, purge_at_ms: null });
  expect(await auditOf(worker, fileId)).toEqual([
    { action: "file.deleted", actor_id: "ann", actor_kind: "member", detail: {} },
    { action: "file.restored", actor_id: "ann", actor_kind: "member", detail: {} },
  ]);
});

test.each([
  ["for all", {}, 30],
  ["of the tenant's own", { trashDays: 7 }, 7],
  ["of none", { trashDays: 0 }, 0],
])("how long it stays there is a time %s", async (_what, settings, days) => {
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadFile(caller, Buffer.from("hello"));
  const text = JSON.stringify(settings);
  await worker.query("UPDATE tenants SET settings = ? WHERE tenant_id = ?", text, caller.tenantId);
  await remove(caller, fileId);
  const [row] = await worker.query(
    "SELECT deleted_by, purge_at_ms - deleted_at_ms AS stays FROM files WHERE id = ?",
    fileId,
  );
  expect(row).toEqual({ deleted_by: "ann", stays: days * DAY_MS });
  const { deletedAt, purgeAt } = await getRecord(caller, fileId);
  expect(Date.parse(purgeAt ?? "") - Date.parse(deletedAt ?? "")).toBe(days * DAY_MS);
});

test("of two deletions at once one is told that the file isn't there", async () => {
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadFile(caller, Buffer.from("hello"));
  const answers = await Promise.all([remove(caller, fileId), remove(caller, fileId)]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204, 404]));
  expect(await auditOf(worker, fileId)).toHaveLength(1);
});

test("whether a deletion is for good is said by true or false", async () => {
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadFile(caller, Buffer.from("hello"));
  const answer = await caller.fetch(`/v1/files/${fileId}?permanent=1`, { method: "DELETE" });
  const errors = [{ path: "permanent" }];
  expect(await readProblem(answer)).toMatchObject({ status: 400, code: "REQUEST_INVALID", errors });
  expect((await caller.fetch(`/v1/files/${fileId}?permanent=false`, { method: "DELETE" })).status).toBe(204);
  expect((await restore(caller, fileId)).status).toBe(200);
});

test.each(["its owner", "an admin", "somebody it is shared with"])(
  "an upload that is under way ends with its file, deleted by %s",
  async (who) => {
    const owner = await newCaller({ stack: worker });
    const video = makeVideo(PART + 1_000);
    const location = await createUpload(owner, video.byteLength, {
      filename: "v.mp4",
      filetype: "video/mp4",
    });
    const fileId = fileIdOf(location);
    expect((await append(owner, location, 0, video.subarray(0, PART))).status).toBe(204);
    const open = worker.storedBytes().openMultiparts;
    await shareFile(worker, owner, fileId, "bob", "delete");
    const role = who === "an admin" ? "admin" : "member";
    const other = await newCaller({ stack: worker, tenantId: owner.tenantId, user: "bob", role });

    expect((await remove(who === "its owner" ? owner : other, fileId)).status).toBe(204);
    expect((await owner.fetch(location, { method: "HEAD", headers: TUS })).status).toBe(404);
    const late = await append(owner, location, PART, video.subarray(PART));
    expect(await readProblem(late)).toMatchObject({ status: 404, code: "UPLOAD_NOT_FOUND" });
    // There was nothing to restore.
    expect((await owner.fetch(`/v1/files/${fileId}`)).status).toBe(404);
    expect(worker.storedBytes().openMultiparts).toBe(open - 1);
    expect(await countsOf(worker, owner)).toEqual(NOTHING_COUNTED);
    expect(await auditOf(worker, fileId)).toMatchObject([{ action: "file.deleted" }]);
  },
);

test("a stalled request doesn't keep its upload's file from being deleted", async () => {
  const caller = await newCaller({ stack: worker });
  const location = await createUpload(caller, 100_000);
  const request = await openRequest(new URL(location, worker.url), "PATCH", {
    ...APPEND,
    authorization: `Bearer ${caller.token}`,
    "upload-offset": "0",
    "content-length": "100000",
  });
  await request.write(Buffer.alloc(50_000, "a"));
  expect((await remove(caller, fileIdOf(location))).status).toBe(204);
  expect((await caller.fetch(location, { method: "HEAD", headers: TUS })).status).toBe(404);
  await request.cut();
});
