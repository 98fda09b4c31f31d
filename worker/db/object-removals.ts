import type { SQL } from "drizzle-orm";
import { and, eq, notExists, sql } from "drizzle-orm";
import type { FileVersionRef } from "#contract/ids.ts";
import { versionPrefix } from "#contract/keys.ts";
import type { Database } from "./database.ts";
import { fileVersions, objectRemovals } from "./schema/files.ts";
import { selectRow } from "./select-row.ts";
import { isOfLivingTenant } from "./tenants.ts";

/** Objects of a version that was removed. */
export type ObjectRemoval = Omit<typeof objectRemovals.$inferSelect, "attemptedAtMs">;

/**
 * The statement that writes down that a version's objects are to be removed, if its row is as `condition` says: the one by
 * which it is about to be deleted. It belongs in front of that, into the same batch.
 */
export function objectRemovalOf(
  db: Database,
  ref: FileVersionRef,
  condition: SQL | undefined,
  nowMs: number,
) {
  const row = selectRow(objectRemovals, { ...ref, prefix: versionPrefix(ref), attemptedAtMs: nowMs });
  return db.insert(objectRemovals).select(sql`${row} FROM ${fileVersions} WHERE ${condition}`);
}

/**
 * Takes on removals of any tenant, those first that were longest not attempted, and puts them behind all others: so they
 * are where they belong if they come to grief, even by a crash. Never those of a version that there is.
 */
export async function takeObjectRemovals(
  db: Database,
  nowMs: number,
  limit: number,
): Promise<readonly ObjectRemoval[]> {
  const { tenantId, fileId, version, prefix, attemptedAtMs } = objectRemovals;
  const itsVersion = db
    .select({ one: sql`1` })
    .from(fileVersions)
    .where(
      and(
        eq(fileVersions.tenantId, tenantId),
        eq(fileVersions.fileId, fileId),
        eq(fileVersions.version, version),
      ),
    );
  const isDue = and(notExists(itsVersion), isOfLivingTenant("object_removals"));
  const next = sql`SELECT rowid FROM ${objectRemovals} WHERE ${isDue}
    ORDER BY ${attemptedAtMs} LIMIT ${limit}`;
  return db
    .update(objectRemovals)
    .set({ attemptedAtMs: nowMs })
    .where(sql`rowid IN (${next})`)
    .returning({ tenantId, fileId, version, prefix });
}

/** Forgets removals of which nothing is left to do. */
export async function deleteObjectRemovals(db: Database, removals: readonly ObjectRemoval[]): Promise<void> {
  const { tenantId, fileId, version } = objectRemovals;
  // One parameter for any number of them: D1 binds a hundred at most.
  const done = JSON.stringify(removals.map((each) => [each.tenantId, each.fileId, each.version]));
  await db.delete(objectRemovals).where(
    sql`(${tenantId}, ${fileId}, ${version})
          IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(${done}))`,
  );
}
