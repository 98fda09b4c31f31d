import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Actor } from "../../contract/audit.ts";
import type { Recount } from "../../contract/tenant-admin.ts";
import { tenantId } from "./columns.ts";

/** The last time that a tenant's rows were to be counted, or are being. */
export const recounts = sqliteTable(
  "recounts",
  {
    tenantId: tenantId().primaryKey(),
    requestedBy: text("requested_by", { mode: "json" }).$type<Actor>().notNull(),
    requestedAtMs: integer("requested_at_ms").notNull(),
    /** The id of the file up to which there are ranges; none before the first, and "~" behind the last. */
    cursor: text("cursor").notNull().default(""),
    /** When cron went on with it last: those first that waited longest. */
    takenAtMs: integer("taken_at_ms").notNull().default(0),
    finishedAtMs: integer("finished_at_ms"),
    corrections: text("corrections", { mode: "json" }).$type<Recount["corrections"]>().notNull().default({}),
  },
  (t) => [
    index("recounts_open")
      .on(t.takenAtMs)
      .where(sql`finished_at_ms IS NULL`),
  ],
);

/**
 * What the files of a range came to when they were counted, for as long as the recount goes on. Triggers say of a range that
 * something in it has changed since.
 */
export const recountRanges = sqliteTable(
  "recount_ranges",
  {
    tenantId: tenantId(),
    /** Files after this id, up to that one. */
    afterId: text("after_id").notNull(),
    lastId: text("last_id").notNull(),
    fileCount: integer("file_count").notNull(),
    filesBytes: integer("files_bytes").notNull(),
    versionsBytes: integer("versions_bytes").notNull(),
    trashBytes: integer("trash_bytes").notNull(),
    derivativesBytes: integer("derivatives_bytes").notNull(),
    isDirty: integer("is_dirty", { mode: "boolean" }).notNull().default(false),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.lastId] })],
);
