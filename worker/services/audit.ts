import type { Actor, AuditPage, AuditQuery, AuditRecord } from "#contract/audit.ts";
import { AuditAction } from "#contract/audit.ts";
import { AppError } from "#contract/errors.ts";
import type { FileId, TenantId } from "#contract/ids.ts";
import { formatTime } from "#contract/times.ts";
import type { AuditEvent, AuditRow } from "../db/audit.ts";
import { auditAll, auditList, auditSampled, auditStatement } from "../db/audit.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";

/** The same actor in another tenant's trail, where an operator's id could be one of its users': theirs have no slash. */
export function actorIn(actor: Actor, tenantId: TenantId): Actor {
  if (actor.tenantId === tenantId) return actor;
  return { ...actor, tenantId, id: `${actor.tenantId}/${actor.id}` };
}

/** Records what changes nothing, so that there is no batch for its event to be part of. */
export async function recordEvent(env: DatabaseBindings, event: AuditEvent): Promise<void> {
  await auditStatement(databaseFor(env, event.actor.tenantId), event);
}

/** Records that URLs were signed: an event for each file, with the number of its URLs. */
export async function recordSigning(
  env: DatabaseBindings,
  actor: Actor,
  signed: readonly { readonly fileId: FileId; readonly version: number }[],
  atMs: number,
): Promise<void> {
  const byFile = Map.groupBy(signed, ({ fileId }) => fileId);
  const events = [...byFile].map(([fileId, urls]): AuditEvent => {
    const [first] = urls;
    const detail = { items: urls.length };
    return { actor, action: "signed-url.created", fileId, version: first?.version, detail, atMs };
  });
  await auditAll(databaseFor(env, actor.tenantId), events);
}

/**
 * Records that bytes were read. Never throws: the reader has its answer already.
 * @param sampled whether the tenant's `readAuditSample` decides if it is recorded at all
 */
export async function recordRead(
  env: DatabaseBindings,
  read: Omit<AuditEvent, "action">,
  sampled: boolean,
): Promise<void> {
  const event = { ...read, action: "file.read" } as const;
  try {
    const db = databaseFor(env, read.actor.tenantId);
    await (sampled ? auditSampled(db, event, Math.random()) : auditStatement(db, event));
  } catch (error) {
    const { tenantId, requestId } = read.actor;
    console.error({ event: "read-not-recorded", tenantId, requestId, error: String(error) });
  }
}

const CURSOR = /^[0-9a-z]{11}[0-9a-f]{16}$/;

function requireCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined || CURSOR.test(cursor)) return cursor;
  throw new AppError("REQUEST_INVALID", {
    errors: [{ path: "cursor", message: "is not a cursor of this list" }],
  });
}

/** A page of what was done in a tenant, newest first. Throws `REQUEST_INVALID` for a cursor that isn't ours. */
export async function getAuditPage(
  env: DatabaseBindings,
  tenantId: TenantId,
  query: AuditQuery,
): Promise<AuditPage> {
  const { fileId, userId, action, after, before, limit, cursor } = query;
  const filter = {
    ...{ fileId, action, actorId: userId, sinceMs: after, untilMs: before },
    afterId: requireCursor(cursor),
  };
  const found = await auditList(databaseFor(env, tenantId), tenantId, filter, limit + 1);
  const page = found.slice(0, limit);
  const nextCursor = found.length > limit ? (page.at(-1)?.id ?? null) : null;
  return { items: page.map(formatEvent), nextCursor };
}

export function formatEvent(row: AuditRow): AuditRecord {
  const { id, atMs, action, actorId, actorKind, fileId, version, requestId, detail } = row;
  return {
    id,
    at: formatTime(atMs),
    action: AuditAction.parse(action),
    actor: { id: actorId, kind: actorKind },
    ...{ fileId, version, requestId, detail },
  };
}
