import type { SQL } from "drizzle-orm";
import { and, eq, sql } from "drizzle-orm";
import type { Actor, AuditAction, AuditDetail } from "#contract/audit.ts";
import type { FileId } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import { auditEvents, files } from "./schema.ts";

export type { Actor };

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

/** Ids in the order of their times: eleven digits of base 36 last until the year 5188. */
function newEventId(atMs: number): string {
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  const suffix = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${atMs.toString(36).padStart(TIME_DIGITS, "0")}${suffix}`;
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
    detail: detail ?? {},
  };
}

/** The statement that records an event. It belongs into the batch with what it is about. */
export function auditStatement(db: Database, event: AuditEvent) {
  return db.insert(auditEvents).values(rowOf(event));
}

/** The same where the statement before it in the batch changed something, and nothing otherwise. */
export function auditIfChanged(db: Database, event: AuditEvent) {
  const row = rowOf(event);
  const detail = JSON.stringify(row.detail);
  return db.insert(auditEvents).select(
    sql`SELECT ${row.tenantId}, ${row.id}, ${row.atMs}, ${row.action}, ${row.actorId}, ${row.actorKind},
          ${row.fileId}, ${row.version}, ${row.requestId}, ${detail} WHERE changes() > 0`,
  );
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
