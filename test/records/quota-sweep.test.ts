import { describe, expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import type { FileId } from "#contract/ids.ts";
import { newFileId, UserId } from "#contract/ids.ts";
import { sweepReservations } from "../../worker/services/cron/reservations.ts";
import { createUpload } from "../../worker/services/uploads.ts";
import { newBudget } from "./support/cron-budget.ts";
import { useDatabases } from "./support/databases.ts";
import type { QuotaTenant } from "./support/quota-tenant.ts";
import { newQuotaTenant, RULES } from "./support/quota-tenant.ts";

/** The unit of these sizes: nothing counts less. */
const U = MINIMUM_CHARGE_BYTES;
const HOUR_MS = 3_600_000;

const databases = useDatabases();

function newTenant(): QuotaTenant {
  return newQuotaTenant(databases.bindings);
}

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

  test("leaves what a renewed grant's holder has asked for again a moment ago", async () => {
    const tenant = newTenant();
    const identity = { tenantId: tenant.tenantId, userId: UserId.parse("ann"), role: "member" as const };
    const ref = { tenantId: tenant.tenantId, fileId: newFileId(), version: 1 };
    const grant = { identity, ref, scope: {}, expiresAtMs: RULES.nowMs + 2 * HOUR_MS };
    const declaration = { metadata: new Map([["filename", "a.txt"]]), lengthBytes: 10 * U, grant };
    const createAt = (nowMs: number) =>
      createUpload(databases.bindings, identity, declaration, { ...RULES, settings: {}, nowMs });
    expect(await createAt(RULES.nowMs)).toMatchObject({ isAgain: false });
    expect(await createAt(RULES.nowMs + HOUR_MS - 1)).toMatchObject({ isAgain: true });
    await sweep(false, RULES.nowMs + HOUR_MS);
    expect(await tenant.quota()).toMatchObject({ usedBytes: 10 * U, fileCount: 1 });
    await sweep(false, RULES.nowMs + 2 * HOUR_MS);
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
