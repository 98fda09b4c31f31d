import type { SQL } from "drizzle-orm";
import { and, eq, getTableColumns, isNull, sql } from "drizzle-orm";
import type { Actor } from "#contract/audit.ts";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import type { TenantId } from "#contract/ids.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import type { Counts } from "./quota.ts";
import { files } from "./schema/files.ts";
import { recountRanges, recounts } from "./schema/recounts.ts";
import { tenants } from "./schema/tenants.ts";
import { isOfLivingTenant } from "./tenants.ts";

export type RecountRow = typeof recounts.$inferSelect;
export type RangeRow = typeof recountRanges.$inferSelect;

/** Behind all ids of files. */
export const LAST_CURSOR = "~";

/** A recount, and how many files of it are counted. */
export interface RecountStanding {
  readonly recount: RecountRow;
  readonly filesCounted: number;
}

/** Begins a recount where none goes on. */
export async function beginRecount(db: Database, actor: Actor, nowMs: number): Promise<void> {
  const row = {
    requestedBy: actor,
    requestedAtMs: nowMs,
    cursor: "",
    takenAtMs: 0,
    finishedAtMs: null,
    corrections: {},
  };
  await db
    .insert(recounts)
    .values({ tenantId: actor.tenantId, ...row })
    .onConflictDoUpdate({ target: recounts.tenantId, set: row, setWhere: sql`finished_at_ms IS NOT NULL` });
}

export async function findRecount(db: Database, tenantId: TenantId): Promise<RecountStanding | undefined> {
  const filesCounted = sql<number>`(SELECT coalesce(sum(r.file_count), 0) FROM recount_ranges AS r
    WHERE r.tenant_id = ${tenantId})`.as("files_counted");
  const [found] = await db
    .select({ recount: recounts, filesCounted })
    .from(recounts)
    .where(eq(recounts.tenantId, tenantId));
  return found;
}

/** Takes on the recount of a database that waited longest, and puts it behind the others. */
export async function takeRecount(db: Database, nowMs: number): Promise<RecountRow | undefined> {
  const next = sql`SELECT tenant_id FROM recounts
    WHERE finished_at_ms IS NULL AND ${isOfLivingTenant("recounts")} ORDER BY taken_at_ms LIMIT 1`;
  const [taken] = await db
    .update(recounts)
    .set({ takenAtMs: nowMs })
    .where(sql`tenant_id = (${next})`)
    .returning();
  return taken;
}

/** The id of the file that is so many behind the cursor; undefined where there are no more than that. */
export async function findRangeEnd(
  db: Database,
  { tenantId, cursor }: RecountRow,
  rangeFiles: number,
): Promise<string | undefined> {
  const [found] = await db
    .select({ id: files.id })
    .from(files)
    .where(and(eq(files.tenantId, tenantId), sql`${files.id} > ${cursor}`))
    .orderBy(files.id)
    .limit(1)
    .offset(rangeFiles - 1);
  return found?.id;
}

/** What the files of a range come to, in the order of the table's columns. */
function countsIn(tenantId: TenantId, afterId: string, lastId: string) {
  const isIn = (id: string) =>
    sql`tenant_id = ${tenantId} AND ${sql.raw(id)} > ${afterId} AND ${sql.raw(id)} <= ${lastId}`;
  const sumOf = (where: string) =>
    sql.raw(`coalesce(sum(max(v.size_bytes, ${MINIMUM_CHARGE_BYTES})) FILTER (WHERE ${where}), 0)`);
  return sql`SELECT (SELECT count(*) FROM files WHERE ${isIn("id")}),
    ${sumOf("f.deleted_at_ms IS NULL AND f.current_version = v.version")},
    ${sumOf("f.deleted_at_ms IS NULL AND f.current_version <> v.version")},
    ${sumOf("f.deleted_at_ms IS NOT NULL")},
    (SELECT coalesce(sum(size_bytes), 0) FROM derivatives WHERE ${isIn("file_id")})
    FROM files AS f JOIN file_versions AS v ON v.tenant_id = f.tenant_id AND v.file_id = f.id
    WHERE f.tenant_id = ${tenantId} AND f.id > ${afterId} AND f.id <= ${lastId} AND v.state <> 'uploading'`;
}

/** Counts the next range, unless another run has. */
export async function addRange(db: Database, recount: RecountRow, lastId: string): Promise<void> {
  const { tenantId, cursor } = recount;
  const isNext = and(
    eq(recounts.tenantId, tenantId),
    eq(recounts.cursor, cursor),
    isNull(recounts.finishedAtMs),
  );
  await db.batch([
    db.insert(recountRanges).select(
      sql`SELECT ${tenantId}, ${cursor}, ${lastId}, c.*, 0 FROM (${countsIn(tenantId, cursor, lastId)}) AS c
        WHERE EXISTS (SELECT 1 FROM ${recounts} WHERE ${isNext})`,
    ),
    db.update(recounts).set({ cursor: lastId }).where(isNext),
  ]);
}

/** Ranges that have changed since they were counted. */
export async function findDirtyRanges(db: Database, tenantId: TenantId): Promise<readonly RangeRow[]> {
  return db
    .select()
    .from(recountRanges)
    .where(and(eq(recountRanges.tenantId, tenantId), eq(recountRanges.isDirty, true)));
}

/** Counts a range again. */
export async function recountRange(db: Database, { tenantId, afterId, lastId }: RangeRow): Promise<void> {
  const { fileCount, filesBytes, versionsBytes, trashBytes, derivativesBytes, isDirty } = recountRanges;
  const columns = [fileCount, filesBytes, versionsBytes, trashBytes, derivativesBytes, isDirty];
  const names = sql.join(
    columns.map(({ name }) => sql.identifier(name)),
    sql`, `,
  );
  await db.run(sql`UPDATE ${recountRanges} SET (${names}) =
    (SELECT c.*, 0 FROM (${countsIn(tenantId, afterId, lastId)}) AS c)
    WHERE tenant_id = ${tenantId} AND last_id = ${lastId}`);
}

/** What is kept of a tenant beside what its rows come to; undefined where a range has changed meanwhile, or it is gone. */
export async function compareCounts(
  db: Database,
  tenantId: TenantId,
): Promise<{ readonly kept: Counts; readonly counted: Counts } | undefined> {
  const sumOf = (column: string) =>
    sql<number>`(SELECT sum(${sql.raw(column)}) FROM recount_ranges WHERE tenant_id = ${tenantId})`;
  const reserved = sql`FROM quota_reservations WHERE tenant_id = ${tenantId}`;
  const counted = {
    reservedBytes: sql<number>`(SELECT coalesce(sum(reserved_bytes), 0) ${reserved})`,
    filesBytes: sumOf("files_bytes"),
    versionsBytes: sumOf("versions_bytes"),
    trashBytes: sumOf("trash_bytes"),
    derivativesBytes: sumOf("derivatives_bytes"),
    fileCount: sumOf("file_count"),
    openUploads: sql<number>`(SELECT count(*) ${reserved} AND spent_at_ms IS NULL)`,
  };
  const isClean = sql`NOT EXISTS (SELECT 1 FROM recount_ranges WHERE tenant_id = ${tenantId} AND is_dirty = 1)`;
  const [found] = await db
    .select({ kept: tenants, counted })
    .from(tenants)
    .where(and(eq(tenants.tenantId, tenantId), isClean));
  return found;
}

/** Takes off what was too much, and ends the recount: once, and by the run that took it on last. */
export async function finishRecount(
  db: Database,
  { tenantId, takenAtMs, requestedBy: actor }: RecountRow,
  corrections: RecountRow["corrections"],
  nowMs: number,
): Promise<void> {
  const isOurs = and(
    eq(recounts.tenantId, tenantId),
    eq(recounts.takenAtMs, takenAtMs),
    isNull(recounts.finishedAtMs),
  );
  const excess = Object.entries(corrections).map(([count, { from, to }]) => [count, from - to] as const);
  const columns = getTableColumns(tenants);
  const reduced = excess.map(([count, by]) => [count, sql`${columns[count as keyof Counts]} - ${by}`]);
  const isAnyOpen = and(eq(recounts.tenantId, tenantId), isNull(recounts.finishedAtMs));
  const isOpen = sql`EXISTS (SELECT 1 FROM ${recounts} WHERE ${isOurs})`;
  const event = {
    actor,
    action: "tenant.recounted",
    detail: Object.fromEntries(excess),
    atMs: nowMs,
  } as const;
  await db.batch([
    db
      .update(tenants)
      .set({ tenantId, ...(Object.fromEntries(reduced) as Record<string, SQL>) })
      .where(and(eq(tenants.tenantId, tenantId), isOpen)),
    db.update(recounts).set({ finishedAtMs: nowMs, corrections }).where(isOurs),
    ...(excess.length === 0 ? [] : [auditIfChanged(db, event)]),
    db
      .delete(recountRanges)
      .where(
        and(
          eq(recountRanges.tenantId, tenantId),
          sql`NOT EXISTS (SELECT 1 FROM ${recounts} WHERE ${isAnyOpen})`,
        ),
      ),
  ]);
}
