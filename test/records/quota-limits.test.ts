import { describe, expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import { extendReservation, quotaLevel, reduceReservation } from "../../worker/services/quota.ts";
import { forgetUpload, recordStoredUpload } from "../../worker/services/stored-uploads.ts";
import { useDatabases } from "./support/databases.ts";
import type { QuotaTenant } from "./support/quota-tenant.ts";
import { newQuotaTenant, refusalOf } from "./support/quota-tenant.ts";

/** The unit of these sizes: nothing counts less. */
const U = MINIMUM_CHARGE_BYTES;
const MIB = 1024 * 1024;

const databases = useDatabases();

function newTenant(settings: TenantSettings = {}): QuotaTenant {
  return newQuotaTenant(databases.bindings, settings);
}

describe("levels", () => {
  test.each([
    [0, 1_000, 80, "ok"],
    [799, 1_000, 80, "ok"],
    [800, 1_000, 80, "warning"],
    [949, 1_000, 80, "warning"],
    [950, 1_000, 80, "critical"],
    [1_001, 1_000, 80, "critical"],
    [9, 1_000, 1, "ok"],
    [10, 1_000, 1, "warning"],
    [949, 1_000, 95, "ok"],
    [950, 1_000, 95, "critical"],
    [950, 1_000, 100, "critical"],
    [0, 0, 80, "critical"],
    [7, 10, 80, "ok"],
    [8, 10, 80, "warning"],
    [0.8 * 2 ** 50, 2 ** 50, 80, "warning"],
  ] as const)("%d of %d bytes, warned of at %d per cent: %s", (used, quota, threshold, level) => {
    expect(quotaLevel(used, quota, threshold)).toBe(level);
  });

  test("of a tenant, by its own threshold and quota", async () => {
    const tenant = newTenant();
    await tenant.create(500 * U);
    expect(await tenant.quota()).toMatchObject({ level: "ok", warningThreshold: 80 });
    await tenant.set("settings", JSON.stringify({ warningThreshold: 50 }));
    expect(await tenant.quota()).toMatchObject({ level: "warning", warningThreshold: 50 });
    await tenant.set("quota_bytes", 520 * U);
    expect(await tenant.quota()).toMatchObject({
      level: "critical",
      quotaBytes: 520 * U,
      availableBytes: 20 * U,
    });
    await tenant.set("quota_bytes", 400 * U);
    expect(await tenant.quota()).toMatchObject({ level: "critical", usedBytes: 500 * U, availableBytes: 0 });
  });
});

test("a tenant that has uploaded nothing has all of the default", async () => {
  expect(await newTenant().quota()).toEqual({
    ...{ quotaBytes: 1_000 * U, usedBytes: 0, reservedBytes: 0, availableBytes: 1_000 * U, filesBytes: 0 },
    ...{
      versionsBytes: 0,
      trashBytes: 0,
      derivativesBytes: 0,
      fileCount: 0,
      openUploads: 0,
      level: "ok",
      warningThreshold: 80,
    },
  });
});

describe("an upload is admitted where it fits", () => {
  test.each([
    [0, 1_000, true],
    [0, 1_001, false],
    [999, 0, true],
    [999, 1, true],
    [999, 2, false],
    [1_000, 0, false],
    [1_000, 1, false],
  ])("with %d of 1,000 units used, one of %d: %s", async (used, length, fits) => {
    const [usedBytes, lengthBytes] = [used * U, length * U];
    const chargeBytes = Math.max(lengthBytes, U);
    const tenant = newTenant();
    if (usedBytes > 0) await tenant.create(usedBytes);
    const creating = tenant.create(lengthBytes);
    if (fits) expect((await creating).reservedBytes).toBe(chargeBytes);
    else {
      const availableBytes = 1_000 * U - usedBytes;
      const { code, members } = await refusalOf(creating);
      expect({ code, members }).toEqual({
        code: "QUOTA_EXCEEDED",
        members: { quotaBytes: 1_000 * U, availableBytes },
      });
    }
    expect((await tenant.quota()).usedBytes).toBe(usedBytes + (fits ? chargeBytes : 0));
    expect((await tenant.quota()).fileCount).toBe(Number(usedBytes > 0) + Number(fits));
  });

  test.each([
    [0, 1_000],
    [1, 999],
    [999, 1],
    [1_000, undefined],
  ])("with %d of 1,000 units used, one without a length has %s reserved", async (used, reserved) => {
    const tenant = newTenant();
    if (used > 0) await tenant.create(used * U);
    const creating = tenant.create(null);
    if (reserved === undefined) expect((await refusalOf(creating)).code).toBe("QUOTA_EXCEEDED");
    else expect((await creating).reservedBytes).toBe(reserved * U);
  });

  test("one without a length takes a step, and no more than it may become", async () => {
    const tenant = newTenant({ maxBytes: { document: 10 * U } });
    expect((await tenant.create(null)).reservedBytes).toBe(10 * U);
    await tenant.set("quota_bytes", 500 * MIB);
    expect((await tenant.createPartial(null)).reservedBytes).toBe(64 * MIB);
  });

  test("at a tenant that is being erased, none is, and nothing is left of it", async () => {
    const tenant = newTenant();
    await tenant.create(1 * U);
    await tenant.set("erasing_at_ms", 1);
    expect((await refusalOf(tenant.create(1 * U))).code).toBe("TENANT_ERASING");
    expect((await refusalOf(tenant.create(null))).code).toBe("TENANT_ERASING");
    expect((await refusalOf(tenant.createPartial(1 * U))).code).toBe("TENANT_ERASING");
    await tenant.set("erasing_at_ms", null);
    expect(await tenant.quota()).toMatchObject({ usedBytes: 1 * U, fileCount: 1 });
  });
});

test("an upload's reservation ends with it, whether it is stored or forgotten, once", async () => {
  const tenant = newTenant();
  const env = databases.bindings;
  const [kept, lost] = [await tenant.create(300 * U), await tenant.create(null)];
  expect(await tenant.quota()).toMatchObject({
    usedBytes: 1_000 * U,
    reservedBytes: 1_000 * U,
    filesBytes: 0,
    fileCount: 2,
  });
  const uploader = { id: "ann", kind: "member", requestId: null } as const;
  const origin = { uploader, partials: [] };
  const job = {
    ...{ kind: "process" as const, ...tenant.refOf(kept.fileId), objectKey: "k", etag: "e" },
    ...{ sizeBytes: 300 * U, declaredType: "text/plain" },
  };
  expect(await recordStoredUpload(env, job, origin, 1)).toBe(true);
  expect(await tenant.quota()).toMatchObject({
    usedBytes: 1_000 * U,
    reservedBytes: 700 * U,
    filesBytes: 300 * U,
  });
  for (let times = 0; times < 2; times += 1) {
    await forgetUpload(env, tenant.refOf(lost.fileId));
    // One that is stored isn't forgotten by a late answer.
    await forgetUpload(env, tenant.refOf(kept.fileId));
    expect(await tenant.quota()).toMatchObject({
      usedBytes: 300 * U,
      reservedBytes: 0,
      filesBytes: 300 * U,
      fileCount: 1,
    });
    expect(await recordStoredUpload(env, job, origin, 1)).toBe(true);
  }
});

describe("an upload whose length isn't known", () => {
  test("grows as far as there is room, and again when there is", async () => {
    const tenant = newTenant();
    const env = databases.bindings;
    const other = await tenant.create(990 * U);
    const { fileId } = await tenant.create(null);
    const extend = (atLeastBytes: number, atMostBytes: number) =>
      extendReservation(env, tenant.refOf(fileId), { atLeastBytes, atMostBytes }, 1_000 * U);
    expect(await extend(5 * U, 100 * U)).toBe(10 * U);
    const { code, members } = await refusalOf(extend(11 * U, 100 * U));
    expect({ code, members }).toEqual({
      code: "QUOTA_EXCEEDED",
      members: { quotaBytes: 1_000 * U, availableBytes: 0 },
    });
    await forgetUpload(env, tenant.refOf(other.fileId));
    expect(await extend(11 * U, 100 * U)).toBe(100 * U);
    // Less than there is changes nothing, nor does the same again, as when the answer was lost.
    expect(await extend(5 * U, 500 * U)).toBe(100 * U);
    expect(await extend(11 * U, 100 * U)).toBe(100 * U);
    expect(await tenant.quota()).toMatchObject({ usedBytes: 100 * U, reservedBytes: 100 * U });
  });

  test("grows by what room there is if that is enough, and by nothing if it isn't", async () => {
    const tenant = newTenant();
    const env = databases.bindings;
    for (const otherBytes of [850 * U, 20 * U]) await tenant.create(otherBytes);
    const ref = tenant.refOf((await tenant.create(null)).fileId);
    const extend = (atLeastBytes: number) =>
      extendReservation(env, ref, { atLeastBytes, atMostBytes: 500 * U }, 1_000 * U);
    await tenant.set("quota_bytes", 1_200 * U);
    // 1,000 bytes are taken, and 130 of these are its own.
    expect((await refusalOf(extend(331 * U))).code).toBe("QUOTA_EXCEEDED");
    expect((await tenant.quota()).usedBytes).toBe(1_000 * U);
    expect(await extend(200 * U)).toBe(330 * U);
    expect((await tenant.quota()).usedBytes).toBe(1_200 * U);
  });

  test("gives back what it doesn't need, but not late", async () => {
    const tenant = newTenant();
    const env = databases.bindings;
    await tenant.create(500 * U);
    const ref = tenant.refOf((await tenant.create(null)).fileId);
    await reduceReservation(env, ref, 500 * U, 400 * U);
    expect((await tenant.quota()).usedBytes).toBe(900 * U);
    expect(
      await extendReservation(env, ref, { atLeastBytes: 500 * U, atMostBytes: 500 * U }, 1_000 * U),
    ).toBe(500 * U);
    await reduceReservation(env, ref, 400 * U, 100 * U);
    expect((await tenant.quota()).usedBytes).toBe(1_000 * U);
  });

  test("has nothing any more when it was forgotten, or its tenant is being erased", async () => {
    const tenant = newTenant();
    const env = databases.bindings;
    const ref = tenant.refOf((await tenant.create(null)).fileId);
    const growth = { atLeastBytes: 1_001 * U, atMostBytes: 1_001 * U };
    expect((await refusalOf(extendReservation(env, ref, growth, 1_000 * U))).code).toBe("QUOTA_EXCEEDED");
    await tenant.set("erasing_at_ms", 1);
    expect((await refusalOf(extendReservation(env, ref, growth, 2_000 * U))).code).toBe("TENANT_ERASING");
    await forgetUpload(env, ref);
    await tenant.set("erasing_at_ms", null);
    expect((await refusalOf(extendReservation(env, ref, growth, 2_000 * U))).code).toBe("QUOTA_EXCEEDED");
    expect((await tenant.quota()).usedBytes).toBe(0);
  });
});

test("a creation is in the audit, by whoever made it", async () => {
  const tenant = newTenant();
  const { fileId } = await tenant.create(10 * U);
  await refusalOf(tenant.create(991 * U));
  const { results } = await databases.bindings.DB.prepare("SELECT * FROM audit_log WHERE tenant_id = ?")
    .bind(tenant.tenantId)
    .all();
  expect(results).toEqual([
    expect.objectContaining({
      action: "file.created",
      actor_id: "ann",
      actor_kind: "member",
      file_id: fileId,
    }),
  ]);
});
