import type { DatabaseBindings } from "../../db/database.ts";
import { takeObjectRemovals } from "../../db/object-removals.ts";
import type { Objects } from "../object-removals.ts";
import { carryOutRemovals } from "../object-removals.ts";
import type { Budget, Cost } from "./budget.ts";
import { forEachDatabase } from "./each-database.ts";

/** To take removals. */
const COST: Cost = { calls: 1, queries: 1 };
/** To forget those of one lot. */
const COST_PER_LOT: Cost = { calls: 1, queries: 1 };
/** To the bucket. */
const COST_PER_REMOVAL: Cost = { calls: 2, queries: 0 };
/** Of each database in a run. */
const MAX_REMOVALS = 100;

/** Removes what is left of removed versions. Never throws for a store's sake. */
export async function removeLeftObjects(
  env: DatabaseBindings,
  objects: Objects,
  nowMs: number,
  budget: Budget,
): Promise<void> {
  await forEachDatabase(env, budget, "remove-objects", async (db, part) => {
    part.spend(COST);
    const limit = Math.min(MAX_REMOVALS, part.itemsOf(COST_PER_REMOVAL));
    await carryOutRemovals(db, objects, await takeObjectRemovals(db, nowMs, limit), (count) =>
      part.begin({ ...COST_PER_LOT, calls: COST_PER_LOT.calls + COST_PER_REMOVAL.calls * count }),
    );
  });
}
