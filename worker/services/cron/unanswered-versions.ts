import { markVersionsAnnounced, takeUnansweredVersions } from "../../db/announcements.ts";
import type { DatabaseBindings } from "../../db/database.ts";
import { jobOf } from "../announce.ts";
import type { AnnounceAll } from "../failed-jobs.ts";
import type { Budget, Cost } from "./budget.ts";
import { forEachDatabase } from "./each-database.ts";

/** Of each database in a minute: the queue takes them by the hundred. */
const VERSIONS_PER_RUN = 200;
/** To take them and to mark them; and to the queues. */
const COST: Cost = { calls: 8, queries: 2 };
/** How soon those are taken again that couldn't be announced. */
const TRY_AGAIN_MS = 60_000;

/**
 * Announces again what has been in quarantine without an answer for too long: its message was lost, or its processor
 * was. A job twice changes nothing. Returns how many were announced; the next run takes what is left by then.
 */
export async function reannounceUnanswered(
  env: DatabaseBindings,
  announce: AnnounceAll,
  { afterSeconds, nowMs }: { readonly afterSeconds: number; readonly nowMs: number },
  budget: Budget,
): Promise<number> {
  const beforeMs = nowMs - afterSeconds * 1000;
  const announced = await forEachDatabase(env, budget, "reannounce", async (db, part) => {
    part.spend(COST);
    const taken = await takeUnansweredVersions(db, beforeMs, beforeMs + TRY_AGAIN_MS, VERSIONS_PER_RUN);
    const jobs = taken.flatMap((version) => jobOf(version) ?? []);
    if (jobs.length === 0) return 0;
    await announce(jobs);
    await markVersionsAnnounced(db, jobs, nowMs);
    return jobs.length;
  });
  return announced.reduce((sum, each) => sum + each, 0);
}
