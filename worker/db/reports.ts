import { and, eq, exists, lt, sql } from "drizzle-orm";
import { toldOf } from "#contract/active-content.ts";
import { QUARANTINE_DAYS } from "#contract/quarantine.ts";
import type { HeartbeatReport, VerdictReport } from "#contract/reports.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import { forgetFailedJob } from "./failed-jobs.ts";
import type { WantedCopies } from "./replicas.ts";
import { NO_COPIES, wantCopies } from "./replicas.ts";
import { files, fileVersions } from "./schema/files.ts";
import { processorHeartbeats } from "./schema/processing.ts";
import { tenants } from "./schema/tenants.ts";
import type { Renaming } from "./versions.ts";
import { promoteStatement } from "./versions.ts";

const DAY_MS = 24 * 3_600_000;

export type HeartbeatRow = typeof processorHeartbeats.$inferSelect;

/**
 * Keeps a verdict and sets the version's state by it, in one batch, if the version still waits for one and has the bytes
 * that the verdict is about. So a job that is done twice leaves one verdict, and none of its copies overrules another.
 * A clean one may make its version the file's current one.
 */
export async function insertVerdict(
  db: Database,
  report: VerdictReport,
  promotion: Renaming | undefined,
  nowMs: number,
  copies: WantedCopies = NO_COPIES,
): Promise<void> {
  const { tenantId, fileId, version } = report;
  const waiting = and(
    eq(fileVersions.tenantId, tenantId),
    eq(fileVersions.fileId, fileId),
    eq(fileVersions.version, version),
    eq(fileVersions.etag, report.etag),
    eq(fileVersions.state, "quarantined"),
  );
  const { scannedAtMs, verdict, signatureName, engine, signatureVersion } = report;
  const actor = { tenantId, id: "processor", kind: "processor", requestId: null } as const;
  const facts = { verdict, signatureName, engine, signatureVersion };
  const first = {
    ...{ firstVerdict: verdict, firstScannedAtMs: scannedAtMs, firstSignatureName: signatureName },
    ...{ firstEngine: engine, firstSignatureVersion: signatureVersion },
  };
  await db.batch([
    // The version comes after its file, which looks at it.
    db
      .update(files)
      // Its state and digest too, which the version's triggers would write once more.
      .set({
        updatedAtMs: nowMs,
        state: sql`iif(${files.currentVersion} = ${version}, ${verdict}, ${files.state})`,
        sha256: sql`iif(${files.currentVersion} = ${version}, ${report.sha256}, ${files.sha256})`,
      })
      .where(
        and(
          eq(files.tenantId, tenantId),
          eq(files.id, fileId),
          exists(
            db
              .select({ one: sql`1` })
              .from(fileVersions)
              .where(waiting),
          ),
        ),
      ),
    db
      .update(fileVersions)
      .set({
        ...{ state: verdict, sha256: report.sha256, sniffedType: report.sniffedType, ...first },
        ...propertiesBy(report),
        ...(verdict === "clean" ? {} : { blockedAtMs: nowMs, purgeAtMs: purgeTimeOf(report, nowMs) }),
      })
      .where(waiting),
    auditIfChanged(db, { actor, action: "file.checked", fileId, version, detail: facts, atMs: nowMs }),
    forgetFailedJob(db, report),
    ...(promotion === undefined ? [] : [promoteStatement(db, report, promotion, nowMs)]),
    ...wantCopies(db, report, copies),
  ]);
}

/** What of a version's properties a verdict tells: nothing where it wasn't looked for. */
export function propertiesBy({ active }: VerdictReport) {
  if (active === undefined) return {};
  // null takes it away.
  const told = toldOf(active);
  const activeContent = told.length > 0 ? told : null;
  return { properties: sql`json_patch(${fileVersions.properties}, ${JSON.stringify({ activeContent })})` };
}

/** When a version that is blocked from a verdict on is removed for good, by its tenant's setting. */
export function purgeTimeOf({ tenantId }: VerdictReport, nowMs: number) {
  const days = sql`coalesce((SELECT ${tenants.settings} ->> 'quarantineDays' FROM ${tenants}
    WHERE ${tenants.tenantId} = ${tenantId}), ${QUARANTINE_DAYS})`;
  return sql`${nowMs} + ${days} * ${DAY_MS}`;
}

/**
 * Keeps a processor's newest sign of life and forgets processors not heard of since `forgetBeforeMs`. False for one that
 * isn't newer than the last, by the processor's own clock: nothing is changed then.
 */
export async function upsertHeartbeat(
  db: Database,
  report: HeartbeatReport,
  nowMs: number,
  forgetBeforeMs: number,
): Promise<boolean> {
  const { kind: _kind, atMs: sentAtMs, ...state } = report;
  const row = { ...state, sentAtMs, atMs: nowMs };
  const [kept] = await db.batch([
    db
      .insert(processorHeartbeats)
      .values(row)
      .onConflictDoUpdate({
        target: processorHeartbeats.processorId,
        set: row,
        setWhere: lt(processorHeartbeats.sentAtMs, sentAtMs),
      })
      .returning({ processorId: processorHeartbeats.processorId }),
    db.delete(processorHeartbeats).where(sql`${processorHeartbeats.atMs} < ${forgetBeforeMs}`),
  ]);
  return kept.length > 0;
}

/** Signs of life newer than `sinceMs`, newest first. */
export async function findHeartbeats(db: Database, sinceMs: number): Promise<readonly HeartbeatRow[]> {
  return db
    .select()
    .from(processorHeartbeats)
    .where(sql`${processorHeartbeats.atMs} >= ${sinceMs}`)
    .orderBy(sql`${processorHeartbeats.atMs} DESC`);
}
