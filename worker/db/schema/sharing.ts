import { sql } from "drizzle-orm";
import { check, foreignKey, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { ShareLinkId, UserId } from "../../contract/ids.ts";
import { SHARE_PERMISSIONS } from "../../contract/sharing.ts";
import { fileId, tenantId } from "./columns.ts";
import { files } from "./files.ts";

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
