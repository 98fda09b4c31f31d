import { and, eq, sql } from "drizzle-orm";
import type { FileId, TenantId } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import { insertTags } from "./file-changes.ts";
import { files } from "./schema/files.ts";

/** What is declared of a file beside its name and type; what is undefined isn't said. */
export interface UploadDetails {
  readonly entityType: string | undefined;
  readonly entityId: string | undefined;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Adds details to a file's record. Doing it again changes nothing. */
export async function addDetails(
  db: Database,
  { tenantId, fileId }: { readonly tenantId: TenantId; readonly fileId: FileId },
  { entityType, entityId, tags, metadata }: UploadDetails,
): Promise<void> {
  const isFile = and(eq(files.tenantId, tenantId), eq(files.id, fileId));
  await db.batch([
    db
      .update(files)
      .set({
        ...(entityType === undefined ? {} : { entityType }),
        ...(entityId === undefined ? {} : { entityId }),
        metadata: sql`json_patch(${files.metadata}, ${JSON.stringify(metadata)})`,
      })
      .where(isFile),
    insertTags(db, tags, isFile),
  ]);
}
