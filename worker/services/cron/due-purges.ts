import type { TenantId } from "#contract/ids.ts";
import type { Actor } from "../../db/audit.ts";
import type { DatabaseBindings } from "../../db/database.ts";
import { markDuePurging, takePurging } from "../../db/trash.ts";
import type { Removal } from "../purge.ts";
import { purgeOfTenant } from "../purge.ts";
import type { Budget, Cost } from "./budget.ts";
import { forEachDatabase } from "./each-database.ts";

/** To mark what is due and to take what is marked. */
const COST: Cost = { calls: 2, queries: 2 };
/** To the database, for a lot of one tenant's files. */
const COST_PER_LOT: Cost = { calls: 2, queries: 2 };
/** To the bucket two, and to the upload's object. */
const COST_PER_FILE: Cost = { calls: 3, queries: 0 };
/** Where each file is the only one of its tenant. */
const COST_OF_ONE: Cost = { calls: COST_PER_FILE.calls + COST_PER_LOT.calls, queries: 0 };

/** Marks what has been in the trash for its time, and removes what is marked. Never throws for a file's sake. */
export async function purgeDue(
  env: DatabaseBindings,
  removal: Removal,
  nowMs: number,
  budget: Budget,
): Promise<void> {
  await forEachDatabase(env, budget, "purge", async (db, part) => {
    part.spend(COST);
    const most = { files: part.itemsOf(COST_OF_ONE), tenants: part.itemsOf(COST_PER_LOT) };
    await markDuePurging(db, nowMs, most.files);
    for (const set of await takePurging(db, nowMs, most)) {
      const event = { actor: systemOf(set.tenantId), atMs: nowMs };
      await purgeOfTenant(db, removal, set, event, (files) =>
        part.begin({ ...COST_PER_LOT, calls: COST_PER_LOT.calls + COST_PER_FILE.calls * files }),
      );
    }
  });
}

function systemOf(tenantId: TenantId): Actor {
  return { tenantId, id: "system", kind: "system", requestId: null };
}
