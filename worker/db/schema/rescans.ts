import { sql } from "drizzle-orm";
import { check, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { FileId, RescanId, UserId } from "../../contract/ids.ts";
import { RESCAN_STATES } from "../../contract/rescans.ts";
import { fileId, tenantId } from "./columns.ts";
import { ofVersion } from "./files.ts";

/**
 * Rescans of a tenant's clean versions, with the place that each has come to: files that are live, the newest first, then
 * those in the trash; or the one file that it is of.
 */
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
    phase: text("phase", { enum: ["live", "trash", "file", "end"] }).notNull(),
    /** The last file that was taken on, by its time in this phase and its id. */
    cursorAtMs: integer("cursor_at_ms"),
    cursorFileId: text("cursor_file_id").$type<FileId>(),
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
    check("rescans_phase", sql`${t.phase} IN ('live', 'trash', 'file', 'end')`),
  ],
);

/** Clean versions whose verdict by a rescan is awaited: a processor that starts on one of them scans it. */
export const rescanJobs = sqliteTable(
  "rescan_jobs",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    version: integer("version").notNull(),
    rescanId: text("rescan_id").$type<RescanId>().notNull(),
    sentAtMs: integer("sent_at_ms").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.fileId, t.version] }),
    index("rescan_jobs_by_rescan").on(t.tenantId, t.rescanId),
    index("rescan_jobs_by_sending").on(t.sentAtMs),
    ofVersion(t),
  ],
);
