import type { SQLWrapper } from "drizzle-orm";
import { and, asc, desc, eq, gt, isNotNull, isNull, lte, or, sql } from "drizzle-orm";
import type { FileId, TenantId } from "#contract/ids.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import type { ReplicaFacts, VersionRow } from "./files.ts";
import { countRemovalsByTarget } from "./replica-removals.ts";
import { files, fileVersions } from "./schema/files.ts";
import { derivatives } from "./schema/processing.ts";
import { replicas } from "./schema/replicas.ts";
import { forgetUnchosenCopies } from "./unchosen-copies.ts";

/** Where a list of versions goes on. */
export interface PlaceOfVersion {
  readonly fileId: FileId;
  readonly version: number;
}

/** A tenant's clean versions in the order of their files' ids, but for those of files that are being purged. */
export async function findCleanVersions(
  db: Database,
  tenantId: TenantId,
  after: PlaceOfVersion | undefined,
  limit: number,
): Promise<readonly VersionRow[]> {
  const { fileId, version } = fileVersions;
  const isBehind =
    after && or(gt(fileId, after.fileId), and(eq(fileId, after.fileId), gt(version, after.version)));
  const rows = await db
    .select({ version: fileVersions })
    .from(fileVersions)
    .innerJoin(files, and(eq(files.tenantId, fileVersions.tenantId), eq(files.id, fileId)))
    .where(
      and(
        eq(fileVersions.tenantId, tenantId),
        eq(fileVersions.state, "clean"),
        isNotNull(fileVersions.objectKey),
        isNull(files.purgingAtMs),
        isBehind,
      ),
    )
    .orderBy(asc(fileId), asc(version))
    .limit(limit);
  return rows.map((row) => row.version);
}

/** Copies of versions of a tenant's files. */
export async function findCopiesOf(
  db: Database,
  tenantId: TenantId,
  fileIds: readonly FileId[],
): Promise<readonly ReplicaFacts[]> {
  const ids = JSON.stringify(fileIds);
  return db
    .select()
    .from(replicas)
    .where(
      and(eq(replicas.tenantId, tenantId), sql`${replicas.fileId} IN (SELECT value FROM json_each(${ids}))`),
    )
    .orderBy(asc(replicas.target));
}

/**
 * Wants copies of clean versions at targets where there are none yet, and those at targets that aren't chosen no more; and
 * records that.
 * @param withDerivatives whether what was made of them is wanted too where they are stored without it
 * @returns how many are wanted now that weren't
 */
export async function backfillCopies(
  db: Database,
  tenantId: TenantId,
  versions: readonly PlaceOfVersion[],
  targets: readonly string[],
  withDerivatives: boolean,
  event: AuditEvent,
): Promise<number> {
  const refs = JSON.stringify(versions.map(({ fileId, version }) => [fileId, version]));
  const isAmong = (fileId: unknown, version: unknown) =>
    sql`(${fileId}, ${version}) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${refs}))`;
  const ofVersions = and(
    eq(fileVersions.tenantId, tenantId),
    eq(fileVersions.state, "clean"),
    isAmong(fileVersions.fileId, fileVersions.version),
  );
  const atMs = event.atMs;
  const hasMore = sql`EXISTS (SELECT 1 FROM ${derivatives} WHERE ${derivatives.tenantId} = ${replicas.tenantId}
    AND ${derivatives.fileId} = ${replicas.fileId} AND ${derivatives.version} = ${replicas.version}
    AND ${derivatives.name} NOT LIKE 'page-%')`;
  const [added, , more] = await db.batch([
    db
      .insert(replicas)
      .select(
        sql`SELECT ${fileVersions.tenantId}, ${fileVersions.fileId}, ${fileVersions.version}, wanted.value, 'pending',
          ${fileVersions.objectKey}, coalesce(${fileVersions.sizeBytes}, 0), ${atMs}, ${atMs}, 0, NULL, NULL, ${atMs}, ${atMs}, NULL, NULL, NULL
          FROM ${fileVersions}, json_each(${JSON.stringify(targets)}) AS wanted WHERE ${ofVersions}`,
      )
      .onConflictDoNothing()
      .returning({ version: replicas.version }),
    auditIfChanged(db, event),
    db
      .update(replicas)
      .set({ announceAtMs: atMs, retryAtMs: atMs })
      .where(
        and(
          eq(replicas.tenantId, tenantId),
          isAmong(replicas.fileId, replicas.version),
          sql`${withDerivatives ? 1 : 0} AND ${replicas.state} = 'stored' AND ${replicas.announceAtMs} IS NULL
            AND ${replicas.derivativesAtMs} IS NULL AND ${hasMore}`,
        ),
      )
      .returning({ version: replicas.version }),
    ...forgetUnchosenCopies(db, tenantId, isAmong(replicas.fileId, replicas.version)),
  ]);
  return added.length + more.length;
}

/** Has a tenant's copies that came to nothing tried again now, but for those that somebody is at, and records that. */
export async function hastenCopies(
  db: Database,
  tenantId: TenantId,
  target: string | undefined,
  event: AuditEvent,
): Promise<number> {
  const [hastened] = await db.batch([
    db
      .update(replicas)
      .set({ retryAtMs: event.atMs, announceAtMs: event.atMs })
      .where(
        and(
          eq(replicas.tenantId, tenantId),
          target === undefined ? undefined : eq(replicas.target, target),
          sql`${replicas.tries} > 0 AND ${replicas.announceAtMs} IS NOT NULL AND ${replicas.leaseId} IS NULL`,
        ),
      )
      .returning({ version: replicas.version }),
    auditIfChanged(db, event),
  ]);
  return hastened.length;
}

/**
 * Has copies made now that somebody has found wanting, but for those that somebody is at, and records that. A stored one is
 * stored no more.
 * @returns how many
 */
export async function wantCopiesAgain(
  db: Database,
  tenantId: TenantId,
  target: string,
  versions: readonly PlaceOfVersion[],
  event: AuditEvent,
): Promise<number> {
  const refs = JSON.stringify(versions.map(({ fileId, version }) => [fileId, version]));
  const { atMs } = event;
  const { state, sinceMs, changedAtMs, leaseId, leasedUntilMs } = replicas;
  const ifStored = (then: string | number, otherwise: SQLWrapper) =>
    sql`iif(${state} = 'stored', ${then}, ${otherwise})`;
  const [wanted] = await db.batch([
    db
      .update(replicas)
      .set({
        state: ifStored("pending", state),
        sinceMs: ifStored(atMs, sinceMs),
        changedAtMs: ifStored(atMs, changedAtMs),
        ...{ retryAtMs: atMs, announceAtMs: atMs },
      })
      .where(
        and(
          eq(replicas.tenantId, tenantId),
          eq(replicas.target, target),
          sql`(${replicas.fileId}, ${replicas.version}) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${refs}))`,
          or(isNull(leaseId), lte(leasedUntilMs, atMs)),
        ),
      )
      .returning({ version: replicas.version }),
    auditIfChanged(db, event),
  ]);
  return wanted.length;
}

/** How a tenant's copies stand at a target. */
export interface TargetCounts {
  readonly target: string;
  readonly stored: number;
  readonly pending: number;
  readonly pendingBytes: number;
  readonly failed: number;
  readonly oldestPendingAtMs: number | null;
}

/** Files of which the lag is told. */
const NEWEST_FILES = 500;

/** A tenant's copies at each target, what is owed there, and how long the newest took. */
export async function surveyCopies(db: Database, tenantId: TenantId) {
  const { target, state } = replicas;
  const isWaiting = sql`${state} <> 'stored'`;
  const newest = db
    .select({ id: files.id, version: files.currentVersion })
    .from(files)
    .where(and(eq(files.tenantId, tenantId), isNull(files.deletedAtMs), isNull(files.purgingAtMs)))
    .orderBy(desc(files.createdAtMs), desc(files.id))
    .limit(NEWEST_FILES)
    .as("newest");
  const [counts, removals, lags] = await db.batch([
    db
      .select({
        target,
        stored: sql<number>`sum(${state} = 'stored')`.as("stored"),
        pending: sql<number>`sum(${state} = 'pending')`.as("pending"),
        pendingBytes: sql<number>`sum(iif(${isWaiting}, ${replicas.sizeBytes}, 0))`.as("pending_bytes"),
        failed: sql<number>`sum(${state} = 'failed')`.as("failed"),
        oldestPendingAtMs: sql<number | null>`min(iif(${isWaiting}, ${replicas.sinceMs}, NULL))`.as("oldest"),
      })
      .from(replicas)
      .where(eq(replicas.tenantId, tenantId))
      .groupBy(target),
    countRemovalsByTarget(db, tenantId),
    db
      .select({ target, ms: sql<number>`${replicas.changedAtMs} - ${replicas.sinceMs}`.as("ms") })
      .from(newest)
      .innerJoin(
        replicas,
        and(
          eq(replicas.tenantId, tenantId),
          eq(replicas.fileId, newest.id),
          eq(replicas.version, newest.version),
          eq(state, "stored"),
        ),
      ),
  ]);
  const typed: readonly TargetCounts[] = counts;
  return { counts: typed, removals, lags };
}
