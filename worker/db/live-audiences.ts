import { and, eq, isNull, sql } from "drizzle-orm";
import type { FileId, TenantId, UserId } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import { files, fileVersions } from "./schema/files.ts";
import { isOfLivingTenant } from "./tenants.ts";

/** Whom a file's changes are told. */
export interface Audience {
  readonly fileId: FileId;
  readonly ownerId: UserId;
  /** Who sent the version that it is about, where that is said; of old ones it isn't known. */
  readonly uploadedBy: UserId | null;
  readonly entityType: string | null;
  readonly entityId: string | null;
  readonly isDeleted: boolean;
}

/** Of files that are there, of a tenant that isn't being erased: in no order. */
export async function findAudiences(
  db: Database,
  tenantId: TenantId,
  fileIds: readonly FileId[],
  version?: number,
): Promise<readonly Audience[]> {
  const isSent = and(
    eq(fileVersions.tenantId, files.tenantId),
    eq(fileVersions.fileId, files.id),
    eq(fileVersions.version, sql`${version ?? 0}`),
  );
  return db
    .select({
      fileId: files.id,
      ownerId: files.ownerId,
      uploadedBy: fileVersions.uploadedBy,
      entityType: files.entityType,
      entityId: files.entityId,
      isDeleted: sql<boolean>`${files.deletedAtMs} IS NOT NULL`.mapWith(Boolean),
    })
    .from(files)
    .leftJoin(fileVersions, isSent)
    .where(
      and(
        eq(files.tenantId, tenantId),
        sql`${files.id} IN (SELECT value FROM json_each(${JSON.stringify(fileIds)}))`,
        isNull(files.purgingAtMs),
        isOfLivingTenant("files"),
      ),
    );
}
