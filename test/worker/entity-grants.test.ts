import { beforeAll, expect, test } from "vitest";
import type { EntityGrantResponse } from "#contract/entity-grants.ts";
import type { EntityCounts } from "#contract/listing.ts";
import type { Caller } from "../support/api.ts";
import { newCaller, signUrl, uploadFile, waitForVerdict } from "../support/api.ts";
import type { Contacts } from "../support/entity-grants.ts";
import {
  addFile,
  codeOf,
  ENTITY,
  grantEntity,
  holderOf,
  idsOf,
  makeContacts,
  mintEntityGrant,
  OTHER,
  postEntityGrant,
} from "../support/entity-grants.ts";
import { patchFile } from "../support/file-states.ts";
import { NOTES } from "../support/upload-grants.ts";

const HELLO = Buffer.from("hello");

let contacts: Contacts;
beforeAll(async () => {
  contacts = await makeContacts();
});

test("a grant lists, counts and reads what is attached to its entity, whoever's it is, and nothing else", async () => {
  const { backend, attached, elsewhere } = contacts;
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
  const { backend, ann } = contacts;
  const grant = await mintEntityGrant(backend, { allow: ["download"], expiresInSeconds: 60 });
  const holder = holderOf(backend, grant);
  const fileId = await addFile(ann, ENTITY);
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

test("the audit says who it was, and by which grant", async () => {
  const { backend } = contacts;
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
  const { backend, ann, attached } = contacts;
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
  const { backend, attached } = contacts;
  const holder = await grantEntity(backend);
  for (const [method, path] of [
    ["GET", "/v1/quota"],
    ["POST", "/v1/upload-grants"],
    ["POST", "/v1/entity-grants"],
    ["GET", "/v1/admin/audit"],
    ["GET", `/v1/admin/tenants/${backend.tenantId}`],
  ] as const) {
    expect(await codeOf(await holder.fetch(path, { method })), path).toBe("403 GRANT_SCOPE");
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
  const { backend } = contacts;
  const good = { userId: "bob", ...ENTITY, allow: ["view"], expiresInSeconds: 3600 };
  expect((await postEntityGrant(backend, "", good)).status).toBe(201);
  expect(await codeOf(await postEntityGrant(backend, "", { ...good, ...change }))).toBe(
    "400 REQUEST_INVALID",
  );
});
