import type { SQL } from "drizzle-orm";
import { and, eq } from "drizzle-orm";
import type { AnySQLiteColumn } from "drizzle-orm/sqlite-core";
import type { FileVersionRef } from "#contract/ids.ts";

/** A table of rows about versions. */
type VersionTable = Readonly<Record<"tenantId" | "fileId" | "version", AnySQLiteColumn>>;

/** The condition that a row is about this version. */
export function isOfVersion(
  table: VersionTable,
  { tenantId, fileId, version }: FileVersionRef,
): SQL | undefined {
  return and(eq(table.tenantId, tenantId), eq(table.fileId, fileId), eq(table.version, version));
}
