import { expect, test } from "vitest";
import { newAdmin, readAudit } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import {
  append,
  createUpload,
  getRecord,
  newCaller,
  readProblem,
  TUS,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import { appendAt, finishAt } from "../support/ietf.ts";
import { downloaded, expectRefusal, listedFiles } from "../support/tus.ts";
import type { Grant } from "../support/upload-grants.ts";
import { createByTus, expectRefused, mint, patchByTus } from "../support/upload-grants.ts";

/** What DELETE does to an upload that is complete: the file that it has become goes into the trash. */

const HELLO = Buffer.from("hello");

type Headers = Readonly<Record<string, string>>;

function remove(caller: Pick<Caller, "fetch">, location: string, headers: Headers = TUS): Promise<Response> {
  return caller.fetch(location, { method: "DELETE", headers, redirect: "manual" });
}

async function expectGone(caller: Caller, location: string, headers: Headers): Promise<void> {
  const head = await caller.fetch(location, { method: "HEAD", headers });
  expect(head.status).toBe(404);
  expect(head.headers.has("upload-offset")).toBe(false);
  await expectRefusal(await remove(caller, location, headers), 404, "UPLOAD_NOT_FOUND");
}

test.each([
  ["tus 66", TUS],
  ["ietf 45", {}],
] as const)(
  "%s: DELETE of a complete upload puts its file into the trash, from where it can be restored",
  async (_what, headers) => {
    const caller = await newCaller();
    const fileId = await uploadFile(caller, HELLO);
    const location = `/v1/uploads/${fileId}`;
    await waitForVerdict(caller, fileId);

    const answer = await remove(caller, location, headers);
    expect(answer.status).toBe(204);
    expect(await answer.text()).toBe("");
    expect(await getRecord(caller, fileId)).toMatchObject({
      state: "deleted",
      deletedAt: expect.any(String),
    });
    expect(await listedFiles(caller)).toEqual([]);
    const [event] = await readAudit(await newAdmin(caller.tenantId), `?fileId=${fileId}&action=file.deleted`);
    expect(event).toMatchObject({ actor: { id: "ann", kind: "member" }, requestId: expect.any(String) });
    expect(event?.requestId).toBe(answer.headers.get("x-request-id"));
    await expectGone(caller, location, headers);
    await expectRefusal(await append(caller, location, 5, null), 404, "UPLOAD_NOT_FOUND");
    expect(await readProblem(await finishAt(caller, location, 5, null))).toMatchObject({
      code: "UPLOAD_NOT_FOUND",
    });

    expect((await caller.fetch(`/v1/files/${fileId}/restore`, { method: "POST" })).status).toBe(200);
    expect((await downloaded(caller, fileId)).equals(HELLO)).toBe(true);
    await expectGone(caller, location, headers);
  },
);

test("an empty upload, which is complete as it is made, can be deleted at once", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 0);
  expect((await remove(caller, location)).status).toBe(204);
  expect(await listedFiles(caller)).toEqual([]);
  await expectGone(caller, location, TUS);
});

test("of two deletions at once one is told that it isn't there", async () => {
  const caller = await newCaller();
  const fileId = await uploadFile(caller, HELLO);
  const answers = await Promise.all([1, 2].map(() => remove(caller, `/v1/uploads/${fileId}`)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204, 404]));
});

test("a file that was put into the trash as a file is nothing that its upload's DELETE finds", async () => {
  const caller = await newCaller();
  const fileId = await uploadFile(caller, HELLO);
  expect((await caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" })).status).toBe(204);
  await expectRefusal(await remove(caller, `/v1/uploads/${fileId}`), 404, "UPLOAD_NOT_FOUND");
  await expectGone(caller, `/v1/uploads/${fileId}`, TUS);
  expect(await getRecord(caller, fileId)).toMatchObject({ state: "deleted" });
});

test("nobody deletes what isn't theirs, but for an admin of the tenant", async () => {
  const caller = await newCaller();
  const fileId = await uploadFile(caller, HELLO);
  const colleague = await newCaller({ tenantId: caller.tenantId, user: "bob" });
  for (const stranger of [colleague, await newCaller()]) {
    await expectRefusal(await remove(stranger, `/v1/uploads/${fileId}`), 404, "UPLOAD_NOT_FOUND");
  }
  expect(await getRecord(caller, fileId)).toMatchObject({ deletedAt: null });
  expect((await remove(await newAdmin(caller.tenantId), `/v1/uploads/${fileId}`)).status).toBe(204);
});

/** A file with two versions, of which only the first is sure to be checked; returns where the second came from. */
async function replaced(caller: Caller): Promise<{ readonly fileId: string; readonly location: string }> {
  const fileId = await uploadFile(caller, HELLO);
  await waitForVerdict(caller, fileId);
  const location = await createUpload(caller, 5, { filename: "notes.txt", replaces: fileId });
  expect((await append(caller, location, 0, "again")).status).toBe(204);
  return { fileId, location };
}

test("a later version's upload is deleted as that version is: not while the file is served by it", async () => {
  const caller = await newCaller();
  const { fileId, location } = await replaced(caller);
  await expect.poll(async () => (await getRecord(caller, fileId)).version).toBe(2);
  await expectRefusal(await remove(caller, location), 409, "VERSION_CURRENT");
  const restoring = await caller.fetch(`/v1/files/${fileId}/versions/1/restore`, { method: "POST" });
  expect(restoring.status).toBe(200);
  expect((await remove(caller, location)).status).toBe(204);
  await expectGone(caller, location, TUS);
  const versions = (await (await caller.fetch(`/v1/files/${fileId}/versions`)).json()) as {
    items: unknown[];
  };
  expect(versions.items).toMatchObject([{ version: 1 }]);
  expect(await getRecord(caller, fileId)).toMatchObject({ state: "clean", deletedAt: null });
});

/** A grant whose upload is complete. */
async function usedGrant(): Promise<Grant> {
  const grant = await mint();
  expect((await createByTus(grant)).status).toBe(201);
  expect((await patchByTus(grant, 0, "hello")).status).toBe(204);
  return grant;
}

test("a grant deletes the file that its upload has become, and isn't good for another", async () => {
  const grant = await usedGrant();
  const { backend, fileId } = grant;
  expect((await remove(grant, `/v1/uploads/${fileId}`)).status).toBe(204);
  expect(await getRecord(backend, fileId)).toMatchObject({ state: "deleted" });
  const [event] = await readAudit(await newAdmin(backend.tenantId), `?fileId=${fileId}&action=file.deleted`);
  expect(event).toMatchObject({ actor: { id: "crm", kind: "grant" } });
  await expectRefusal(await remove(grant, `/v1/uploads/${fileId}`), 404, "UPLOAD_NOT_FOUND");
  await expectRefused(await createByTus(grant), "GRANT_USED");
});

test("a grant deletes no other upload, though it be its user's, and nothing by the files' API", async () => {
  const grant = await usedGrant();
  const other = await uploadFile(grant.backend, HELLO);
  await expectRefusal(await remove(grant, `/v1/uploads/${other}`), 404, "UPLOAD_NOT_FOUND");
  await expectRefusal(await remove(grant, `/v1/files/${grant.fileId}`, {}), 403, "GRANT_SCOPE");
  expect(await getRecord(grant.backend, other)).toMatchObject({ deletedAt: null });
  expect(await getRecord(grant.backend, grant.fileId)).toMatchObject({ deletedAt: null });
});

test("a grant no longer deletes its file when that has another version", async () => {
  const grant = await usedGrant();
  const { backend, fileId } = grant;
  await waitForVerdict(backend, fileId);
  const location = await createUpload(backend, 5, { filename: "notes.txt", replaces: fileId });
  expect((await append(backend, location, 0, "again")).status).toBe(204);
  await expectRefusal(await remove(grant, `/v1/uploads/${fileId}`), 403, "GRANT_SCOPE");
  expect(await getRecord(backend, fileId)).toMatchObject({ deletedAt: null });
  expect((await remove(backend, `/v1/uploads/${fileId}`)).status).toBe(204);
});

test("a finished partial upload is deleted for good, and can't be joined any more", async () => {
  const caller = await newCaller();
  const headers = { ...TUS, "upload-concat": "partial", "upload-length": "5" };
  const created = await caller.fetch("/v1/uploads", { method: "POST", headers });
  const location = created.headers.get("location") ?? "";
  expect((await append(caller, location, 0, "hello")).status).toBe(204);
  expect((await remove(caller, location, {})).status).toBe(204);
  await expectGone(caller, location, {});
  expect((await appendAt(caller, location, 5, null)).status).toBe(404);
});
