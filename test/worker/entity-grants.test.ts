import { beforeAll, describe, expect, test } from "vitest";
import type { EntityGrantResponse } from "#contract/entity-grants.ts";
import type { EntityCounts, FileList } from "#contract/listing.ts";
import type { Caller } from "../support/api.ts";
import {
  append,
  createUpload,
  creationHeaders,
  fileIdOf,
  getRecord,
  newCaller,
  newTenantId,
  readProblem,
  signUrl,
  TUS,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import { ENTITY, grantEntity, holderOf, mintEntityGrant, postEntityGrant } from "../support/entity-grants.ts";
import { patchFile } from "../support/file-states.ts";

const HELLO = new TextEncoder().encode("hello");
const NOTES = { filename: "notes.txt", filetype: "text/plain" };
const OTHER = { entityType: "contact", entityId: "c-2" };

/** A tenant where what is attached to an entity is its owner's: a grant is all that lets Bob see anything of it. */
let backend: Caller;
let ann: Caller;
let attached: string;
let elsewhere: string;

beforeAll(async () => {
  const tenantId = newTenantId();
  const admin = await newCaller({ tenantId, user: "root", role: "admin" });
  [backend, ann] = await Promise.all([
    newCaller({ tenantId, user: "crm", role: "service" }),
    newCaller({ tenantId, user: "ann" }),
  ]);
  const changed = await admin.fetch(`/v1/admin/tenants/${tenantId}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ settings: { entityAccess: "owner" } }),
  });
  expect(changed.status).toBe(200);
  [attached, elsewhere] = await Promise.all([
    uploadFile(ann, HELLO, { ...NOTES, ...ENTITY }),
    uploadFile(ann, HELLO, { ...NOTES, ...OTHER }),
  ]);
  await Promise.all([attached, elsewhere].map((fileId) => waitForVerdict(ann, fileId)));
});

async function idsOf(caller: Caller, query = ""): Promise<readonly string[]> {
  const answer = await caller.fetch(`/v1/files${query}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as FileList).items.map(({ id }) => id);
}

async function codeOf(answer: Response): Promise<string> {
  return `${answer.status} ${(await readProblem(answer)).code}`;
}

function form(
  fields: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>> = {},
): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  data.append("file", new Blob([HELLO], { type: "text/plain" }), "notes.txt");
  for (const [name, value] of Object.entries(after)) data.append(name, value);
  return data;
}

test("a grant lists, counts and reads what is attached to its entity, whoever's it is, and nothing else", async () => {
  const bob = await newCaller({ tenantId: backend.tenantId, user: "bob" });
  const holder = await grantEntity(backend, { allow: ["list", "download"] });
  expect(await idsOf(bob, "?entityType=contact&entityId=c-1")).toEqual([]);
  for (const query of ["", "?entityType=contact&entityId=c-1", "?scope=visible", "?q=notes"])
    expect(await idsOf(holder, query), query).toContain(attached);
  for (const query of ["", "?scope=visible", "?q=notes", "?entityType=contact"])
    expect(await idsOf(holder, query), query).not.toContain(elsewhere);
  for (const query of [
    "?entityType=contact&entityId=c-2",
    "?scope=own&q=other",
    "?scope=shared",
    "?trash=true",
  ])
    expect(await idsOf(holder, query), query).toEqual([]);
  expect(await codeOf(await holder.fetch("/v1/files?scope=all"))).toBe("403 ROLE_REQUIRED");
  const counted = await holder.fetch("/v1/entities/counts", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ items: [ENTITY, OTHER] }),
  });
  const [own, other] = ((await counted.json()) as EntityCounts).items;
  expect(own?.files).toBeGreaterThan(0);
  expect(other).toMatchObject({ files: 0, bytes: 0 });
  expect(await (await holder.fetch(`/v1/files/${attached}/content`)).text()).toBe("hello");
  for (const path of ["", "/content", "/versions/1"])
    expect(await codeOf(await holder.fetch(`/v1/files/${elsewhere}${path}`)), path).toBe(
      "404 FILE_NOT_FOUND",
    );
  expect(await codeOf(await holder.fetch(`/v1/files/${attached}/versions`))).toBe("403 PERMISSION_REQUIRED");
});

test("a URL signed by a grant ends with it, and when the file is attached to something else", async () => {
  const grant = await mintEntityGrant(backend, { allow: ["download"], expiresInSeconds: 60 });
  const holder = holderOf(backend, grant);
  const fileId = await uploadFile(ann, HELLO, { ...NOTES, ...ENTITY });
  await waitForVerdict(ann, fileId);
  const answer = await holder.fetch("/v1/signed-urls", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ items: [{ fileId, expiresInSeconds: 3600 }] }),
  });
  const { items } = (await answer.json()) as { items: readonly { url: string; expiresAt: string }[] };
  expect(items[0]?.expiresAt).toBe(grant.expiresAt);
  const url = items[0]?.url ?? "";
  expect(url).not.toContain("c-1");
  expect((await fetch(url)).status).toBe(200);
  expect((await patchFile(ann, fileId, OTHER)).status).toBe(200);
  expect(await codeOf(await fetch(url))).toBe("404 FILE_NOT_FOUND");
  expect(await codeOf(await holder.fetch(`/v1/files/${fileId}`))).toBe("404 FILE_NOT_FOUND");
});

describe("an upload by a grant", () => {
  const named = { "content-type": "text/plain", "content-disposition": 'attachment; filename="notes.txt"' };
  const UPLOADS: Readonly<Record<string, (holder: Caller, entity: object) => Promise<Response>>> = {
    tus: (holder, entity) =>
      holder.fetch("/v1/uploads", {
        method: "POST",
        headers: {
          ...creationHeaders(5, { ...NOTES, ...entity }),
          "content-type": "application/offset+octet-stream",
        },
        body: "hello",
      }),
    IETF: (holder, entity) =>
      holder.fetch(`/v1/uploads?${new URLSearchParams({ ...entity })}`, {
        method: "POST",
        headers: named,
        body: "hello",
      }),
    "a body": (holder, entity) =>
      holder.fetch(`/v1/files?${new URLSearchParams({ ...entity })}`, {
        method: "POST",
        headers: named,
        body: "hello",
      }),
    "a form": (holder, entity) => holder.fetch("/v1/files", { method: "POST", body: form({ ...entity }) }),
    "a form with fields after its file": (holder, entity) =>
      holder.fetch("/v1/files", { method: "POST", body: form({}, { ...entity }) }),
  };

  test.each(Object.entries(UPLOADS))(
    "%s is attached to its entity, and to no other",
    async (_how, upload) => {
      const holder = await grantEntity(backend, { allow: ["upload"] });
      for (const entity of [{}, ENTITY]) {
        const answer = await upload(holder, entity);
        expect(answer.status, await answer.clone().text()).toBe(201);
        const fileId = fileIdOf(answer.headers.get("location") ?? "");
        expect(await getRecord(backend, fileId)).toMatchObject({ ...ENTITY, ownerId: "bob" });
        // It says what has become of it, to its sender.
        expect((await waitForVerdict(holder, fileId)).state).toBe("clean");
      }
      const before = await idsOf(backend, "?limit=200");
      expect(await codeOf(await upload(holder, OTHER))).toBe("403 GRANT_SCOPE");
      expect(await idsOf(backend, "?limit=200")).toEqual(before);
    },
  );

  test("needs to be allowed, goes on by it and by no other, and isn't made of parts", async () => {
    const reader = await grantEntity(backend, { allow: ["list", "download", "delete"] });
    const creation = { method: "POST", headers: creationHeaders(5, NOTES) };
    expect(await codeOf(await reader.fetch("/v1/uploads", creation))).toBe("403 GRANT_SCOPE");
    const holder = await grantEntity(backend, { allow: ["upload"] });
    const partial = { ...TUS, "upload-length": "5", "upload-concat": "partial" };
    const refused = await holder.fetch("/v1/uploads", { method: "POST", headers: partial });
    expect(await codeOf(refused)).toBe("403 GRANT_SCOPE");
    const location = await createUpload(holder, 5, NOTES);
    const others = await Promise.all([
      grantEntity(backend, { ...OTHER }),
      grantEntity(backend, { userId: "eve" }),
      Promise.resolve(reader),
    ]);
    for (const other of others) expect((await append(other, location, 0, "HELLO")).status).toBe(404);
    const renewed = await grantEntity(backend, { allow: ["upload"] });
    expect((await append(renewed, location, 0, "hello")).status).toBe(204);
  });

  test("takes the place of what its user has sent there, and of nothing else", async () => {
    const holder = await grantEntity(backend, { allow: ["view", "upload"] });
    const own = await uploadFile(holder, HELLO, NOTES);
    await waitForVerdict(holder, own);
    const replace = (replaces: string) =>
      holder.fetch(`/v1/files?replaces=${replaces}`, { method: "POST", headers: named, body: "again" });
    const sent = await replace(own);
    expect(sent.status).toBe(201);
    const { versionUrl } = (await sent.json()) as { versionUrl: string };
    expect((await holder.fetch(versionUrl)).status).toBe(200);
    expect(await codeOf(await replace(attached))).toBe("403 PERMISSION_REQUIRED");
    expect(await codeOf(await replace(elsewhere))).toBe("404 FILE_NOT_FOUND");
    // Neither is a grant for uploads one for deleting what they have become.
    const ended = await holder.fetch(`/v1/uploads/${own}`, { method: "DELETE", headers: TUS });
    expect(await codeOf(ended)).toBe("403 GRANT_SCOPE");
  });
});

test("the audit says who it was, and by which grant", async () => {
  const grant = await mintEntityGrant(backend);
  const holder = holderOf(backend, grant);
  const fileId = await uploadFile(holder, HELLO, NOTES);
  await waitForVerdict(holder, fileId);
  await signUrl(holder, fileId);
  expect((await holder.fetch(`/v1/files/${fileId}`, { method: "DELETE" })).status).toBe(204);
  const admin = await newCaller({ tenantId: backend.tenantId, user: "root", role: "admin" });
  const read = async (query: string) => {
    const answer = await admin.fetch(`/v1/admin/audit?${query}`);
    return ((await answer.json()) as { items: Record<string, unknown>[] }).items;
  };
  const events = (await read(`fileId=${fileId}`)).filter(({ action }) => action !== "file.checked");
  const byGrant = { actor: { id: "bob", kind: "entity-grant" }, detail: { grantId: grant.id } };
  const actions = ["file.deleted", "signed-url.created", "file.uploaded", "file.created"];
  expect(events).toMatchObject(actions.map((action) => ({ action, ...byGrant })));
  const [made] = (await read("action=entity-grant.created")).filter(
    ({ detail }) => (detail as { grantId: string }).grantId === grant.id,
  );
  expect(made).toMatchObject({ actor: { id: "crm", kind: "service" }, detail: { userId: "bob", ...ENTITY } });
});

test("a grant is renewed by whoever may mint it, though it has ended, with the same name in the audit", async () => {
  const grant = await mintEntityGrant(backend, { allow: ["view"], expiresInSeconds: 1 });
  await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(Date.parse(grant.expiresAt));
  const path = `/v1/files/${attached}`;
  expect(await codeOf(await holderOf(backend, grant).fetch(path))).toBe("401 TOKEN_EXPIRED");
  const renew = (by: Caller, token: string) => postEntityGrant(by, "/renewals", { token });
  const renewed = (await (await renew(backend, grant.token)).json()) as EntityGrantResponse;
  expect(renewed.id).toBe(grant.id);
  expect((await holderOf(backend, renewed).fetch(path)).status).toBe(200);
  expect((await holderOf(backend, renewed).fetch(`${path}/content`)).status).toBe(403);
  const stranger = await newCaller({ role: "service" });
  for (const [by, token] of [
    [stranger, grant.token],
    [backend, "nothing"],
    [backend, ann.token],
  ] as const) {
    expect(await codeOf(await renew(by, token))).toBe("400 REQUEST_INVALID");
  }
  expect(await codeOf(await renew(ann, grant.token))).toBe("403 ROLE_REQUIRED");
});

test("a grant is no session, whatever it is for", async () => {
  const holder = await grantEntity(backend);
  for (const [method, path] of [
    ["GET", "/v1/quota"],
    ["POST", "/v1/upload-grants"],
    ["POST", "/v1/entity-grants"],
    ["GET", "/v1/admin/audit"],
    ["GET", `/v1/admin/tenants/${backend.tenantId}`],
  ] as const) {
    expect(await codeOf(await holder.fetch(path, { method })), path).toBe("401 TOKEN_INVALID");
  }
  for (const [method, path, body] of [
    ["PATCH", "", { tags: ["a"] }],
    ["PUT", "/shares/eve", { permission: "view" }],
    ["POST", "/share-links", {}],
    ["POST", "/restore", {}],
    ["DELETE", "?permanent=true", {}],
  ] as const) {
    const headers = { "content-type": "application/json" };
    const asked = { method, headers, body: method === "DELETE" ? null : JSON.stringify(body) };
    const answer = await holder.fetch(`/v1/files/${attached}${path}`, asked);
    expect(await codeOf(answer), `${method} ${path}`).toBe("403 PERMISSION_REQUIRED");
  }
});

test.each([
  ["no user", { userId: undefined }],
  ["no entity", { entityId: undefined }],
  ["a type that is none", { entityType: "Contact" }],
  ["nothing to do", { allow: [] }],
  ["what can't be done", { allow: ["share"] }],
  ["more than an hour", { expiresInSeconds: 3601 }],
  ["something else", { maxBytes: 5 }],
] as const)("a grant with %s is refused", async (_what, change) => {
  const good = { userId: "bob", ...ENTITY, allow: ["view"], expiresInSeconds: 3600 };
  expect((await postEntityGrant(backend, "", good)).status).toBe(201);
  expect(await codeOf(await postEntityGrant(backend, "", { ...good, ...change }))).toBe(
    "400 REQUEST_INVALID",
  );
});
