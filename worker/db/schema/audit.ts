import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { AuditDetail } from "../../contract/audit.ts";
import { ACTOR_KINDS } from "../../contract/audit.ts";
import type { FileId } from "../../contract/ids.ts";
import { tenantId } from "./columns.ts";

/**
 * What was done by whom. Append-only: triggers refuse changes, and removals but by a tenant's erasure. Outlives the
 * files that it is about.
 */
export const auditEvents = sqliteTable(
  "audit_events",
  {
    tenantId: tenantId(),
    /** Begins with its time, so that ids are in the order of events. */
    id: text("id").notNull(),
    atMs: integer("at_ms").notNull(),
    action: text("action").notNull(),
    /** Who did it: a user's id, or the id of what acted without one (a share link). */
    actorId: text("actor_id").notNull(),
    actorKind: text("actor_kind", { enum: ACTOR_KINDS }).notNull(),
    fileId: text("file_id").$type<FileId>(),
    version: integer("version"),
    requestId: text("request_id"),
    detail: text("detail", { mode: "json" }).$type<AuditDetail>().notNull().default({}),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index("audit_events_by_file").on(t.tenantId, t.fileId, t.id),
    index("audit_events_by_actor").on(t.tenantId, t.actorId, t.id),
    index("audit_events_by_action").on(t.tenantId, t.action, t.id),
  ],
);
