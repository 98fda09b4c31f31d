import type { Database, DatabaseBindings } from "../../db/database.ts";
import { allDatabases } from "../../db/database.ts";
import { withDeadline } from "../../deadline.ts";
import type { Budget } from "./budget.ts";

/**
 * Does a job of the cron at each database, one after the other, each with its part of the job's budget. One that is down,
 * or never answers, is logged and left when its time is over, and keeps nothing of the others from being done. Returns
 * what came of those that weren't.
 * @param event what is done, as the log has it
 */
export function forEachDatabase<T>(
  env: DatabaseBindings,
  budget: Budget,
  event: string,
  work: (db: Database, part: Budget) => Promise<T>,
): Promise<readonly T[]> {
  return forEach(allDatabases(env), budget, event, work);
}

/** The same for places that each have a database, or for what is in one. */
export async function forEach<P, T>(
  places: readonly P[],
  budget: Budget,
  event: string,
  work: (place: P, part: Budget) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = [];
  for (const [index, place] of places.entries()) {
    try {
      const result = await budget.lend(places.length - index, (part) =>
        withDeadline(work(place, part), part.msLeft, "SERVICE_UNAVAILABLE"),
      );
      results.push(result);
    } catch (error) {
      console.error({ event: `${event}-failed`, place: index + 1, error: String(error) });
    }
  }
  return results;
}
