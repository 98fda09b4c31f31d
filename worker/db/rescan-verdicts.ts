import { and, desc, eq, sql } from "drizzle-orm";
import type { FileVersionRef } from "#contract/ids.ts";
import type { VerdictReport } from "#contract/reports.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import type { VerdictRow } from "./files.ts";
import { isVersion } from "./files.ts";
import { propertiesBy, purgeTimeOf } from "./reports.ts";
import { files, fileVersions } from "./schema/files.ts";
import { derivatives, missingDerivatives, verdicts } from "./schema/processing.ts";
import { rescanJobs, rescans } from "./schema/rescans.ts";
import { selectRow } from "./select-row.ts";

function isJobOf({ tenantId, fileId, version }: FileVersionRef) {
  return and(
    eq(rescanJobs.tenantId, tenantId),
    eq(rescanJobs.fileId, fileId),
    eq(rescanJobs.version, version),
  );
}

/** Whether a rescan awaits a verdict on a version. */
export async function isRescanAwaited(db: Database, ref: FileVersionRef): Promise<boolean> {
  return (await db.$count(rescanJobs, isJobOf(ref))) > 0;
}

export async function findNewestVerdict(
  db: Database,
  { tenantId, fileId, version }: FileVersionRef,
): Promise<VerdictRow | undefined> {
  const isOfVersion = and(
    eq(verdicts.tenantId, tenantId),
    eq(verdicts.fileId, fileId),
    eq(verdicts.version, version),
  );
  const [found] = await db
    .select()
    .from(verdicts)
    .where(isOfVersion)
    .orderBy(desc(verdicts.scannedAtMs))
    .limit(1);
  return found;
}

/** The statements that count an answer of a rescan, and await no other. They come after those that look at its row. */
function answered(db: Database, ref: FileVersionRef, what: "scanned" | "found" | "failed") {
  const itsRescan = sql`${rescans.id} = (SELECT ${rescanJobs.rescanId} FROM ${rescanJobs} WHERE ${isJobOf(ref)})`;
  return [
    db
      .update(rescans)
      .set({
        ...(what === "failed"
          ? { failed: sql`${rescans.failed} + 1` }
          : { scanned: sql`${rescans.scanned} + 1` }),
        ...(what === "found" ? { found: sql`${rescans.found} + 1` } : {}),
      })
      .where(and(eq(rescans.tenantId, ref.tenantId), itsRescan)),
    db.delete(rescanJobs).where(isJobOf(ref)),
  ] as const;
}

/** Counts that a version could not be scanned again; it is what it was. */
export async function failRescanJob(db: Database, ref: FileVersionRef): Promise<void> {
  await db.batch([...answered(db, ref, "failed")]);
}

/** Counts that a version was scanned again, without keeping what was said of it: a person's word stands against it. */
export async function keepRescanned(db: Database, ref: FileVersionRef): Promise<void> {
  await db.batch([...answered(db, ref, "scanned")]);
}

/** The condition that a version is clean, has the bytes that a verdict is about, and is awaited. */
function isRescanned(report: VerdictReport) {
  return and(
    isVersion(report),
    eq(fileVersions.etag, report.etag),
    eq(fileVersions.state, "clean"),
    sql`EXISTS (SELECT 1 FROM ${rescanJobs} WHERE ${isJobOf(report)})`,
  );
}

function insertion(db: Database, report: VerdictReport) {
  const { tenantId, fileId, version, scannedAtMs, verdict, signatureName, engine, signatureVersion } = report;
  const facts = { scannedAtMs, verdict, signatureName, engine, signatureVersion };
  const row = selectRow(verdicts, { tenantId, fileId, version, ...facts });
  return db
    .insert(verdicts)
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
    ...answered(db, report, "scanned"),
  ]);
}

/**
 * Keeps the verdict of a rescan by which a version is clean no longer, and blocks it, in one batch. Its derivatives'
 * rows stay until their objects are gone: nothing of a blocked version is served.
 */
export async function insertFoundLater(db: Database, report: VerdictReport): Promise<void> {
  const { tenantId, fileId, version, scannedAtMs, verdict, signatureName, engine, signatureVersion } = report;
  const actor = { tenantId, id: "processor", kind: "processor", requestId: null } as const;
  const detail = { verdict, signatureName, engine, signatureVersion };
  const event = { actor, action: "file.found-later", fileId, version, detail, atMs: scannedAtMs } as const;
  await db.batch([
    insertion(db, report),
    db
      .update(fileVersions)
      .set({
        state: verdict,
        blockedAtMs: scannedAtMs,
        purgeAtMs: purgeTimeOf(report),
        ...propertiesBy(report),
      })
      .where(isRescanned(report)),
    auditIfChanged(db, event),
    db
      .update(files)
      .set({ updatedAtMs: scannedAtMs })
      .where(and(eq(files.tenantId, tenantId), eq(files.id, fileId))),
    ...answered(db, report, "found"),
  ]);
}

/** Keys of the derivatives of a version. */
export async function findDerivativeKeys(db: Database, ref: FileVersionRef): Promise<readonly string[]> {
  const rows = await db
    .select({ objectKey: derivatives.objectKey })
    .from(derivatives)
    .where(
      and(
        eq(derivatives.tenantId, ref.tenantId),
        eq(derivatives.fileId, ref.fileId),
        eq(derivatives.version, ref.version),
      ),
    );
  return rows.map(({ objectKey }) => objectKey);
}

/** Forgets what was made of a version, and what wasn't. */
export async function deleteDerivatives(
  db: Database,
  { tenantId, fileId, version }: FileVersionRef,
): Promise<void> {
  const isOfVersion = (table: typeof derivatives | typeof missingDerivatives) =>
    and(eq(table.tenantId, tenantId), eq(table.fileId, fileId), eq(table.version, version));
  await db.batch([
    db.delete(derivatives).where(isOfVersion(derivatives)),
    db.delete(missingDerivatives).where(isOfVersion(missingDerivatives)),
  ]);
}
