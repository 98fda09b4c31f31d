import { and, asc, desc, eq, gt, gte, inArray, lt, lte, sql } from "drizzle-orm";
import type { TenantId } from "#contract/ids.ts";
import type { AuditFilter, AuditRow } from "./audit-trail.ts";
import { findEventsAfter, sequenceOf } from "./audit-trail.ts";
import type { Database } from "./database.ts";
import { auditArchives, auditEvents, auditLog } from "./schema/audit.ts";
import { selectRow } from "./select-row.ts";

export type AuditArchive = typeof auditArchives.$inferSelect;

/** The day of a time in UTC, as 2026-11-27. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, "2026-11-27".length);
}

/** A tenant's archives with events before an id, and of days of a period, the newest first. */
export async function findArchivesBefore(
  db: Database,
  tenantId: TenantId,
  { sinceMs, untilMs }: AuditFilter,
  beforeId: string | undefined,
  limit: number,
): Promise<readonly AuditArchive[]> {
  return db
    .select()
    .from(auditArchives)
    .where(
      and(
        eq(auditArchives.tenantId, tenantId),
        sinceMs === undefined ? undefined : gte(auditArchives.day, dayOf(sinceMs)),
        untilMs === undefined ? undefined : lte(auditArchives.day, dayOf(untilMs)),
        beforeId === undefined ? undefined : lt(auditArchives.firstId, beforeId),
      ),
    )
    .orderBy(desc(auditArchives.day), desc(auditArchives.part))
    .limit(limit);
}

/** The first of a tenant's archives with events behind an id. */
export async function findArchiveAfter(
  db: Database,
  tenantId: TenantId,
  afterId: string,
): Promise<AuditArchive | undefined> {
  const [found] = await db
    .select()
    .from(auditArchives)
    .where(and(eq(auditArchives.tenantId, tenantId), gt(auditArchives.lastId, afterId)))
    .orderBy(asc(auditArchives.day), asc(auditArchives.part))
    .limit(1);
  return found;
}

/** Tenants are looked at once in so many runs of the cron, each of them in its own. */
export const ARCHIVING_RUNS = 60;
/** Written out: what is bound is no integer to SQLite, which would divide it as a fraction. */
const DAY_MS = 86_400_000;
const DAY = sql.raw(String(DAY_MS));

/** A tenant that has events which it keeps no longer, and for how many days it keeps them. */
export interface TenantToArchive {
  readonly tenantId: TenantId;
  readonly keptDays: number;
}

/** Tenants of a run, by their numbers, whose oldest event is of a day that is over for as long as the tenant keeps events, none that is erased. */
export async function findTenantsToArchive(
  db: Database,
  run: number,
  defaultDays: number,
  nowMs: number,
): Promise<readonly TenantToArchive[]> {
  const oldest = sql`coalesce(
    (SELECT e.at_ms FROM audit_events AS e WHERE e.tenant_id = t.tenant_id ORDER BY e.id LIMIT 1),
    (SELECT l.at_ms FROM audit_log AS l WHERE l.tenant_id = t.tenant_id ORDER BY l.sequence LIMIT 1))`;
  const today = sql`CAST(${nowMs} AS INTEGER) / ${DAY}`;
  const keptDays = sql`coalesce(t.settings ->> 'auditRetentionDays', ${defaultDays})`;
  return db.all<TenantToArchive>(
    sql`SELECT t.tenant_id AS tenantId, ${keptDays} AS keptDays FROM tenants AS t WHERE t.number % ${ARCHIVING_RUNS} = ${run} AND t.erasing_at_ms IS NULL
      AND ${oldest} / ${DAY} < ${today} - ${keptDays} ORDER BY t.number`,
  );
}

/**
 * The same of those who have events and no row: for whom nothing was ever done but what is recorded. They are found by a seek
 * for each tenant, and so looked at in one run an hour.
 */
export async function findRowlessTenants(
  db: Database,
  keptDays: number,
  nowMs: number,
): Promise<readonly TenantToArchive[]> {
  const today = Math.floor(nowMs / DAY_MS);
  return db.all<TenantToArchive>(
    sql`WITH RECURSIVE named(tenant_id) AS (SELECT min(tenant_id) FROM audit_log UNION ALL
        SELECT (SELECT min(l.tenant_id) FROM audit_log AS l WHERE l.tenant_id > named.tenant_id) FROM named
        WHERE named.tenant_id IS NOT NULL)
      SELECT tenant_id AS tenantId, ${keptDays} AS keptDays FROM named
      WHERE tenant_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tenants AS t WHERE t.tenant_id = named.tenant_id)
        AND (SELECT l.at_ms FROM audit_log AS l WHERE l.tenant_id = named.tenant_id ORDER BY l.sequence LIMIT 1)
          < ${(today - keptDays) * DAY_MS}`,
  );
}

/** What is archived next of a tenant, and behind what. */
export interface NextArchive {
  /** The oldest events, of one day. */
  readonly events: readonly AuditRow[];
  readonly previous: AuditArchive | undefined;
}

/** The oldest events of a tenant, as far as they are of before a time and of one day, `limit` at most. */
export async function findNextArchive(
  db: Database,
  tenantId: TenantId,
  beforeMs: number,
  limit: number,
): Promise<NextArchive> {
  const { events: found, newestArchive: previous } = await findEventsAfter(db, tenantId, "", beforeMs, limit);
  const [oldest] = found;
  if (oldest === undefined) return { events: [], previous };
  const end = found.findIndex(({ atMs }) => dayOf(atMs) !== dayOf(oldest.atMs));
  return { events: end < 0 ? found : found.slice(0, end), previous };
}

/**
 * Keeps that events are in an object now, and removes their rows, in one batch. Does neither, and says so, where `previous`
 * is no longer the newest archive: somebody else has archived those events meanwhile.
 */
export async function replaceByArchive(
  db: Database,
  archive: AuditArchive,
  previous: AuditArchive | undefined,
): Promise<boolean> {
  const { tenantId, lastId, lastSequence, objectKey } = archive;
  const newestKey = sql`(SELECT object_key FROM audit_archives WHERE tenant_id = ${tenantId} ORDER BY day DESC, part DESC LIMIT 1)`;
  const isIn = sql`${newestKey} = ${objectKey}`;
  const [kept] = await db.batch([
    db
      .insert(auditArchives)
      .select(sql`${selectRow(auditArchives, archive)} WHERE ${newestKey} IS ${previous?.objectKey ?? null}`)
      .returning({ objectKey: auditArchives.objectKey }),
    db.delete(auditEvents).where(and(eq(auditEvents.tenantId, tenantId), lte(auditEvents.id, lastId), isIn)),
    db
      .delete(auditLog)
      .where(and(eq(auditLog.tenantId, tenantId), lte(auditLog.sequence, lastSequence), isIn)),
  ]);
  return kept.length > 0;
}

/** Removes some of a tenant's audit trail; says whether there was any. Objects are removed by their keys. */
export async function eraseAuditTrail(db: Database, tenantId: TenantId, limit: number): Promise<boolean> {
  const oldIds = db
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(eq(auditEvents.tenantId, tenantId))
    .limit(limit);
  const sequences = db
    .select({ sequence: auditLog.sequence })
    .from(auditLog)
    .where(eq(auditLog.tenantId, tenantId))
    .limit(limit);
  const removed = await db.batch([
    db
      .delete(auditEvents)
      .where(and(eq(auditEvents.tenantId, tenantId), inArray(auditEvents.id, oldIds)))
      .returning({ id: auditEvents.id }),
    db
      .delete(auditLog)
      .where(and(eq(auditLog.tenantId, tenantId), inArray(auditLog.sequence, sequences)))
      .returning({ id: auditLog.sequence }),
    db
      .delete(auditArchives)
      .where(eq(auditArchives.tenantId, tenantId))
      .returning({ id: auditArchives.firstId }),
  ]);
  return removed.some((rows) => rows.length > 0);
}

/** 0 for an event of before there were numbers. */
export function lastSequenceOf(events: readonly AuditRow[]): number {
  return sequenceOf(events.at(-1)?.id ?? "") ?? 0;
}
