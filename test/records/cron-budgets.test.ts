import { eq } from "drizzle-orm";
import { expect, onTestFinished, test, vi } from "vitest";
import { UserId } from "#contract/ids.ts";
import { tenantPrefix } from "#contract/keys.ts";
import { ARCHIVING_RUNS } from "../../worker/db/audit-archives.ts";
import { databaseFor } from "../../worker/db/database.ts";
import { files } from "../../worker/db/schema/files.ts";
import { archiveAudit } from "../../worker/services/cron/audit-retention.ts";
import { Budget, QUERIES, SUBREQUESTS } from "../../worker/services/cron/budget.ts";
import { purgeDue } from "../../worker/services/cron/due-purges.ts";
import { forEach } from "../../worker/services/cron/each-database.ts";
import { driveErasures } from "../../worker/services/cron/erasures.ts";
import { removeLeftObjects } from "../../worker/services/cron/left-objects.ts";
import { sweepReservations } from "../../worker/services/cron/reservations.ts";
import { runCron } from "../../worker/services/cron/run.ts";
import type { Removal } from "../../worker/services/purge.ts";
import { purgeMarked } from "../../worker/services/purge.ts";
import { newBudget } from "./support/cron-budget.ts";
import { HOUR_MS, NOTHING, slowBucket, tenantWith } from "./support/cron-work.ts";
import { newTenantId, useDatabases } from "./support/databases.ts";
import { faultyDatabase } from "./support/faults.ts";
import type { QuotaTenant } from "./support/quota-tenant.ts";
import { newQuotaTenant, RULES } from "./support/quota-tenant.ts";

const databases = useDatabases("DB_2");

const ONE_QUERY = { calls: 1, queries: 1 } as const;

test("what one place doesn't need goes to those behind it, and nothing to what goes on after its time", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => error.mockRestore());
  const parts: Budget[] = [];
  const room: number[] = [];
  const done = await forEach(
    ["silent", "quick"],
    newBudget({ calls: 90, queries: 30 }, 200),
    "test",
    (place, part) => {
      parts.push(part);
      room.push(part.itemsOf({ calls: 1, queries: 0 }), part.itemsOf(ONE_QUERY));
      expect(part.begin({ calls: 6, queries: 2 })).toBe(true);
      return place === "silent" ? new Promise<never>(() => {}) : Promise.resolve(place);
    },
  );
  expect(done).toEqual(["quick"]);
  expect(room).toEqual([45, 15, 84, 28]);
  expect(parts.map((part) => part.begin(ONE_QUERY))).toEqual([false, false]);
});

test("a purge takes on what its budget suffices for over all databases, and the next one the rest", async () => {
  const env = { ...databases.bindings, TENANT_BUCKETS: "DB=0-254,DB_2=255-255" };
  const tenants = Array.from({ length: 5 }, () => newQuotaTenant(databases.bindings));
  for (const tenant of tenants) await tenant.create(10);
  await env.DB.prepare("UPDATE files SET deleted_at_ms = 1, deleted_by = 'ann', purge_at_ms = 2").run();
  let calls = 0;
  const count = <T>(answer: T): Promise<T> => {
    calls += 1;
    return Promise.resolve(answer);
  };
  const removal: Removal = {
    objects: {
      list: () => count({ keys: ["a"], sizes: [1], isAll: true }),
      remove: () => count(undefined),
    },
    endUpload: () => count(undefined),
  };
  const leftAfterRun = async () => {
    // Two databases, two for each, and two for each of two files.
    await purgeDue(env, removal, RULES.nowMs, newBudget({ queries: 2 * (2 + 2 * 2) }));
    const { results } = await env.DB.prepare("SELECT id FROM files").all();
    return results.length;
  };
  expect(await leftAfterRun()).toBe(3);
  // For each of the two: what is stored was listed and removed, and the upload ended.
  expect(calls).toBe(6);
  expect(await leftAfterRun()).toBe(1);
  expect(await leftAfterRun()).toBe(0);
});

const PURGES = {
  cron: (tenant: QuotaTenant, removal: Removal) => purgeDue(tenant.env, removal, RULES.nowMs, newBudget()),
  async "a request"(tenant: QuotaTenant, removal: Removal) {
    const { actor, tenantId, env } = tenant;
    const db = databaseFor(env, tenantId);
    const found = await db.query.files.findMany({
      columns: { id: true },
      where: eq(files.tenantId, tenantId),
    });
    const identity = { tenantId, userId: UserId.parse("ann"), role: "member" } as const;
    const ids = found.map(({ id }) => id);
    await purgeMarked(env, removal, { identity, actor }, ids, RULES.nowMs);
  },
} as const;

test.each(Object.keys(PURGES) as (keyof typeof PURGES)[])(
  "a purge by %s whose time is over has done with what it began, and begins no more",
  async (by) => {
    const tenant = await tenantWith(60, databases.bindings.DB);
    await tenant.env.DB.prepare(
      "UPDATE files SET deleted_at_ms = 1, deleted_by = 'ann', purging_at_ms = 2 WHERE tenant_id = ?",
    )
      .bind(tenant.tenantId)
      .run();
    const { objects, emptied } = slowBucket();
    await PURGES[by](tenant, { objects, endUpload: async () => {} });
    expect(emptied()).toBe(25);
    expect(await tenant.quota()).toMatchObject({ fileCount: 35 });
  },
);

test("what is done in one database is spent, and isn't there for the next", async () => {
  const { DB, DB_2: other } = databases.bindings;
  for (const db of [DB, other]) if (db !== undefined) await tenantWith(40, db);
  const day = RULES.nowMs + 24 * HOUR_MS;
  let asked = 0;
  const stillStands = async () => {
    asked += 1;
    return true;
  };
  const env = { ...databases.bindings, TENANT_BUCKETS: "DB=0-254,DB_2=255-255" };
  // Two for each database, and one for each upload.
  await sweepReservations(env, { stillStands }, day, newBudget({ queries: 20 }));
  expect(asked).toBe(16);
  let calls = 0;
  const list = async () => {
    calls += 1;
    return { keys: [], sizes: [], isAll: true };
  };
  const remove = async () => {
    calls += 1;
  };
  // Two for each database, and two for each version.
  await removeLeftObjects(env, { list, remove }, day, newBudget({ calls: 60 }));
  expect(calls).toBe(56);
});

test("removals whose time is over are forgotten as far as they were carried out", async () => {
  const { DB } = databases.bindings;
  await DB.prepare("DELETE FROM object_removals").run();
  await tenantWith(41, DB);
  const { objects, emptied } = slowBucket();
  await removeLeftObjects({ DB }, objects, RULES.nowMs, newBudget());
  expect(emptied()).toBe(25);
  expect(await DB.prepare("SELECT count(*) AS n FROM object_removals").first("n")).toBe(15);
});

test("a tenant whose events can't be stored isn't always before the others", async () => {
  const { DB } = databases.bindings;
  const [broken, other] = [newQuotaTenant({ DB }), newQuotaTenant({ DB })];
  for (const [index, tenant] of [broken, other].entries()) {
    await tenant.create(10);
    await tenant.set("number", 60_000 + index * ARCHIVING_RUNS);
  }
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => error.mockRestore());
  const stored: string[] = [];
  const put = async (key: string) => {
    if (key.includes(broken.tenantId)) throw new Error("It is down.");
    stored.push(key);
    return { etag: "e", sizeBytes: 1 };
  };
  for (const hour of [0, 1]) {
    const hourMs = (400 * 24 + hour) * HOUR_MS;
    // One to find them, and two for one archive.
    await archiveAudit({ DB }, { put }, hourMs, newBudget({ queries: 3 }));
  }
  expect(stored).toEqual([expect.stringContaining(other.tenantId)]);
});

test("erasures that a run's budget doesn't suffice for are those that the next one begins with", async () => {
  const { DB } = databases.bindings;
  const tenantIds = Array.from({ length: 6 }, () => newTenantId());
  const insertion = DB.prepare(
    "INSERT INTO erasures (tenant_id, id, requested_by, started_at_ms, digest) VALUES (?, 'e', 'boss', 1, 'd')",
  );
  await DB.batch(tenantIds.map((tenantId) => insertion.bind(tenantId)));
  const listed: string[] = [];
  const list = async (prefix: string) => {
    listed.push(prefix);
    return { keys: [`${prefix}a`], sizes: [1], isAll: true };
  };
  const objects = { list, remove: async () => {} };
  const means = { objects, eraseUpload: async () => {}, settleMs: 0, signingKeys: [] };
  for (const minute of [0, 1, 2]) {
    // One to find them, and six for a step of each of two.
    await driveErasures({ DB }, means, minute * 60_000, newBudget({ queries: 13 }));
  }
  expect(listed.toSorted()).toEqual(tenantIds.map(tenantPrefix).toSorted());
});

test("what a run's jobs call together is within what a Worker may, however much there is to do", async () => {
  const whole = Budget.ofRun(Date.now());
  expect(whole.itemsOf({ calls: 1, queries: 0 })).toBeLessThanOrEqual(SUBREQUESTS);
  expect(whole.itemsOf(ONE_QUERY)).toBeLessThanOrEqual(QUERIES);
  // A tenth of a run.
  vi.spyOn(Budget, "ofRun").mockReturnValue(newBudget({ calls: 900, queries: 90 }));
  onTestFinished(() => void vi.restoreAllMocks());
  const { DB } = databases.bindings;
  const { tenantId } = await tenantWith(300, DB);
  await DB.prepare(
    "UPDATE files SET deleted_at_ms = 1, deleted_by = 'ann', purge_at_ms = 2 WHERE tenant_id = ?",
  )
    .bind(tenantId)
    .run();
  const { binding, attempt } = faultyDatabase(DB);
  let calls = 0;
  const call = <T>(answer: T) => {
    calls += 1;
    return Promise.resolve(answer);
  };
  const objects = { list: () => call(NOTHING), remove: () => call(undefined) };
  const run = {
    env: { DB: binding },
    removal: { objects, endUpload: () => call(undefined) },
    erasure: { objects, eraseUpload: () => call(undefined), settleMs: 0, signingKeys: [] },
    archives: { put: () => Promise.reject(new Error("It isn't due.")) },
    announce: () => call(undefined),
    needsReservation: () => call(true),
    ...{ reannounceAfterSeconds: 0, replicaLagAlertMs: HOUR_MS, databaseAlertShare: 1 },
    ...{ scheduledMs: RULES.nowMs, nowMs: RULES.nowMs + 24 * HOUR_MS },
  };
  const { calls: queries } = await attempt(undefined, () => runCron(run));
  expect(queries).toBeGreaterThan(QUERIES / 20);
  expect(queries).toBeLessThanOrEqual(QUERIES / 10);
  expect(calls + queries).toBeLessThanOrEqual(SUBREQUESTS / 10);
});
