import { AppError } from "#contract/errors.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import type { Job, ProcessJob } from "#contract/jobs.ts";
import { versionPrefix } from "#contract/keys.ts";
import type {
  MissingObjectAnswer,
  MissingObjectReport,
  QueuedRepairs,
  RepairJob,
  RepairReport,
  RepairRequest,
} from "#contract/repairs.ts";
import { markVersionsAnnounced } from "../db/announcements.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { findVersion } from "../db/files.ts";
import type { VersionRow } from "../db/files.ts";
import { findRepairable, forgetLostDerivatives, recordRepair, recordRepairWish } from "../db/repairs.ts";
import { listReadableTargets } from "../db/replica-reads.ts";
import type { ObjectLister, ObjectRemover } from "../storage/object-store.ts";
import { jobOf } from "./announce.ts";
import type { Caller } from "./file-actions.ts";
import { mimeTypeOf } from "./files.ts";
import { requireRole } from "./permissions.ts";

/** What a repair that was reported works with. */
export interface RepairMeans {
  readonly objects: ObjectRemover & ObjectLister;
  readonly announce: (job: ProcessJob) => Promise<void>;
}

/**
 * Has objects made again that an admin has found missing or wrong in the primary, of the copies that were found to be right.
 * Asked again, nothing changes: a job leaves alone what has the recorded bytes. Throws `ROLE_REQUIRED`, and what `send`
 * throws.
 */
export async function requestRepairs(
  env: DatabaseBindings,
  send: (jobs: readonly Job[]) => Promise<void>,
  { identity, actor }: Caller,
  { versions }: RepairRequest,
  nowMs: number,
): Promise<QueuedRepairs> {
  requireRole(identity, "admin");
  const { tenantId } = identity;
  const db = databaseFor(env, tenantId);
  const found = await findRepairable(db, tenantId, versions);
  const jobs = found.flatMap((row) => {
    const wish = versions.find(({ fileId, version }) => fileId === row.fileId && version === row.version);
    return (wish && repairJobOf(row, wish.target)) ?? [];
  });
  const queued = jobs.map(({ fileId, version }) => ({ fileId, version }));
  const skipped = versions
    .filter((wish) => !queued.some((each) => each.fileId === wish.fileId && each.version === wish.version))
    .map(({ fileId, version }) => ({ fileId, version, reason: "There is no such clean version." }));
  if (jobs.length === 0) return { queued, skipped };
  const targets = new Set(jobs.map(({ target }) => target));
  const detail = { versions: jobs.length, targets: [...targets].toSorted().join(" ") };
  await recordRepairWish(db, { actor, action: "replica.repair-wanted", detail, atMs: nowMs });
  await send(jobs);
  return { queued, skipped };
}

/**
 * Has the object made again that a processor was to read and didn't find, where a copy is stored. Throws `REPORT_REFUSED`
 * where the version has other bytes, and what `announce` throws.
 */
export async function repairMissing(
  env: DatabaseBindings,
  announce: (job: RepairJob) => Promise<void>,
  report: MissingObjectReport,
): Promise<MissingObjectAnswer> {
  const { tenantId, fileId, version, etag } = report;
  const db = databaseFor(env, tenantId);
  const [target] = await listReadableTargets(db, report);
  const [found] = target === undefined ? [] : await findRepairable(db, tenantId, [{ fileId, version }]);
  const job = found && target !== undefined ? repairJobOf(found, target) : undefined;
  if (job === undefined) return { isBeingRepaired: false };
  if (job.etag !== etag) throw new AppError("REPORT_REFUSED", { detail: "The version has other bytes." });
  await announce(job);
  return { isBeingRepaired: true };
}

function repairJobOf(row: VersionRow, target: string): RepairJob | undefined {
  const { tenantId, fileId, version, objectKey, etag, sizeBytes, sha256 } = row;
  if (objectKey === null || etag === null || sizeBytes === null || sha256 === null) return undefined;
  return {
    ...{ kind: "repair", tenantId, fileId, version, objectKey, etag, sizeBytes, sha256 },
    ...{ contentType: mimeTypeOf(row), target, comparesBytes: true },
  };
}

/**
 * Keeps that a primary's object was made again: what is read of it and done with it is bound to its etag, which may be
 * another now; and has made again what was made of it and is gone too. Told twice it changes nothing. Where the version has
 * gone meanwhile its object is removed, which nobody else would find; `REPORT_REFUSED` then, and where the record says other
 * bytes.
 */
export async function applyRepair(
  env: DatabaseBindings,
  means: RepairMeans,
  report: RepairReport,
  nowMs: number,
): Promise<void> {
  const db = databaseFor(env, report.tenantId);
  if (!(await recordRepair(db, report, nowMs))) {
    const version = await findVersion(db, report);
    const isItsOwn = report.objectKey.startsWith(versionPrefix(report));
    if (version === undefined && isItsOwn) await means.objects.remove([report.objectKey]);
    const isTold = version?.etag === report.newEtag && version.sha256 === report.sha256;
    if (!isTold) throw new AppError("REPORT_REFUSED", { detail: "No clean version has these bytes." });
  }
  await deriveAgain(env, means, report, nowMs);
}

/**
 * Forgets derivatives whose objects are gone, and has them made: as whoever asks for them again has it done. That nobody was
 * told stands in the record until somebody is, so that a report that comes twice goes on.
 */
async function deriveAgain(
  env: DatabaseBindings,
  { objects, announce }: RepairMeans,
  ref: FileVersionRef,
  nowMs: number,
): Promise<void> {
  const db = databaseFor(env, ref.tenantId);
  const { keys, isAll } = await objects.list(versionPrefix(ref));
  // A thousand are there: what isn't among them is no more than a page's image.
  if (isAll) await forgetLostDerivatives(db, ref, keys);
  const version = await findVersion(db, ref);
  const job = version?.announcedAtMs === 0 ? jobOf(version) : undefined;
  if (job === undefined) return;
  await announce(job);
  await markVersionsAnnounced(db, [job], nowMs);
}
