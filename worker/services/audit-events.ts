import type { AuditRecord } from "#contract/audit.ts";
import { AuditAction } from "#contract/audit.ts";
import type { AuditRow } from "../db/audit-trail.ts";

export function formatEvent(row: AuditRow): AuditRecord {
  const { id, atMs, action, actorId, actorKind, fileId, version, requestId, detail } = row;
  return {
    id,
    at: new Date(atMs).toISOString(),
    action: AuditAction.parse(action),
    actor: { id: actorId, kind: actorKind },
    ...{ fileId, version, requestId, detail },
  };
}
