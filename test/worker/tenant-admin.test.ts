import { describe, expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import type { Role } from "#contract/ids.ts";
import type { TenantPage, TenantRecord } from "#contract/tenant-admin.ts";
import { expectActions, newAdmin, newOperator, readAudit, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import {
  createUpload,
  creationHeaders,
  newCaller,
  readProblem,
  sharedStack,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import { startWorkerAlone } from "../support/worker-alone.ts";

function pathOf(tenantId: string, rest = ""): string {
  return `/v1/admin/tenants/${tenantId}${rest}`;
}

async function getTenant(caller: Caller, tenantId: string): Promise<TenantRecord> {
  const answer = await caller.fetch(pathOf(tenantId));
  if (answer.status !== 200) throw new Error(`The tenant answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as TenantRecord;
}

function change(caller: Caller, tenantId: string, body: unknown): Promise<Response> {
  return sendJson(caller, "PATCH", pathOf(tenantId), body);
}

test("a tenant is told what it has", async () => {
  const ann = await newCaller();
  const admin = await newAdmin(ann.tenantId);
  expect(await getTenant(admin, ann.tenantId)).toMatchObject({ files: 0, settings: {}, createdAt: null });
  await waitForVerdict(ann, await uploadFile(ann, Buffer.from("hello")));
  expect(await getTenant(admin, ann.tenantId)).toEqual({
    tenantId: ann.tenantId,
    quotaBytes: null,
    settings: {},
    files: 1,
    usage: {
      usedBytes: MINIMUM_CHARGE_BYTES,
      filesBytes: MINIMUM_CHARGE_BYTES,
      versionsBytes: 0,
      trashBytes: 0,
      reservedBytes: 0,
      derivativesBytes: 0,
    },
    createdAt: expect.any(String) as string,
    jurisdiction: null,
    erasingAt: null,
  });
});

test("a change holds at once where it was made, and so does an erasure", async () => {
  const stack = await startWorkerAlone({ TENANT_CACHE_SECONDS: "300" });
  const ann = await newCaller({ stack });
  const admin = await newAdmin(ann.tenantId, stack);
  const creating = () =>
    ann.fetch("/v1/uploads", { method: "POST", headers: creationHeaders(10, { filename: "a.zip" }) });
  expect((await creating()).status).toBe(201);
  const settings = { refusedTypes: ["application/zip"] };
  expect((await change(admin, ann.tenantId, { settings })).status).toBe(200);
  expect(await readProblem(await creating())).toMatchObject({ code: "FILE_TYPE_REFUSED" });
  const erasing = await sendJson(admin, "POST", pathOf(ann.tenantId, "/erasure"), { confirm: ann.tenantId });
  expect(erasing.status).toBe(202);
  expect(await readProblem(await creating())).toMatchObject({ code: "TENANT_ERASING" });
});

test("an operator lists all tenants by their ids, in pages that join without a gap", async () => {
  const stack = await startWorkerAlone();
  const operator = await newOperator(stack);
  const ids = [];
  for (let index = 0; index < 5; index += 1) {
    const ann = await newCaller({ stack });
    await createUpload(ann, 10);
    ids.push(ann.tenantId);
  }
  const found: string[] = [];
  let query = "?limit=2";
  for (let pages = 1; ; pages += 1) {
    const page = (await (await operator.fetch(`/v1/admin/tenants${query}`)).json()) as TenantPage;
    found.push(...page.items.map(({ tenantId }) => tenantId));
    if (page.nextCursor === null) {
      expect(pages).toBe(3);
      break;
    }
    query = `?limit=2&cursor=${page.nextCursor}`;
  }
  expect(found).toEqual(ids.sort());
});

test.each([
  ["a tenant's own admin", {}, "admin"],
  ["a service of the operators' tenant", { tenantId: "operator" }, "service"],
  ["a member of the operators' tenant", { tenantId: "operator" }, "member"],
] as const)("%s lists no tenants", async (_what, where, role) => {
  expect((await (await newOperator()).fetch("/v1/admin/tenants")).status).toBe(200);
  const caller = await newCaller({ ...(where as { tenantId?: never }), role });
  expect(await readProblem(await caller.fetch("/v1/admin/tenants"))).toMatchObject({ code: "ROLE_REQUIRED" });
});

test("settings change one by one: what is named takes the place of what was, null removes it", async () => {
  const ann = await newCaller();
  const admin = await newAdmin(ann.tenantId);
  const set = async (settings: unknown) => {
    const answer = await change(admin, ann.tenantId, { settings });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as TenantRecord).settings;
  };
  expect(await set({ trashDays: 7, maxBytes: { image: 5, video: 6 } })).toEqual({
    trashDays: 7,
    maxBytes: { image: 5, video: 6 },
  });
  expect(await set({ maxBytes: { audio: 7 } })).toEqual({ trashDays: 7, maxBytes: { audio: 7 } });
  expect(await set({ trashDays: null, publicFiles: false })).toEqual({
    maxBytes: { audio: 7 },
    publicFiles: false,
  });
  const events = await expectActions(admin, "", ["tenant.changed", "tenant.changed", "tenant.changed"]);
  expect(events.map(({ detail }) => detail)).toEqual([
    { settings: "maxBytes,trashDays" },
    { settings: "maxBytes" },
    { settings: "publicFiles,trashDays" },
  ]);
});

test("a quota is set by an operator alone, before there is anything of the tenant too", async () => {
  const ann = await newCaller();
  const operator = await newOperator();
  const set = await change(operator, ann.tenantId, { quotaBytes: 1000 });
  expect(await set.json()).toMatchObject({ tenantId: ann.tenantId, quotaBytes: 1000, files: 0 });
  const admin = await newAdmin(ann.tenantId);
  const service = await newCaller({ tenantId: ann.tenantId, user: "crm", role: "service" });
  const closed = { settings: { trashDays: 1, entityAccess: "owner" } };
  for (const caller of [admin, service]) {
    expect((await change(caller, ann.tenantId, closed)).status).toBe(200);
    const refused = await change(caller, ann.tenantId, { settings: { trashDays: 2 }, quotaBytes: 5000 });
    expect(await readProblem(refused)).toMatchObject({ status: 403, code: "ROLE_REQUIRED" });
  }
  expect(await getTenant(admin, ann.tenantId)).toMatchObject({
    quotaBytes: 1000,
    settings: { trashDays: 1, entityAccess: "owner" },
  });
  const [first, second] = (await readAudit(admin)).toReversed();
  expect(second).toMatchObject({ detail: { settings: "entityAccess,trashDays", entityAccess: "owner" } });
  expect(first).toMatchObject({
    action: "tenant.changed",
    actor: { id: "operator/root", kind: "admin" },
    detail: { quotaBytes: 1000 },
  });
  expect(await (await change(operator, ann.tenantId, { quotaBytes: null })).json()).toMatchObject({
    quotaBytes: null,
  });
});

test.each([
  [{ quotaBytes: -1 }, "quotaBytes"],
  [{ quotaBytes: 1.5 }, "quotaBytes"],
  [{ quota: 1 }, "quota"],
  [{ settings: { trashDays: -1 } }, "settings.trashDays"],
  [{ settings: { trashDays: "7" } }, "settings.trashDays"],
  [{ settings: { colour: "red" } }, "settings.colour"],
  [{ settings: { maxBytes: { image: null } } }, "settings.maxBytes.image"],
  [{ settings: null }, "settings"],
])("a change by %j is refused and changes nothing", async (body, path) => {
  const { tenantId } = await newCaller();
  const operator = await newOperator();
  expect((await change(operator, tenantId, { quotaBytes: 1, settings: { trashDays: 7 } })).status).toBe(200);
  expect(await readProblem(await change(operator, tenantId, body))).toMatchObject({
    status: 400,
    code: "REQUEST_INVALID",
    errors: [{ path }],
  });
  expect(await getTenant(operator, tenantId)).toMatchObject({ quotaBytes: 1, settings: { trashDays: 7 } });
});

test("every field that isn't one is named by its own path", async () => {
  const { tenantId } = await newCaller();
  const operator = await newOperator();
  const answer = await change(operator, tenantId, { settings: { colour: "red", font: "sans" }, quota: 1 });
  const message = "is not a field";
  expect(await readProblem(answer)).toMatchObject({
    code: "REQUEST_INVALID",
    errors: [
      { path: "settings.colour", message },
      { path: "settings.font", message },
      { path: "quota", message },
    ],
  });
});

/** What a caller is told, without what differs in every answer. */
async function told(answer: Response): Promise<unknown> {
  const { "x-request-id": _id, date: _date, ...headers } = Object.fromEntries(answer.headers);
  const { requestId: _requestId, ...body } = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, headers, body };
}

describe("another tenant is told apart in no way from one that isn't there", () => {
  const FILE = "0".repeat(26);
  const REQUESTS: readonly { readonly method: string; readonly rest: string; readonly body?: unknown }[] = [
    { method: "GET", rest: "" },
    { method: "PATCH", rest: "", body: { settings: {} } },
    { method: "POST", rest: "/recount" },
    { method: "GET", rest: "/recount" },
    { method: "GET", rest: "/export" },
    { method: "GET", rest: `/files/${FILE}/versions/1/content` },
    { method: "POST", rest: "/erasure", body: { confirm: "x" } },
  ];

  test.each(REQUESTS)("$method $rest", async ({ method, rest, body }) => {
    const other = await newCaller();
    await createUpload(other, 10);
    const admin = await newAdmin((await newCaller()).tenantId);
    const ask = async (tenantId: string) =>
      told(
        body === undefined
          ? await admin.fetch(pathOf(tenantId, rest), { method })
          : await sendJson(admin, method, pathOf(tenantId, rest), body),
      );
    const missing = await ask("nobody");
    expect(missing).toMatchObject({ status: 404, body: { code: "TENANT_NOT_FOUND" } });
    expect(await ask(other.tenantId)).toEqual(missing);
    expect(await ask("no%20tenant")).toEqual(missing);
  });

  test("and one of which there is nothing is missing to an operator", async () => {
    const operator = await newOperator();
    for (const [method, rest] of [
      ["GET", ""],
      ["POST", "/recount"],
      ["GET", "/export"],
    ] as const) {
      const answer = await operator.fetch(pathOf("nobody", rest), { method });
      expect(await readProblem(answer)).toMatchObject({ code: "TENANT_NOT_FOUND" });
    }
  });
});

test.each(["member", "service"] as const)("a %s erases and recounts nothing", async (role: Role) => {
  const ann = await newCaller();
  await createUpload(ann, 10);
  const caller = await newCaller({ tenantId: ann.tenantId, role });
  const admin = await newAdmin(ann.tenantId);
  expect((await admin.fetch(pathOf(ann.tenantId, "/recount"), { method: "POST" })).status).toBe(202);
  const recount = await caller.fetch(pathOf(ann.tenantId, "/recount"), { method: "POST" });
  expect(await readProblem(recount)).toMatchObject({ code: "ROLE_REQUIRED" });
  const erasure = await sendJson(caller, "POST", pathOf(ann.tenantId, "/erasure"), { confirm: ann.tenantId });
  expect(await readProblem(erasure)).toMatchObject({ code: "ROLE_REQUIRED" });
  const proof = await caller.fetch(`/v1/admin/erasures/${"0".repeat(26)}`);
  expect(await readProblem(proof)).toMatchObject({ code: "ROLE_REQUIRED" });
});

test("a recount finds nothing to correct, or corrects what was wrong and records that", async () => {
  const stack = await startWorkerAlone();
  const ann = await newCaller({ stack });
  const admin = await newAdmin(ann.tenantId, stack);
  await uploadFile(ann, Buffer.from("hello"));
  // What is announced isn't stored.
  await createUpload(ann, 1000);
  const standing = async () => (await admin.fetch(pathOf(ann.tenantId, "/recount"))).json();
  const recount = async () => {
    const asked = await admin.fetch(pathOf(ann.tenantId, "/recount"), { method: "POST" });
    expect(await asked.json()).toMatchObject({ state: "waiting", corrections: {} });
    expect(await standing()).toMatchObject({ state: "waiting", finishedAt: null });
    await stack.runScheduled();
    return standing();
  };
  const before = await getTenant(admin, ann.tenantId);
  expect(await recount()).toMatchObject({ state: "done", corrections: {} });
  const database = stack.openDatabase("DB");
  await database
    .prepare("UPDATE tenants SET files_bytes = 7, trash_bytes = 1, file_count = 9 WHERE tenant_id = ?")
    .bind(ann.tenantId)
    .run();
  expect(await recount()).toMatchObject({
    state: "done",
    corrections: {
      fileCount: { from: 9, to: 2 },
      filesBytes: { from: 7, to: MINIMUM_CHARGE_BYTES },
      trashBytes: { from: 1, to: 0 },
    },
  });
  expect(await getTenant(admin, ann.tenantId)).toEqual(before);
  expect((await readAudit(admin, "?action=tenant.recounted")).map(({ actor }) => actor.id)).toEqual(["boss"]);
});

test("the API's description has all of it", async () => {
  const { url } = sharedStack();
  const { paths } = (await (await fetch(new URL("/openapi.json", url))).json()) as { paths: object };
  expect(Object.keys(paths).filter((path) => path.startsWith("/v1/admin/"))).toEqual([
    "/v1/admin/audit",
    "/v1/admin/failed-jobs",
    "/v1/admin/failed-jobs/retry",
    "/v1/admin/failed-jobs/{fileId}/{version}/retry",
    "/v1/admin/quarantine",
    "/v1/admin/quarantine/{fileId}/{version}/release",
    "/v1/admin/quarantine/{fileId}/{version}",
    "/v1/admin/replicas",
    "/v1/admin/replicas/targets",
    "/v1/admin/replicas/removals",
    "/v1/admin/replicas/backfill",
    "/v1/admin/replicas/retry",
    "/v1/admin/replicas/repair",
    "/v1/admin/rescans",
    "/v1/admin/rescans/{id}",
    "/v1/admin/rescans/{id}/{change}",
    "/v1/admin/tenants",
    "/v1/admin/tenants/{tenantId}",
    "/v1/admin/tenants/{tenantId}/recount",
    "/v1/admin/tenants/{tenantId}/export",
    "/v1/admin/tenants/{tenantId}/files/{fileId}/versions/{version}/content",
    "/v1/admin/tenants/{tenantId}/erasure",
    "/v1/admin/erasures/{id}",
  ]);
});

test("a body that isn't JSON is refused", async () => {
  const ann = await newCaller();
  const admin = await newAdmin(ann.tenantId);
  const headers = { "content-type": "application/json" };
  const answer = await admin.fetch(pathOf(ann.tenantId), { method: "PATCH", headers, body: "{" });
  expect(await readProblem(answer)).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
});
