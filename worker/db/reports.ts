import { and, eq, sql } from "drizzle-orm";
import type { DerivativeReport, HeartbeatReport, VerdictReport } from "#contract/reports.ts";
import type { Database } from "./database.ts";
import { derivatives, files, fileVersions, processorHeartbeats, verdicts } from "./schema.ts";

export type HeartbeatRow = typeof processorHeartbeats.$inferSelect;

/**
 * Keeps a verdict and sets the version's state by it, in one batch. The same report twice changes nothing. A verdict
 * about other bytes than those recorded (another etag) changes no state.
 */
export async function insertVerdict(db: Database, report: VerdictReport): Promise<void> {
  const { tenantId, fileId, version } = report;
  await db.batch([
    db
      .insert(verdicts)
      .values({
        tenantId,
        fileId,
        version,
        scannedAtMs: report.scannedAtMs,
        verdict: report.verdict,
        signatureName: report.signatureName,
        engine: report.engine,
        signatureVersion: report.signatureVersion,
      })
      .onConflictDoNothing(),
    db
      .update(fileVersions)
      .set({ state: report.verdict, sha256: report.sha256, sniffedType: report.sniffedType })
      .where(
        and(
          eq(fileVersions.tenantId, tenantId),
          eq(fileVersions.fileId, fileId),
          eq(fileVersions.version, version),
          eq(fileVersions.etag, report.etag),
          // A late report about an older scan must not undo a newer verdict.
          sql`NOT EXISTS (SELECT 1 FROM ${verdicts} newer WHERE newer.tenant_id = ${tenantId}
            AND newer.file_id = ${fileId} AND newer.version = ${version} AND newer.scanned_at_ms > ${report.scannedAtMs})`,
        ),
      ),
    db
      .update(files)
      .set({ updatedAtMs: report.scannedAtMs })
      .where(and(eq(files.tenantId, tenantId), eq(files.id, fileId))),
  ]);
}

/** Keeps a derivative's facts and the original's properties; made again, it replaces itself. */
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
      .update(fileVersions)
      .set({ properties: sql`json_patch(${fileVersions.properties}, ${JSON.stringify(report.properties)})` })
      .where(
        and(
          eq(fileVersions.tenantId, tenantId),
          eq(fileVersions.fileId, fileId),
          eq(fileVersions.version, version),
        ),
      ),
  ]);
}

/** Keeps a processor's newest sign of life and forgets processors not heard of since `forgetBeforeMs`. */
export async function upsertHeartbeat(
  db: Database,
  report: HeartbeatReport,
  forgetBeforeMs: number,
): Promise<void> {
  const { kind: _kind, ...row } = report;
  await db.batch([
    db
      .insert(processorHeartbeats)
      .values(row)
      .onConflictDoUpdate({ target: processorHeartbeats.processorId, set: row }),
    db.delete(processorHeartbeats).where(sql`${processorHeartbeats.atMs} < ${forgetBeforeMs}`),
  ]);
}

/** Signs of life newer than `sinceMs`, newest first. */
export async function findHeartbeats(db: Database, sinceMs: number): Promise<readonly HeartbeatRow[]> {
  return db
    .select()
    .from(processorHeartbeats)
    .where(sql`${processorHeartbeats.atMs} >= ${sinceMs}`)
    .orderBy(sql`${processorHeartbeats.atMs} DESC`);
}
