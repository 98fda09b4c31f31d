import { and, eq, isNotNull, isNull, sql } from "drizzle-orm";
import type { FileId, FileVersionRef, TenantId } from "#contract/ids.ts";
import type { AuditEvent } from "./audit.ts";
import type { Database } from "./database.ts";
import { files, fileVersions } from "./schema/files.ts";

/**
 * Changes of files are changes of sets of them: one, or two hundred in one batch. Each returns the ids of those that
 * were as the change wants them; the others are as they were.
 */
export interface FileSet {
  readonly tenantId: TenantId;
  readonly fileIds: readonly FileId[];
}

/** What is recorded of every file that is changed. */
export type EventOfEach = Omit<AuditEvent, "fileId" | "version">;

/** One parameter for any number of ids: D1 binds a hundred at most. */
function isAmong({ tenantId, fileIds }: FileSet) {
  const ids = JSON.stringify(fileIds);
  return and(eq(files.tenantId, tenantId), sql`${files.id} IN (SELECT value FROM json_each(${ids}))`);
}

export function isLive(set: FileSet) {
  return and(isAmong(set), isNull(files.deletedAtMs), isNull(files.purgingAtMs));
}

export function isInTrash(set: FileSet) {
  return and(isAmong(set), isNotNull(files.deletedAtMs), isNull(files.purgingAtMs));
}

/** Live or in the trash. */
export function isThere(set: FileSet) {
  return and(isAmong(set), isNull(files.purgingAtMs));
}

export function isPurging(set: FileSet) {
  return and(isAmong(set), isNotNull(files.purgingAtMs));
}

export function idsOf(rows: readonly { readonly id: FileId }[]): readonly FileId[] {
  return rows.map(({ id }) => id);
}

/** Versions of these files whose bytes are still on their way. */
export async function findUnstoredVersions(
  db: Database,
  { tenantId, fileIds }: FileSet,
): Promise<readonly FileVersionRef[]> {
  const ids = JSON.stringify(fileIds);
  return db
    .select({ tenantId: fileVersions.tenantId, fileId: fileVersions.fileId, version: fileVersions.version })
    .from(fileVersions)
    .where(
      and(
        eq(fileVersions.tenantId, tenantId),
        sql`${fileVersions.fileId} IN (SELECT value FROM json_each(${ids}))`,
        eq(fileVersions.state, "uploading"),
      ),
    );
}
