import { AppError } from "#contract/errors.ts";
import type { FailedJob, FailedJobPage, RetriedJobs, VersionListQuery } from "#contract/failed-jobs.ts";
import { MAX_RETRIED_JOBS } from "#contract/failed-jobs.ts";
import type { FileVersionRef, Identity } from "#contract/ids.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import { formatTime } from "#contract/times.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FailedJobOfVersion } from "../db/failed-jobs.ts";
import { countFailedJobs, deleteRetriedJobs, findFailedJobs, findJobsToRetry } from "../db/failed-jobs.ts";
import { jobOf } from "./announce.ts";
import type { Caller } from "./file-actions.ts";
import { requireRole } from "./permissions.ts";
import { formatVersionCursor, parseVersionCursor } from "./version-cursor.ts";

/** Puts jobs on the queue to the processor, all of them or it throws. */
export type AnnounceAll = (jobs: readonly ProcessJob[]) => Promise<void>;

/** A page of the tenant's failed jobs, the newest first. Throws `ROLE_REQUIRED`, and `REQUEST_INVALID` for a cursor that isn't ours. */
export async function getFailedJobs(
  env: DatabaseBindings,
  identity: Identity,
  { cursor, limit }: VersionListQuery,
): Promise<FailedJobPage> {
  requireRole(identity, "admin");
  const { tenantId } = identity;
  const after = parseVersionCursor(cursor);
  const found = await findFailedJobs(databaseFor(env, tenantId), tenantId, after, limit + 1);
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1)?.job : undefined;
  return {
    items: page.map(formatJob),
    nextCursor: last === undefined ? null : formatVersionCursor({ ...last, atMs: last.failedAtMs }),
  };
}

function formatJob({ job, version, filename }: FailedJobOfVersion): FailedJob {
  const { fileId, code, detail, attempts, failedAtMs } = job;
  return {
    ...{ fileId, version: job.version, filename, code, detail, attempts },
    state: version.state === "clean" ? "clean" : "quarantined",
    failedAt: formatTime(failedAtMs),
  };
}

/** Has one failed job done again. Throws `ROLE_REQUIRED` and `FAILED_JOB_NOT_FOUND`, and what `announce` throws. */
export async function retryFailedJob(
  env: DatabaseBindings,
  announce: AnnounceAll,
  caller: Caller,
  ref: FileVersionRef,
  nowMs: number,
): Promise<void> {
  requireRole(caller.identity, "admin");
  const found = await findJobsToRetry(databaseFor(env, ref.tenantId), ref.tenantId, ref, 1);
  if (found.length === 0) throw new AppError("FAILED_JOB_NOT_FOUND");
  await retry(env, announce, caller, found, { fileId: ref.fileId, version: ref.version, atMs: nowMs });
}

/** The same with all of the tenant's, `MAX_RETRIED_JOBS` at most: those that failed first. */
export async function retryFailedJobs(
  env: DatabaseBindings,
  announce: AnnounceAll,
  caller: Caller,
  nowMs: number,
): Promise<RetriedJobs> {
  requireRole(caller.identity, "admin");
  const { tenantId } = caller.identity;
  const db = databaseFor(env, tenantId);
  const found = await findJobsToRetry(db, tenantId, undefined, MAX_RETRIED_JOBS);
  if (found.length === 0) return { retried: 0, left: 0 };
  await retry(env, announce, caller, found, { detail: { jobs: found.length }, atMs: nowMs });
  return { retried: found.length, left: await countFailedJobs(db, tenantId) };
}

/** Announced first: a crash before the rest is a job too many, which changes nothing, and not one that nobody does. */
async function retry(
  env: DatabaseBindings,
  announce: AnnounceAll,
  { identity, actor }: Caller,
  found: readonly FailedJobOfVersion[],
  what: Pick<Parameters<typeof deleteRetriedJobs>[3], "fileId" | "version" | "detail" | "atMs">,
): Promise<void> {
  const { tenantId } = identity;
  await announce(found.flatMap(({ version }) => jobOf(version) ?? []));
  const event = { ...what, actor, action: "job.retried" } as const;
  const rows = found.map(({ job }) => job);
  await deleteRetriedJobs(databaseFor(env, tenantId), tenantId, rows, event);
}
