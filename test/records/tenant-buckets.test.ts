import { describe, expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import { TenantId, UserId } from "#contract/ids.ts";
import { parseConfig } from "../../worker/config.ts";
import { allDatabases, databaseFor, replicaFor } from "../../worker/db/database.ts";
import { BUCKETS, bucketOf, parseTenantBuckets } from "../../worker/db/tenant-buckets.ts";
import { findTenant } from "../../worker/db/tenants.ts";
import { sweepReservations } from "../../worker/services/cron/reservations.ts";
import { admitTenant, admitUploading, forgetTenantStanding } from "../../worker/services/tenants.ts";
import { createUpload } from "../../worker/services/uploads.ts";
import { newBudget } from "./support/cron-budget.ts";
import { newTenantId, useDatabases } from "./support/databases.ts";
import { faultyDatabase } from "./support/faults.ts";

const databases = useDatabases("DB_2", "DB_10");

describe("a tenant's bucket", () => {
  // Written down here, so that nobody changes it: tenants would be looked for where they aren't.
  test.each([
    ["acme", 102],
    ["a", 237],
    ["A", 245],
    ["t0000000000000000", 243],
  ])("of %s is the same for ever", (tenantId, bucket) => {
    expect(bucketOf(TenantId.parse(tenantId))).toBe(bucket);
  });

  test("is any of 256, about as often", () => {
    const counts = Array.from({ length: BUCKETS }, () => 0);
    for (let index = 0; index < 256 * 100; index += 1) {
      const bucket = bucketOf(TenantId.parse(`tenant-${index}`));
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(150);
  });
});

describe("a map of buckets", () => {
  test.each([
    ["DB=0-255", ["DB"]],
    ["DB=0-127,DB_2=128-255", ["DB", "DB_2"]],
    ["DB_2=0,DB=1-254, DB_2=255", ["DB_2", "DB"]],
    ["DB_10=0-255", ["DB_10"]],
  ])("%s is read", (text, names) => {
    const buckets = parseTenantBuckets(text);
    expect(buckets).toHaveLength(BUCKETS);
    expect([...new Set(buckets)]).toEqual(names);
  });

  test.each([
    ["DB", "is like"],
    ["DB=", "is like"],
    ["DB=a-b", "is like"],
    ["DB=0-255=1", "is like"],
    ["DB=0-255,", "is like"],
    ["DB_1=0-255", "is like"],
    ["DB_02=0-255", "is like"],
    ["BUCKET=0-255", "is like"],
    ["DB=-1-255", "is like"],
    ["DB=0-256", "a range of buckets that isn't one"],
    ["DB=10-9", "a range of buckets that isn't one"],
    ["DB=0-254", "has no database for bucket 255"],
    ["DB=1-255", "has no database for bucket 0"],
    ["DB=0-127,DB_2=127-255", "has bucket 127 twice"],
  ])("%j is refused: %s", (text, message) => {
    expect(() => parseTenantBuckets(text)).toThrow(message);
    expect(() => parseConfig({ ...VARIABLES, TENANT_BUCKETS: text })).toThrow(
      /^Configuration is not valid:\nTENANT_BUCKETS: /,
    );
  });

  test("that names a database which isn't bound is refused", () => {
    const missing = { ...VARIABLES, TENANT_BUCKETS: "DB=0-127,DB_3=128-255" };
    expect(() => parseConfig(missing)).toThrow("TENANT_BUCKETS: there is no binding DB_3");
    expect(() => parseConfig({ ...missing, DB_3: {} })).not.toThrow();
    expect(() => parseConfig(VARIABLES)).not.toThrow();
  });
});

const SECRET = "x".repeat(32);
const VARIABLES = {
  ...{
    JWT_ISSUER: "i",
    JWT_AUDIENCE: "a",
    JWT_SECRET: SECRET,
    REPORT_SECRET: SECRET,
    SIGNED_URL_KEYS: `k:${SECRET}`,
  },
  DB: {},
};

const IN_TWO = "DB=0-127,DB_2=128-255";

/** A tenant of the first half of the buckets, or of the second. */
function tenantIn(half: 0 | 1): TenantId {
  for (;;) {
    const tenantId = newTenantId();
    if (bucketOf(tenantId) >> 7 === half) return tenantId;
  }
}

const RULES = { maxUploadBytes: 100, defaultQuotaBytes: 1_000_000, settings: {}, requestId: null, nowMs: 1 };

async function upload(env: Parameters<typeof createUpload>[0], tenantId: TenantId): Promise<void> {
  const identity = { tenantId, userId: UserId.parse("ann"), role: "member" as const };
  await createUpload(env, identity, { metadata: new Map([["filename", "a.txt"]]), lengthBytes: 10 }, RULES);
}

test("each tenant's records are in the database of its bucket, and what is for all covers all", async () => {
  const env = { ...databases.bindings, TENANT_BUCKETS: IN_TWO };
  const tenants = [tenantIn(0), tenantIn(1)] as const;
  for (const tenantId of tenants) await upload(env, tenantId);
  const held = async (binding: string, tenantId: TenantId) =>
    (
      await databases.bindings[binding]
        ?.prepare("SELECT 1 FROM files WHERE tenant_id = ?")
        .bind(tenantId)
        .all()
    )?.results.length;
  expect(await Promise.all(["DB", "DB_2", "DB_10"].map((name) => held(name, tenants[0])))).toEqual([1, 0, 0]);
  expect(await Promise.all(["DB", "DB_2", "DB_10"].map((name) => held(name, tenants[1])))).toEqual([0, 1, 0]);
  for (const [index, tenantId] of tenants.entries()) {
    expect(databaseFor(env, tenantId)).toBe(allDatabases(env)[index]);
    expect(await findTenant(replicaFor(env, tenantId), tenantId)).toMatchObject({
      tenantId,
      reservedBytes: MINIMUM_CHARGE_BYTES,
    });
  }
  expect(allDatabases(env)).toHaveLength(3);
  expect(await sweepReservations(env, { stillStands: async () => false }, 3_600_001, newBudget())).toBe(2);
});

test("without a map, all are in the first", async () => {
  const env = { ...databases.bindings };
  for (const half of [0, 1] as const) expect(databaseFor(env, tenantIn(half))).toBe(allDatabases(env)[0]);
});

describe("a tenant's settings", () => {
  const settled = { maxAgeMs: 30_000, nowMs: 1_000 };

  test("are asked for once in a while", async () => {
    const { binding, attempt } = faultyDatabase(databases.bindings.DB);
    const env = { DB: binding };
    const tenantId = newTenantId();
    const callsAt = async (nowMs: number, maxAgeMs = settled.maxAgeMs) =>
      (await attempt(undefined, () => admitTenant(env, tenantId, { maxAgeMs, nowMs }))).calls;
    expect(await callsAt(1_000)).toBe(1);
    expect(await callsAt(30_999)).toBe(0);
    expect(await callsAt(31_000)).toBe(1);
    expect(await callsAt(31_000, 0)).toBe(1);
    expect(await callsAt(31_001)).toBe(0);
    forgetTenantStanding(env, tenantId);
    expect(await callsAt(31_001)).toBe(1);
  });

  test("of before stay good while the database doesn't answer, and without any it is the database's error", async () => {
    const { binding, attempt } = faultyDatabase(databases.bindings.DB);
    const env = { DB: binding };
    const tenantId = newTenantId();
    const fault = { call: 0, when: "before" } as const;
    const admit = (nowMs: number) => () => admitTenant(env, tenantId, { ...settled, nowMs });
    expect((await attempt(fault, admit(1_000))).error).toBeInstanceOf(Error);
    expect((await attempt(undefined, admit(1_000))).value).toEqual({});
    expect((await attempt(fault, admit(1_000_000))).value).toEqual({});
    expect((await attempt(undefined, admit(1_000_000))).calls).toBe(1);
  });

  test("of before stay good while the database hangs, which one request waits for, and is noticed when it is over", async () => {
    const { binding, attempt, fallSilent } = faultyDatabase(databases.bindings.DB);
    const env = { DB: binding };
    const [known, unknown] = [newTenantId(), newTenantId()];
    const admit = (tenantId: TenantId, nowMs: number) =>
      attempt(undefined, () => admitTenant(env, tenantId, { maxAgeMs: 0, nowMs }));
    const goOn = (tenantId: TenantId, nowMs: number) =>
      attempt(undefined, () => admitUploading(env, tenantId, { maxAgeMs: 0, nowMs }));
    await admit(known, 1_000);
    const speak = fallSilent();
    const first = await admit(known, 2_000);
    expect({ value: first.value, calls: first.calls }).toEqual({ value: {}, calls: 1 });
    // Nobody waits now, nor asks.
    for (const { value, calls } of [
      await admit(known, 3_000),
      await goOn(known, 4_000),
      await goOn(unknown, 5_000),
    ]) {
      expect({ value, calls }).toEqual({ value: {}, calls: 0 });
    }
    const refused = await admit(unknown, 5_000);
    expect(refused).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE" }, calls: 0 });
    // After a while one of many asks.
    const many = await attempt(undefined, () =>
      Promise.all([1, 2, 3].map(() => admitTenant(env, known, { maxAgeMs: 0, nowMs: 20_000 }))),
    );
    expect(many.calls).toBe(1);
    speak();
    expect((await admit(known, 40_000)).calls).toBe(1);
    expect((await admit(unknown, 40_000)).value).toEqual({});
  });

  test("that were being read as they were changed aren't remembered", async () => {
    const { binding, attempt, fallSilent } = faultyDatabase(databases.bindings.DB);
    const env = { DB: binding };
    const tenantId = newTenantId();
    const speak = fallSilent();
    const reading = admitTenant(env, tenantId, settled);
    forgetTenantStanding(env, tenantId);
    speak();
    await reading;
    expect((await attempt(undefined, () => admitTenant(env, tenantId, settled))).calls).toBe(1);
  });

  test("are those for all where an upload goes on, and neither memory nor database has others", async () => {
    const { binding, attempt } = faultyDatabase(databases.bindings.DB);
    const env = { DB: binding };
    const tenantId = newTenantId();
    const fault = { call: 0, when: "before" } as const;
    const admit = () => admitUploading(env, tenantId, { ...settled, maxAgeMs: 0 });
    const { value, calls } = await attempt(fault, admit);
    expect({ value, calls }).toEqual({ value: {}, calls: 1 });
    await binding
      .prepare("INSERT INTO tenants (tenant_id, created_at_ms, erasing_at_ms) VALUES (?, 1, 1)")
      .bind(tenantId)
      .run();
    await expect(admit()).rejects.toMatchObject({ code: "TENANT_ERASING" });
  });
});
