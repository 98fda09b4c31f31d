import type { Cost } from "../../../worker/services/cron/budget.ts";
import { Budget } from "../../../worker/services/cron/budget.ts";

const RUN_MS = 60_000;

/** A job's budget: more than it needs where nothing else is said. */
export function newBudget(cost: Partial<Cost> = {}, forMs = RUN_MS): Budget {
  return new Budget({ calls: 1_000, queries: 1_000, ...cost }, Date.now() + forMs);
}
