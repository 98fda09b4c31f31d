import { beforeAll, describe, expect, test } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import type { FileVersionList } from "#contract/versions.ts";
import { newAdmin, sendJson } from "../support/admin.ts";
import {
  append,
  type Caller,
  createUpload,
  creationHeaders,
  fileIdOf,
  getRecord,
  headOffset,
  newCaller,
  readProblem,
  signUrl,
  waitForRecord,
} from "../support/api.ts";
import { eicar } from "../support/eicar.ts";
import { createByTus, mint } from "../support/upload-grants.ts";
import { cleanFile, contentOf, listVersions, replace, waitForVersion } from "../support/versions.ts";

const encoder = new TextEncoder();

test("a new version has an address of its own that ends in the file's id, and is served when it is clean", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller);
  const location = await createUpload(caller, 6, { filename: "other.txt", replaces: fileId });
  expect(location).toBe(`/v1/uploads/2/${fileId}`);
  expect(fileIdOf(location)).toBe(fileId);
  expect(await headOffset(caller, location)).toBe(0);
  expect(await contentOf(caller, `/v1/files/${fileId}/content`)).toBe("first");
  await append(caller, location, 0, "second");
  const record = await waitForRecord(caller, fileId, ({ version }) => version === 2);
  expect(record).toMatchObject({ filename: "notes.txt", state: "clean", sizeBytes: 6 });
  expect(await contentOf(caller, `/v1/files/${fileId}/content`)).toBe("second");
  expect(await contentOf(caller, `/v1/files/${fileId}/versions/1/content`)).toBe("first");
});

test("the IETF's protocol and plain uploads make versions too", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller);
  const named = { "content-disposition": 'attachment; filename="notes.txt"', "content-type": "text/plain" };
  const careful = await caller.fetch(`/v1/uploads?replaces=${fileId}`, {
    method: "POST",
    headers: { ...named, "upload-complete": "?0" },
  });
  expect(careful.headers.get("location")).toBe(`/v1/uploads/2/${fileId}`);
  const plain = await caller.fetch(`/v1/files?replaces=${fileId}`, {
    method: "POST",
    headers: named,
    body: "third",
  });
  expect(plain.status).toBe(201);
  expect(((await plain.json()) as { id: string }).id).toBe(fileId);
  await waitForRecord(caller, fileId, ({ version }) => version === 3);
  expect(await contentOf(caller, `/v1/files/${fileId}/content`)).toBe("third");
});

test("a new version says what it is, and its address what has become of it", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller);
  const named = { "content-disposition": 'attachment; filename="notes.txt"', "content-type": "text/plain" };
  const sent = await caller.fetch(`/v1/files?replaces=${fileId}`, {
    method: "POST",
    headers: named,
    body: Buffer.from(eicar()),
  });
  const versionUrl = `/v1/files/${fileId}/versions/2`;
  const told = (await sent.json()) as FileRecord & { readonly versionUrl: string };
  expect(told).toMatchObject({ id: fileId, version: 2, url: `/v1/files/${fileId}`, versionUrl });
  // Not that of the version before, nor anything that was found of that.
  expect(["quarantined", "infected"]).toContain(told.state);
  expect(told).toMatchObject({ sizeBytes: eicar().byteLength, derivatives: [] });
  await waitForVersion(caller, fileId, 2);
  const infected = await caller.fetch(versionUrl);
  expect(infected.headers.get("retry-after")).toBeNull();
  expect(await infected.json()).toMatchObject({ version: 2, isCurrent: false, state: "infected" });
  const whole = await caller.fetch(`/v1/uploads?replaces=${fileId}`, {
    method: "POST",
    headers: named,
    body: "third",
  });
  expect(await whole.json()).toEqual({
    ...{ id: fileId, url: `/v1/files/${fileId}` },
    ...{ version: 3, versionUrl: `/v1/files/${fileId}/versions/3` },
  });
});

test("a version is asked about by whoever may send one", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller);
  const path = `/v1/files/${fileId}/versions`;
  expect(await (await caller.fetch(`${path}/1`)).json()).toEqual((await listVersions(caller, fileId))[0]);
  expect((await readProblem(await caller.fetch(`${path}/2`))).code).toBe("VERSION_NOT_FOUND");
  const bob = await newCaller({ tenantId: caller.tenantId, user: "bob" });
  expect((await readProblem(await bob.fetch(`${path}/1`))).code).toBe("FILE_NOT_FOUND");
  await caller.fetch(`/v1/files/${fileId}/shares/bob`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ permission: "download" }),
  });
  for (const asked of [path, `${path}/1`, `${path}/1/content`]) {
    expect(await readProblem(await bob.fetch(asked))).toMatchObject({
      code: "PERMISSION_REQUIRED",
      detail: expect.stringContaining("versions are read by whoever may change it") as string,
    });
  }
});

test("an infected version never takes the place of a clean one, and can't be chosen or read", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller);
  const version = await replace(caller, fileId, eicar());
  expect(await getRecord(caller, fileId)).toMatchObject({ version: 1, state: "clean" });
  const [newest] = await listVersions(caller, fileId);
  expect(newest).toMatchObject({ version, state: "infected", isCurrent: false });
  for (const [method, path] of [
    ["POST", "restore"],
    ["GET", "content"],
  ] as const) {
    const refused = await caller.fetch(`/v1/files/${fileId}/versions/${version}/${path}`, { method });
    expect((await readProblem(refused)).code).toBe("FILE_BLOCKED");
  }
});

test("a clean version takes the place of an infected one", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller, new TextDecoder().decode(eicar()));
  expect((await getRecord(caller, fileId)).state).toBe("infected");
  await replace(caller, fileId, encoder.encode("well again"));
  expect(await getRecord(caller, fileId)).toMatchObject({ version: 2, state: "clean" });
});

test("a version chosen again is served, and what was uploaded before the choice doesn't take its place", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller);
  await replace(caller, fileId, encoder.encode("second"));
  const pending = await createUpload(caller, 5, { filename: "notes.txt", replaces: fileId });
  const restored = await caller.fetch(`/v1/files/${fileId}/versions/1/restore`, { method: "POST" });
  expect(restored.status).toBe(200);
  expect(await restored.json()).toMatchObject({ version: 1, state: "clean" });
  await append(caller, pending, 0, "third");
  await waitForVersion(caller, fileId, 3);
  expect((await getRecord(caller, fileId)).version).toBe(1);
  await replace(caller, fileId, encoder.encode("fourth"));
  expect((await getRecord(caller, fileId)).version).toBe(4);
});

test("a signed URL is for one version and stops with it", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller);
  const url = await signUrl(caller, fileId);
  expect((await fetch(url)).status).toBe(200);
  await replace(caller, fileId, encoder.encode("second"));
  expect(await readProblem(await fetch(url))).toMatchObject({ status: 410, code: "SIGNED_URL_REPLACED" });
  // Whoever has no signature for it isn't told.
  const forged = url.replace(/sig=[^&]{4}/, "sig=0000");
  expect((await readProblem(await fetch(forged))).code).toBe("SIGNATURE_INVALID");
  await caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
  expect((await readProblem(await fetch(url))).code).toBe("FILE_NOT_FOUND");
});

test("a version that was given up leaves no trace but its number", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller);
  const location = await createUpload(caller, 6, { filename: "notes.txt", replaces: fileId });
  const ended = await caller.fetch(location, { method: "DELETE", headers: { "tus-resumable": "1.0.0" } });
  expect(ended.status).toBe(204);
  expect(await listVersions(caller, fileId)).toHaveLength(1);
  const next = await createUpload(caller, 6, { filename: "notes.txt", replaces: fileId });
  expect(next).toBe(`/v1/uploads/3/${fileId}`);
});

test("a removed version is gone; the current one and one under way can't be", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller);
  await replace(caller, fileId, encoder.encode("second"));
  await createUpload(caller, 6, { filename: "notes.txt", replaces: fileId });
  const remove = (version: number) =>
    caller.fetch(`/v1/files/${fileId}/versions/${version}`, { method: "DELETE" });
  expect((await readProblem(await remove(2))).code).toBe("VERSION_CURRENT");
  expect((await readProblem(await remove(3))).code).toBe("FILE_NOT_READY");
  expect((await remove(1)).status).toBe(204);
  expect((await readProblem(await remove(1))).code).toBe("VERSION_NOT_FOUND");
  expect((await listVersions(caller, fileId)).map(({ version }) => version)).toEqual([3, 2]);
});

test("a file's history comes in pages, and has as many versions as its tenant's may have", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller);
  const admin = await newAdmin(caller.tenantId);
  const limit = { settings: { maxVersions: 3 } };
  const backend = await newCaller({ tenantId: caller.tenantId, user: "crm", role: "service" });
  // Of before there was a limit.
  const grant = await mint({ replaces: fileId }, backend);
  const changed = await sendJson(admin, "PATCH", `/v1/admin/tenants/${caller.tenantId}`, limit);
  expect(changed.status).toBe(200);
  await replace(caller, fileId, encoder.encode("second"));
  await replace(caller, fileId, eicar());
  const metadata = { filename: "notes.txt", replaces: fileId };
  const more = () => caller.fetch("/v1/uploads", { method: "POST", headers: creationHeaders(5, metadata) });
  const refused = { status: 409, code: "VERSION_LIMIT_REACHED", maxVersions: 3 };
  expect(await readProblem(await more())).toMatchObject(refused);
  expect(await readProblem(await createByTus(grant))).toMatchObject(refused);
  const history = `/v1/files/${fileId}/versions`;
  const pageOf = async (query: string) => {
    const { items, nextCursor } = (await (
      await caller.fetch(`${history}?${query}`)
    ).json()) as FileVersionList;
    return [nextCursor, ...items.map(({ version, verdict }) => [version, verdict])];
  };
  expect(await pageOf("limit=2")).toEqual(["3", [4, "infected"], [3, "clean"]]);
  expect(await pageOf("limit=2&cursor=3")).toEqual([null, [1, "clean"]]);
  expect(await pageOf("limit=3")).toEqual([null, [4, "infected"], [3, "clean"], [1, "clean"]]);
  expect((await readProblem(await caller.fetch(`${history}?cursor=x`))).code).toBe("REQUEST_INVALID");
  expect((await caller.fetch(`${history}/1`, { method: "DELETE" })).status).toBe(204);
  // Numbers that were refused were not given out.
  expect((await more()).headers.get("location")).toBe(`/v1/uploads/5/${fileId}`);
});

test.each([
  ["what can't be an id", () => "nothing", "FILE_NOT_FOUND"],
  ["a missing file", () => "0".repeat(26), "FILE_NOT_FOUND"],
  [
    "another user's file",
    async (caller: Caller) => cleanFile(await newCaller({ ...caller, user: "bob" })),
    "FILE_NOT_FOUND",
  ],
  ["another tenant's file", async () => cleanFile(await newCaller()), "FILE_NOT_FOUND"],
  [
    "a file whose first version isn't there yet",
    async (caller: Caller) => fileIdOf(await createUpload(caller, 5)),
    "FILE_NOT_READY",
  ],
  [
    "a file in the trash",
    async (caller: Caller) => {
      const fileId = await cleanFile(caller);
      await caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
      return fileId;
    },
    "FILE_IN_TRASH",
  ],
] as const)("%s takes no new version", async (_name, replaced, code) => {
  const caller = await newCaller();
  const headers = creationHeaders(5, { filename: "notes.txt", replaces: await replaced(caller) });
  const answer = await caller.fetch("/v1/uploads", { method: "POST", headers });
  expect((await readProblem(answer)).code).toBe(code);
});

describe("there is no version", () => {
  let caller: Caller;
  let fileId: string;
  beforeAll(async () => {
    caller = await newCaller();
    fileId = await cleanFile(caller);
    await replace(caller, fileId, encoder.encode("second"));
  });

  test.each(["0", "1", "01", "9", "x", "-1", "2.0"])("%s", async (version) => {
    if (version !== "1") {
      const answer = await caller.fetch(`/v1/files/${fileId}/versions/${version}/content`);
      expect((await readProblem(answer)).code).toBe("VERSION_NOT_FOUND");
    }
    const headers = { "tus-resumable": "1.0.0" };
    const upload = await caller.fetch(`/v1/uploads/${version}/${fileId}`, { method: "HEAD", headers });
    expect(upload.status).toBe(404);
  });
});

test("an upload that would take a file's place is gone for who may change the file no longer", async () => {
  const ann = await newCaller();
  const fileId = await cleanFile(ann);
  const admin = await newCaller({ tenantId: ann.tenantId, user: "bob", role: "admin" });
  const replacing = { filename: "notes.txt", replaces: fileId };
  const location = await createUpload(admin, 6, replacing);
  const demoted = await newCaller({ tenantId: ann.tenantId, user: "bob" });
  for (const [method, headers] of [
    ["HEAD", {}],
    ["PATCH", { "upload-offset": "0", "content-type": "application/offset+octet-stream" }],
    ["DELETE", {}],
  ] as const) {
    const body = method === "PATCH" ? "second" : null;
    const asked = { method, body, headers: { "tus-resumable": "1.0.0", ...headers } };
    expect((await demoted.fetch(location, asked)).status, method).toBe(404);
  }
  expect((await getRecord(ann, fileId)).version).toBe(1);
  // Nothing was taken, and nothing ended.
  expect(await headOffset(admin, location)).toBe(0);
});
