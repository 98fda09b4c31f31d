import { sql } from "drizzle-orm";
import { check, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { FileId, RescanId, UserId } from "../../contract/ids.ts";
import { RESCAN_STATES } from "../../contract/rescans.ts";
import { fileId, tenantId } from "./columns.ts";
import { ofVersion } from "./files.ts";

/** The last file that a rescan has looked at, by its creation and its id, and the last version of it that was sent, or 0. */
export interface RescanCursor {
  readonly atMs: number;
  readonly fileId: FileId;
  readonly version: number;
}

/** Rescans of a tenant's clean versions, with the place that each has come to: the newest files first, wherever they are. */
export const rescans = sqliteTable(
  "rescans",
  {
    tenantId: tenantId(),
    id: text("id").$type<RescanId>().notNull(),
    state: text("state", { enum: RESCAN_STATES }).notNull().default("running"),
    /** Null for all files. */
    fileId: text("file_id").$type<FileId>(),
    olderThan: integer("older_than"),
    requestedBy: text("requested_by").$type<UserId>().notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    finishedAtMs: integer("finished_at_ms"),
    cursor: text("cursor", { mode: "json" }).$type<RescanCursor>(),
    /** Whether all of it was sent: answers are all that is left to come. */
    isSent: integer("is_sent", { mode: "boolean" }).notNull().default(false),
    /** When it last got its share: those that waited longest are next. */
    fedAtMs: integer("fed_at_ms").notNull(),
    filesTotal: integer("files_total").notNull(),
    filesSeen: integer("files_seen").notNull().default(0),
    sent: integer("sent").notNull().default(0),
    scanned: integer("scanned").notNull().default(0),
    found: integer("found").notNull().default(0),
    failed: integer("failed").notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index("rescans_by_creation").on(t.tenantId, t.createdAtMs),
    index("rescans_running")
      .on(t.fedAtMs)
      .where(sql`state = 'running'`),
    check("rescans_state", sql`${t.state} IN ('running', 'paused', 'done', 'cancelled')`),
  ],
);

/** Clean versions whose verdict by a rescan is awaited, by as many as there are: a processor that starts on one scans it. */
export const rescanJobs = sqliteTable(
  "rescan_jobs",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    version: integer("version").notNull(),
    rescanId: text("rescan_id").$type<RescanId>().notNull(),
    sentAtMs: integer("sent_at_ms").notNull(),
    /** How often its job was sent: one that is lost is sent again. */
    sends: integer("sends").notNull().default(1),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.fileId, t.version, t.rescanId] }),
    index("rescan_jobs_by_rescan").on(t.tenantId, t.rescanId),
    index("rescan_jobs_by_sending").on(t.sentAtMs),
    ofVersion(t),
  ],
);
