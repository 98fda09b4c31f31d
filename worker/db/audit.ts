import type { SQL } from "drizzle-orm";
import { and, eq, sql } from "drizzle-orm";
import type { Actor, AuditAction, AuditDetail } from "#contract/audit.ts";
import type { FileId, TenantId } from "#contract/ids.ts";
import { allOf } from "./all-of.ts";
import type { Database } from "./database.ts";
import { auditLog } from "./schema/audit.ts";
import { files } from "./schema/files.ts";

export type { Actor };

export interface AuditEvent {
  readonly actor: Actor;
  readonly action: AuditAction;
  readonly fileId?: FileId | undefined;
  readonly version?: number | undefined;
  readonly detail?: AuditDetail | undefined;
  readonly atMs: number;
}

/**
 * `FROM` of where a tenant's trail ends: the number and the time of its newest event. An event takes the next number in
 * the statement that records it, and no earlier time: whoever has read up to one finds all later ones behind it.
 */
function trailEnd(tenantId: TenantId): SQL {
  return sql`(SELECT
      coalesce(
        (SELECT sequence FROM audit_log WHERE tenant_id = ${tenantId} ORDER BY sequence DESC LIMIT 1),
        (SELECT last_sequence FROM audit_archives WHERE tenant_id = ${tenantId} ORDER BY day DESC, part DESC LIMIT 1),
        0) AS last,
      coalesce(
        (SELECT at_ms FROM audit_log WHERE tenant_id = ${tenantId} ORDER BY sequence DESC LIMIT 1),
        (SELECT at_ms FROM audit_events WHERE tenant_id = ${tenantId} ORDER BY id DESC LIMIT 1),
        0) AS at_ms
    ) AS trail`;
}

/** With the grant by which it was done, where there was one. */
function detailOf({ actor: { grantId }, detail = {} }: AuditEvent): AuditDetail {
  return grantId === undefined ? detail : { ...detail, grantId };
}

/** The columns of an event as they are selected, with their number, file and version by these expressions. */
function factsOf(event: AuditEvent, number: SQL, fileId: SQL, version: SQL): SQL {
  const { actor, action, atMs } = event;
  return sql`SELECT ${actor.tenantId}, trail.last + ${number}, max(${atMs}, trail.at_ms), ${action}, ${actor.id}, ${actor.kind},
    ${fileId}, ${version}, ${actor.requestId}, ${JSON.stringify(detailOf(event))}`;
}

function selectionOf(event: AuditEvent): SQL {
  const { actor, fileId = null, version = null } = event;
  return sql`${factsOf(event, sql`1`, sql`${fileId}`, sql`${version}`)} FROM ${trailEnd(actor.tenantId)}`;
}

/** The statement that records an event. It belongs into the batch with what it is about. */
export function auditStatement(db: Database, event: AuditEvent) {
  return db.insert(auditLog).select(selectionOf(event));
}

/** The statement that records some events of one tenant, whatever their number. */
export function auditAll(db: Database, events: readonly [AuditEvent, ...AuditEvent[]]) {
  const rows = events.map((event) => {
    const { actor, action, fileId, version, atMs } = event;
    const { id: actorId, kind: actorKind, requestId } = actor;
    return { atMs, action, actorId, actorKind, fileId, version, requestId, detail: detailOf(event) };
  });
  const { tenantId } = events[0].actor;
  const value = (name: keyof (typeof rows)[number]) => sql.raw(`each.value ->> '${name}'`);
  return db.insert(auditLog).select(
    sql`SELECT ${tenantId}, trail.last + 1 + each.key, max(${value("atMs")}, trail.at_ms), ${value("action")}, ${value("actorId")},
      ${value("actorKind")}, ${value("fileId")}, ${value("version")}, ${value("requestId")}, ${value("detail")}
      FROM ${trailEnd(tenantId)}, json_each(${JSON.stringify(rows)}) AS each`,
  );
}

/** The statement that records one event where the statement before it in the batch changed something, and nothing otherwise. */
export function auditIfChanged(db: Database, event: AuditEvent) {
  return db.insert(auditLog).select(sql`${selectionOf(event)} WHERE changes() > 0`);
}

/** Which setting of the tenant says how large a share of some events is recorded, and how large it is where it isn't said. */
export interface Sampling {
  readonly setting: "readAuditSample" | "derivativeReadAuditSample";
  readonly usual: number;
}

/**
 * The same for some of the events: as large a share of them as the smallest of these settings says.
 * @param lot a random number, at least 0 and less than 1
 */
export function auditSampled(db: Database, event: AuditEvent, samplings: readonly Sampling[], lot: number) {
  const conditions = samplings.map(
    ({ setting, usual }) =>
      sql`${lot} < coalesce((SELECT t.settings ->> ${sql.raw(`'${setting}'`)} FROM tenants AS t
        WHERE t.tenant_id = ${event.actor.tenantId}), ${usual})`,
  );
  return db.insert(auditLog).select(sql`${selectionOf(event)} WHERE ${allOf(conditions)}`);
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
  const { tenantId } = event.actor;
  const isEach = and(eq(files.tenantId, tenantId), sql`${files.id} = each.value`);
  const facts = factsOf(event, sql`row_number() OVER (ORDER BY each.key)`, sql`${files.id}`, sql`NULL`);
  return db.insert(auditLog).select(
    sql`${facts} FROM ${trailEnd(tenantId)}, json_each(${JSON.stringify(fileIds)}) AS each
      CROSS JOIN ${files} ON ${isEach} WHERE ${condition}`,
  );
}
