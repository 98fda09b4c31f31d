import type { SQL } from "drizzle-orm";
import { and, asc, desc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { FileId, FileVersionRef, TenantId } from "#contract/ids.ts";
import type { FailedJobReport } from "#contract/reports.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import type { FileRow, VersionRow } from "./files.ts";
import { isVersion } from "./files.ts";
import { isOfVersion } from "./of-version.ts";
import { files, fileVersions } from "./schema/files.ts";
import { failedJobs } from "./schema/processing.ts";
import { selectRow } from "./select-row.ts";

export type FailedJobRow = typeof failedJobs.$inferSelect;

export interface FailedJobOfVersion {
  readonly job: FailedJobRow;
  readonly version: VersionRow;
  readonly filename: FileRow["filename"];
}

/**
 * Keeps that a version's job failed, in the place of an earlier time. False where the version isn't there, has other
 * bytes, or waits for nothing.
 */
export async function upsertFailedJob(
  db: Database,
  report: FailedJobReport,
  nowMs: number,
): Promise<boolean> {
  const { tenantId, fileId, version, code, detail, attempts, etag, sizeBytes } = report;
  const facts = { code, detail, attempts, failedAtMs: nowMs };
  const row = selectRow(failedJobs, { tenantId, fileId, version, ...facts });
  const isWaiting = and(
    isVersion(report),
    eq(fileVersions.etag, etag),
    eq(fileVersions.sizeBytes, sizeBytes),
    inArray(fileVersions.state, ["quarantined", "clean"]),
  );
  const kept = await db
    .insert(failedJobs)
    .select(sql`${row} FROM ${fileVersions} WHERE ${isWaiting}`)
    .onConflictDoUpdate({
      target: [failedJobs.tenantId, failedJobs.fileId, failedJobs.version],
      set: facts,
    })
    .returning({ version: failedJobs.version });
  return kept.length > 0;
}

/** The statement that forgets that a version's job failed: it got on. */
export function forgetFailedJob(db: Database, ref: FileVersionRef) {
  return db.delete(failedJobs).where(isOfVersion(failedJobs, ref));
}

/** A place in a list of versions by a time. */
export interface VersionPlace {
  readonly atMs: number;
  readonly fileId: FileId;
  readonly version: number;
}

function select(db: Database) {
  return db
    .select({ job: failedJobs, version: fileVersions, filename: files.filename })
    .from(failedJobs)
    .innerJoin(
      fileVersions,
      and(
        eq(fileVersions.tenantId, failedJobs.tenantId),
        eq(fileVersions.fileId, failedJobs.fileId),
        eq(fileVersions.version, failedJobs.version),
      ),
    )
    .innerJoin(files, and(eq(files.tenantId, failedJobs.tenantId), eq(files.id, failedJobs.fileId)));
}

function isOfTenant(tenantId: TenantId, more?: SQL): SQL | undefined {
  return and(eq(failedJobs.tenantId, tenantId), isNull(files.purgingAtMs), more);
}

/** A tenant's failed jobs, the newest first. */
export async function findFailedJobs(
  db: Database,
  tenantId: TenantId,
  after: VersionPlace | undefined,
  limit: number,
): Promise<readonly FailedJobOfVersion[]> {
  const { failedAtMs, fileId, version } = failedJobs;
  const isBehind =
    after && sql`(${failedAtMs}, ${fileId}, ${version}) < (${after.atMs}, ${after.fileId}, ${after.version})`;
  return select(db)
    .where(isOfTenant(tenantId, isBehind))
    .orderBy(desc(failedAtMs), desc(fileId), desc(version))
    .limit(limit);
}

/** Some of a tenant's failed jobs, the oldest first, or that of one version. */
export async function findJobsToRetry(
  db: Database,
  tenantId: TenantId,
  ref: FileVersionRef | undefined,
  limit: number,
): Promise<readonly FailedJobOfVersion[]> {
  const isRef = ref && and(eq(failedJobs.fileId, ref.fileId), eq(failedJobs.version, ref.version));
  return select(db).where(isOfTenant(tenantId, isRef)).orderBy(asc(failedJobs.failedAtMs)).limit(limit);
}

/**
 * Forgets jobs that are tried again, but for one that has failed anew since it was read, and records that. Their versions
 * count as announced now.
 */
export async function deleteRetriedJobs(
  db: Database,
  tenantId: TenantId,
  jobs: readonly FailedJobRow[],
  event: AuditEvent,
): Promise<void> {
  const refs = JSON.stringify(jobs.map(({ fileId, version, failedAtMs }) => [fileId, version, failedAtMs]));
  const read = sql`(SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(${refs}))`;
  const isOfJobs = sql`(${fileVersions.fileId}, ${fileVersions.version}) IN
    (SELECT value ->> 0, value ->> 1 FROM json_each(${refs}))`;
  await db.batch([
    db
      .update(fileVersions)
      .set({ announcedAtMs: event.atMs })
      .where(and(eq(fileVersions.tenantId, tenantId), isOfJobs)),
    db
      .delete(failedJobs)
      .where(
        and(
          eq(failedJobs.tenantId, tenantId),
          sql`(${failedJobs.fileId}, ${failedJobs.version}, ${failedJobs.failedAtMs}) IN ${read}`,
        ),
      ),
    auditIfChanged(db, event),
  ]);
}

/** How many of a tenant's jobs have failed. */
export async function countFailedJobs(db: Database, tenantId: TenantId): Promise<number> {
  return db.$count(failedJobs, eq(failedJobs.tenantId, tenantId));
}
