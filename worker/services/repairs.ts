import { AppError } from "#contract/errors.ts";
import { versionPrefix } from "#contract/keys.ts";
import type { RepairReport } from "#contract/repairs.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { findVersion } from "../db/files.ts";
import { recordRepair } from "../db/repairs.ts";
import type { ObjectRemover } from "../storage/object-store.ts";

/**
 * Keeps that a primary's object was made again: what is read of it and done with it is bound to its etag, which may be
 * another now. Told twice it changes nothing. Where the version has gone meanwhile its object is removed, which nobody else
 * would find; `REPORT_REFUSED` then, and where the record says other bytes.
 */
export async function applyRepair(
  env: DatabaseBindings,
  objects: ObjectRemover,
  report: RepairReport,
  nowMs: number,
): Promise<void> {
  const db = databaseFor(env, report.tenantId);
  if (await recordRepair(db, report, nowMs)) return;
  const version = await findVersion(db, report);
  const isItsOwn = report.objectKey.startsWith(versionPrefix(report));
  if (version === undefined && isItsOwn) await objects.remove([report.objectKey]);
  const isTold = version?.etag === report.newEtag && version.sha256 === report.sha256;
  if (!isTold) throw new AppError("REPORT_REFUSED", { detail: "No clean version has these bytes." });
}
