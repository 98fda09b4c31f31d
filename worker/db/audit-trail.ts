import type { Column, SQL } from "drizzle-orm";
import { and, asc, desc, eq, gt, gte, lt, sql } from "drizzle-orm";
import type { AuditAction } from "#contract/audit.ts";
import type { FileId, TenantId } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import { auditArchives, auditEvents, auditLog } from "./schema/audit.ts";

/**
 * Reading the trail. A tenant's events are in three places, one after the other: objects of the bucket (audit-archives.ts),
 * the table of before events were numbered, the log. Ids are in the order of events over all of them.
 */
type OldRow = typeof auditEvents.$inferSelect;
export type AuditRow = OldRow;

const SEQUENCE_DIGITS = 15;

/** Greater than every id of before events were numbered: those begin with a digit. */
export function eventIdOf(sequence: number): string {
  return `e${String(sequence).padStart(SEQUENCE_DIGITS, "0")}`;
}

/** Of an id of before there is none. */
export function sequenceOf(id: string): number | undefined {
  return id.startsWith("e") ? Number(id.slice(1)) : undefined;
}

const TIME_DIGITS = 11;

/** What the ids of a time's events of before begin with: eleven digits of base 36 last until the year 5188. */
function timePrefix(atMs: number): string {
  return Math.max(0, atMs).toString(36).padStart(TIME_DIGITS, "0");
}

export interface AuditFilter {
  readonly fileId?: FileId | undefined;
  readonly actorId?: string | undefined;
  readonly action?: AuditAction | undefined;
  /** Events at this time or later, and before that one. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

function rowOf({ sequence, ...facts }: typeof auditLog.$inferSelect): AuditRow {
  return { ...facts, id: eventIdOf(sequence) };
}

/** The first number whose event is at a time or later: times never fall, so that it is found by halving. */
function firstSince(tenantId: TenantId, atMs: number): SQL<number> {
  const middle = sql.raw("(low + high) / 2");
  const isBefore = sql`(SELECT at_ms FROM audit_log WHERE tenant_id = ${tenantId} AND sequence = ${middle}) < ${atMs}`;
  const end = (order: "ASC" | "DESC") =>
    sql`(SELECT sequence FROM audit_log WHERE tenant_id = ${tenantId} ORDER BY sequence ${sql.raw(order)} LIMIT 1)`;
  return sql<number>`(WITH RECURSIVE halves (low, high) AS (
    SELECT ${end("ASC")}, ${end("DESC")} + 1
    UNION ALL
    SELECT iif(${isBefore}, ${middle} + 1, low), iif(${isBefore}, high, ${middle}) FROM halves WHERE low < high
  ) SELECT low FROM halves WHERE low = high)`;
}

/** Numbers of a tenant's events in the log: those of a period are from `since` to before `until`. */
export interface LogBounds {
  readonly since: number;
  readonly until: number;
}

/** Undefined where there is nothing in the log. */
export async function findLogBounds(
  db: Database,
  tenantId: TenantId,
  { sinceMs = Number.MIN_SAFE_INTEGER, untilMs = Number.MAX_SAFE_INTEGER }: AuditFilter,
): Promise<LogBounds | undefined> {
  const [found] = await db.all<{ since: number | null; until: number | null }>(
    sql`SELECT ${firstSince(tenantId, sinceMs)} AS since, ${firstSince(tenantId, untilMs)} AS until`,
  );
  const { since = null, until = null } = found ?? {};
  return since === null || until === null ? undefined : { since, until };
}

function isAsked(
  table: { readonly fileId: Column; readonly actorId: Column; readonly action: Column },
  { fileId, actorId, action }: AuditFilter,
  mark: (condition: SQL) => SQL,
): readonly SQL[] {
  return [
    ...(fileId === undefined ? [] : [mark(eq(table.fileId, fileId))]),
    ...(actorId === undefined ? [] : [mark(eq(table.actorId, actorId))]),
    ...(action === undefined ? [] : [mark(eq(table.action, action))]),
  ];
}

/** The log's events with numbers from `since` to before `until`, newest first. A file's are found by its index. */
export function logQuery(
  db: Database,
  tenantId: TenantId,
  filter: AuditFilter,
  { since, until }: LogBounds,
  limit: number,
) {
  const { sequence } = auditLog;
  return db
    .select()
    .from(auditLog)
    .where(
      and(
        eq(auditLog.tenantId, tenantId),
        // Left to itself, SQLite may take the period by the key and look for the file in it.
        ...isAsked(auditLog, filter, (condition) => sql`unlikely(${condition})`),
        gte(sequence, since),
        lt(sequence, until),
      ),
    )
    .orderBy(desc(sequence))
    .limit(limit);
}

export async function findLogged(...args: Parameters<typeof logQuery>): Promise<readonly AuditRow[]> {
  return (await logQuery(...args)).map(rowOf);
}

/** Events of before, newest first, those before an id. Times are in the ids, which all of the table's indexes end in. */
export function oldEventsQuery(
  db: Database,
  tenantId: TenantId,
  filter: AuditFilter,
  beforeId: string | undefined,
  limit: number,
) {
  const { sinceMs, untilMs } = filter;
  const { id } = auditEvents;
  return db
    .select()
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.tenantId, tenantId),
        ...isAsked(auditEvents, filter, (condition) => sql`unlikely(${condition})`),
        sinceMs === undefined ? undefined : gte(id, timePrefix(sinceMs)),
        untilMs === undefined ? undefined : lt(id, timePrefix(untilMs)),
        beforeId === undefined ? undefined : lt(id, beforeId),
      ),
    )
    .orderBy(desc(id))
    .limit(limit);
}

/** What the database has of a tenant's trail, as of one moment. */
export interface EventsAfter {
  /** Of all that is behind the id the oldest, unless the newest archive ends behind it. */
  readonly events: readonly AuditRow[];
  readonly newestArchive: typeof auditArchives.$inferSelect | undefined;
}

/**
 * Events behind an id and of before a time, oldest first, of the table of before and of the log, and the newest archive: in
 * one batch, since archiving takes events from those to this.
 */
export async function findEventsAfter(
  db: Database,
  tenantId: TenantId,
  afterId: string,
  untilMs: number,
  limit: number,
): Promise<EventsAfter> {
  const [[newestArchive], old, logged] = await db.batch([
    db
      .select()
      .from(auditArchives)
      .where(eq(auditArchives.tenantId, tenantId))
      .orderBy(desc(auditArchives.day), desc(auditArchives.part))
      .limit(1),
    db
      .select()
      .from(auditEvents)
      .where(
        and(
          eq(auditEvents.tenantId, tenantId),
          gt(auditEvents.id, afterId),
          lt(auditEvents.id, timePrefix(untilMs)),
        ),
      )
      .orderBy(asc(auditEvents.id))
      .limit(limit),
    db
      .select()
      .from(auditLog)
      .where(
        and(
          eq(auditLog.tenantId, tenantId),
          gt(auditLog.sequence, sequenceOf(afterId) ?? 0),
          // By its time alone, the log would be read to its end where fewer than `limit` are of before that.
          lt(auditLog.sequence, firstSince(tenantId, untilMs)),
        ),
      )
      .orderBy(asc(auditLog.sequence))
      .limit(limit),
  ]);
  return { events: [...old, ...logged.map(rowOf)].slice(0, limit), newestArchive };
}
