import type { Database, DatabaseBindings } from "../../db/database.ts";
import type { UnfinishedErasure } from "../../db/erasures.ts";
import { findUnfinishedErasures } from "../../db/erasures.ts";
import type { ErasureMeans } from "../erasure.ts";
import { COST_PER_STEP, driveErasure } from "../erasure.ts";
import { takingTurns } from "../in-turns.ts";
import type { Budget, Cost } from "./budget.ts";
import { forEach, forEachDatabase } from "./each-database.ts";

/** To find them. */
const COST: Cost = { calls: 1, queries: 1 };
const MINUTE_MS = 60_000;

/**
 * Goes on with the erasures that aren't finished, each with its part. One that fails, or hangs, keeps no other from going
 * on. Those that only wait for copies to be removed come after all others, with what is left of the budget: what landed
 * late is looked for in them too. Each minute begins behind those that the one before it can have taken a step of, so that
 * none is always behind what the budget suffices for.
 * @param nowMs the minute that it is done for
 */
export async function driveErasures(
  env: DatabaseBindings,
  means: ErasureMeans,
  nowMs: number,
  budget: Budget,
): Promise<void> {
  await forEachDatabase(env, budget, "erase", async (db, part) => {
    part.spend(COST);
    const found = await findUnfinishedErasures(db, nowMs - means.settleMs);
    for (const waits of [false, true]) {
      if (part.isSpent) return;
      const next = found.filter(({ waitsForCopies }) => waitsForCopies === waits);
      await driveInTurn({ ...means, db, nowMs }, next, part);
    }
  });
}

async function driveInTurn(
  run: ErasureMeans & { readonly db: Database; readonly nowMs: number },
  found: readonly UnfinishedErasure[],
  budget: Budget,
): Promise<void> {
  const inTurn = takingTurns(found, Math.floor(run.nowMs / MINUTE_MS), budget.itemsOf(COST_PER_STEP));
  await forEach(inTurn, budget, "erasure", ({ erasure }, own) =>
    driveErasure({ ...run, budget: own }, erasure),
  );
}
