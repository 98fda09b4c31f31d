import type { DatabaseBindings } from "../db/database.ts";
import { allDatabases } from "../db/database.ts";

/** A Worker may make so many calls to other parts in one run (Cloudflare, Workers, "Limits": subrequests). */
export const SUBREQUESTS = 1_000;

/** Who of a run of the cron may make how many of them: all together less, with the last step of an erasure (erasure.ts). */
export const CALLS = {
  ...{ reannounce: 80, purge: 206, removeObjects: 60, erase: 250, sweep: 90 },
  ...{ quarantine: 24, rescan: 20, replicas: 20, archiveAudit: 24 },
} as const;

/**
 * How many items of each database a run of the cron takes on, so that it makes `calls` to other parts at most; one at
 * least. What is left is taken on by the next run.
 */
export function itemsPerDatabase(env: DatabaseBindings, calls: number, callsPerItem: number): number {
  return Math.max(1, Math.floor(calls / callsPerItem / allDatabases(env).length));
}
