import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { AuditDetail } from "../../contract/audit.ts";
import { ACTOR_KINDS } from "../../contract/audit.ts";
import type { FileId } from "../../contract/ids.ts";
import { tenantId } from "./columns.ts";

/** What is known of an event, in whichever table it is. */
const facts = () => ({
  atMs: integer("at_ms").notNull(),
  action: text("action").notNull(),
  /** Who did it: a user's id, or the id of what acted without one (a share link). */
  actorId: text("actor_id").notNull(),
  actorKind: text("actor_kind", { enum: ACTOR_KINDS }).notNull(),
  fileId: text("file_id").$type<FileId>(),
  version: integer("version"),
  requestId: text("request_id"),
  detail: text("detail", { mode: "json" }).$type<AuditDetail>().notNull().default({}),
});

/**
 * What was done by whom. Append-only: triggers refuse changes, and removals but by a tenant's erasure and of what is
 * archived. Outlives the files that it is about. Without a rowid, and with one index, since each index is a row written.
 */
export const auditLog = sqliteTable(
  "audit_log",
  {
    tenantId: tenantId(),
    /** The tenant's events are numbered without a gap, in the order in which they were recorded; times never fall. */
    sequence: integer("sequence").notNull(),
    ...facts(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.sequence] }),
    index("audit_log_by_file")
      .on(t.tenantId, t.fileId, t.sequence)
      .where(sql`file_id IS NOT NULL`),
  ],
);

/** Events of before there was `audit_log`, all of them older than its own. Nothing is added any more; archiving empties it. */
export const auditEvents = sqliteTable(
  "audit_events",
  {
    tenantId: tenantId(),
    /** Begins with its time, so that ids are in the order of events. */
    id: text("id").notNull(),
    ...facts(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index("audit_events_by_file").on(t.tenantId, t.fileId, t.id),
    index("audit_events_by_actor").on(t.tenantId, t.actorId, t.id),
    index("audit_events_by_action").on(t.tenantId, t.action, t.id),
  ],
);

/** Objects of the bucket that hold a tenant's older events: a day's, or a part of a day's that is very long. */
export const auditArchives = sqliteTable(
  "audit_archives",
  {
    tenantId: tenantId(),
    /** In UTC, as 2026-11-27. */
    day: text("day").notNull(),
    part: integer("part").notNull(),
    objectKey: text("object_key").notNull(),
    /** Ids of its first event and its last. */
    firstId: text("first_id").notNull(),
    lastId: text("last_id").notNull(),
    /** Of its last event; 0 where all of it is of before events were numbered. */
    lastSequence: integer("last_sequence").notNull(),
    events: integer("events").notNull(),
    /** Of the object as it is stored. The next one names it. */
    sha256: text("sha256").notNull(),
    archivedAtMs: integer("archived_at_ms").notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.day, t.part] })],
);
