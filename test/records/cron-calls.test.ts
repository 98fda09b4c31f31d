import { eq } from "drizzle-orm";
import { expect, test, vi } from "vitest";
import type { FileVersionRef } from "#contract/ids.ts";
import { UserId } from "#contract/ids.ts";
import { databaseFor } from "../../worker/db/database.ts";
import { files } from "../../worker/db/schema/files.ts";
import { Budget, QUERIES, SUBREQUESTS } from "../../worker/services/cron/budget.ts";
import { purgeDue } from "../../worker/services/cron/due-purges.ts";
import { removeLeftObjects } from "../../worker/services/cron/left-objects.ts";
import { sweepReservations } from "../../worker/services/cron/reservations.ts";
import { JOB_COUNT, runCron } from "../../worker/services/cron/run.ts";
import type { Removal } from "../../worker/services/purge.ts";
import { purgeMarked } from "../../worker/services/purge.ts";
import { newBudget } from "./support/cron-budget.ts";
import { HOUR_MS, NO_OBJECTS, slowBucket, tenantWith } from "./support/cron-work.ts";
import { useDatabases } from "./support/databases.ts";
import type { QuotaTenant } from "./support/quota-tenant.ts";
import { newQuotaTenant, RULES } from "./support/quota-tenant.ts";

const databases = useDatabases("DB_2");

test("what a run's jobs may call together is within what a Worker may", async () => {
  const whole = Budget.ofRun(Date.now());
  const parts = Array.from({ length: JOB_COUNT }, () => whole.part(JOB_COUNT));
  const sum = (cost: { calls: number; queries: number }) =>
    parts.reduce((total, part) => total + part.itemsOf(cost), 0);
  expect(sum({ calls: 1, queries: 0 })).toBeLessThanOrEqual(SUBREQUESTS);
  expect(sum({ calls: 1, queries: 1 })).toBeLessThanOrEqual(QUERIES);
  expect(sum({ calls: 1, queries: 1 })).toBeGreaterThan(QUERIES / 2);
});

test("what one place doesn't need goes to those behind it, and nothing to what goes on after its time", async () => {
  const budget = newBudget({ calls: 90, queries: 30 });
  const late = await budget.lend(3, async (part) => {
    expect(part.itemsOf({ calls: 1, queries: 0 })).toBe(30);
    expect(part.itemsOf({ calls: 1, queries: 1 })).toBe(10);
    part.spend({ calls: 6, queries: 2 });
    return part;
  });
  expect(late.isSpent).toBe(true);
  expect(budget.part(2).itemsOf({ calls: 1, queries: 0 })).toBe(42);
  expect(budget.part(2).itemsOf({ calls: 1, queries: 1 })).toBe(14);
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

/** A database of which no call is answered, or all fail. */
function brokenDatabase(call: () => Promise<never>): D1Database {
  const statement: object = { bind: () => statement, first: call, run: call, all: call, raw: call };
  return { prepare: () => statement, batch: call, exec: call } as unknown as D1Database;
}

/** One tenant in the second database, of which everything is due. */
async function makeAllDue(db: D1Database) {
  const tenant = newQuotaTenant({ ...databases.bindings, TENANT_BUCKETS: "DB_2=0-255" });
  const { fileId: trashed } = await tenant.create(10);
  const { fileId: waiting } = await tenant.create(10);
  // Nothing of a third ever comes.
  const { fileId: lost } = await tenant.create(10);
  await db
    .prepare("UPDATE files SET deleted_at_ms = 1, deleted_by = 'ann', purge_at_ms = 2 WHERE id = ?")
    .bind(trashed)
    .run();
  const stored = "state = 'quarantined', object_key = 'k', etag = 'e', size_bytes = 10, announced_at_ms = 1";
  await db.prepare(`UPDATE file_versions SET ${stored} WHERE file_id = ?`).bind(waiting).run();
  return { tenant, waiting, lost };
}

const FAULTS = {
  fails: () => Promise.reject(new Error("It is down.")),
  "never answers": () => new Promise<never>(() => {}),
} as const;

/** Nothing is so old as to be archived, and no database is so full as to be told. */
const UNUSED = { databaseAlertShare: 1, archives: { put: () => Promise.reject(new Error("It isn't due.")) } };

test.each(Object.keys(FAULTS) as (keyof typeof FAULTS)[])(
  "a database that %s keeps nothing from being done in the one behind it",
  async (fault) => {
    const { DB_2: db } = databases.bindings;
    if (db === undefined) throw new Error("It wasn't bound.");
    const { tenant, waiting } = await makeAllDue(db);
    const announced: string[] = [];
    await runCron({
      env: { ...databases.bindings, TENANT_BUCKETS: "DB_2=0-255", DB: brokenDatabase(FAULTS[fault]) },
      removal: { objects: NO_OBJECTS, endUpload: async () => {} },
      erasure: { objects: NO_OBJECTS, eraseUpload: async () => {}, settleMs: 0, signingKeys: [] },
      announce: async (jobs) =>
        void announced.push(...jobs.flatMap((job) => ("fileId" in job ? job.fileId : []))),
      needsReservation: async () => false,
      ...{ reannounceAfterSeconds: 0, replicaLagAlertMs: HOUR_MS, scheduledMs: RULES.nowMs, ...UNUSED },
      nowMs: RULES.nowMs + 24 * HOUR_MS,
    });
    expect(announced).toEqual([waiting]);
    const { results } = await db
      .prepare("SELECT id FROM files WHERE tenant_id = ?")
      .bind(tenant.tenantId)
      .all();
    expect(results).toEqual([{ id: waiting }]);
  },
);

test("one job with much to do has what the others leave, and what is late is told", async () => {
  const { DB_2: db } = databases.bindings;
  if (db === undefined) throw new Error("It wasn't bound.");
  const trashed = Array.from({ length: 40 }, (_, index) => `trash-${index}`);
  const statements = trashed.flatMap((tenantId, index) => [
    db.prepare("INSERT INTO tenants (tenant_id, created_at_ms) VALUES (?, 0)").bind(tenantId),
    db
      .prepare(
        `INSERT INTO files (tenant_id, id, owner_id, filename, current_version, created_at_ms, updated_at_ms,
          deleted_at_ms, deleted_by, purge_at_ms) VALUES (?, ?, 'ann', 'a', 1, 1, 1, 1, 'ann', ?)`,
      )
      .bind(tenantId, String(index).padStart(26, "0"), RULES.nowMs),
  ]);
  await db.batch(statements);
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const nowMs = RULES.nowMs + 24 * HOUR_MS;
  await runCron({
    env: { ...databases.bindings, TENANT_BUCKETS: "DB_2=0-255" },
    removal: { objects: NO_OBJECTS, endUpload: async () => {} },
    erasure: { objects: NO_OBJECTS, eraseUpload: async () => {}, settleMs: 0, signingKeys: [] },
    announce: async () => {},
    needsReservation: async () => false,
    ...{ reannounceAfterSeconds: 0, replicaLagAlertMs: HOUR_MS, scheduledMs: RULES.nowMs, ...UNUSED },
    nowMs,
  });
  const told = error.mock.calls.map(([line]) => line as object);
  error.mockRestore();
  const left = await db.prepare("SELECT count(*) AS n FROM files WHERE tenant_id LIKE 'trash-%'").first("n");
  // A twelfth of a run's 900 queries, shared by two databases, is enough for eighteen of these tenants.
  expect(left).toBe(0);
  expect(told).toContainEqual({
    ...{ event: "cron-behind", database: expect.any(Number), job: "purge", lateSeconds: 86_400 },
  });
});

test("a tenant that is being erased is left to its erasure by all others: it counts what it removes", async () => {
  const { DB_2: db } = databases.bindings;
  if (db === undefined) throw new Error("It wasn't bound.");
  const { tenant } = await makeAllDue(db);
  await db.prepare("UPDATE tenants SET erasing_at_ms = 1 WHERE tenant_id = ?").bind(tenant.tenantId).run();
  const removed: FileVersionRef[] = [];
  await runCron({
    env: { ...databases.bindings, TENANT_BUCKETS: "DB_2=0-255" },
    removal: { objects: NO_OBJECTS, endUpload: async (ref) => void removed.push(ref) },
    erasure: { objects: NO_OBJECTS, eraseUpload: async () => {}, settleMs: 0, signingKeys: [] },
    announce: async () => {},
    needsReservation: async () => false,
    ...{ reannounceAfterSeconds: 0, replicaLagAlertMs: HOUR_MS, scheduledMs: RULES.nowMs, ...UNUSED },
    nowMs: RULES.nowMs + 24 * HOUR_MS,
  });
  const { results } = await db
    .prepare("SELECT id FROM files WHERE tenant_id = ?")
    .bind(tenant.tenantId)
    .all();
  expect(results).toHaveLength(3);
  expect(removed).toEqual([]);
});

test("a tenant's events are archived in its minute of the hour, however late the run for it is", async () => {
  const { DB_2: db } = databases.bindings;
  if (db === undefined) throw new Error("It wasn't bound.");
  const { tenant } = await makeAllDue(db);
  const number = await db
    .prepare("SELECT number FROM tenants WHERE tenant_id = ?")
    .bind(tenant.tenantId)
    .first("number");
  const scheduledMs = 10_000 * 24 * HOUR_MS + (Number(number) % 60) * 60_000;
  const keys: string[] = [];
  const put = async (key: string, { sizeBytes }: { readonly sizeBytes: number }) => {
    keys.push(key);
    return { etag: "e", sizeBytes };
  };
  await runCron({
    env: { ...databases.bindings, TENANT_BUCKETS: "DB_2=0-255" },
    removal: { objects: NO_OBJECTS, endUpload: async () => {} },
    erasure: { objects: NO_OBJECTS, eraseUpload: async () => {}, settleMs: 0, signingKeys: [] },
    announce: async () => {},
    needsReservation: async () => false,
    ...{ reannounceAfterSeconds: 0, replicaLagAlertMs: HOUR_MS, databaseAlertShare: 1, archives: { put } },
    ...{ scheduledMs, nowMs: scheduledMs + 90_000 },
  });
  expect(keys).toContainEqual(expect.stringContaining(`t/${tenant.tenantId}/audit/1970-01-01-1-`));
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
