import type { FileVersionRef } from "#contract/ids.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import type { ReservationRow } from "../db/quota.ts";
import { deleteSpent, findReservationsToCheck, postponeCheck } from "../db/quota.ts";
import { deleteUnfinishedUpload } from "../db/uploads.ts";
import { itemsPerDatabase } from "./call-shares.ts";
import { forEachDatabase } from "./each-database.ts";

/** How often an upload that is under way is asked again: it may take days. */
const CHECK_AGAIN_MS = 4 * 3_600_000;
/** How soon one that couldn't be asked is asked again, behind those whose time has come by then. */
const TRY_AGAIN_MS = 10 * 60_000;
/** To the upload's object, and to the database. */
const CALLS_PER_RESERVATION = 2;
/** How many are asked at once. */
const AT_ONCE = 10;

/** Whether an upload still needs what is reserved for it; asks its object. */
export type StillStands = (ref: FileVersionRef) => Promise<boolean>;

/**
 * Releases what is reserved for uploads that aren't there: their object never came to be, or a crash came between its
 * end and the release. Asks those whose time it is; one that can't be asked is asked again later, and keeps no other from
 * being asked. Returns how many were released.
 * @param calls how many calls to other parts it may make
 */
export async function sweepReservations(
  env: DatabaseBindings,
  stillStands: StillStands,
  nowMs: number,
  calls: number,
): Promise<number> {
  const limit = itemsPerDatabase(env, calls, CALLS_PER_RESERVATION);
  const released = await forEachDatabase(env, "sweep-reservations", (db) =>
    sweepOne(db, stillStands, nowMs, limit),
  );
  return released.reduce((sum, each) => sum + each, 0);
}

async function sweepOne(
  db: Database,
  stillStands: StillStands,
  nowMs: number,
  limit: number,
): Promise<number> {
  let released = 0;
  await deleteSpent(db, nowMs);
  const due = await findReservationsToCheck(db, nowMs, limit);
  for (let first = 0; first < due.length; first += AT_ONCE) {
    const asked = due.slice(first, first + AT_ONCE);
    const results = await Promise.all(asked.map((row) => checkOne(db, row, stillStands, nowMs)));
    released += results.filter(Boolean).length;
  }
  return released;
}

/** Whether it was released. */
async function checkOne(
  db: Database,
  row: ReservationRow,
  stillStands: StillStands,
  nowMs: number,
): Promise<boolean> {
  try {
    if (await stillStands(row)) {
      await postponeCheck(db, row, nowMs + CHECK_AGAIN_MS);
      return false;
    }
    await deleteUnfinishedUpload(db, row);
    return true;
  } catch (error) {
    const { tenantId, fileId, version } = row;
    console.error({ event: "reservation-unchecked", tenantId, fileId, version, error: String(error) });
    // Without the database there is no order to keep.
    await postponeCheck(db, row, nowMs + TRY_AGAIN_MS).catch(() => {});
    return false;
  }
}
