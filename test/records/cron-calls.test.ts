import { expect, test, vi } from "vitest";
import type { FileVersionRef } from "#contract/ids.ts";
import { runCron } from "../../worker/services/cron/run.ts";
import { HOUR_MS, NO_OBJECTS } from "./support/cron-work.ts";
import { useDatabases } from "./support/databases.ts";
import { newQuotaTenant, RULES } from "./support/quota-tenant.ts";

const databases = useDatabases("DB_2");

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
