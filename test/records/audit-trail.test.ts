import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import type { AuditQuery } from "#contract/audit.ts";
import { UserId } from "#contract/ids.ts";
import { countRows } from "../../bench/workers/counted-rows.ts";
import { eventIdOf } from "../../worker/db/audit-trail.ts";
import { databaseFor } from "../../worker/db/database.ts";
import { deletePurged, markPurging, restoreFiles, trashFiles } from "../../worker/db/trash.ts";
import { getAuditPage } from "../../worker/services/audit-pages.ts";
import { recordEvent } from "../../worker/services/audit.ts";
import { archiveAudit } from "../../worker/services/cron/audit-retention.ts";
import { Budget } from "../../worker/services/cron/budget.ts";
import { exportTenant } from "../../worker/services/export.ts";
import { markForPurge } from "../../worker/services/purge.ts";
import { applyReport } from "../../worker/services/reports.ts";
import { recordStoredUpload } from "../../worker/services/stored-uploads.ts";
import {
  beforeBatches,
  beforeQueries,
  DAY_MS,
  newBucket,
  newTrail,
  MINUTE_MS,
  START_MS,
} from "./support/audit-trail.ts";
import { useDatabases } from "./support/databases.ts";
import { newQuotaTenant, RULES } from "./support/quota-tenant.ts";

const databases = useDatabases();
const tenantWithTrail = () => newTrail(databases.bindings);

const QUERIES: readonly Partial<AuditQuery>[] = [
  {},
  { userId: "ann" },
  { action: "file.created" },
  { after: START_MS + DAY_MS, before: START_MS + 3 * DAY_MS + 1000 },
  { after: START_MS + 2 * DAY_MS, userId: "bob" },
];

test("events older than a year go into the bucket, a day in an object, and every query finds what it found before", async () => {
  const { tenant, fileId, bucket, archiveOn, all, logged } = await tenantWithTrail();
  const queries = [...QUERIES, { fileId }, { fileId, userId: "ann" }];
  const before = await Promise.all(queries.map((query) => all(query)));
  expect(before.map(({ length }) => length)).toEqual([16, 11, 1, 7, 3, 11, 11]);
  await archiveOn(365);
  // The creation's own day, in 1970.
  expect(bucket.objects.size).toBe(1);
  await archiveOn(368);
  expect([...bucket.objects.keys()]).toEqual(
    ["1970-01-01", "2026-01-01", "2026-01-02", "2026-01-03"].map((day) =>
      expect.stringMatching(`^t/${tenant.tenantId}/audit/${day}-1-[-0-9a-f]{36}\\.ndjson\\.gz$`),
    ),
  );
  expect(await logged()).toBe(6);
  for (const [index, query] of queries.entries()) {
    expect(await all(query), JSON.stringify(query)).toEqual(before[index]);
  }
  expect(await all({ limit: 4 })).toEqual(before[0]);
  await archiveOn(10_000);
  expect(await logged()).toBe(0);
  expect(await all({ limit: 5 })).toEqual(before[0]);
});

test("archiving reads what it archives, not the days behind it", async () => {
  const { env, archiveOn, addEvents, logged } = await tenantWithTrail();
  await addEvents(4_000);
  const { database, rows } = countRows(env.DB, "rows_read");
  // A day each: the creation's own, and the first five; and a look at which there is no more.
  await archiveOn(370, { ...env, DB: database });
  expect(await logged()).toBe(4_000);
  expect(rows()).toBeLessThan(1_000);
});

test("each object names the one before it with its SHA-256, and one that isn't what was archived is told", async () => {
  const { env, bucket, archiveOn, page } = await tenantWithTrail();
  await archiveOn(10_000);
  let previous: { key: string; sha256: string } | null = null;
  for (const [key, bytes] of bucket.objects) {
    const [head = "", ...events] = new TextDecoder().decode(gunzipSync(bytes)).trimEnd().split("\n");
    expect(JSON.parse(head)).toMatchObject({ kind: "causeway-audit", events: events.length, previous });
    previous = { key, sha256: createHash("sha256").update(bytes).digest("hex") };
  }
  const newest = await env.DB.prepare("SELECT sha256 FROM audit_archives WHERE object_key = ?")
    .bind(previous?.key)
    .first("sha256");
  expect(newest).toBe(previous?.sha256);
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  bucket.objects.set(previous?.key ?? "", new Uint8Array([1, 2, 3]));
  await expect(page()).rejects.toThrow("SERVICE_UNAVAILABLE");
  expect(error).toHaveBeenCalledWith(expect.objectContaining({ event: "audit-archive-damaged" }));
  error.mockRestore();
});

test("events of a tenant of whom nothing else is known are archived too, in the hour's first run", async () => {
  const { env, tenant, all, logged, bucket } = await tenantWithTrail();
  await env.DB.prepare("DELETE FROM tenants WHERE tenant_id = ?").bind(tenant.tenantId).run();
  await archiveAudit(env, bucket, START_MS + 10_000 * DAY_MS + MINUTE_MS, Budget.ofRun(Date.now()));
  expect(await logged()).toBe(16);
  const before = await all();
  await archiveAudit(env, bucket, START_MS + 10_000 * DAY_MS, Budget.ofRun(Date.now()));
  expect(await logged()).toBe(0);
  expect(await all()).toEqual(before);
});

test("a tenant keeps events for as long as it says, and numbers go on behind what is archived", async () => {
  const { env, tenant, archiveOn, all, logged } = await tenantWithTrail();
  await tenant.set("settings", JSON.stringify({ auditRetentionDays: 10 }));
  await archiveOn(9);
  expect(await logged()).toBe(15);
  await archiveOn(15);
  expect(await logged()).toBe(0);
  const atMs = START_MS + 15 * DAY_MS;
  await recordEvent(env, { actor: tenant.actor, action: "tenant.exported", atMs });
  const [newest, ...older] = await all();
  expect(newest).toMatchObject({ action: "tenant.exported", id: "e000000000000017" });
  expect(older).toHaveLength(16);
});

test("an object that can't be stored leaves the events where they are, and the next hour has them", async () => {
  const { bucket, archiveOn, logged, all } = await tenantWithTrail();
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const { put } = bucket;
  bucket.put = () => Promise.reject(new Error("It is down."));
  await archiveOn(10_000);
  expect(await logged()).toBe(16);
  bucket.put = put;
  error.mockRestore();
  await archiveOn(10_000);
  expect(await logged()).toBe(0);
  expect(await all()).toHaveLength(16);
});

test("a page has each event once, though what it has found is archived before it looks for the archived", async () => {
  const { env, tenant, bucket, archiveOn, all } = await tenantWithTrail();
  const before = await all();
  const archiving = beforeQueries(env, 'from "audit_events"', () => archiveOn(10_000));
  const { items } = await getAuditPage(archiving, bucket, tenant.tenantId, { limit: 200 });
  expect(bucket.objects.size).toBeGreaterThan(0);
  expect(items).toEqual(before);
});

test("a run that reads while another archives goes on behind it", async () => {
  const { env, tenant, bucket, archiveOn, addEvents, logged } = await tenantWithTrail();
  await archiveOn(10_000);
  await addEvents(5_100);
  bucket.objects.clear();
  const ofOne = () => new Budget({ calls: 2, queries: 2 }, Date.now() + MINUTE_MS);
  const [asked, free] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const waits = beforeBatches(env, () => {
    asked.resolve();
    return free.promise;
  });
  const late = archiveOn(10_000, waits, ofOne());
  await asked.promise;
  await archiveOn(10_000, env, ofOne());
  expect(await logged()).toBe(100);
  free.resolve();
  await late;
  expect(await logged()).toBe(0);
  const { results } = await env.DB.prepare(
    "SELECT events, sha256 FROM audit_archives WHERE tenant_id = ? AND day = '2026-01-06' ORDER BY part",
  )
    .bind(tenant.tenantId)
    .all();
  const hashes = [...bucket.objects.values()].map((bytes) =>
    createHash("sha256").update(bytes).digest("hex"),
  );
  expect(results).toEqual([5_000, 100].map((events, index) => ({ events, sha256: hashes[index] })));
});

test("of two runs that store the same the first archives it, and the other changes nothing", async () => {
  const { env, tenant, bucket, archiveOn, all, logged } = await tenantWithTrail();
  const before = await all();
  const [stored, free] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { put } = bucket;
  bucket.put = async (...args) => {
    bucket.put = put;
    stored.resolve();
    await free.promise;
    return put(...args);
  };
  const archives = async () =>
    (await env.DB.prepare("SELECT * FROM audit_archives WHERE tenant_id = ?").bind(tenant.tenantId).all())
      .results;
  const late = archiveOn(10_000);
  await stored.promise;
  await archiveOn(367);
  const archived = await archives();
  expect(archived).toHaveLength(3);
  free.resolve();
  await late;
  expect(await archives()).toEqual(archived);
  expect(await logged()).toBe(9);
  expect(bucket.objects.size).toBe(4);
  expect(await all()).toEqual(before);
});

test.each([
  { page: 1, day: 367 },
  { page: 1, day: 10_000 },
  { page: 2, day: 10_000 },
])("an export has what is archived before it reads page $page, until day $day", async ({ page, day }) => {
  const { env, tenant, bucket, archiveOn, addEvents } = await tenantWithTrail();
  await addEvents(1_200);
  let batches = 0;
  const archiving = beforeBatches(env, async () => {
    batches += 1;
    if (batches === page) await archiveOn(day);
  });
  const nowMs = START_MS + 10_000 * DAY_MS;
  const query = { limit: 10_000, cursor: `${nowMs.toString(36)}.audit.` };
  const ids: string[] = [];
  for await (const lines of await exportTenant(archiving, bucket, tenant.tenantId, query, nowMs))
    ids.push(...lines.map((line) => (line.kind === "audit" ? line.id : line.kind)));
  expect(bucket.objects.size).toBeGreaterThan(0);
  expect(ids).toEqual([...Array.from({ length: 1_216 }, (_, index) => eventIdOf(index + 1)), "end"]);
});

test("an export has what is archived too, the oldest first", async () => {
  const { env, tenant, bucket, archiveOn, all } = await tenantWithTrail();
  await archiveOn(367);
  const ids: string[] = [];
  const pages = await exportTenant(env, bucket, tenant.tenantId, { limit: 1_000 }, START_MS + 400 * DAY_MS);
  for await (const lines of pages)
    ids.push(...lines.flatMap((line) => (line.kind === "audit" ? [line.id] : [])));
  expect(ids).toEqual((await all()).map(({ id }) => id).toReversed());
});

test("events of before they were numbered are read and archived with the others", async () => {
  const { env, tenant, archiveOn, all, logged } = await tenantWithTrail();
  const redirect = await env.DB.prepare(
    "SELECT sql FROM sqlite_master WHERE name = 'audit_events_inserting'",
  ).first("sql");
  const insert = (atMs: number, suffix: string) =>
    env.DB.prepare(
      "INSERT INTO audit_events (tenant_id, id, at_ms, action, actor_id, actor_kind) VALUES (?, ?, ?, 'file.read', 'old', 'member')",
    )
      .bind(tenant.tenantId, `${atMs.toString(36).padStart(11, "0")}${suffix.repeat(16)}`, atMs)
      .run();
  await env.DB.prepare("DROP TRIGGER audit_events_inserting").run();
  for (const [index, suffix] of ["a", "b", "c"].entries())
    await insert(START_MS - (3 - index) * DAY_MS, suffix);
  await env.DB.prepare(String(redirect)).run();
  const before = await all();
  expect(before.map(({ actor }) => actor.id).slice(-3)).toEqual(["old", "old", "old"]);
  expect(await all({ limit: 3 })).toEqual(before);
  await archiveOn(10_000);
  expect(await all({ limit: 3 })).toEqual(before);
  // What the version before records while both are at work.
  await insert(START_MS + 6 * DAY_MS, "d");
  expect(await logged()).toBe(1);
  expect((await all())[0]).toMatchObject({ id: "e000000000000017", actor: { id: "old" } });
});

test("a verdict that comes late is the newest event, at the worker's time, whatever the scanner's clock says", async () => {
  const env = databases.bindings;
  const tenant = newQuotaTenant(env);
  const { fileId } = await tenant.create(10);
  const ref = tenant.refOf(fileId);
  const object = { objectKey: "k", etag: "e", sizeBytes: 10 };
  const job = { kind: "process", ...ref, ...object, declaredType: "text/plain", filename: "a.txt" } as const;
  await recordStoredUpload(env, job, { uploader: tenant.actor, partials: [] }, RULES.nowMs + 10);
  await recordEvent(env, { actor: tenant.actor, action: "tenant.exported", atMs: RULES.nowMs + 5_000 });
  const verdict = {
    ...{ ...ref, etag: "e", sizeBytes: 10, sha256: "0".repeat(64), signatureName: null, engine: "ClamAV" },
    ...{
      kind: "verdict" as const,
      verdict: "clean" as const,
      signatureVersion: "1",
      sniffedType: null,
      scannedAtMs: 20,
    },
  };
  const means = {
    objects: { list: async () => ({ keys: [], sizes: [], isAll: true }), remove: async () => {} },
    announce: async () => {},
    tell: () => {},
  };
  await applyReport(env, means, verdict, RULES.nowMs + 4_000);
  const { items } = await getAuditPage(env, newBucket(), tenant.tenantId, { limit: 200 });
  expect(items.map(({ action, at }) => [action, Date.parse(at)])).toEqual([
    // Not before the one that it comes behind, by another isolate's clock.
    ["file.checked", RULES.nowMs + 5_000],
    ["tenant.exported", RULES.nowMs + 5_000],
    ["file.uploaded", RULES.nowMs + 10],
    ["file.created", RULES.nowMs],
  ]);
});

test("a database without room for an event still lets files go, and the log has the event", async () => {
  const env = databases.bindings;
  const tenant = newQuotaTenant(env);
  const { fileId } = await tenant.create(10);
  await env.DB.prepare(
    "CREATE TRIGGER no_room BEFORE INSERT ON audit_log BEGIN SELECT raise(ABORT, 'database or disk is full: SQLITE_FULL'); END",
  ).run();
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  try {
    const db = databaseFor(env, tenant.tenantId);
    const set = { tenantId: tenant.tenantId, fileIds: [fileId] };
    const event = { actor: tenant.actor, atMs: 5 };
    await expect(recordEvent(env, { ...event, action: "tenant.exported" })).rejects.toThrow();
    expect(await markPurging(db, set, "ann" as never, event)).toEqual([fileId]);
    await deletePurged(db, set, event);
    for (const action of ["file.deleted", "file.purged"]) {
      expect(error).toHaveBeenCalledWith(
        expect.objectContaining({ event: "audit-not-recorded", action, ids: [fileId] }),
      );
    }
  } finally {
    error.mockRestore();
    await env.DB.prepare("DROP TRIGGER no_room").run();
  }
  expect(await tenant.quota()).toMatchObject({ usedBytes: 0, fileCount: 0 });
});

test("of what is purged from the trash, a file that was restored a moment before stays, and nothing of it is on record", async () => {
  const env = databases.bindings;
  const { tenantId, actor, create } = newQuotaTenant(env);
  const { fileId: restored } = await create(10);
  const { fileId: deleted } = await create(10);
  const fileIds = [restored, deleted];
  const db = databaseFor(env, tenantId);
  const userId = UserId.parse("ann");
  await trashFiles(
    db,
    { tenantId, fileIds },
    { deletedBy: userId, purgeAtMs: 9_999 },
    { actor, atMs: 2_000 },
  );
  await restoreFiles(db, { tenantId, fileIds: [restored] }, { actor, atMs: 3_000 });
  const caller = { identity: { tenantId, userId, role: "member" }, actor } as const;
  expect(await markForPurge(env, caller, fileIds, 9_000, true)).toEqual([deleted]);
  const marked = env.DB.prepare("SELECT id FROM files WHERE tenant_id = ? AND purging_at_ms IS NOT NULL");
  expect((await marked.bind(tenantId).all()).results).toEqual([{ id: deleted }]);
  const told = env.DB.prepare("SELECT file_id FROM audit_log WHERE tenant_id = ? AND at_ms = 9000");
  expect((await told.bind(tenantId).all()).results).toEqual([{ file_id: deleted }]);
});
