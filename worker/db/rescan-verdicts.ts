import type { SQL } from "drizzle-orm";
import { and, desc, eq, lte, ne, sql } from "drizzle-orm";
import type { FileVersionRef } from "#contract/ids.ts";
import type { VerdictReport } from "#contract/reports.ts";
import { REPORT_TOLERANCE_SECONDS } from "#contract/reports.ts";
import { signatureNumberOf } from "#contract/rescans.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import type { VerdictRow } from "./files.ts";
import { isVersion } from "./files.ts";
import { isOfVersion } from "./of-version.ts";
import { propertiesBy, purgeTimeOf } from "./reports.ts";
import { files, fileVersions } from "./schema/files.ts";
import { derivatives, failedJobs, laterVerdicts, missingDerivatives, verdicts } from "./schema/processing.ts";
import { rescanJobs, rescans } from "./schema/rescans.ts";
import { selectRow } from "./select-row.ts";

/** By so much the clock of a processor may differ from the worker's. */
const CLOCK_TOLERANCE_MS = REPORT_TOLERANCE_SECONDS * 1000;

/**
 * The condition that a verdict answers a rescan that awaits one on its version: it is of a scan since that was asked for,
 * by signatures as new as that wants. A late copy of another job may have been scanned long before.
 */
function isAnsweredBy(report: VerdictReport) {
  const { tenantId, scannedAtMs, signatureVersion } = report;
  const isServed = sql`${rescanJobs.rescanId} IN (SELECT ${rescans.id} FROM ${rescans} WHERE ${rescans.tenantId} = ${tenantId}
    AND (${rescans.olderThan} IS NULL OR ${rescans.olderThan} <= ${signatureNumberOf(signatureVersion)}))`;
  return and(
    isOfVersion(rescanJobs, report),
    lte(rescanJobs.sentAtMs, scannedAtMs + CLOCK_TOLERANCE_MS),
    isServed,
  );
}

export async function findNewestVerdict(db: Database, ref: FileVersionRef): Promise<VerdictRow | undefined> {
  const [found] = await db
    .select()
    .from(verdicts)
    .where(isOfVersion(verdicts, ref))
    .orderBy(desc(verdicts.scannedAtMs))
    .limit(1);
  return found;
}

/**
 * The statements that count an answer for every rescan whose wait `isEnded` describes, which awaits no other. They come
 * after those that look at its row.
 */
function answered(
  db: Database,
  { tenantId }: FileVersionRef,
  what: "scanned" | "found" | "failed",
  isEnded: SQL | undefined,
) {
  const itsRescan = sql`${rescans.id} IN (SELECT ${rescanJobs.rescanId} FROM ${rescanJobs} WHERE ${isEnded})`;
  return [
    db
      .update(rescans)
      .set({
        ...(what === "failed"
          ? { failed: sql`${rescans.failed} + 1` }
          : { scanned: sql`${rescans.scanned} + 1` }),
        ...(what === "found" ? { found: sql`${rescans.found} + 1` } : {}),
      })
      .where(and(eq(rescans.tenantId, tenantId), itsRescan)),
    db.delete(rescanJobs).where(isEnded),
  ] as const;
}

/** Counts that a version could not be scanned again; it is what it was. */
export async function failRescanJob(db: Database, ref: FileVersionRef): Promise<void> {
  await db.batch([...answered(db, ref, "failed", isOfVersion(rescanJobs, ref))]);
}

/** Counts that a version was scanned again, without keeping what was said of it: a person's word stands against it. */
export async function keepRescanned(db: Database, report: VerdictReport): Promise<void> {
  await db.batch([...answered(db, report, "scanned", isAnsweredBy(report))]);
}

/** The condition that a version is clean, has the bytes that a verdict is about, and this is awaited. */
function isRescanned(report: VerdictReport) {
  return and(
    isVersion(report),
    eq(fileVersions.etag, report.etag),
    eq(fileVersions.state, "clean"),
    sql`EXISTS (SELECT 1 FROM ${rescanJobs} WHERE ${isAnsweredBy(report)})`,
  );
}

function insertion(db: Database, report: VerdictReport) {
  const { tenantId, fileId, version, scannedAtMs, verdict, signatureName, engine, signatureVersion } = report;
  const facts = { scannedAtMs, verdict, signatureName, engine, signatureVersion };
  const row = selectRow(laterVerdicts, { tenantId, fileId, version, ...facts });
  return db
    .insert(laterVerdicts)
    .select(sql`${row} FROM ${fileVersions} WHERE ${isRescanned(report)}`)
    .onConflictDoNothing();
}

/** Keeps the verdict of a rescan that found a clean version clean. */
export async function insertCleanAgain(db: Database, report: VerdictReport): Promise<void> {
  const properties = propertiesBy(report);
  await db.batch([
    insertion(db, report),
    ...("properties" in properties
      ? [db.update(fileVersions).set(properties).where(isRescanned(report))]
      : []),
    ...answered(db, report, "scanned", isAnsweredBy(report)),
  ]);
}

/**
 * Keeps the verdict of a rescan by which a version is clean no longer, and blocks it, in one batch. Its derivatives'
 * rows stay until their objects are gone: nothing of a blocked version is served. False where nobody awaited that.
 */
export async function insertFoundLater(db: Database, report: VerdictReport, nowMs: number): Promise<boolean> {
  const { tenantId, fileId, version, verdict, signatureName, engine, signatureVersion } = report;
  const actor = { tenantId, id: "processor", kind: "processor", requestId: null } as const;
  const detail = { verdict, signatureName, engine, signatureVersion };
  // By the statement that blocks it.
  const isFound = sql`EXISTS (SELECT 1 FROM ${fileVersions} WHERE ${and(isVersion(report), ne(fileVersions.state, "clean"))})`;
  const event = { actor, action: "file.found-later", fileId, version, detail, atMs: nowMs } as const;
  const [, found] = await db.batch([
    insertion(db, report),
    db
      .update(fileVersions)
      .set({
        state: verdict,
        blockedAtMs: nowMs,
        purgeAtMs: purgeTimeOf(report, nowMs),
        ...propertiesBy(report),
      })
      .where(isRescanned(report))
      .returning({ version: fileVersions.version }),
    auditIfChanged(db, event),
    db
      .update(files)
      .set({ updatedAtMs: nowMs })
      .where(and(eq(files.tenantId, tenantId), eq(files.id, fileId), isFound)),
    db.delete(failedJobs).where(and(isOfVersion(failedJobs, report), isFound)),
    // It is found for all that await it: none of them will scan it any more.
    ...answered(db, report, "found", and(isOfVersion(rescanJobs, report), isFound)),
  ]);
  return found.length > 0;
}

/** Keys of the derivatives of a version. */
export async function findDerivativeKeys(db: Database, ref: FileVersionRef): Promise<readonly string[]> {
  const rows = await db
    .select({ objectKey: derivatives.objectKey })
    .from(derivatives)
    .where(isOfVersion(derivatives, ref));
  return rows.map(({ objectKey }) => objectKey);
}

/** Forgets what was made of a version, and what wasn't. */
export async function deleteDerivatives(db: Database, ref: FileVersionRef): Promise<void> {
  await db.batch([
    db.delete(derivatives).where(isOfVersion(derivatives, ref)),
    db.delete(missingDerivatives).where(isOfVersion(missingDerivatives, ref)),
  ]);
}
