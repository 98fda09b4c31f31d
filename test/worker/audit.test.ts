import { expect, test } from "vitest";
import type { AuditPage } from "#contract/audit.ts";
import { expectActions, newAdmin, readAudit, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import {
  append,
  createUpload,
  creationHeaders,
  fileIdOf,
  newCaller,
  readProblem,
  signUrl,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import { eicar } from "../support/eicar.ts";
import { sharedWorkerAlone } from "../support/shared-worker.ts";

/** A clean file of ann's, and the admin of its tenant. */
async function cleanFile(): Promise<{ ann: Caller; admin: Caller; fileId: string }> {
  const ann = await newCaller();
  const fileId = await uploadFile(ann, Buffer.from("hello"));
  await waitForVerdict(ann, fileId);
  return { ann, admin: await newAdmin(ann.tenantId), fileId };
}

const UPLOADED = ["file.created", "file.uploaded", "file.checked"] as const;

test("an upload is recorded by its steps: who created it, that it was stored, what was found", async () => {
  const ann = await newCaller();
  const requestId = "upload-1";
  const created = await ann.fetch("/v1/uploads", {
    method: "POST",
    headers: { ...creationHeaders(5), "x-request-id": requestId },
  });
  const location = created.headers.get("location") ?? "";
  const fileId = fileIdOf(location);
  await append(ann, location, 0, "hello");
  await waitForVerdict(ann, fileId);
  const events = await expectActions(await newAdmin(ann.tenantId), `?fileId=${fileId}`, UPLOADED);
  const byAnn = { actor: { id: "ann", kind: "member" }, fileId, version: 1, requestId };
  expect(events).toMatchObject([
    { ...byAnn, detail: {} },
    { ...byAnn, detail: { sizeBytes: 5 } },
    {
      actor: { id: "processor", kind: "processor" },
      fileId,
      version: 1,
      requestId: null,
      detail: { verdict: "clean", signatureName: null },
    },
  ]);
  expect(JSON.stringify(events)).not.toContain("notes.txt");
});

test("an infected file's verdict is recorded with what was found", async () => {
  const ann = await newCaller();
  const fileId = await uploadFile(ann, eicar());
  await waitForVerdict(ann, fileId);
  const events = await expectActions(await newAdmin(ann.tenantId), `?fileId=${fileId}`, UPLOADED);
  expect(events.at(-1)?.detail).toMatchObject({
    verdict: "infected",
    signatureName: expect.stringContaining("EICAR") as string,
  });
});

test("an upload that is taken back leaves its creation in the trail, and nothing of it stored", async () => {
  const ann = await newCaller();
  const location = await createUpload(ann, 10);
  await ann.fetch(location, { method: "DELETE", headers: { "tus-resumable": "1.0.0" } });
  await expectActions(await newAdmin(ann.tenantId), `?fileId=${fileIdOf(location)}`, ["file.created"]);
});

test("a reading says who read what", async () => {
  const { admin, fileId } = await cleanFile();
  await admin.fetch(`/v1/files/${fileId}/content`, { headers: { "x-request-id": "read-1" } });
  const [, , , read] = await expectActions(admin, `?fileId=${fileId}`, [...UPLOADED, "file.read"]);
  expect(read).toMatchObject({
    actor: { id: "boss", kind: "admin" },
    version: 1,
    requestId: "read-1",
    detail: { variant: "original" },
  });
});

test("a refused download is no reading", async () => {
  const ann = await newCaller();
  const fileId = await uploadFile(ann, eicar());
  await waitForVerdict(ann, fileId);
  expect((await ann.fetch(`/v1/files/${fileId}/content`)).status).toBe(403);
  await ann.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
  await expectActions(await newAdmin(ann.tenantId), `?fileId=${fileId}`, [...UPLOADED, "file.deleted"]);
});

test("reading by a signed URL is recorded as the URL's", async () => {
  const { ann, admin, fileId } = await cleanFile();
  const url = await signUrl(ann, fileId);
  expect((await fetch(url)).status).toBe(200);
  expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
  const [read] = await expectActions(admin, "?action=file.read", ["file.read"]);
  expect(read).toMatchObject({ actor: { id: "signed-url", kind: "signed-url" }, fileId, version: 1 });
});

test("a call to sign that is refused leaves no event", async () => {
  const { ann, admin } = await cleanFile();
  const items = [{ fileId: "0".repeat(26) }];
  expect((await sendJson(ann, "POST", "/v1/signed-urls", { items })).status).toBe(404);
  expect(await readAudit(admin, "?action=signed-url.created")).toEqual([]);
});

test("of reads by signed URL as many are recorded as the tenant wants", async () => {
  const { ann, admin, fileId } = await cleanFile();
  const url = await signUrl(ann, fileId);
  const sample = async (readAuditSample: number | null) => {
    const settings = { readAuditSample };
    const answer = await sendJson(admin, "PATCH", `/v1/admin/tenants/${ann.tenantId}`, { settings });
    expect(answer.status).toBe(200);
  };
  await sample(0);
  expect((await fetch(url)).status).toBe(200);
  await sample(null);
  expect((await fetch(url)).status).toBe(200);
  await expectActions(admin, "?userId=signed-url", ["file.read"]);
});

test("a grant is recorded when it is made, and what is uploaded by it as the grant's", async () => {
  const admin = await newAdmin((await newCaller()).tenantId);
  const granted = await sendJson(admin, "POST", "/v1/upload-grants", { userId: "ann" });
  const { fileId, token } = (await granted.json()) as { fileId: string; token: string };
  const holder: Caller = {
    ...admin,
    fetch(path, init = {}) {
      const headers = new Headers(init.headers);
      headers.set("authorization", `Bearer ${token}`);
      return admin.fetch(path, { ...init, headers });
    },
  };
  await uploadFile(holder, Buffer.from("hello"));
  await waitForVerdict(admin, fileId);
  const events = await expectActions(admin, `?fileId=${fileId}`, ["upload-grant.created", ...UPLOADED]);
  expect(events).toMatchObject([
    { actor: { id: "boss", kind: "admin" }, detail: { userId: "ann" } },
    { actor: { id: "ann", kind: "grant" } },
    { actor: { id: "ann", kind: "grant" } },
    { actor: { kind: "processor" } },
  ]);
});

test("the trail comes newest first, in pages that join without a gap, and by what is asked for", async () => {
  const ann = await newCaller();
  const admin = await newAdmin(ann.tenantId);
  const ids = [];
  for (let index = 0; index < 3; index += 1) ids.push(fileIdOf(await createUpload(ann, 10)));
  const bob = await newCaller({ tenantId: ann.tenantId, user: "bob" });
  ids.push(fileIdOf(await createUpload(bob, 10)));
  const page = async (query: string) =>
    (await (await admin.fetch(`/v1/admin/audit${query}`)).json()) as AuditPage;
  const first = await page("?limit=3");
  const second = await page(`?limit=3&cursor=${first.nextCursor}`);
  expect([...first.items, ...second.items].map(({ fileId }) => fileId)).toEqual(ids.toReversed());
  expect(second.nextCursor).toBeNull();
  expect((await readAudit(admin, "?userId=bob")).map(({ fileId }) => fileId)).toEqual([ids[3]]);
  const [newest, , , oldest] = await readAudit(admin);
  const between = `?after=${oldest?.at}&before=${newest?.at}`;
  expect((await readAudit(admin, between)).map(({ id }) => id)).toContain(oldest?.id);
  expect((await readAudit(admin, between)).map(({ id }) => id)).not.toContain(newest?.id);
});

test.each([
  ["fileId=x", "fileId"],
  ["action=file.painted", "action"],
  ["after=yesterday", "after"],
  ["before=1", "before"],
  ["limit=0", "limit"],
  ["limit=201", "limit"],
  ["cursor=x", "cursor"],
])("the trail by %s is refused", async (query, path) => {
  const admin = await newAdmin((await newCaller()).tenantId);
  expect(await readAudit(admin)).toEqual([]);
  expect(await readProblem(await admin.fetch(`/v1/admin/audit?${query}`))).toMatchObject({
    status: 400,
    code: "REQUEST_INVALID",
    errors: [{ path }],
  });
});

test("the trail is its own tenant's, for admins and services alone", async () => {
  const { ann, fileId } = await cleanFile();
  const service = await newCaller({ tenantId: ann.tenantId, user: "crm", role: "service" });
  expect(await readAudit(service, `?fileId=${fileId}`)).toHaveLength(3);
  expect(await readProblem(await ann.fetch("/v1/admin/audit"))).toMatchObject({
    status: 403,
    code: "ROLE_REQUIRED",
  });
  const elsewhere = await newAdmin((await newCaller()).tenantId);
  expect(await readAudit(elsewhere, `?fileId=${fileId}`)).toEqual([]);
  expect((await fetch(new URL("/v1/admin/audit", await signUrl(ann, fileId)))).status).toBe(401);
});

test("what is recorded can be neither changed nor removed", async () => {
  const stack = sharedWorkerAlone();
  const ann = await newCaller({ stack });
  await createUpload(ann, 10);
  const database = stack.openDatabase("DB");
  const run = (sql: string) => database.prepare(`${sql} WHERE tenant_id = ?`).bind(ann.tenantId).run();
  await expect(run("UPDATE audit_log SET actor_id = 'bob'")).rejects.toThrow(/append-only/);
  await expect(run("DELETE FROM audit_log")).rejects.toThrow(/append-only/);
  const { results } = await run("SELECT actor_id FROM audit_log");
  expect(results).toEqual([{ actor_id: "ann" }]);
});
