import { sql } from "drizzle-orm";
import {
  check,
  foreignKey,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import type { AuditDetail } from "../contract/audit.ts";
import { ACTOR_KINDS } from "../contract/audit.ts";
import { FILE_CLASSES } from "../contract/file-types.ts";
import type { ErasureId, FileId, ShareLinkId, TenantId, UserId } from "../contract/ids.ts";
import type { ReprDigests } from "../contract/jobs.ts";
import { SHARE_PERMISSIONS } from "../contract/sharing.ts";
import type { TenantSettings } from "../contract/tenants.ts";

const tenantId = () => text("tenant_id").$type<TenantId>().notNull();
const fileId = () => text("file_id").$type<FileId>().notNull();

export const VERSION_STATES = ["uploading", "quarantined", "clean", "infected", "unscannable"] as const;

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
    /** Of a partial upload: the final one that it was joined to. Free again where that one has no reservation. */
    finalId: text("final_id").$type<FileId>(),
    finalVersion: integer("final_version"),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.fileId, t.version] }),
    index("quota_reservations_to_check").on(t.checkAtMs),
  ],
);

/** Files that are listed, and those listed in the trash. One that is being removed for good is in neither. */
const LIVE = sql`deleted_at_ms IS NULL AND purging_at_ms IS NULL`;
const TRASH = sql`deleted_at_ms IS NOT NULL AND purging_at_ms IS NULL`;

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
    /** The name as it is searched and sorted by: `foldName` of the contract. */
    foldedName: text("folded_name").notNull().default(""),
    /** Rowid of its name in `file_search`; given by a trigger. */
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
    index("files_by_state").on(t.tenantId, t.state, t.createdAtMs, t.id).where(LIVE),
    index("files_by_class").on(t.tenantId, t.fileClass, t.createdAtMs, t.id).where(LIVE),
    index("files_by_type").on(t.tenantId, t.mimeType, t.createdAtMs, t.id).where(LIVE),
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
      .on(t.announcedAtMs)
      .where(sql`state = 'quarantined'`),
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

/** A fact: what an engine said of a version at a time. The newest decides the version's state. */
export const verdicts = sqliteTable(
  "verdicts",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    version: integer("version").notNull(),
    scannedAtMs: integer("scanned_at_ms").notNull(),
    verdict: text("verdict", { enum: ["clean", "infected", "unscannable"] }).notNull(),
    signatureName: text("signature_name"),
    engine: text("engine").notNull(),
    signatureVersion: text("signature_version").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.fileId, t.version, t.scannedAtMs] }),
    foreignKey({
      columns: [t.tenantId, t.fileId, t.version],
      foreignColumns: [fileVersions.tenantId, fileVersions.fileId, fileVersions.version],
    }).onDelete("cascade"),
    check("verdicts_verdict", sql`${t.verdict} IN ('clean', 'infected', 'unscannable')`),
  ],
);

export const derivatives = sqliteTable(
  "derivatives",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    version: integer("version").notNull(),
    name: text("name", { enum: ["thumbnail", "optimized", "preview", "poster"] }).notNull(),
    objectKey: text("object_key").notNull(),
    mimeType: text("mime_type").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    width: integer("width"),
    height: integer("height"),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.fileId, t.version, t.name] }),
    foreignKey({
      columns: [t.tenantId, t.fileId, t.version],
      foreignColumns: [fileVersions.tenantId, fileVersions.fileId, fileVersions.version],
    }).onDelete("cascade"),
    check("derivatives_name", sql`${t.name} IN ('thumbnail', 'optimized', 'preview', 'poster')`),
  ],
);

/** A file shared with a user of its tenant; each permission includes the ones before it. */
export const shares = sqliteTable(
  "shares",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    userId: text("user_id").$type<UserId>().notNull(),
    permission: text("permission", { enum: SHARE_PERMISSIONS }).notNull(),
    sharedBy: text("shared_by").$type<UserId>().notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms"),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.fileId, t.userId] }),
    index("shares_by_user").on(t.tenantId, t.userId, t.createdAtMs, t.fileId),
    foreignKey({ columns: [t.tenantId, t.fileId], foreignColumns: [files.tenantId, files.id] }).onDelete(
      "cascade",
    ),
    check("shares_permission", sql`${t.permission} IN ('view', 'download', 'delete')`),
  ],
);

/** A public page for one file, for whoever has its address. */
export const shareLinks = sqliteTable(
  "share_links",
  {
    tenantId: tenantId(),
    id: text("id").$type<ShareLinkId>().notNull(),
    fileId: fileId(),
    createdBy: text("created_by").$type<UserId>().notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms"),
    revokedAtMs: integer("revoked_at_ms"),
    /** scrypt's parameters, salt and hash as one text; null without a password. */
    passwordHash: text("password_hash"),
    maxDownloads: integer("max_downloads"),
    downloads: integer("downloads").notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index("share_links_by_file").on(t.tenantId, t.fileId, t.createdAtMs),
    foreignKey({ columns: [t.tenantId, t.fileId], foreignColumns: [files.tenantId, files.id] }).onDelete(
      "cascade",
    ),
  ],
);

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

/** An object's key and size. */
export interface PendingObject {
  readonly key: string;
  readonly sizeBytes: number;
}

/** The erasure of all that a tenant had, and its proof. Stays when all else is gone. */
export const erasures = sqliteTable(
  "erasures",
  {
    tenantId: tenantId(),
    id: text("id").$type<ErasureId>().notNull(),
    requestedBy: text("requested_by").notNull(),
    reason: text("reason"),
    startedAtMs: integer("started_at_ms").notNull(),
    /** Since when nothing has been found any more; what may still land late is waited for from here. */
    emptyAtMs: integer("empty_at_ms"),
    finishedAtMs: integer("finished_at_ms"),
    /** What was removed so far. */
    files: integer("files").notNull().default(0),
    versions: integer("versions").notNull().default(0),
    objects: integer("objects").notNull().default(0),
    bytes: integer("bytes").notNull().default(0),
    /** SHA-256, chained over the keys of removed objects and the ids of removed files in the order of removal. */
    digest: text("digest").notNull(),
    /** Objects that are about to be removed and aren't counted yet: written down first, so that none counts twice. */
    pending: text("pending", { mode: "json" }).$type<readonly PendingObject[]>(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
);

/** The newest sign of life of each processor; `/health` is made of it. */
export const processorHeartbeats = sqliteTable("processor_heartbeats", {
  processorId: text("processor_id").primaryKey(),
  atMs: integer("at_ms").notNull(),
  scanner: text("scanner", { enum: ["ok", "down"] }).notNull(),
  scannerDetail: text("scanner_detail").notNull(),
  signatureVersion: text("signature_version"),
  queue: text("queue", { enum: ["ok", "down"] }).notNull(),
});
