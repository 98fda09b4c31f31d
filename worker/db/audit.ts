import type { Column, SQL } from "drizzle-orm";
import { and, desc, eq, gte, lt, sql } from "drizzle-orm";
import type { Actor, AuditAction, AuditDetail } from "#contract/audit.ts";
import type { FileId, TenantId } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import { auditEvents } from "./schema/audit.ts";
import { files } from "./schema/files.ts";
import { tenants } from "./schema/tenants.ts";

export type { Actor };
export type AuditRow = typeof auditEvents.$inferSelect;

export interface AuditEvent {
  readonly actor: Actor;
  readonly action: AuditAction;
  readonly fileId?: FileId | undefined;
  readonly version?: number | undefined;
  readonly detail?: AuditDetail | undefined;
  readonly atMs: number;
}

const TIME_DIGITS = 11;
const RANDOM_BYTES = 8;

/** What the ids of a time's events begin with, and all later ones are greater than: eleven digits of base 36 last until the year 5188. */
export function timePrefix(atMs: number): string {
  return Math.max(0, atMs).toString(36).padStart(TIME_DIGITS, "0");
}

/** Ids in the order of their times. */
function newEventId(atMs: number): string {
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  const suffix = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${timePrefix(atMs)}${suffix}`;
}

function rowOf({
  actor,
  action,
  fileId,
  version,
  detail,
  atMs,
}: AuditEvent): typeof auditEvents.$inferInsert {
  return {
    tenantId: actor.tenantId,
    id: newEventId(atMs),
    atMs,
    action,
    actorId: actor.id,
    actorKind: actor.kind,
    fileId: fileId ?? null,
    version: version ?? null,
    requestId: actor.requestId,
    detail: actor.grantId === undefined ? (detail ?? {}) : { ...detail, grantId: actor.grantId },
  };
}

/** The statement that records an event. It belongs into the batch with what it is about. */
export function auditStatement(db: Database, event: AuditEvent) {
  return db.insert(auditEvents).values(rowOf(event));
}

/** The statement that records some events of one tenant, whatever their number. */
export function auditAll(db: Database, events: readonly AuditEvent[]) {
  const value = (name: keyof AuditRow) => sql.raw(`value ->> '${name}'`);
  const rows = sql`FROM json_each(${JSON.stringify(events.map(rowOf))})`;
  return db.insert(auditEvents).select(
    sql`SELECT ${value("tenantId")}, ${value("id")}, ${value("atMs")}, ${value("action")}, ${value("actorId")},
      ${value("actorKind")}, ${value("fileId")}, ${value("version")}, ${value("requestId")}, ${value("detail")} ${rows}`,
  );
}

/** The statement that records one event where the statement before it in the batch changed something, and nothing otherwise. */
export function auditIfChanged(db: Database, event: AuditEvent) {
  return db.insert(auditEvents).select(sql`${selectionOf(event)} WHERE changes() > 0`);
}

/**
 * The same for some of the events: as large a share of them as the tenant's settings say, all where they say nothing.
 * @param lot a random number, at least 0 and less than 1
 */
export function auditSampled(db: Database, event: AuditEvent, lot: number) {
  const share = sql`coalesce((SELECT ${tenants.settings} ->> 'readAuditSample' FROM ${tenants}
    WHERE ${tenants.tenantId} = ${event.actor.tenantId}), 1)`;
  return db.insert(auditEvents).select(sql`${selectionOf(event)} WHERE ${lot} < ${share}`);
}

function selectionOf(event: AuditEvent): SQL {
  const row = rowOf(event);
  return sql`SELECT ${row.tenantId}, ${row.id}, ${row.atMs}, ${row.action}, ${row.actorId}, ${row.actorKind},
    ${row.fileId}, ${row.version}, ${row.requestId}, ${JSON.stringify(row.detail)}`;
}

export interface AuditFilter {
  readonly fileId?: FileId | undefined;
  readonly actorId?: string | undefined;
  readonly action?: AuditAction | undefined;
  /** Events at this time or later, and before that one. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Events listed after this one. */
  readonly afterId?: string | undefined;
}

/** Said to be rarely so: else SQLite takes a period of all of the tenant's events and looks through them. */
function isSelective(column: Column, value: string | undefined): SQL | undefined {
  return value === undefined ? undefined : sql`unlikely(${eq(column, value)})`;
}

/**
 * A tenant's events, newest first. Times are in the ids, so that each of the table's indexes, which all end in them, has
 * the events of a period next to each other and in their order.
 */
export function auditList(db: Database, tenantId: TenantId, filter: AuditFilter, limit: number) {
  const { fileId, actorId, action, sinceMs, untilMs, afterId } = filter;
  return db
    .select()
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.tenantId, tenantId),
        isSelective(auditEvents.fileId, fileId),
        isSelective(auditEvents.actorId, actorId),
        isSelective(auditEvents.action, action),
        sinceMs === undefined ? undefined : gte(auditEvents.id, timePrefix(sinceMs)),
        untilMs === undefined ? undefined : lt(auditEvents.id, timePrefix(untilMs)),
        afterId === undefined ? undefined : lt(auditEvents.id, afterId),
      ),
    )
    .orderBy(desc(auditEvents.id))
    .limit(limit);
}

/**
 * The statement that records an event for each of some files that is as `condition` says: the one by which they are
 * about to be changed. It belongs in front of that change, into the same batch.
 */
export function auditEach(
  db: Database,
  event: Omit<AuditEvent, "fileId" | "version">,
  fileIds: readonly FileId[],
  condition: SQL | undefined,
) {
  const row = rowOf(event);
  const detail = JSON.stringify(row.detail);
  const each = JSON.stringify(fileIds.map((fileId) => ({ fileId, id: newEventId(event.atMs) })));
  const isEach = and(eq(files.tenantId, row.tenantId), sql`${files.id} = each.value ->> 'fileId'`);
  return db.insert(auditEvents).select(
    sql`SELECT ${row.tenantId}, each.value ->> 'id', ${row.atMs}, ${row.action}, ${row.actorId}, ${row.actorKind},
          ${files.id}, NULL, ${row.requestId}, ${detail}
        FROM json_each(${each}) AS each CROSS JOIN ${files} ON ${isEach} WHERE ${condition}`,
  );
}
