import { and, eq, gt, inArray, notExists, sql } from "drizzle-orm";
import type { DerivativeName } from "#contract/derivatives.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import { isPageImage } from "#contract/page-images.ts";
import type { DerivativeReport, MissingDerivativeReport, PropertiesReport } from "#contract/reports.ts";
import type { AuditEvent } from "./audit.ts";
import { auditStatement } from "./audit.ts";
import type { Database } from "./database.ts";
import { forgetFailedJob } from "./failed-jobs.ts";
import { isVersion } from "./files.ts";
import { isNamed, NAMED_DERIVATIVE, NAMED_MISSING } from "./named-derivatives.ts";
import { fileVersions } from "./schema/files.ts";
import { derivatives, missingDerivatives } from "./schema/processing.ts";
import { rescanJobs } from "./schema/rescans.ts";
import { selectRow } from "./select-row.ts";

type VersionTable = typeof derivatives | typeof missingDerivatives | typeof rescanJobs;

function isOfVersion(table: VersionTable, { tenantId, fileId, version }: FileVersionRef) {
  return and(eq(table.tenantId, tenantId), eq(table.fileId, fileId), eq(table.version, version));
}

export interface VersionProgress {
  readonly made: readonly DerivativeName[];
  /** Those that nobody tries to make by himself. */
  readonly givenUp: readonly DerivativeName[];
  /** Whether a rescan awaits a verdict. */
  readonly isRescanAwaited: boolean;
}

/** What there is of a version's derivatives, and whether it is to be scanned again. */
export async function findProgress(db: Database, ref: FileVersionRef): Promise<VersionProgress> {
  const [made, missing, rescan] = await db.batch([
    db
      .select({ name: NAMED_DERIVATIVE.name })
      .from(derivatives)
      .where(and(isOfVersion(derivatives, ref), isNamed(derivatives))),
    db
      .select({ name: NAMED_MISSING.name })
      .from(missingDerivatives)
      .where(and(isOfVersion(missingDerivatives, ref), isNamed(missingDerivatives))),
    db.select({ version: rescanJobs.version }).from(rescanJobs).where(isOfVersion(rescanJobs, ref)),
  ]);
  return {
    made: made.map(({ name }) => name),
    givenUp: missing.map(({ name }) => name),
    isRescanAwaited: rescan.length > 0,
  };
}

/** Keeps a derivative's facts, and forgets that it was missing; made again, it replaces itself. */
export async function upsertDerivative(db: Database, report: DerivativeReport, nowMs: number): Promise<void> {
  const { tenantId, fileId, version, name, objectKey, mimeType, sizeBytes, width, height } = report;
  const facts = { objectKey, mimeType, sizeBytes, width, height };
  await db.batch([
    db
      .insert(derivatives)
      .values({ tenantId, fileId, version, name, createdAtMs: nowMs, ...facts })
      .onConflictDoUpdate({
        target: [derivatives.tenantId, derivatives.fileId, derivatives.version, derivatives.name],
        set: facts,
      }),
    db
      .delete(missingDerivatives)
      .where(and(isOfVersion(missingDerivatives, report), eq(missingDerivatives.name, name))),
    // A page says nothing of what else is made.
    ...(isPageImage(name) ? [] : [forgetFailedJob(db, report)]),
  ]);
}

/** Keeps why a clean version lacks a derivative. One that is there stays: another run of the job has made it. */
export async function upsertMissingDerivative(
  db: Database,
  report: MissingDerivativeReport,
  nowMs: number,
): Promise<void> {
  const { tenantId, fileId, version, name, state, reason } = report;
  const row = { tenantId, fileId, version, name, state, reason, attempts: 1, atMs: nowMs };
  const isThere = db
    .select({ one: sql`1` })
    .from(derivatives)
    .where(and(isOfVersion(derivatives, report), eq(derivatives.name, name), gt(derivatives.sizeBytes, 0)));
  const isLacking = and(isVersion(report), eq(fileVersions.state, "clean"), notExists(isThere));
  await db
    .insert(missingDerivatives)
    .select(sql`${selectRow(missingDerivatives, row)} FROM ${fileVersions} WHERE ${isLacking}`)
    .onConflictDoUpdate({
      target: [
        missingDerivatives.tenantId,
        missingDerivatives.fileId,
        missingDerivatives.version,
        missingDerivatives.name,
      ],
      set: { state, reason, atMs: nowMs, attempts: sql`${missingDerivatives.attempts} + 1` },
    });
}

/** Adds to what is known of a clean version. False where there is none. */
export async function mergeProperties(db: Database, report: PropertiesReport): Promise<boolean> {
  const merged = await db
    .update(fileVersions)
    .set({ properties: sql`json_patch(${fileVersions.properties}, ${JSON.stringify(report.properties)})` })
    .where(and(isVersion(report), eq(fileVersions.state, "clean")))
    .returning({ version: fileVersions.version });
  return merged.length > 0;
}

/** Forgets which derivatives of a version could not be made, so that they are tried again. */
export async function forgetFailedDerivatives(
  db: Database,
  ref: FileVersionRef,
  names: readonly DerivativeName[],
  event: AuditEvent,
): Promise<void> {
  await db.batch([
    db
      .delete(missingDerivatives)
      .where(
        and(
          isOfVersion(missingDerivatives, ref),
          eq(missingDerivatives.state, "failed"),
          inArray(missingDerivatives.name, [...names]),
        ),
      ),
    forgetFailedJob(db, ref),
    auditStatement(db, event),
  ]);
}
