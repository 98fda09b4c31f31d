import { expect, test } from "vitest";
import type { UploadGrantResponse } from "#contract/api.ts";
import type { FileVersion } from "#contract/versions.ts";
import type { Caller } from "../support/api.ts";
import {
  fileIdOf,
  getRecord,
  newCaller,
  readProblem,
  TUS,
  uploadFile,
  waitForRecord,
  waitForVerdict,
} from "../support/api.ts";
import { eicar } from "../support/eicar.ts";
import type { Grant } from "../support/upload-grants.ts";
import {
  APPENDED,
  asHolder,
  createByTus,
  expectRefused,
  mint,
  NOTES,
  patchByTus,
  postGrant,
} from "../support/upload-grants.ts";

const JSON_CONTENT = { "content-type": "application/json" };

function renew(by: Caller, token: string, more: object = {}): Promise<Response> {
  const body = JSON.stringify({ token, ...more });
  return by.fetch("/v1/upload-grants/renewals", { method: "POST", headers: JSON_CONTENT, body });
}

async function renewed(grant: Grant): Promise<Grant> {
  const answer = await renew(grant.backend, grant.token);
  expect(answer.status).toBe(201);
  const again = (await answer.json()) as UploadGrantResponse;
  return { ...grant, ...again, fetch: (path, init) => asHolder(grant.backend, again.token, path, init) };
}

/** What has become of a grant's upload, when its check is over. */
async function settledVersion({ fetch: ask, fileId, version }: Grant): Promise<FileVersion> {
  for (;;) {
    const answer = await ask(`/v1/files/${fileId}/versions/${version}`);
    expect(answer.status).toBe(200);
    const found = (await answer.json()) as FileVersion;
    const isSettled = found.state !== "uploading" && found.state !== "quarantined";
    expect(answer.headers.get("retry-after")).toBe(isSettled ? null : "2");
    if (isSettled) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

test("an upload whose grant has ended goes on with the renewed one, within the same scope", async () => {
  const grant = await mint({ userId: "ann", maxBytes: 5, expiresInSeconds: 2 });
  expect((await createByTus(grant)).status).toBe(201);
  expect((await patchByTus(grant, 0, "he")).status).toBe(204);
  await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(Date.parse(grant.expiresAt));
  await expectRefused(await patchByTus(grant, 2, "llo"), "TOKEN_EXPIRED");
  const longer = await renewed(grant);
  expect(longer.fileId).toBe(grant.fileId);
  // The creation again, as after a lost answer, is the same upload; and no other begins by it.
  expect((await createByTus(longer)).headers.get("upload-offset")).toBe("2");
  await expectRefused(await createByTus(longer, { length: 6 }), "GRANT_SCOPE");
  expect((await patchByTus(longer, 2, "llo")).status).toBe(204);
  expect(await settledVersion(longer)).toMatchObject({ state: "clean", version: 1, uploadedBy: "ann" });
});

test("a grant is renewed by its tenant's backend, and for an hour at most", async () => {
  const grant = await mint({ userId: "ann" });
  const { backend } = grant;
  const member = await newCaller({ tenantId: backend.tenantId });
  expect((await renew(backend, grant.token, { expiresInSeconds: 3600 })).status).toBe(201);
  await expectRefused(await renew(backend, grant.token, { expiresInSeconds: 3601 }), "REQUEST_INVALID");
  await expectRefused(await renew(backend, grant.token, { maxBytes: 9 }), "REQUEST_INVALID");
  await expectRefused(await renew(member, grant.token), "ROLE_REQUIRED");
  const stranger = await newCaller({ role: "service" });
  for (const [by, token] of [
    [stranger, grant.token],
    [backend, `${grant.token.slice(0, -4)}AAAA`],
    [backend, member.token],
  ] as const) {
    const refusal = await readProblem(await renew(by, token));
    expect(refusal).toMatchObject({ code: "REQUEST_INVALID", errors: [{ path: "token" }] });
  }
});

test("a grant reads what has become of its own upload, and nothing else", async () => {
  const grant = await mint({ userId: "ann" });
  const path = `/v1/files/${grant.fileId}/versions/1`;
  await expectRefused(await grant.fetch(path), "FILE_NOT_FOUND");
  const bytes = Buffer.from(eicar());
  expect((await createByTus(grant, { length: bytes.byteLength })).status).toBe(201);
  const waiting = await grant.fetch(path);
  expect(await waiting.json()).toMatchObject({ state: "uploading", verdict: null });
  expect((await patchByTus(grant, 0, bytes)).status).toBe(204);
  expect(await settledVersion(grant)).toMatchObject({ state: "infected", verdict: "infected" });
  const other = await mint({ userId: "ann" }, grant.backend);
  await createByTus(other);
  for (const target of [`/v1/files/${other.fileId}/versions/1`, `/v1/files/${grant.fileId}/versions/2`]) {
    await expectRefused(await grant.fetch(target), "FILE_NOT_FOUND");
  }
  for (const [method, target] of [
    ["DELETE", path],
    ["GET", `${path}/content`],
    ["GET", `/v1/files/${grant.fileId}/versions`],
    ["GET", `/v1/files/${grant.fileId}`],
  ] as const) {
    await expectRefused(await grant.fetch(target, { method }), "GRANT_SCOPE");
  }
});

test("a grant with tags tags its file, beside what the upload says", async () => {
  const grant = await mint({ tags: ["signed", "from a form"] });
  expect((await createByTus(grant, { metadata: { ...NOTES, tags: "a,signed" } })).status).toBe(201);
  const { tags } = await getRecord(grant.backend, grant.fileId);
  expect(tags.toSorted()).toEqual(["a", "from a form", "signed"]);
  const many = Array.from({ length: 51 }, (_, index) => `tag ${index}`);
  for (const wrong of [["a,b"], [""], many]) {
    await expectRefused(await postGrant(grant.backend, { tags: wrong }), "REQUEST_INVALID");
  }
});

test("a grant that replaces a file is for its next version", async () => {
  const backend = await newCaller({ user: "crm", role: "service" });
  const ann = await newCaller({ tenantId: backend.tenantId });
  const fileId = await uploadFile(ann, Buffer.from("first"));
  await waitForVerdict(ann, fileId);
  const grant = await mint({ replaces: fileId, userId: "guest" }, backend);
  expect(grant).toMatchObject({ fileId, version: 2 });
  const others = [
    { replaces: "0".repeat(26) },
    { replaces: fileId.replace(/^./, fileId.startsWith("x") ? "y" : "x") },
  ];
  for (const other of others) {
    await expectRefused(await createByTus(grant, { metadata: { ...NOTES, ...other } }), "GRANT_SCOPE");
  }
  const created = await createByTus(grant, { metadata: { ...NOTES, replaces: fileId } });
  const location = created.headers.get("location") ?? "";
  expect(location).toBe(`/v1/uploads/2/${fileId}`);
  expect(fileIdOf(location)).toBe(fileId);
  // What is the file's isn't the grant's, nor is another version of it.
  expect((await grant.fetch(`/v1/uploads/${fileId}`, { method: "HEAD", headers: TUS })).status).toBe(404);
  await expectRefused(await grant.fetch(`/v1/files/${fileId}/versions/1`), "FILE_NOT_FOUND");
  const sent = await grant.fetch(location, { method: "PATCH", headers: APPENDED, body: "again" });
  expect(sent.status).toBe(204);
  expect(await settledVersion(grant)).toMatchObject({ version: 2, state: "clean", uploadedBy: "guest" });
  expect(await waitForRecord(ann, fileId, ({ version }) => version === 2)).toMatchObject({ ownerId: "ann" });
  await expectRefused(await grant.fetch(location, { method: "DELETE", headers: TUS }), "GRANT_SCOPE");
  const again = await grant.fetch(`/v1/uploads/2/${fileId}`, { method: "HEAD", headers: TUS });
  expect(again.headers.get("upload-offset")).toBe("5");
  await expectRefused(await createByTus(grant, { length: 6 }), "GRANT_USED");
  await expectRefused(
    await postGrant(backend, { replaces: fileId, entityType: "contact", entityId: "c-1" }),
    "REQUEST_INVALID",
  );
});

test("a file that was deleted since takes no new version by a grant", async () => {
  const backend = await newCaller({ user: "crm", role: "service" });
  const fileId = await uploadFile(backend, Buffer.from("first"));
  await waitForVerdict(backend, fileId);
  const grant = await mint({ replaces: fileId }, backend);
  expect((await backend.fetch(`/v1/files/${fileId}`, { method: "DELETE" })).status).toBe(204);
  await expectRefused(await createByTus(grant), "FILE_IN_TRASH");
  await expectRefused(await postGrant(backend, { replaces: fileId }), "FILE_IN_TRASH");
  const purged = await backend.fetch(`/v1/files/${fileId}?permanent=true`, { method: "DELETE" });
  expect(purged.status).toBe(204);
  await expectRefused(await createByTus(grant), "FILE_NOT_FOUND");
});
