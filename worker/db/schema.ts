import { sql } from "drizzle-orm";
import { check, foreignKey, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { FileId, TenantId, UserId } from "#contract/ids.ts";
import type { ReprDigests } from "#contract/jobs.ts";

const tenantId = () => text("tenant_id").$type<TenantId>().notNull();
const fileId = () => text("file_id").$type<FileId>().notNull();

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
    entityType: text("entity_type"),
    entityId: text("entity_id"),
    /** Upload-Metadata under keys that have no meaning to us, as sent. */
    metadata: text("metadata", { mode: "json" }).$type<Record<string, string>>().notNull().default({}),
    createdAtMs: integer("created_at_ms").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
    deletedAtMs: integer("deleted_at_ms"),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index("files_by_creation")
      .on(t.tenantId, t.createdAtMs, t.id)
      .where(sql`deleted_at_ms IS NULL`),
    index("files_by_owner")
      .on(t.tenantId, t.ownerId, t.createdAtMs, t.id)
      .where(sql`deleted_at_ms IS NULL`),
    index("files_by_entity")
      .on(t.tenantId, t.entityType, t.entityId, t.createdAtMs, t.id)
      .where(sql`deleted_at_ms IS NULL`),
  ],
);

export const VERSION_STATES = ["uploading", "quarantined", "clean", "infected", "unscannable"] as const;

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
    declaredType: text("declared_type").notNull(),
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
  { tenantId: tenantId(), fileId: fileId(), tag: text("tag").notNull() },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.tag, t.fileId] }),
    index("file_tags_by_file").on(t.tenantId, t.fileId),
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

/** The newest sign of life of each processor; `/health` is made of it. */
export const processorHeartbeats = sqliteTable("processor_heartbeats", {
  processorId: text("processor_id").primaryKey(),
  atMs: integer("at_ms").notNull(),
  scanner: text("scanner", { enum: ["ok", "down"] }).notNull(),
  scannerDetail: text("scanner_detail").notNull(),
  signatureVersion: text("signature_version"),
  queue: text("queue", { enum: ["ok", "down"] }).notNull(),
});
