import type { Database, DatabaseBindings } from "../db/database.ts";
import { allDatabases } from "../db/database.ts";

/**
 * Does cron's work at each database, one after the other. One that is down is logged, and keeps nothing of the others from
 * being done. Returns what came of those that weren't.
 * @param event what is done, as the log has it
 */
export function forEachDatabase<T>(
  env: DatabaseBindings,
  event: string,
  work: (db: Database) => Promise<T>,
): Promise<readonly T[]> {
  return forEach(allDatabases(env), event, work);
}

/** The same for places that each have one. */
export async function forEach<P, T>(
  places: readonly P[],
  event: string,
  work: (place: P) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = [];
  for (const [index, place] of places.entries()) {
    try {
      results.push(await work(place));
    } catch (error) {
      console.error({ event: `${event}-failed`, database: index + 1, error: String(error) });
    }
  }
  return results;
}
