import { AppError } from "#contract/errors.ts";
import { derivativeKey } from "#contract/keys.ts";
import type { DerivativeReport, HeartbeatReport, Report, VerdictReport } from "#contract/reports.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { allDatabases, databaseFor } from "../db/database.ts";
import { findVersion } from "../db/files.ts";
import { insertVerdict, upsertDerivative, upsertHeartbeat } from "../db/reports.ts";

/** A processor not heard of for so long is forgotten. */
const FORGET_PROCESSOR_MS = 24 * 3_600_000;

/**
 * Applies a processor's report, whose signature has been verified. The same report twice changes nothing. Throws
 * `REPORT_REFUSED` when it is about bytes that aren't the version's.
 */
export async function applyReport(env: DatabaseBindings, report: Report, nowMs: number): Promise<void> {
  switch (report.kind) {
    case "verdict":
      return applyVerdict(env, report);
    case "derivative":
      return applyDerivative(env, report, nowMs);
    case "heartbeat":
      return applyHeartbeat(env, report, nowMs);
  }
}

async function applyVerdict(env: DatabaseBindings, report: VerdictReport): Promise<void> {
  const db = databaseFor(env, report.tenantId);
  const version = await findVersion(db, report);
  const fits = version?.etag === report.etag && version.sizeBytes === report.sizeBytes;
  if (!fits) throw new AppError("REPORT_REFUSED", { detail: "No version has these bytes." });
  await insertVerdict(db, report);
}

async function applyDerivative(
  env: DatabaseBindings,
  report: DerivativeReport,
  nowMs: number,
): Promise<void> {
  const db = databaseFor(env, report.tenantId);
  const version = await findVersion(db, report);
  const extension = report.objectKey.slice(report.objectKey.lastIndexOf(".") + 1);
  const expectedKey = derivativeKey(report, report.name, extension);
  if (version?.state !== "clean" || report.objectKey !== expectedKey || !/^[a-z0-9]{2,5}$/.test(extension)) {
    throw new AppError("REPORT_REFUSED", {
      detail: "Only a clean version has derivatives, under their own keys.",
    });
  }
  await upsertDerivative(db, report, nowMs);
}

async function applyHeartbeat(env: DatabaseBindings, report: HeartbeatReport, nowMs: number): Promise<void> {
  const [db] = allDatabases(env);
  if (db === undefined) return;
  await upsertHeartbeat(db, { ...report, atMs: nowMs }, nowMs - FORGET_PROCESSOR_MS);
}
