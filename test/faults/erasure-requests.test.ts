import { expect, test } from "vitest";
import type { Erasure } from "#contract/erasures.ts";
import { newAdmin, newOperator, PATIENCE_MS, sendJson } from "../support/admin.ts";
import { newCaller, readProblem, uploadFile } from "../support/api.ts";
import {
  begin,
  expectProven,
  expectSwept,
  fillTenant,
  getErasure,
  requestErasure,
  useErasureStack,
} from "../support/erasures.ts";

const stack = useErasureStack();

test("an erasure that is asked for again is the one under way; when it is finished, the id is free", async () => {
  const filled = await fillTenant(stack);
  const first = await begin(filled);
  const operator = await newOperator(stack);
  const again = await requestErasure(operator, filled.admin.tenantId, { reason: "again" });
  expect(await again.json()).toMatchObject({ id: first.id, requestedBy: "boss", reason: null });
  await expectSwept(stack, filled);
  await expectProven(stack, filled, first.id);
  expect(await readProblem(await requestErasure(filled.admin, filled.admin.tenantId))).toMatchObject({
    code: "TENANT_NOT_FOUND",
  });
  await uploadFile(filled.ann, Buffer.from("new"));
  const second = await requestErasure(operator, filled.admin.tenantId, { reason: "left" });
  const { id, ...begun } = (await second.json()) as Erasure;
  expect(id).not.toBe(first.id);
  expect(begun).toMatchObject({ requestedBy: "operator/root", reason: "left" });
});

test("a tenant that has nothing but an audit trail is erased, and one of which there is nothing isn't there", async () => {
  const service = await newCaller({ stack, user: "crm", role: "service" });
  const admin = await newAdmin(service.tenantId, stack);
  const nothing = await requestErasure(admin, service.tenantId);
  expect(await readProblem(nothing)).toMatchObject({ status: 404, code: "TENANT_NOT_FOUND" });
  const grant = { expiresInSeconds: 60 };
  expect((await sendJson(service, "POST", "/v1/upload-grants", grant)).status).toBe(201);
  const filled = { admin, ann: service, locations: [], files: [], keys: [] };
  const { id } = await begin(filled);
  const refused = await sendJson(service, "POST", "/v1/upload-grants", grant);
  expect(await readProblem(refused)).toMatchObject({ code: "TENANT_ERASING" });
  await expectProven(stack, filled, id);
});

test("while it is being erased, a tenant is neither changed nor exported, and told why", async () => {
  const filled = await fillTenant(stack);
  const { admin } = filled;
  const path = `/v1/admin/tenants/${admin.tenantId}`;
  await begin(filled);
  const change = await sendJson(admin, "PATCH", path, { settings: { trashDays: 1 } });
  expect(await readProblem(change)).toMatchObject({ status: 403, code: "TENANT_ERASING" });
  for (const [method, rest] of [
    ["GET", "/export"],
    ["POST", "/recount"],
    ["GET", `/files/${filled.files[0]}/versions/1/content`],
  ] as const) {
    const answer = await admin.fetch(`${path}${rest}`, { method });
    expect(await readProblem(answer)).toMatchObject({ code: "TENANT_ERASING" });
  }
  expect(await (await admin.fetch(path)).json()).toMatchObject({ erasingAt: expect.any(String) as string });
});

test("an export under way breaks off, so that what is left never passes for the whole", async () => {
  const filled = await fillTenant(stack);
  const path = `/v1/admin/tenants/${filled.admin.tenantId}/export`;
  const whole = await (await filled.admin.fetch(path)).text();
  expect(whole).toContain('"kind":"end"');
  // Its calls are for the tenant, the event, the tenant's line, and then the first page of files.
  await stack.control({ database: { kind: "hold", atCall: 4 } });
  const answer = await filled.admin.fetch(path);
  const reading = answer.text();
  reading.catch(() => {});
  await expect.poll(async () => (await stack.control({})).databaseCalls, { timeout: PATIENCE_MS }).toBe(4);
  await begin(filled);
  await stack.control({ database: null });
  await expect(reading).rejects.toThrow();
});

test.each([
  ["another's id", { confirm: "other" }, "confirm"],
  ["an empty reason", { reason: "" }, "reason"],
  ["a field that isn't known", { force: true }, "force"],
])("an erasure with %s is refused and begins nothing", async (_what, body, path) => {
  const { admin } = await fillTenant(stack);
  expect(await readProblem(await requestErasure(admin, admin.tenantId, body))).toMatchObject({
    status: 400,
    code: "REQUEST_INVALID",
    errors: [{ path }],
  });
  const tenant = await (await admin.fetch(`/v1/admin/tenants/${admin.tenantId}`)).json();
  expect(tenant).toMatchObject({ erasingAt: null });
});

test("an erasure is seen by its tenant's admins and by operators; to others it isn't there", async () => {
  const filled = await fillTenant(stack);
  const { id } = await begin(filled);
  expect((await getErasure(await newOperator(stack), id)).id).toBe(id);
  const elsewhere = await newAdmin((await newCaller()).tenantId, stack);
  for (const missing of [id, "0".repeat(26), "x"]) {
    const answer = await elsewhere.fetch(`/v1/admin/erasures/${missing}`);
    expect(await readProblem(answer)).toMatchObject({ status: 404, code: "ERASURE_NOT_FOUND" });
  }
});
