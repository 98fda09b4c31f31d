import type { FileVersionRef } from "#contract/ids.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { allDatabases } from "../db/database.ts";
import type { ReservationRow } from "../db/quota.ts";
import { findReservationsToCheck, postponeCheck } from "../db/quota.ts";
import { deleteUnfinishedUpload } from "../db/uploads.ts";

/** How often an upload that is under way is asked again: it may take days. */
const CHECK_AGAIN_MS = 4 * 3_600_000;
/** Most uploads asked in one run; the next run takes the others. */
const BATCH = 100;
/** How many are asked at once. */
const AT_ONCE = 10;

/** Whether an upload still needs what is reserved for it; asks its object. */
export type StillStands = (ref: FileVersionRef) => Promise<boolean>;

/**
 * Releases what is reserved for uploads that aren't there: their object never came to be, or a crash came between its
 * end and the release. Asks those whose time it is; one that can't be asked is asked at the next run. Returns how many
 * were released.
 */
export async function sweepReservations(
  env: DatabaseBindings,
  stillStands: StillStands,
  nowMs: number,
): Promise<number> {
  let released = 0;
  for (const db of allDatabases(env)) {
    const due = await findReservationsToCheck(db, nowMs, BATCH);
    for (let first = 0; first < due.length; first += AT_ONCE) {
      const asked = due.slice(first, first + AT_ONCE);
      const results = await Promise.all(asked.map((row) => checkOne(db, row, stillStands, nowMs)));
      released += results.filter(Boolean).length;
    }
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
    return false;
  }
}
