import { describe, expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES as U } from "#contract/charges.ts";
import type { FileId } from "#contract/ids.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import { forgetUpload, recordStoredUpload } from "../../worker/services/stored-uploads.ts";
import { useDatabases } from "./support/databases.ts";
import type { QuotaTenant } from "./support/quota-tenant.ts";
import { newQuotaTenant, refusalOf } from "./support/quota-tenant.ts";

const databases = useDatabases();

function newTenant(settings: TenantSettings = {}): QuotaTenant {
  return newQuotaTenant(databases.bindings, settings);
}

function store(tenant: QuotaTenant, fileId: FileId, sizeBytes: number): Promise<boolean> {
  const uploader = { id: "ann", kind: "member", requestId: null } as const;
  const object = { objectKey: "k", etag: "e", sizeBytes, declaredType: "text/plain" };
  const job = { kind: "process" as const, ...tenant.refOf(fileId), ...object };
  return recordStoredUpload(databases.bindings, job, { uploader, partials: [] }, 1);
}

describe("what has no bytes, or few, counts as much as its record", () => {
  test.each([0, 1, U - 1, U])("an upload of %d bytes: under way, stored, in the trash", async (sizeBytes) => {
    const tenant = newTenant();
    const { fileId, reservedBytes } = await tenant.create(sizeBytes);
    expect(reservedBytes).toBe(U);
    expect(await tenant.quota()).toMatchObject({ usedBytes: U, reservedBytes: U });
    await store(tenant, fileId, sizeBytes);
    expect(await tenant.quota()).toMatchObject({ usedBytes: U, reservedBytes: 0, filesBytes: U });
    const trash = "UPDATE files SET deleted_at_ms = 1 WHERE tenant_id = ?";
    await databases.bindings.DB.prepare(trash).bind(tenant.tenantId).run();
    expect(await tenant.quota()).toMatchObject({ usedBytes: U, filesBytes: 0, trashBytes: U });
    await databases.bindings.DB.prepare("DELETE FROM files WHERE tenant_id = ?").bind(tenant.tenantId).run();
    expect((await tenant.quota()).usedBytes).toBe(0);
  });

  test("one byte more counts", async () => {
    const tenant = newTenant();
    const { fileId, reservedBytes } = await tenant.create(U + 1);
    expect(reservedBytes).toBe(U + 1);
    await store(tenant, fileId, U + 1);
    expect(await tenant.quota()).toMatchObject({ usedBytes: U + 1, filesBytes: U + 1 });
  });

  test("small partials count each until they are joined, and their final then", async () => {
    const tenant = newTenant();
    const made = [await tenant.createPartial(1), await tenant.createPartial(2)];
    const partials = made.map(({ fileId }, index) => ({ fileId, sizeBytes: index + 1 }));
    await tenant.set("quota_bytes", 2 * U);
    const final = await tenant.create(3, { partials });
    expect(final.reservedBytes).toBe(0);
    expect(await tenant.quota()).toMatchObject({ usedBytes: 2 * U, openUploads: 3 });
    const uploader = { id: "ann", kind: "member", requestId: null } as const;
    const object = { objectKey: "k", etag: "e", sizeBytes: 3, declaredType: "text/plain" };
    const job = { kind: "process" as const, ...tenant.refOf(final.fileId), ...object };
    await recordStoredUpload(databases.bindings, job, { uploader, partials }, 1);
    expect(await tenant.quota()).toMatchObject({ usedBytes: U, filesBytes: U, openUploads: 0 });
  });
});

describe("no more uploads are under way than may be", () => {
  const refused = async (creating: Promise<unknown>) => {
    const { code, members } = await refusalOf(creating);
    return { code, ...members };
  };

  test("of a tenant, partial ones too; and what ends makes room", async () => {
    const tenant = newTenant({ maxOpenUploads: 3 });
    const [first, second] = [await tenant.create(0), await tenant.create(7)];
    await tenant.createPartial(5);
    const tooMany = { code: "OPEN_UPLOADS_EXCEEDED", maxOpenUploads: 3 };
    for (const each of [tenant, tenant.as("bob"), tenant.as("crm", "service")]) {
      expect(await refused(each.create(0))).toEqual(tooMany);
      expect(await refused(each.createPartial(0))).toEqual(tooMany);
    }
    expect(await tenant.quota()).toMatchObject({ openUploads: 3, fileCount: 2 });
    await forgetUpload(databases.bindings, tenant.refOf(first.fileId));
    await tenant.create(1);
    expect(await refused(tenant.create(0))).toEqual(tooMany);
    await store(tenant, second.fileId, 7);
    await tenant.create(1);
    expect((await tenant.quota()).openUploads).toBe(3);
  });

  test("of one user; others of the tenant have their own, and a service isn't one user", async () => {
    const tenant = newTenant({ maxOpenUploadsPerUser: 2 });
    const [bob, service] = [tenant.as("bob"), tenant.as("crm", "service")];
    await tenant.create(0);
    await bob.create(0);
    await tenant.createPartial(0);
    expect(await refused(tenant.create(0))).toEqual({ code: "OPEN_UPLOADS_EXCEEDED", maxOpenUploads: 2 });
    expect(await refused(tenant.createPartial(null))).toMatchObject({ code: "OPEN_UPLOADS_EXCEEDED" });
    await bob.create(0);
    expect(await refused(bob.create(0))).toMatchObject({ code: "OPEN_UPLOADS_EXCEEDED" });
    for (let count = 0; count < 4; count += 1) await service.create(0);
    expect((await tenant.quota()).openUploads).toBe(8);
  });

  test("also where many begin at once", async () => {
    const tenant = newTenant({ maxOpenUploads: 3 });
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => tenant.create(0)));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    expect((await tenant.quota()).openUploads).toBe(3);
  });

  test("a final is let in all the same: it ends more than it begins", async () => {
    const tenant = newTenant({ maxOpenUploads: 2 });
    const made = [await tenant.createPartial(1), await tenant.createPartial(2)];
    const partials = made.map(({ fileId }, index) => ({ fileId, sizeBytes: index + 1 }));
    expect((await tenant.create(3, { partials })).reservedBytes).toBe(0);
  });

  test("that is ten thousand where nothing else is said, and a thousand of one user", async () => {
    const tenant = newTenant();
    const insert = `INSERT INTO quota_reservations (tenant_id, file_id, version, reserved_bytes, created_at_ms, check_at_ms, owner_id)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT ?, 'f' || ? || i, 1, 0, 0, 1e15, ? FROM n`;
    const fill = (count: number, owner: string) =>
      databases.bindings.DB.prepare(insert).bind(count, tenant.tenantId, owner, owner).run();
    await tenant.create(0);
    await fill(998, "ann");
    await tenant.create(0);
    expect(await refused(tenant.create(0))).toEqual({ code: "OPEN_UPLOADS_EXCEEDED", maxOpenUploads: 1_000 });
    await fill(8_999, "many");
    const bob = tenant.as("bob");
    await bob.create(0);
    expect(await refused(bob.create(0))).toEqual({ code: "OPEN_UPLOADS_EXCEEDED", maxOpenUploads: 10_000 });
  });

  test("a lack of room is told as such, and an erasure before all", async () => {
    const tenant = newTenant({ maxOpenUploads: 2 });
    await tenant.create(0);
    await tenant.set("quota_bytes", 0);
    expect(await refused(tenant.create(0))).toMatchObject({ code: "QUOTA_EXCEEDED" });
    await tenant.set("quota_bytes", 2 * U);
    await tenant.create(0);
    await tenant.set("erasing_at_ms", 1);
    expect(await refused(tenant.create(0))).toMatchObject({ code: "TENANT_ERASING" });
  });
});
