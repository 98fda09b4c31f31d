import { and, eq, gt, inArray, notExists, sql } from "drizzle-orm";
import type { DerivativeName } from "#contract/derivatives.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import { isPageImage } from "#contract/page-images.ts";
import type { DerivativeReport, MissingDerivativeReport, PropertiesReport } from "#contract/reports.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import { forgetFailedJob } from "./failed-jobs.ts";
import { isVersion } from "./files.ts";
import { isNamed, NAMED_DERIVATIVE, NAMED_MISSING } from "./named-derivatives.ts";
import { isOfVersion } from "./of-version.ts";
import { wantDerivativeCopies } from "./replicas.ts";
import { fileVersions } from "./schema/files.ts";
import { derivatives, failedJobs, missingDerivatives } from "./schema/processing.ts";
import { rescanJobs } from "./schema/rescans.ts";
import { selectRow } from "./select-row.ts";

/** In so long what is made of a version beside it is there too, as a rule: one job copies all of it. */
const OTHERS_MADE_MS = 30_000;

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
    db.select({ version: rescanJobs.version }).from(rescanJobs).where(isOfVersion(rescanJobs, ref)).limit(1),
  ]);
  return {
    made: made.map(({ name }) => name),
    givenUp: missing.map(({ name }) => name),
    isRescanAwaited: rescan.length > 0,
  };
}

/**
 * Keeps a derivative's facts, and forgets that it was missing; made again, it replaces itself. False where its version isn't
 * clean, or not any more.
 */
export async function upsertDerivative(
  db: Database,
  report: DerivativeReport,
  nowMs: number,
): Promise<boolean> {
  const { tenantId, fileId, version, name, objectKey, mimeType, sizeBytes, width, height } = report;
  const facts = { objectKey, mimeType, sizeBytes, width, height };
  const row = selectRow(derivatives, { tenantId, fileId, version, name, createdAtMs: nowMs, ...facts });
  const isClean = and(isVersion(report), eq(fileVersions.state, "clean"));
  const [kept] = await db.batch([
    db
      .insert(derivatives)
      .select(sql`${row} FROM ${fileVersions} WHERE ${isClean}`)
      .onConflictDoUpdate({
        target: [derivatives.tenantId, derivatives.fileId, derivatives.version, derivatives.name],
        set: facts,
      })
      .returning({ name: derivatives.name }),
    db
      .delete(missingDerivatives)
      .where(and(isOfVersion(missingDerivatives, report), eq(missingDerivatives.name, name))),
    // A page says nothing of what else is made.
    ...(isPageImage(name)
      ? []
      : [forgetFailedJob(db, report), wantDerivativeCopies(db, report, nowMs + OTHERS_MADE_MS)]),
  ]);
  return kept.length > 0;
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

/**
 * Takes it on that derivatives of a version are tried again: forgets which of them could not be made, and counts it as
 * announced now. False, and nothing is changed, where none failed and it was announced since `beforeMs`: somebody is at it.
 */
export async function takeDerivativesOn(
  db: Database,
  ref: FileVersionRef,
  names: readonly DerivativeName[],
  beforeMs: number,
  event: AuditEvent,
): Promise<boolean> {
  const isFailed = and(
    isOfVersion(missingDerivatives, ref),
    eq(missingDerivatives.state, "failed"),
    inArray(missingDerivatives.name, [...names]),
  );
  const { announcedAtMs } = fileVersions;
  const isIdle = sql`(coalesce(${announcedAtMs}, 0) < ${beforeMs}
    OR EXISTS (SELECT 1 FROM ${missingDerivatives} WHERE ${isFailed})
    OR EXISTS (SELECT 1 FROM ${failedJobs} WHERE ${isOfVersion(failedJobs, ref)}))`;
  const [taken] = await db.batch([
    db
      .update(fileVersions)
      .set({ announcedAtMs: event.atMs })
      .where(and(isVersion(ref), isIdle))
      .returning({ version: fileVersions.version }),
    auditIfChanged(db, event),
    db.delete(missingDerivatives).where(isFailed),
    forgetFailedJob(db, ref),
  ]);
  return taken.length > 0;
}
