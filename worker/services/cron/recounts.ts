import { TENANT_COUNTS } from "#contract/tenant-admin.ts";
import type { Database, DatabaseBindings } from "../../db/database.ts";
import type { RecountRow } from "../../db/recounts.ts";
import {
  addRange,
  compareCounts,
  findDirtyRanges,
  findRangeEnd,
  finishRecount,
  LAST_CURSOR,
  recountRange,
  takeRecount,
} from "../../db/recounts.ts";
import type { Budget, Cost } from "./budget.ts";
import { forEachDatabase } from "./each-database.ts";

/**
 * Counts what a tenant has by its rows, in ranges of its files, so that no statement holds the database for long: one
 * tenant of each database at a time. What changes in a range after it was counted is noticed by triggers, and the range is
 * counted again. In the moment in which none has changed since, the sum of all is what the tenant has; what the counts that
 * triggers keep differ by then, they differ by at any time, and that is taken off.
 */

/** Of one range: some ten milliseconds' work of a database. */
const RANGE_FILES = 2_000;
/** To take one on; and for each step. */
const COST: Cost = { calls: 1, queries: 1 };
const COST_PER_STEP: Cost = { calls: 2, queries: 2 };

/** @param rangeFiles how many files are counted at once */
export async function driveRecounts(
  env: DatabaseBindings,
  nowMs: number,
  budget: Budget,
  rangeFiles = RANGE_FILES,
): Promise<void> {
  await forEachDatabase(env, budget, "recount", async (db, part) => {
    part.spend(COST);
    let recount = await takeRecount(db, nowMs);
    while (recount !== undefined && !part.isSpent) {
      part.spend(COST_PER_STEP);
      recount = await takeStep(db, recount, rangeFiles, nowMs, part);
    }
  });
}

/** Returns the recount as it is then, or undefined when it is finished. */
async function takeStep(
  db: Database,
  recount: RecountRow,
  rangeFiles: number,
  nowMs: number,
  part: Budget,
): Promise<RecountRow | undefined> {
  if (recount.cursor !== LAST_CURSOR) {
    const cursor = (await findRangeEnd(db, recount, rangeFiles)) ?? LAST_CURSOR;
    await addRange(db, recount, cursor);
    return { ...recount, cursor };
  }
  for (const range of await findDirtyRanges(db, recount.tenantId)) {
    if (part.isSpent) return undefined;
    part.spend(COST);
    await recountRange(db, range);
  }
  return (await finish(db, recount, nowMs)) ? undefined : recount;
}

/** Whether it could be: not where something has changed meanwhile. */
async function finish(db: Database, recount: RecountRow, nowMs: number): Promise<boolean> {
  const found = await compareCounts(db, recount.tenantId);
  if (found === undefined) return false;
  const wrong = TENANT_COUNTS.flatMap((count) => {
    const [from, to] = [found.kept[count], found.counted[count]];
    return from === to ? [] : [[count, { from, to }]];
  });
  await finishRecount(db, recount, Object.fromEntries(wrong), nowMs);
  return true;
}
