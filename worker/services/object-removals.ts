import type { FileVersionRef } from "#contract/ids.ts";
import { versionPrefix } from "#contract/keys.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { findVersion } from "../db/files.ts";
import type { ObjectRemoval } from "../db/object-removals.ts";
import { deleteObjectRemovals } from "../db/object-removals.ts";
import { isTenantErasing } from "../db/tenants.ts";
import type { ObjectLister, ObjectRemover } from "../storage/object-store.ts";
import { emptyPrefix } from "./empty-prefix.ts";
import { inLots, inTurns } from "./in-turns.ts";

/**
 * The objects of removed versions. What is to be removed was written down with the removal of the version's row, so that
 * a crash at any moment costs nothing but another try by cron:
 *
 *   row out, prefix written down (one batch) → stored objects → the prefix forgotten
 *
 * A file's version numbers are given once (`takeNextVersion`), so that no other version's objects ever come under the
 * prefix. A derivative that is stored late is removed when its report is refused (reports.ts), and one whose
 * report never came when its job is begun again.
 */
export type Objects = ObjectLister & ObjectRemover;

/** Removes the objects of a version that has been removed. What can't be removed now is left to cron. Never throws. */
export async function removeVersionObjects(
  env: DatabaseBindings,
  objects: Objects,
  ref: FileVersionRef,
): Promise<void> {
  const db = databaseFor(env, ref.tenantId);
  await carryOutSome(db, objects, [{ ...ref, prefix: versionPrefix(ref) }]);
}

/**
 * Removes what there is under the keys of a version that has no record any more: its job may have stored a derivative when it
 * was removed already, and died before it said so. An erasure counts all that it finds, and is left alone.
 */
export async function removeUnrecorded(
  env: DatabaseBindings,
  objects: Objects,
  ref: FileVersionRef,
): Promise<void> {
  const db = databaseFor(env, ref.tenantId);
  const [version, isErasing] = await Promise.all([findVersion(db, ref), isTenantErasing(db, ref.tenantId)]);
  if (version === undefined && !isErasing) await emptyPrefix(objects, versionPrefix(ref));
}

/**
 * Removes objects that were written down, and forgets those of which all are gone, lot by lot. Never throws.
 * @param mayBegin as of `inLots`
 */
export async function carryOutRemovals(
  db: Database,
  objects: Objects,
  removals: readonly ObjectRemoval[],
  mayBegin: (count: number) => boolean,
): Promise<void> {
  await inLots(removals, mayBegin, (lot) => carryOutSome(db, objects, lot));
}

async function carryOutSome(
  db: Database,
  objects: Objects,
  removals: readonly ObjectRemoval[],
): Promise<void> {
  const outcomes = await inTurns(removals, (removal) => isEmptied(objects, removal));
  const done = removals.filter((_removal, index) => outcomes[index]);
  if (done.length === 0) return;
  try {
    await deleteObjectRemovals(db, done);
  } catch (error) {
    console.error({ event: "removals-not-forgotten", removals: done.length, error: String(error) });
  }
}

async function isEmptied(objects: Objects, { prefix, ...ref }: ObjectRemoval): Promise<boolean> {
  try {
    return await emptyPrefix(objects, prefix);
  } catch (error) {
    console.error({ event: "removal-postponed", ...ref, error: String(error) });
    return false;
  }
}
