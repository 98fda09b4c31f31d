import { describe, expect, test } from "vitest";
import type { FileId } from "#contract/ids.ts";
import { MINIMUM_CHARGE_BYTES } from "#contract/quota.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import { sweepReservations } from "../../worker/services/cron/reservations.ts";
import {
  extendReservation,
  quotaLevel,
  recountTenant,
  reduceReservation,
} from "../../worker/services/quota.ts";
import { forgetUpload, recordStoredUpload } from "../../worker/services/stored-uploads.ts";
import { newBudget } from "./support/cron-budget.ts";
import { newTenantId, useDatabases } from "./support/databases.ts";
import type { QuotaTenant } from "./support/quota-tenant.ts";
import { newQuotaTenant, refusalOf, RULES } from "./support/quota-tenant.ts";

/** The unit of these sizes: nothing counts less. */
const U = MINIMUM_CHARGE_BYTES;
const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;

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

describe("the sweep", () => {
  const sweep = (stands: boolean, nowMs: number) =>
    sweepReservations(databases.bindings, { stillStands: async () => stands }, nowMs, newBudget());

  test("asks an hour after the creation, later every four, and releases what isn't there", async () => {
    const tenant = newTenant();
    await tenant.create(10 * U);
    await tenant.createPartial(20 * U);
    const usedBytes = async () => (await tenant.quota()).usedBytes;
    await sweep(false, RULES.nowMs + HOUR_MS - 1);
    expect(await usedBytes()).toBe(30 * U);
    await sweep(true, RULES.nowMs + HOUR_MS);
    await sweep(false, RULES.nowMs + 5 * HOUR_MS - 1);
    expect(await usedBytes()).toBe(30 * U);
    await sweep(false, RULES.nowMs + 5 * HOUR_MS);
    expect(await tenant.quota()).toMatchObject({ usedBytes: 0, fileCount: 0 });
  });

  test("isn't kept from one by another that can't be asked", async () => {
    const tenant = newTenant();
    const [silent, gone] = [await tenant.create(10 * U), await tenant.create(20 * U)];
    const stillStands = (ref: { fileId: string }) =>
      ref.fileId === silent.fileId ? Promise.reject(new Error("no answer")) : Promise.resolve(false);
    expect(gone.reservedBytes).toBe(20 * U);
    await sweepReservations(databases.bindings, { stillStands }, RULES.nowMs + HOUR_MS, newBudget());
    expect(await tenant.quota()).toMatchObject({ usedBytes: 10 * U, fileCount: 1 });
    await sweep(false, RULES.nowMs + HOUR_MS + HOUR_MS / 4);
    expect((await tenant.quota()).usedBytes).toBe(0);
  });

  /** A hundred reservations that have been due for longest, and one behind them. */
  async function manyAndOne() {
    // Nothing of other tests is due any more.
    await sweep(false, RULES.nowMs + HOUR_MS);
    const tenant = newTenant();
    const gone = await tenant.create(20 * U);
    const each = JSON.stringify(Array.from({ length: 100 }, (_, index) => index));
    await databases.bindings.DB.prepare(
      `INSERT INTO quota_reservations (tenant_id, file_id, version, reserved_bytes, created_at_ms, check_at_ms)
       SELECT ?, printf('%026d', value), 1, 4096, 1, 1 FROM json_each(?)`,
    )
      .bind(tenant.tenantId, each)
      .run();
    const asked: FileId[] = [];
    return { tenant, gone: gone.fileId, asked };
  }

  const ANSWERS = {
    "say that they can't be asked": () => Promise.reject(new Error("no answer")),
    "never answer": () => new Promise<never>(() => {}),
  } as const;

  test.each(Object.keys(ANSWERS) as (keyof typeof ANSWERS)[])(
    "isn't kept from one by a hundred others that %s, and doesn't ask these again at once",
    async (how) => {
      const { tenant, gone, asked } = await manyAndOne();
      const stillStands = ({ fileId }: { fileId: FileId }): Promise<boolean> => {
        asked.push(fileId);
        return fileId === gone ? Promise.resolve(false) : ANSWERS[how]();
      };
      // As much as is one job's part of a run (services/cron/budget.ts).
      const run = () =>
        sweepReservations(
          databases.bindings,
          { stillStands, answerMs: 20 },
          RULES.nowMs + HOUR_MS,
          newBudget({ queries: 90 }),
        );
      expect(await run()).toBe(0);
      expect(await run()).toBe(1);
      expect(await run()).toBe(0);
      expect(asked).toHaveLength(101);
      expect(new Set(asked).size).toBe(101);
      expect(await tenant.quota()).toMatchObject({ fileCount: 0, openUploads: 100 });
    },
  );

  test("that doesn't come to its end leaves what it took to a later one, behind what is due before", async () => {
    const { gone, asked } = await manyAndOne();
    const ending = Promise.withResolvers<never>();
    const stillStands = ({ fileId }: { fileId: FileId }): Promise<boolean> => {
      asked.push(fileId);
      return fileId === gone ? Promise.resolve(false) : ending.promise;
    };
    const run = (answerMs: number) =>
      sweepReservations(
        databases.bindings,
        { stillStands, answerMs },
        RULES.nowMs + HOUR_MS,
        newBudget({ queries: 90 }),
      );
    const first = run(60_000);
    await expect.poll(() => asked.length).toBe(50);
    expect(await run(20)).toBe(1);
    ending.reject(new Error("It was ended."));
    expect(await first).toBe(0);
  });
});

test("a recount finds what is off, sets it right, and says so in the audit, and nothing where nothing is", async () => {
  const tenant = newTenant();
  const env = databases.bindings;
  await tenant.create(10 * U);
  expect(await recountTenant(env, tenant.actor, 5)).toEqual([]);
  await tenant.set("reserved_bytes", 7);
  await tenant.set("files_bytes", 3);
  await tenant.set("open_uploads", 5);
  expect(await recountTenant(env, tenant.actor, 5)).toEqual([
    { count: "reservedBytes", kept: 7, counted: 10 * U },
    { count: "filesBytes", kept: 3, counted: 0 },
    { count: "openUploads", kept: 5, counted: 1 },
  ]);
  expect(await recountTenant(env, tenant.actor, 5)).toEqual([]);
  expect(await tenant.quota()).toMatchObject({ usedBytes: 10 * U, reservedBytes: 10 * U });
  const { results } = await env.DB.prepare(
    "SELECT action, detail FROM audit_log WHERE tenant_id = ? AND action = 'tenant.recounted'",
  )
    .bind(tenant.tenantId)
    .all();
  const detail = JSON.stringify({ reservedBytes: 7 - 10 * U, filesBytes: 3, openUploads: 4 });
  expect(results).toEqual([{ action: "tenant.recounted", detail }]);
  expect(await recountTenant(env, { ...tenant.actor, tenantId: newTenantId() }, 5)).toEqual([]);
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
