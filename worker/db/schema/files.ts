import { sql } from "drizzle-orm";
import type { AnySQLiteColumn } from "drizzle-orm/sqlite-core";
import { check, foreignKey, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { FILE_CLASSES } from "../../contract/file-types.ts";
import type { FileId, UserId } from "../../contract/ids.ts";
import type { ReprDigests } from "../../contract/jobs.ts";
import { VERDICTS, VERSION_STATES } from "../../contract/version-states.ts";
import { fileId, tenantId } from "./columns.ts";

/** Files that are listed, and those listed in the trash. One that is being removed for good is in neither. */
const LIVE = sql`deleted_at_ms IS NULL AND purging_at_ms IS NULL`;
const TRASH = sql`deleted_at_ms IS NOT NULL AND purging_at_ms IS NULL`;
/** Whether a tenant's members may see it where its setting lets them: docs/decisions/0029-entity-access.md. */
const IS_ATTACHED = sql`(entity_type IS NOT NULL AND entity_id IS NOT NULL)`;

/** A tenant's record of a file; its bytes are in versions. Every key begins with the tenant. */
export const files = sqliteTable(
  "files",
  {
    tenantId: tenantId(),
    id: text("id").$type<FileId>().notNull(),
    ownerId: text("owner_id").$type<UserId>().notNull(),
    filename: text("filename").notNull(),
    /** The version that is served; a new one takes its place only when it is clean. */
    currentVersion: integer("current_version").notNull(),
    /** The highest number given to a version so far: none is given twice. */
    lastVersion: integer("last_version").notNull().default(1),
    /** Versions up to this one never become current by themselves: somebody chose another. */
    settledVersion: integer("settled_version").notNull().default(0),
    entityType: text("entity_type"),
    entityId: text("entity_id"),
    /** Whether anybody may download it by its public URL. */
    isPublic: integer("is_public", { mode: "boolean" }).notNull().default(false),
    /** Upload-Metadata under keys that have no meaning to us, as sent. */
    metadata: text("metadata", { mode: "json" }).$type<Record<string, string>>().notNull().default({}),
    createdAtMs: integer("created_at_ms").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
    /** Since when it is in the trash. */
    deletedAtMs: integer("deleted_at_ms"),
    deletedBy: text("deleted_by").$type<UserId>(),
    /** When a file in the trash is removed for good. */
    purgeAtMs: integer("purge_at_ms"),
    /** Since when it is being removed for good: to everybody it is gone, and nothing brings it back. */
    purgingAtMs: integer("purging_at_ms"),
    /** Of the current version, kept here by triggers, so that lists can be filtered and sorted by an index. */
    state: text("state", { enum: VERSION_STATES }).notNull().default("uploading"),
    /** -1 while it isn't known. */
    sizeBytes: integer("size_bytes").notNull().default(-1),
    mimeType: text("mime_type").notNull().default(""),
    fileClass: text("file_class", { enum: FILE_CLASSES }).notNull().default("other"),
    /** In hex; null until it was checked. */
    sha256: text("sha256"),
    /** The name as it is searched and sorted by: `foldName` of the contract. */
    foldedName: text("folded_name").notNull().default(""),
    /** Rowid of its name in `file_search`. */
    searchId: integer("search_id"),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    // What lists are made by. In the wide ones are, after the order, the columns that most filters and searches look
    // at and that seldom change: docs/decisions/0011-lists.md.
    index("files_by_creation")
      .on(t.tenantId, t.createdAtMs, t.id, t.ownerId, t.entityType, t.fileClass, t.foldedName)
      .where(LIVE),
    index("files_by_name")
      .on(t.tenantId, t.foldedName, t.id, t.ownerId, t.entityType, t.fileClass, t.createdAtMs)
      .where(LIVE),
    index("files_by_size")
      .on(t.tenantId, t.sizeBytes, t.id, t.ownerId, t.entityType, t.fileClass, t.createdAtMs, t.foldedName)
      .where(LIVE),
    index("files_by_owner")
      .on(t.tenantId, t.ownerId, t.createdAtMs, t.id, t.entityType, t.fileClass, t.foldedName, t.sizeBytes)
      .where(LIVE),
    index("files_by_entity")
      .on(t.tenantId, t.entityType, t.entityId, t.createdAtMs, t.id)
      .where(sql`${LIVE} AND entity_type IS NOT NULL`),
    // What most files are is in neither of these two: each entry is a row written (docs/decisions/0028-rows-written.md).
    index("files_blocked")
      .on(t.tenantId, t.state, t.createdAtMs, t.id)
      .where(sql`${LIVE} AND state IN ('infected', 'unscannable')`),
    index("files_by_rarer_class")
      .on(t.tenantId, t.fileClass, t.createdAtMs, t.id)
      .where(sql`${LIVE} AND file_class <> 'document'`),
    index("files_by_type").on(t.tenantId, t.mimeType, t.createdAtMs, t.id).where(LIVE),
    // Who may see a file comes before it: a search for bytes reads nothing of what isn't its caller's to see.
    index("files_by_sha256")
      .on(t.tenantId, t.sha256, IS_ATTACHED, t.ownerId, t.createdAtMs, t.id)
      .where(sql`${LIVE} AND sha256 IS NOT NULL`),
    index("files_in_trash")
      .on(t.tenantId, t.deletedAtMs, t.id, t.ownerId, t.entityType, t.fileClass, t.createdAtMs, t.foldedName)
      .where(TRASH),
    index("files_in_trash_by_owner")
      .on(t.tenantId, t.ownerId, t.deletedAtMs, t.id, t.entityType, t.fileClass, t.createdAtMs, t.foldedName)
      .where(TRASH),
    index("files_by_search").on(t.searchId),
    index("files_to_purge")
      .on(t.purgeAtMs)
      .where(sql`purge_at_ms IS NOT NULL`),
    index("files_purging")
      .on(t.purgingAtMs)
      .where(sql`purging_at_ms IS NOT NULL`),
  ],
);

/** What a pass over the bytes may say of them, R65. */
export type Properties = Record<string, string | number | boolean>;

/** The bytes of one version of a file and what is known of them. */
export const fileVersions = sqliteTable(
  "file_versions",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    version: integer("version").notNull(),
    state: text("state", { enum: VERSION_STATES }).notNull(),
    /** The name that this version was uploaded by, exactly as declared. */
    originalFilename: text("original_filename").notNull().default(""),
    uploadedBy: text("uploaded_by").$type<UserId>(),
    declaredType: text("declared_type").notNull(),
    fileClass: text("file_class", { enum: FILE_CLASSES }).notNull().default("other"),
    sniffedType: text("sniffed_type"),
    sizeBytes: integer("size_bytes"),
    /** Key and etag of the stored bytes: null until they are stored. */
    objectKey: text("object_key"),
    etag: text("etag"),
    /** Digests that the client announced and that no one has compared yet: a job that is sent again needs them too. */
    expectedDigests: text("expected_digests", { mode: "json" }).$type<ReprDigests>(),
    sha256: text("sha256"),
    properties: text("properties", { mode: "json" }).$type<Properties>().notNull().default({}),
    createdAtMs: integer("created_at_ms").notNull(),
    storedAtMs: integer("stored_at_ms"),
    /** When the processor was last asked to check it. */
    announcedAtMs: integer("announced_at_ms"),
    /** Since when it is infected or unscannable; null of all others. */
    blockedAtMs: integer("blocked_at_ms"),
    /** When a blocked one is removed for good. */
    purgeAtMs: integer("purge_at_ms"),
    /** Its first verdict, which so takes no row of its own; null of those that have it among `verdicts`. */
    firstVerdict: text("first_verdict", { enum: VERDICTS }),
    firstScannedAtMs: integer("first_scanned_at_ms"),
    firstSignatureName: text("first_signature_name"),
    firstEngine: text("first_engine"),
    firstSignatureVersion: text("first_signature_version"),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.fileId, t.version] }),
    foreignKey({ columns: [t.tenantId, t.fileId], foreignColumns: [files.tenantId, files.id] }).onDelete(
      "cascade",
    ),
    check(
      "file_versions_state",
      sql`${t.state} IN ('uploading', 'quarantined', 'clean', 'infected', 'unscannable')`,
    ),
    index("file_versions_waiting")
      .on(t.announcedAtMs, t.tenantId, t.fileId, t.version)
      .where(sql`state = 'quarantined'`),
    index("file_versions_blocked")
      .on(t.tenantId, t.blockedAtMs, t.fileId, t.version)
      .where(sql`blocked_at_ms IS NOT NULL`),
    index("file_versions_to_purge")
      .on(t.purgeAtMs)
      .where(sql`purge_at_ms IS NOT NULL`),
  ],
);

type VersionColumns = Readonly<Record<"tenantId" | "fileId" | "version", AnySQLiteColumn>>;

/** The key of a row that is about a version, and goes with it. */
export function ofVersion({ tenantId, fileId, version }: VersionColumns) {
  return foreignKey({
    columns: [tenantId, fileId, version],
    foreignColumns: [fileVersions.tenantId, fileVersions.fileId, fileVersions.version],
  }).onDelete("cascade");
}

/**
 * The outbox of removed versions: what their objects' keys begin with, until none of those is there any more. Goes with
 * the file, whose own removal takes all of its objects.
 */
export const objectRemovals = sqliteTable(
  "object_removals",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    version: integer("version").notNull(),
    prefix: text("prefix").notNull(),
    /** When this was last begun: those that came to grief are behind all others. */
    attemptedAtMs: integer("attempted_at_ms").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.fileId, t.version] }),
    index("object_removals_by_attempt").on(t.attemptedAtMs),
    foreignKey({ columns: [t.tenantId, t.fileId], foreignColumns: [files.tenantId, files.id] }).onDelete(
      "cascade",
    ),
  ],
);

export const fileTags = sqliteTable(
  "file_tags",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    tag: text("tag").notNull(),
    /** The file's, so that a tag's files come in their order. */
    fileCreatedAtMs: integer("file_created_at_ms").notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.tag, t.fileId] }),
    // With the tag, which is all that a record shows.
    index("file_tags_by_file").on(t.tenantId, t.fileId, t.tag),
    index("file_tags_by_creation").on(t.tenantId, t.tag, t.fileCreatedAtMs, t.fileId),
    foreignKey({ columns: [t.tenantId, t.fileId], foreignColumns: [files.tenantId, files.id] }).onDelete(
      "cascade",
    ),
  ],
);
