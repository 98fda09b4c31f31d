import { configOf } from "./config.ts";
import { erasureMeans } from "./routes/admin/erasures.ts";
import { reannounceUnanswered } from "./services/announce.ts";
import { archiveAudit } from "./services/audit-retention.ts";
import { CALLS } from "./services/call-shares.ts";
import { warnOfFillings } from "./services/database-sizes.ts";
import { driveErasures } from "./services/erasure.ts";
import { driveObjectRemovals } from "./services/object-removals.ts";
import type { Removal } from "./services/purge.ts";
import { purgeDue } from "./services/purge.ts";
import { removeDueBlocked } from "./services/quarantine-removal.ts";
import { feedReplicas } from "./services/replica-feed.ts";
import { feedRescans } from "./services/rescan-feed.ts";
import { sweepReservations } from "./services/reservations.ts";
import { sendJob, sendJobs } from "./storage/jobs.ts";
import { objectStoreOf } from "./storage/store.ts";
import { UploadClient } from "./uploads/upload-client.ts";

/**
 * What is done every minute. What fails is logged and done at the next, and keeps nothing else from being done.
 * @param scheduledMs the minute that it is done for
 */
export async function runSchedule(env: Env, scheduledMs: number): Promise<void> {
  const nowMs = Date.now();
  const config = configOf(env);
  const uploads = new UploadClient(env);
  const objects = objectStoreOf(env);
  const removal: Removal = { objects, endUpload: (ref) => uploads.end(ref) };
  await Promise.all([
    attempt("reannounce", () =>
      reannounceUnanswered(env, (job) => sendJob(env, job), {
        afterSeconds: config.reannounceAfterSeconds,
        nowMs,
        calls: CALLS.reannounce,
      }),
    ),
    attempt("purge", () => purgeDue(env, removal, nowMs, CALLS.purge)),
    attempt("rescan", () => feedRescans(env, (jobs) => sendJobs(env, jobs), nowMs, CALLS.rescan)),
    attempt("replicas", () =>
      feedReplicas(env, (jobs) => sendJobs(env, jobs), config.replicaLagAlertSeconds * 1000, nowMs),
    ),
    attempt("quarantine", () => removeDueBlocked(env, nowMs, CALLS.quarantine)),
    attempt("remove-objects", () => driveObjectRemovals(env, removal.objects, nowMs, CALLS.removeObjects)),
    attempt("measure-databases", () => warnOfFillings(env, config.databaseAlertShare)),
    attempt("archive-audit", () => archiveAudit(env, objects, nowMs, CALLS.archiveAudit)),
    attempt("erase", () => driveErasures(env, erasureMeans(env, config), scheduledMs, CALLS.erase)),
    attempt("sweep-reservations", () =>
      sweepReservations(env, (ref) => uploads.needsReservation(ref), nowMs, CALLS.sweep),
    ),
  ]);
}

async function attempt(event: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    console.error({ event: `${event}-failed`, error: String(error) });
  }
}
