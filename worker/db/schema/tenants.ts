import { integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { FileId, UserId } from "../../contract/ids.ts";
import type { TenantSettings } from "../../contract/tenants.ts";
import { fileId, tenantId } from "./columns.ts";

/**
 * Who owns files and pays for them. A row is made by the first upload. The byte counts are kept by triggers (see the
 * migration "tenants"), so that no statement can forget them; `services/quota.ts` says what they mean.
 */
export const tenants = sqliteTable(
  "tenants",
  {
    /** Numbers the tenant within its database; begins the rowids of its names in `file_search`. */
    number: integer("number").primaryKey({ autoIncrement: true }),
    tenantId: tenantId(),
    /** What is otherwise for this tenant than for all; checked by the contract's schema when it is written. */
    settings: text("settings", { mode: "json" }).$type<TenantSettings>().notNull().default({}),
    /** Null for the deployment's default. */
    quotaBytes: integer("quota_bytes"),
    /** Files made so far: the newest one's place in `file_search`. */
    fileSequence: integer("file_sequence").notNull().default(0),
    fileCount: integer("file_count").notNull().default(0),
    reservedBytes: integer("reserved_bytes").notNull().default(0),
    /** Reservations: one for each upload under way, and for each partial one that nobody has joined. */
    openUploads: integer("open_uploads").notNull().default(0),
    filesBytes: integer("files_bytes").notNull().default(0),
    versionsBytes: integer("versions_bytes").notNull().default(0),
    trashBytes: integer("trash_bytes").notNull().default(0),
    derivativesBytes: integer("derivatives_bytes").notNull().default(0),
    createdAtMs: integer("created_at_ms").notNull(),
    /** Since when all of it is being erased, and nothing of it is served or taken. */
    erasingAtMs: integer("erasing_at_ms"),
  },
  (t) => [uniqueIndex("tenants_by_id").on(t.tenantId)],
);

/** Bytes held for an upload from its creation: gone when it is stored (then its version counts) or ends without. */
export const quotaReservations = sqliteTable(
  "quota_reservations",
  {
    tenantId: tenantId(),
    /** The upload's id and version: that of its file, or a partial upload's own. */
    fileId: fileId(),
    version: integer("version").notNull(),
    reservedBytes: integer("reserved_bytes").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    /** When the upload is asked whether it is still there. */
    checkAtMs: integer("check_at_ms").notNull(),
    /**
     * Of a partial upload: the final one that it was joined to. Until it is spent, free again where that one has no
     * reservation.
     */
    finalId: text("final_id").$type<FileId>(),
    finalVersion: integer("final_version"),
    /** Of an upload by a grant: what tells its creation from another, for whoever asks for it again. */
    creationKey: text("creation_key"),
    /** Of a partial upload: when its final one was stored, whose version counts its bytes since. */
    spentAtMs: integer("spent_at_ms"),
    /** Who began it; null for those of before that was kept. */
    ownerId: text("owner_id").$type<UserId>(),
    /** Whether a file is made with it, which is counted with it too: so a creation changes its tenant's row once. */
    beginsFile: integer("begins_file", { mode: "boolean" }).notNull().default(false),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.fileId, t.version] })],
);
