import type { WorkerAlone } from "./worker-alone.ts";

type D1 = ReturnType<WorkerAlone["openDatabase"]>;

/** Every table whose rows are a tenant's, but for that of what is owed at replica targets: a processor empties it. */
export const TENANT_TABLES = [
  "tenants",
  "files",
  "file_versions",
  "object_removals",
  "file_tags",
  "verdicts",
  "derivatives",
  "missing_derivatives",
  "failed_jobs",
  "replicas",
  "rescan_jobs",
  "rescans",
  "recounts",
  "recount_ranges",
  "shares",
  "share_links",
  "quota_reservations",
  "audit_events",
  "audit_log",
  "audit_archives",
  "idempotency_keys",
] as const;

/** How many rows of each table are a tenant's. */
export async function countTenantRows(database: D1, tenantId: string): Promise<Record<string, number>> {
  const counts: [string, number][] = [];
  for (const table of TENANT_TABLES) {
    const statement = database.prepare(`SELECT count(*) AS n FROM ${table} WHERE tenant_id = ?`);
    counts.push([table, Number((await statement.bind(tenantId).first("n")) ?? 0)]);
  }
  return Object.fromEntries(counts);
}

/** Says of a stored version what a processor would: that it is clean, with this SHA-256. */
export async function markClean(database: D1, fileId: string, sha256: string): Promise<void> {
  await database
    .prepare(
      "UPDATE file_versions SET state = 'clean', sha256 = ? WHERE file_id = ? AND state = 'quarantined'",
    )
    .bind(sha256, fileId)
    .run();
}

/** Gives a file a row of everything that can be about one. */
export async function addRowsAbout(database: D1, tenantId: string, fileId: string): Promise<void> {
  const run = (sql: string) => database.prepare(sql).bind(tenantId, fileId);
  await database.batch([
    run(
      "INSERT INTO verdicts VALUES (?, ?, 1, 1000, 'clean', NULL, 'ClamAV', '1', NULL, NULL) ON CONFLICT DO NOTHING",
    ),
    run("INSERT INTO derivatives VALUES (?, ?, 1, 'thumbnail', 'unused', 'image/webp', 3, 1, 2, 1000)"),
    run(
      "INSERT INTO missing_derivatives VALUES (?, ?, 1, 'preview', 'failed', 'It took too long.', 1, 1000)",
    ),
    run("INSERT INTO failed_jobs VALUES (?, ?, 1, 'INTERNAL', 'It did not get on.', 5, 1000)"),
    run(
      `INSERT INTO replicas (tenant_id, file_id, version, target, state, object_key, size_bytes, since_ms, changed_at_ms, retry_at_ms)
       VALUES (?, ?, 1, 'near', 'stored', 'unused', 3, 1000, 1000, 1000)`,
    ),
    run("INSERT INTO rescan_jobs VALUES (?, ?, 1, 'r', 1000, 1)"),
    run(
      `INSERT INTO rescans (tenant_id, id, file_id, requested_by, created_at_ms, is_sent, fed_at_ms, files_total)
       VALUES (?1, substr(?2, 1, 25) || 'z', ?2, 'boss', 1000, 1, 1000, 1)`,
    ),
    run(
      "INSERT INTO recounts (tenant_id, requested_by, requested_at_ms, cursor, finished_at_ms) SELECT ?1, '{}', 1, ?2, 2 WHERE true ON CONFLICT DO NOTHING",
    ),
    run("INSERT INTO recount_ranges VALUES (?1, '', ?2, 1, 1, 0, 0, 0, 0)"),
    run("INSERT INTO shares VALUES (?, ?, 'bob', 'download', 'ann', 1000, NULL)"),
    run(
      `INSERT INTO share_links (tenant_id, id, file_id, created_by, created_at_ms, password_hash)
       SELECT ?1, substr(?2, 1, 25) || 'z', ?2, 'ann', 1000, 'scrypt$secret'`,
    ),
    run(
      "INSERT INTO quota_reservations (tenant_id, file_id, version, reserved_bytes, created_at_ms, check_at_ms) VALUES (?, ?, 1, 5, 1000, 9000000000000)",
    ),
    run(
      "INSERT INTO idempotency_keys (tenant_id, key_hash, fingerprint, begun_at_ms) VALUES (?, ?, 'f', 1000)",
    ),
    // Of a version that there is: cron leaves it alone.
    run("INSERT INTO object_removals SELECT ?1, ?2, 1, 't/' || ?1 || '/' || ?2 || '/1/', 1000"),
  ]);
}

/** Digits of base 36 that the old ids of events begin with: of their time. */
const TIME_DIGITS = 11;

/**
 * Gives a tenant what is left of an older trail: an archive, whose object isn't there, and an event of before there was the
 * log, which its trigger would have there. That isn't old enough for the cron to archive it.
 */
export async function addOldTrail(database: D1, tenantId: string, fileId: string): Promise<void> {
  const nowMs = Date.now();
  const kept = "SELECT sql FROM sqlite_master WHERE name = 'audit_events_inserting'";
  const trigger = await database.prepare(kept).first<string>("sql");
  if (trigger === null) throw new Error("There is no such trigger.");
  const insert = `INSERT INTO audit_events (tenant_id, id, at_ms, action, actor_id, actor_kind, file_id)
    VALUES (?1, ?3 || lower(hex(randomblob(8))), ?4, 'file.created', 'ann', 'member', ?2)`;
  const archive = `INSERT INTO audit_archives SELECT ?1, '2020-01-01', 1, 't/' || ?1 || '/audit/none', '', '', 0, 1, ?2, 1000
    WHERE true ON CONFLICT DO NOTHING`;
  await database.batch([
    database.prepare(archive).bind(tenantId, fileId),
    database.prepare("DROP TRIGGER audit_events_inserting"),
    database.prepare(insert).bind(tenantId, fileId, nowMs.toString(36).padStart(TIME_DIGITS, "0"), nowMs),
    database.prepare(trigger),
  ]);
}
