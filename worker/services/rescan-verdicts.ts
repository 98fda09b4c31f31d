import type { FileVersionRef } from "#contract/ids.ts";
import { PERSON_ENGINE } from "#contract/quarantine.ts";
import type { VerdictReport } from "#contract/reports.ts";
import { signatureNumberOf } from "#contract/rescans.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import {
  deleteDerivatives,
  findDerivativeKeys,
  findNewestVerdict,
  insertCleanAgain,
  insertFoundLater,
  keepRescanned,
} from "../db/rescan-verdicts.ts";
import type { ObjectRemover } from "../storage/object-store.ts";
import { isByPolicy } from "./content-policy.ts";

/**
 * Applies a verdict that a rescan awaits on a clean version: clean again, or blocked from here on, and what was made of it
 * removed. A person's release stands against the signatures that it overruled, and against the tenant's policy.
 */
export async function applyRescanVerdict(
  env: DatabaseBindings,
  objects: ObjectRemover,
  report: VerdictReport,
  nowMs: number,
): Promise<void> {
  const db = databaseFor(env, report.tenantId);
  if (report.verdict === "clean") return insertCleanAgain(db, report);
  const newest = await findNewestVerdict(db, report);
  const isNewest = newest !== undefined && isNoNewer(report.signatureVersion, newest.signatureVersion);
  const isOverruled = isNewest || isByPolicy(report);
  const isReleased = newest?.engine === PERSON_ENGINE && isOverruled;
  if (isReleased) return keepRescanned(db, report);
  const isFound = await insertFoundLater(db, report, nowMs);
  if (isFound) await removeDerivatives(env, objects, report);
}

/** Whether signatures are those of another version, or older ones. What has no number is as old as nothing but itself. */
function isNoNewer(signatureVersion: string, than: string): boolean {
  if (signatureVersion === than) return true;
  const number = signatureNumberOf(signatureVersion);
  return number > 0 && number <= signatureNumberOf(than);
}

/** Removes what was made of a version that is blocked: its objects, and then the rows that tell of them. */
export async function removeDerivatives(
  env: DatabaseBindings,
  objects: ObjectRemover,
  ref: FileVersionRef,
): Promise<void> {
  const db = databaseFor(env, ref.tenantId);
  const keys = await findDerivativeKeys(db, ref);
  await objects.remove(keys);
  await deleteDerivatives(db, ref);
}
