import { sql } from "drizzle-orm";
import { isUnanswered } from "./announcements.ts";
import type { Database } from "./database.ts";
import { fileVersions } from "./schema/files.ts";
import { isOfLivingTenant } from "./tenants.ts";

/**
 * Since when the oldest of what each of cron's jobs is to do is due, where there is any: the first of its index. What was begun and came to grief is due since it was last tried.
 * @param reannounceAfterMs how long an announced version is waited for
 */
export async function findOldestDue(
  db: Database,
  reannounceAfterMs: number,
): Promise<readonly (readonly [job: string, sinceMs: number])[]> {
  const [row = {}] = await db.all<Record<string, number | null>>(sql`SELECT
    nullif(min(
      coalesce((SELECT purge_at_ms FROM files WHERE purge_at_ms IS NOT NULL AND deleted_at_ms IS NOT NULL
        AND purging_at_ms IS NULL AND ${isOfLivingTenant("files")} ORDER BY purge_at_ms LIMIT 1), 9e15),
      coalesce((SELECT purging_at_ms FROM files WHERE purging_at_ms IS NOT NULL
        AND ${isOfLivingTenant("files")} ORDER BY purging_at_ms LIMIT 1), 9e15)
    ), 9e15) AS "purge",
    (SELECT v.purge_at_ms FROM file_versions AS v JOIN files ON files.tenant_id = v.tenant_id AND files.id = v.file_id
      WHERE v.purge_at_ms IS NOT NULL AND files.purging_at_ms IS NULL AND ${isOfLivingTenant("files")}
      ORDER BY v.purge_at_ms LIMIT 1) AS "quarantine",
    (SELECT attempted_at_ms FROM object_removals WHERE ${isOfLivingTenant("object_removals")}
      ORDER BY attempted_at_ms LIMIT 1) AS "remove-objects",
    (SELECT check_at_ms FROM quota_reservations WHERE ${isOfLivingTenant("quota_reservations")}
      ORDER BY check_at_ms LIMIT 1) AS "sweep-reservations",
    (SELECT announced_at_ms + ${reannounceAfterMs} FROM ${fileVersions} WHERE ${isUnanswered(db)}
      AND object_key IS NOT NULL ORDER BY announced_at_ms LIMIT 1) AS "reannounce"`);
  return Object.entries(row).flatMap(([job, sinceMs]) => (sinceMs === null ? [] : [[job, sinceMs] as const]));
}
