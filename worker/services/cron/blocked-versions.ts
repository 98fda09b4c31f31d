import type { FileVersionRef } from "#contract/ids.ts";
import { UserId } from "#contract/ids.ts";
import type { DatabaseBindings } from "../../db/database.ts";
import { takeDueBlockedVersions } from "../../db/quarantine.ts";
import { removeBlockedRecord } from "../quarantine-removal.ts";
import type { Budget, Cost } from "./budget.ts";
import { forEachDatabase } from "./each-database.ts";

const SYSTEM = UserId.parse("system");

/** To take them. */
const COST: Cost = { calls: 1, queries: 1 };
/** To the database: its versions, its name, the removal, the mark where its file goes with it. */
const COST_PER_VERSION: Cost = { calls: 4, queries: 4 };

/**
 * Removes blocked versions whose time is over. Never throws for a version's sake. Their objects, and files that go with them,
 * are for the cron's other jobs.
 */
export async function removeDueBlocked(env: DatabaseBindings, nowMs: number, budget: Budget): Promise<void> {
  await forEachDatabase(env, budget, "quarantine", async (db, part) => {
    part.spend(COST);
    for (const ref of await takeDueBlockedVersions(db, nowMs, part.itemsOf(COST_PER_VERSION))) {
      if (part.isSpent) return;
      part.spend(COST_PER_VERSION);
      await removeDue(env, ref, nowMs);
    }
  });
}

async function removeDue(env: DatabaseBindings, ref: FileVersionRef, nowMs: number): Promise<void> {
  const actor = { tenantId: ref.tenantId, id: SYSTEM, kind: "system", requestId: null } as const;
  try {
    await removeBlockedRecord(env, ref, { actor, deletedBy: SYSTEM }, nowMs);
  } catch (error) {
    console.error({ event: "blocked-removal-postponed", ...ref, error: String(error) });
  }
}
