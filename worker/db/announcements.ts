import type { SQL } from "drizzle-orm";
import { and, eq, isNotNull, lt, notExists, sql } from "drizzle-orm";
import type { FileVersionRef } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import type { VersionRow } from "./files.ts";
import { fileVersions } from "./schema/files.ts";
import { failedJobs } from "./schema/processing.ts";

/** The condition that a version waits for its first verdict, and its job hasn't failed for good: it is done, or lost. */
export function isUnanswered(db: Database): SQL | undefined {
  const itsFailure = db
    .select({ one: sql`1` })
    .from(failedJobs)
    .where(
      and(
        eq(failedJobs.tenantId, fileVersions.tenantId),
        eq(failedJobs.fileId, fileVersions.fileId),
        eq(failedJobs.version, fileVersions.version),
      ),
    );
  return and(sql`${fileVersions.state} = 'quarantined'`, notExists(itsFailure));
}

/**
 * Takes on versions that wait for their first verdict and were last announced before `beforeMs`, the oldest first, and puts
 * them behind others: as though they had been announced at `takenMs`.
 */
export async function takeUnansweredVersions(
  db: Database,
  beforeMs: number,
  takenMs: number,
  limit: number,
): Promise<readonly VersionRow[]> {
  const isDue = and(
    isUnanswered(db),
    lt(fileVersions.announcedAtMs, beforeMs),
    isNotNull(fileVersions.objectKey),
  );
  const due = sql`SELECT tenant_id, file_id, version FROM ${fileVersions} WHERE ${isDue}
    ORDER BY ${fileVersions.announcedAtMs} LIMIT ${limit}`;
  return db
    .update(fileVersions)
    .set({ announcedAtMs: takenMs })
    .where(sql`(tenant_id, file_id, version) IN (${due})`)
    .returning();
}

/** Writes down that the jobs of some versions, whosever they are, were announced. */
export async function markVersionsAnnounced(
  db: Database,
  versions: readonly FileVersionRef[],
  nowMs: number,
): Promise<void> {
  // One parameter for any number of them: D1 binds a hundred at most.
  const refs = JSON.stringify(versions.map((each) => [each.tenantId, each.fileId, each.version]));
  await db
    .update(fileVersions)
    .set({ announcedAtMs: nowMs })
    .where(
      sql`(tenant_id, file_id, version)
        IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(${refs}))`,
    );
}
