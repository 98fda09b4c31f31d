import type { DatabaseBindings } from "../../db/database.ts";
import { findUnfinishedErasures } from "../../db/erasures.ts";
import type { ErasureMeans } from "../erasure.ts";
import { driveErasure } from "../erasure.ts";
import type { Budget, Cost } from "./budget.ts";
import { forEach, forEachDatabase } from "./each-database.ts";

/** To find them. */
const COST: Cost = { calls: 1, queries: 1 };

/**
 * Goes on with the erasures that aren't finished, the oldest first, each with its part. One that fails, or hangs, keeps no
 * other from going on.
 */
export async function driveErasures(
  env: DatabaseBindings,
  means: ErasureMeans,
  nowMs: number,
  budget: Budget,
): Promise<void> {
  await forEachDatabase(env, budget, "erase", async (db, part) => {
    part.spend(COST);
    await forEach(await findUnfinishedErasures(db), part, "erasure", (erasure, own) =>
      driveErasure({ ...means, db, nowMs, budget: own }, erasure),
    );
  });
}
