import { configOf } from "./config.ts";
import { erasureMeans } from "./routes/admin/erasures.ts";
import { runCron } from "./services/cron/run.ts";
import { sendJobs } from "./storage/jobs.ts";
import { objectStoreOf } from "./storage/store.ts";
import { UploadClient } from "./uploads/upload-client.ts";

/**
 * Has the cron's work done (services/cron).
 * @param scheduledMs the minute that it is done for
 */
export async function runSchedule(env: Env, scheduledMs: number): Promise<void> {
  const config = configOf(env);
  const uploads = new UploadClient(env);
  const objects = objectStoreOf(env);
  await runCron({
    env,
    objects,
    removal: { objects, endUpload: (ref) => uploads.end(ref) },
    erasure: erasureMeans(env, config),
    announce: (jobs) => sendJobs(env, jobs),
    needsReservation: (ref) => uploads.needsReservation(ref),
    reannounceAfterSeconds: config.reannounceAfterSeconds,
    databaseAlertShare: config.databaseAlertShare,
    replicaLagAlertMs: config.replicaLagAlertSeconds * 1000,
    scheduledMs,
    nowMs: Date.now(),
  });
}
