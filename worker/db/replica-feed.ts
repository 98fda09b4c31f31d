import { and, asc, eq, lte, sql } from "drizzle-orm";
import type { ReplicaLag } from "#contract/replicas.ts";
import type { Database } from "./database.ts";
import type { VersionRow } from "./files.ts";
import { countRemovalsByTarget } from "./replica-removals.ts";
import { fileVersions } from "./schema/files.ts";
import { replicaLags, replicas } from "./schema/replicas.ts";

/** A version whose copies are due, as far as a job needs it. */
export type VersionToCopy = Pick<
  VersionRow,
  "tenantId" | "fileId" | "version" | "objectKey" | "etag" | "sizeBytes"
>;

/**
 * Takes on versions of any tenant with copies that are due at these targets, those first that are longest due, and puts
 * them off: should their job be lost, it is sent again then. A version's due copies are taken together, as its one job makes
 * them all.
 * @param limit of versions
 */
export async function takeDueCopies(
  db: Database,
  targets: readonly string[],
  nowMs: number,
  nextAtMs: number,
  limit: number,
): Promise<readonly VersionToCopy[]> {
  const isAt = sql`${replicas.target} IN (SELECT value FROM json_each(${JSON.stringify(targets)}))`;
  const ids = sql`tenant_id, file_id, version`;
  // No more is read of what is due than so many versions can have.
  const due = sql`SELECT rowid, ${ids}, announce_at_ms FROM ${replicas}
    WHERE ${lte(replicas.announceAtMs, nowMs)} AND ${isAt} ORDER BY announce_at_ms LIMIT ${limit * targets.length}`;
  const chosen = sql`WITH due AS (${due}) SELECT rowid FROM due WHERE (${ids}) IN
    (SELECT ${ids} FROM due GROUP BY ${ids} ORDER BY min(announce_at_ms) LIMIT ${limit})`;
  const taken = await db
    .update(replicas)
    .set({ announceAtMs: nextAtMs })
    .where(sql`rowid IN (${chosen})`)
    .returning({ tenantId: replicas.tenantId, fileId: replicas.fileId, version: replicas.version });
  if (taken.length === 0) return [];
  const refs = JSON.stringify(taken.map(({ tenantId, fileId, version }) => [tenantId, fileId, version]));
  const { tenantId, fileId, version, objectKey, etag, sizeBytes } = fileVersions;
  return db
    .select({ tenantId, fileId, version, objectKey, etag, sizeBytes })
    .from(fileVersions)
    .where(
      and(
        sql`(${tenantId}, ${fileId}, ${version})
          IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(${refs}))`,
        eq(fileVersions.state, "clean"),
      ),
    );
}

/** How far each target is behind with a database's tenants. */
export async function measureLag(db: Database): Promise<readonly ReplicaLag[]> {
  const { target, state, sizeBytes, sinceMs } = replicas;
  const [waiting, owed] = await db.batch([
    db
      .select({
        target,
        pending: sql<number>`sum(${state} = 'pending')`.as("pending"),
        pendingBytes: sql<number>`sum(${sizeBytes})`.as("pending_bytes"),
        failed: sql<number>`sum(${state} = 'failed')`.as("failed"),
        oldestPendingAtMs: sql<number>`min(${sinceMs})`.as("oldest_pending_at_ms"),
      })
      .from(replicas)
      // By its index: what has nothing to do isn't read.
      .where(sql`announce_at_ms IS NOT NULL AND ${state} <> 'stored'`)
      .groupBy(target),
    countRemovalsByTarget(db),
  ]);
  const names = new Set([...waiting, ...owed].map((row) => row.target));
  return [...names].map((name) => ({
    ...{ pending: 0, pendingBytes: 0, failed: 0, oldestPendingAtMs: null },
    ...{ removals: 0, oldestRemovalAtMs: null },
    ...waiting.find((row) => row.target === name),
    ...owed.find((row) => row.target === name),
    target: name,
  }));
}

/** Keeps how far targets are behind, and forgets those that there aren't any more. */
export async function replaceLags(db: Database, lags: readonly ReplicaLag[], nowMs: number): Promise<void> {
  const forget = db
    .delete(replicaLags)
    .where(
      sql`${replicaLags.target} NOT IN (SELECT value FROM json_each(${JSON.stringify(lags.map((lag) => lag.target))}))`,
    );
  const keep = lags.map((lag) => {
    const row = { ...lag, countedAtMs: nowMs };
    return db.insert(replicaLags).values(row).onConflictDoUpdate({ target: replicaLags.target, set: row });
  });
  await db.batch([forget, ...keep]);
}

/** How far each target was behind when that was last counted. */
export async function findLags(db: Database): Promise<readonly ReplicaLag[]> {
  const rows = await db.select().from(replicaLags).orderBy(asc(replicaLags.target));
  return rows.map(({ countedAtMs: _at, ...lag }) => lag);
}
