import type { DatabaseBindings } from "../../db/database.ts";
import { allDatabases } from "../../db/database.ts";
import { findOldestDue } from "../../db/lateness.ts";
import type { Budget, Cost } from "./budget.ts";
import { forEach } from "./each-database.ts";

/** A run that isn't done with all leaves the rest for the next minute's: so many of them in turn are too few. */
const LATE_SECONDS = 15 * 60;
const COST: Cost = { calls: 1, queries: 1 };

/** Says in the log which of cron's jobs are behind, and by how much. */
export async function reportLateness(
  env: DatabaseBindings,
  reannounceAfterSeconds: number,
  nowMs: number,
  budget: Budget,
): Promise<void> {
  await forEach([...allDatabases(env).entries()], budget, "lateness", async ([index, db], part) => {
    part.spend(COST);
    const due = await findOldestDue(db, reannounceAfterSeconds * 1000);
    for (const [job, sinceMs] of due) {
      const lateSeconds = Math.round((nowMs - sinceMs) / 1000);
      if (lateSeconds > LATE_SECONDS)
        console.error({ event: "cron-behind", database: index + 1, job, lateSeconds });
    }
  });
}
