import type { FileVersionRef } from "#contract/ids.ts";
import type { Job } from "#contract/jobs.ts";
import type { DatabaseBindings } from "../../db/database.ts";
import { withDeadline } from "../../deadline.ts";
import type { ObjectWriter } from "../../storage/object-store.ts";
import { warnOfFillings } from "../database-sizes.ts";
import type { ErasureMeans } from "../erasure.ts";
import type { Removal } from "../purge.ts";
import { archiveAudit } from "./audit-retention.ts";
import { removeDueBlocked } from "./blocked-versions.ts";
import { Budget } from "./budget.ts";
import { purgeDue } from "./due-purges.ts";
import { driveErasures } from "./erasures.ts";
import { reportLateness } from "./lateness.ts";
import { removeLeftObjects } from "./left-objects.ts";
import { driveRecounts } from "./recounts.ts";
import { feedReplicas } from "./replica-feed.ts";
import { feedRescans } from "./rescan-feed.ts";
import { sweepReservations } from "./reservations.ts";
import { reannounceUnanswered } from "./unanswered-versions.ts";

/**
 * What is done every minute. Each job has an equal part of what one run may call (budget.ts), and deals it out to the
 * databases in equal parts again (each-database.ts). One that has used most of its part goes on with what others have left
 * by then. Whatever a job takes on it dates, so that what doesn't get done is
 * behind all else the next time, and two runs that overlap don't take the same. What fails, or never answers, is logged
 * and done by a later run, and keeps nothing else from being done.
 */
export interface CronMeans {
  readonly env: DatabaseBindings;
  readonly removal: Removal;
  /** Where older events of the audit trail go. */
  readonly archives: ObjectWriter;
  readonly erasure: ErasureMeans;
  announce(jobs: readonly Job[]): Promise<void>;
  /** Whether an upload still needs what is reserved for it. */
  needsReservation(ref: FileVersionRef): Promise<boolean>;
  readonly reannounceAfterSeconds: number;
  readonly replicaLagAlertMs: number;
  /** From which share of what it may hold a database is told. */
  readonly databaseAlertShare: number;
  /** The minute that it is done for, and when it is done. */
  readonly scheduledMs: number;
  readonly nowMs: number;
}

type CronJob = (means: CronMeans, budget: Budget) => Promise<unknown>;

/** By their names in the log. */
const JOBS: Readonly<Record<string, CronJob>> = {
  reannounce: ({ env, announce, reannounceAfterSeconds: afterSeconds, nowMs }, budget) =>
    reannounceUnanswered(env, announce, { afterSeconds, nowMs }, budget),
  purge: ({ env, removal, nowMs }, budget) => purgeDue(env, removal, nowMs, budget),
  rescan: ({ env, announce, nowMs }, budget) => feedRescans(env, announce, nowMs, budget),
  replicas: ({ env, announce, replicaLagAlertMs, nowMs }, budget) =>
    feedReplicas(env, announce, replicaLagAlertMs, nowMs, budget),
  quarantine: ({ env, nowMs }, budget) => removeDueBlocked(env, nowMs, budget),
  "archive-audit": ({ env, archives, scheduledMs }, budget) =>
    archiveAudit(env, archives, scheduledMs, budget),
  "measure-databases": ({ env, databaseAlertShare }) => warnOfFillings(env, databaseAlertShare),
  "remove-objects": ({ env, removal, nowMs }, budget) =>
    removeLeftObjects(env, removal.objects, nowMs, budget),
  erase: ({ env, erasure, scheduledMs }, budget) => driveErasures(env, erasure, scheduledMs, budget),
  recount: ({ env, nowMs }, budget) => driveRecounts(env, nowMs, budget),
  "sweep-reservations": ({ env, needsReservation, nowMs }, budget) =>
    sweepReservations(env, { stillStands: needsReservation }, nowMs, budget),
  "report-lateness": ({ env, reannounceAfterSeconds, nowMs }, budget) =>
    reportLateness(env, reannounceAfterSeconds, nowMs, budget),
};

/** How many share a run's budget. */
const JOB_COUNT = Object.keys(JOBS).length;

/** Does all that is due. Never throws. */
export async function runCron(means: CronMeans): Promise<void> {
  const budget = Budget.ofRun(Date.now());
  const working = new Set(Object.keys(JOBS));
  await Promise.all(
    Object.entries(JOBS).map(async ([name, job], index) => {
      try {
        await runInParts(means, job, budget, budget.takePart(JOB_COUNT - index), working);
      } catch (error) {
        console.error({ event: `${name}-failed`, error: String(error) });
      } finally {
        working.delete(name);
      }
    }),
  );
}

/** @param working the jobs that aren't done, this one among them: what is left is shared with them */
async function runInParts(
  means: CronMeans,
  job: CronJob,
  budget: Budget,
  first: Budget,
  working: ReadonlySet<string>,
): Promise<void> {
  let part = first;
  while (!part.isSpent) {
    await withDeadline(job(means, part), budget.msLeft, "SERVICE_UNAVAILABLE");
    const goesOn = part.isMostlySpent;
    budget.giveBack(part);
    if (!goesOn) return;
    part = budget.takePart(working.size);
  }
}
