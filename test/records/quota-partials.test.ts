import { expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import type { FileId } from "#contract/ids.ts";
import { UserId } from "#contract/ids.ts";
import { databaseFor } from "../../worker/db/database.ts";
import { deletePurged, markPurging } from "../../worker/db/trash.ts";
import { sweepReservations } from "../../worker/services/cron/reservations.ts";
import { findFinalOf, findSpentPartials } from "../../worker/services/final-uploads.ts";
import { forgetUpload, recordStoredUpload } from "../../worker/services/stored-uploads.ts";
import type { NewDeclaration } from "../../worker/services/uploads.ts";
import { newBudget } from "./support/cron-budget.ts";
import { useDatabases } from "./support/databases.ts";
import type { QuotaTenant } from "./support/quota-tenant.ts";
import { newQuotaTenant, refusalOf, RULES } from "./support/quota-tenant.ts";

/** A final upload reserves what it needs beyond its partials, so that bytes count once. */

/** The unit of these sizes: nothing counts less. */
const U = MINIMUM_CHARGE_BYTES;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const databases = useDatabases();

async function newPartials(tenant: QuotaTenant, ...sizes: readonly number[]) {
  const made = await Promise.all(sizes.map((sizeBytes) => tenant.createPartial(sizeBytes)));
  return made.map(({ fileId, reservedBytes: sizeBytes }) => ({ fileId, sizeBytes }));
}

/** Says that a final is stored. */
function record(tenant: QuotaTenant, fileId: FileId, partials: NewDeclaration["partials"] = []) {
  const sizeBytes = partials.reduce((sum, partial) => sum + partial.sizeBytes, 0);
  const job = { kind: "process", objectKey: "k", etag: "e", declaredType: "text/plain", sizeBytes } as const;
  const uploader = { id: "ann", kind: "member", requestId: null } as const;
  return recordStoredUpload(tenant.env, { ...job, ...tenant.refOf(fileId) }, { uploader, partials }, 1);
}

function setOf({ env, tenantId }: QuotaTenant, fileId: FileId) {
  return [databaseFor(env, tenantId), { tenantId, fileIds: [fileId] }] as const;
}

function markForPurge(tenant: QuotaTenant, fileId: FileId) {
  return markPurging(...setOf(tenant, fileId), UserId.parse("ann"), { actor: tenant.actor, atMs: 1 });
}

async function purge(tenant: QuotaTenant, fileId: FileId): Promise<void> {
  await markForPurge(tenant, fileId);
  await deletePurged(...setOf(tenant, fileId), { actor: tenant.actor, atMs: 1 });
}

test("of all of a quota, and its partials have theirs if nothing comes of it", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const partials = await newPartials(tenant, 600 * U, 400 * U);
  const final = await tenant.create(1_000 * U, { partials });
  expect(final.reservedBytes).toBe(0);
  expect(await tenant.quota()).toMatchObject({ usedBytes: 1_000 * U, fileCount: 1 });
  const ref = tenant.refOf(final.fileId);
  for (let times = 0; times < 2; times += 1) {
    await forgetUpload(databases.bindings, ref);
    expect(await tenant.quota()).toMatchObject({ usedBytes: 1_000 * U, fileCount: 0 });
  }
  const [first] = partials;
  if (first !== undefined) await forgetUpload(databases.bindings, tenant.refOf(first.fileId));
  expect((await tenant.quota()).usedBytes).toBe(400 * U);
  // A late answer of the final's end brings nothing back.
  await forgetUpload(databases.bindings, ref);
  expect((await tenant.quota()).usedBytes).toBe(400 * U);
});

test("and counts alone from when it is stored, however often that is said", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const partials = await newPartials(tenant, 600 * U, 400 * U);
  const { fileId } = await tenant.create(1_000 * U, { partials });
  for (let times = 0; times < 2; times += 1) {
    expect(await record(tenant, fileId, partials)).toBe(true);
    expect(await tenant.quota()).toMatchObject({
      usedBytes: 1_000 * U,
      reservedBytes: 0,
      filesBytes: 1_000 * U,
    });
  }
  for (const partial of partials) await forgetUpload(databases.bindings, tenant.refOf(partial.fileId));
  expect((await tenant.quota()).usedBytes).toBe(1_000 * U);
});

test("and its partials are spent then, also when its file is purged before that is heard", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const [partials, others] = [await newPartials(tenant, 300 * U), await newPartials(tenant, 100 * U)];
  const ids = [...partials, ...others].map(({ fileId }) => fileId);
  const { fileId } = await tenant.create(300 * U, { partials });
  expect(await findSpentPartials(databases.bindings, tenant.tenantId, ids)).toEqual([]);
  await record(tenant, fileId, partials);
  const spent = partials.map((partial) => partial.fileId);
  expect(await findSpentPartials(databases.bindings, tenant.tenantId, ids)).toEqual(spent);
  await purge(tenant, fileId);
  expect(await record(tenant, fileId, partials)).toBe(false);
  expect(await findSpentPartials(databases.bindings, tenant.tenantId, ids)).toEqual(spent);
  expect((await tenant.quota()).usedBytes).toBe(100 * U);
});

test("one whose object was never made leaves its partials theirs, for the next", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const partials = await newPartials(tenant, 300 * U, 200 * U);
  const lost = await tenant.create(500 * U, { partials });
  const stillStands = (ref: { fileId: string }) => Promise.resolve(ref.fileId !== lost.fileId);
  await sweepReservations(databases.bindings, { stillStands }, RULES.nowMs + HOUR_MS, newBudget());
  expect(await tenant.quota()).toMatchObject({ usedBytes: 500 * U, reservedBytes: 500 * U, fileCount: 0 });
  const next = await tenant.create(500 * U, { partials });
  expect(await record(tenant, next.fileId, partials)).toBe(true);
  expect(await tenant.quota()).toMatchObject({ usedBytes: 500 * U, reservedBytes: 0, fileCount: 1 });
});

test("one whose file is purged meanwhile leaves its partials theirs, and another may have them", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const partials = await newPartials(tenant, 300 * U);
  const { fileId } = await tenant.create(300 * U, { partials });
  await markForPurge(tenant, fileId);
  expect(await record(tenant, fileId, partials)).toBe(false);
  await purge(tenant, fileId);
  await forgetUpload(databases.bindings, tenant.refOf(fileId));
  expect(await tenant.quota()).toMatchObject({ usedBytes: 300 * U, reservedBytes: 300 * U, fileCount: 0 });
  const next = await tenant.create(300 * U, { partials });
  // What is late of the first takes nothing from the second.
  expect(await record(tenant, fileId, partials)).toBe(false);
  await forgetUpload(databases.bindings, tenant.refOf(fileId));
  const ids = partials.map((partial) => partial.fileId);
  expect(await findSpentPartials(databases.bindings, tenant.tenantId, ids)).toEqual([]);
  expect(await record(tenant, next.fileId, partials)).toBe(true);
  expect(await tenant.quota()).toMatchObject({ usedBytes: 300 * U, reservedBytes: 0, fileCount: 1 });
});

test("a partial that ends while it is joined gives the final what it had: that may have its bytes", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const partials = await newPartials(tenant, 600 * U, 400 * U);
  const { fileId } = await tenant.create(1_000 * U, { partials });
  const [first] = partials;
  for (let times = 0; times < 2; times += 1) {
    if (first !== undefined) await forgetUpload(databases.bindings, tenant.refOf(first.fileId));
    expect((await tenant.quota()).usedBytes).toBe(1_000 * U);
  }
  expect((await refusalOf(tenant.create(1 * U))).code).toBe("QUOTA_EXCEEDED");
  await forgetUpload(databases.bindings, tenant.refOf(fileId));
  expect((await tenant.quota()).usedBytes).toBe(400 * U);
});

test("and that is nothing where the quota was lowered below what is used: its partials have all of it", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const partials = await newPartials(tenant, 600 * U, 400 * U);
  await tenant.set("quota_bytes", 500 * U);
  expect(
    (await refusalOf(tenant.create(1_600 * U, { partials: [...partials, ...partials.slice(0, 1)] }))).code,
  ).toBe("QUOTA_EXCEEDED");
  expect((await tenant.create(1_000 * U, { partials })).reservedBytes).toBe(0);
  expect(await tenant.quota()).toMatchObject({ usedBytes: 1_000 * U, availableBytes: 0, fileCount: 1 });
});

test("a partial twice counts twice, since it is stored twice", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const { fileId } = await tenant.createPartial(500 * U);
  const twice = [500 * U, 500 * U].map((sizeBytes) => ({ fileId, sizeBytes }));
  const three = [...twice, ...twice.slice(1)];
  expect((await refusalOf(tenant.create(1_500 * U, { partials: three }))).code).toBe("QUOTA_EXCEEDED");
  expect((await tenant.quota()).usedBytes).toBe(500 * U);
  expect((await tenant.create(1_000 * U, { partials: twice })).reservedBytes).toBe(500 * U);
  expect((await tenant.quota()).usedBytes).toBe(1_000 * U);
});

test("a partial whose length was told late has no more than that from then on", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const { fileId, reservedBytes } = await tenant.createPartial(null);
  expect(reservedBytes).toBe(1_000 * U);
  await tenant.create(600 * U, { partials: [300 * U, 300 * U].map((sizeBytes) => ({ fileId, sizeBytes })) });
  expect((await tenant.quota()).usedBytes).toBe(600 * U);
});

test("of two finals of a partial, the second is refused, and leaves nothing", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const [shared, other] = [await newPartials(tenant, 300 * U), await newPartials(tenant, 100 * U)];
  const attempt = () => tenant.create(400 * U, { partials: [...other, ...shared] });
  const first = await tenant.create(300 * U, { partials: shared });
  expect((await refusalOf(attempt())).code).toBe("UPLOAD_CONCAT_INVALID");
  await record(tenant, first.fileId, shared);
  expect((await refusalOf(attempt())).code).toBe("UPLOAD_CONCAT_INVALID");
  expect(await tenant.quota()).toMatchObject({ usedBytes: 400 * U, reservedBytes: 100 * U, fileCount: 1 });
  expect((await tenant.create(100 * U, { partials: other })).reservedBytes).toBe(0);
});

test("of finals of the same partials at once, one is made", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const partials = await newPartials(tenant, 100 * U, 100 * U);
  const attempts = Array.from({ length: 5 }, () => tenant.create(200 * U, { partials }));
  const refused = (await Promise.allSettled(attempts)).filter(({ status }) => status === "rejected");
  expect(refused).toHaveLength(4);
  expect(await tenant.quota()).toMatchObject({ usedBytes: 200 * U, reservedBytes: 200 * U, fileCount: 1 });
});

test("a final of a tenant that is being erased is told that, not of its partials", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const partials = await newPartials(tenant, 100 * U);
  await tenant.set("erasing_at_ms", 1);
  expect((await refusalOf(tenant.create(100 * U, { partials }))).code).toBe("TENANT_ERASING");
});

test("what a final has is not ended by what is late of another", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const partials = await newPartials(tenant, 300 * U);
  const first = await tenant.create(300 * U, { partials });
  const release = "DELETE FROM quota_reservations WHERE tenant_id = ? AND file_id = ?";
  await databases.bindings.DB.prepare(release).bind(tenant.tenantId, first.fileId).run();
  await tenant.create(300 * U, { partials });
  expect(await record(tenant, first.fileId, partials)).toBe(true);
  expect(await tenant.quota()).toMatchObject({ filesBytes: 300 * U, reservedBytes: 300 * U });
});

test("which final has a partial is known while it is under way and for a day from when it is stored", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const [partials, others] = [
    await newPartials(tenant, 300 * U, 200 * U),
    await newPartials(tenant, 100 * U),
  ];
  const ids = partials.map((partial) => partial.fileId);
  const finalOf = (partialIds: readonly FileId[]) =>
    findFinalOf(databases.bindings, tenant.tenantId, partialIds);
  const rows = async () => {
    const select = databases.bindings.DB.prepare("SELECT 1 FROM quota_reservations WHERE tenant_id = ?");
    return (await select.bind(tenant.tenantId).all()).results;
  };
  expect(await finalOf(ids)).toBeUndefined();
  const lost = await tenant.create(500 * U, { partials });
  await forgetUpload(databases.bindings, tenant.refOf(lost.fileId));
  expect(await finalOf(ids)).toBeUndefined();

  const { fileId } = await tenant.create(500 * U, { partials });
  const known = { fileId, version: 1 };
  const stored = { ...known, reservedAtMs: null };
  expect(await finalOf(ids)).toEqual({ ...known, reservedAtMs: expect.any(Number) });
  await record(tenant, fileId, partials);
  expect(await finalOf(ids)).toEqual(stored);
  expect(await finalOf([...ids, ...ids])).toEqual(stored);
  expect(await finalOf(ids.slice(1))).toEqual(stored);
  expect(await finalOf([...ids, ...others.map((other) => other.fileId)])).toBeUndefined();

  const noneStands = { stillStands: () => Promise.resolve(false) };
  await sweepReservations(databases.bindings, noneStands, DAY_MS, newBudget());
  expect(await rows()).toHaveLength(2);
  await sweepReservations(databases.bindings, noneStands, DAY_MS + 1, newBudget());
  expect(await rows()).toEqual([]);
  expect(await tenant.quota()).toMatchObject({ usedBytes: 500 * U, reservedBytes: 0, fileCount: 1 });
});

test("a final is known no more when its file is being purged", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  const partials = await newPartials(tenant, 300 * U);
  const { fileId } = await tenant.create(300 * U, { partials });
  await record(tenant, fileId, partials);
  await markForPurge(tenant, fileId);
  const ids = partials.map((partial) => partial.fileId);
  expect(await findFinalOf(databases.bindings, tenant.tenantId, ids)).toBeUndefined();
});
