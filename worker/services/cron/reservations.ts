import type { FileVersionRef } from "#contract/ids.ts";
import type { Database, DatabaseBindings } from "../../db/database.ts";
import type { ReservationRow } from "../../db/quota.ts";
import { deleteSpent, postponeCheck, takeReservationsToCheck } from "../../db/quota.ts";
import { deleteUnfinishedUpload } from "../../db/uploads.ts";
import { withDeadline } from "../../deadline.ts";
import { inTurns } from "../in-turns.ts";
import type { Budget, Cost } from "./budget.ts";
import { forEachDatabase } from "./each-database.ts";

/** How often an upload that is under way is asked again: it may take days. */
const CHECK_AGAIN_MS = 4 * 3_600_000;
/** How soon one that couldn't be asked is asked again, behind those whose time has come by then. */
const TRY_AGAIN_MS = 10 * 60_000;
/** To forget what is spent and to take what is due. */
const COST: Cost = { calls: 2, queries: 2 };
/** To the upload's object, and to the database. */
const COST_PER_RESERVATION: Cost = { calls: 2, queries: 1 };
/** How many objects are asked at once: calls to them take none of a Worker's six connections. */
const AT_ONCE = 50;
/** How long one is waited for. */
const ANSWER_MS = 5_000;

export interface SweepMeans {
  /** Whether an upload still needs what is reserved for it; asks its object. */
  stillStands(ref: FileVersionRef): Promise<boolean>;
  /** How long it is waited for; a few seconds where nothing else is said. */
  readonly answerMs?: number;
}

/**
 * Releases what is reserved for uploads that aren't there: their object never came to be, or a crash came between its
 * end and the release. Asks those whose time it is; one that can't be asked, or is silent, is asked again later, and keeps
 * no other from being asked. Returns how many were released.
 */
export async function sweepReservations(
  env: DatabaseBindings,
  means: SweepMeans,
  nowMs: number,
  budget: Budget,
): Promise<number> {
  const released = await forEachDatabase(env, budget, "sweep-reservations", (db, part) =>
    sweepOne(db, means, nowMs, part),
  );
  return released.reduce((sum, each) => sum + each, 0);
}

async function sweepOne(db: Database, means: SweepMeans, nowMs: number, part: Budget): Promise<number> {
  part.spend(COST);
  await deleteSpent(db, nowMs);
  const limit = part.itemsOf(COST_PER_RESERVATION);
  const due = await takeReservationsToCheck(db, nowMs, nowMs + TRY_AGAIN_MS, limit);
  const outcomes = await inTurns(
    due,
    async (row) => part.begin(COST_PER_RESERVATION) && checkOne(db, row, means, nowMs),
    AT_ONCE,
  );
  return outcomes.filter(Boolean).length;
}

/** Whether it was released. */
async function checkOne(
  db: Database,
  row: ReservationRow,
  { stillStands, answerMs = ANSWER_MS }: SweepMeans,
  nowMs: number,
): Promise<boolean> {
  try {
    if (await withDeadline(stillStands(row), answerMs, "SERVICE_UNAVAILABLE")) {
      await postponeCheck(db, row, nowMs + CHECK_AGAIN_MS);
      return false;
    }
    await deleteUnfinishedUpload(db, row);
    return true;
  } catch (error) {
    const { tenantId, fileId, version } = row;
    console.error({ event: "reservation-unchecked", tenantId, fileId, version, error: String(error) });
    return false;
  }
}
