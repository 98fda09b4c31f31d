import type { RemovedItem } from "#contract/erasures.ts";
import { nextDigest } from "#contract/erasures.ts";
import type { FileVersionRef, TenantId } from "#contract/ids.ts";
import { tenantPrefix } from "#contract/keys.ts";
import { eraseAuditTrail } from "../db/audit-archives.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { ErasureRow, FileToErase } from "../db/erasures.ts";
import {
  countPendingObjects,
  eraseFiles,
  eraseReservations,
  findErasure,
  findFilesToErase,
  findReservationsToErase,
  findUnfinishedErasures,
  finishErasure,
  markEmpty,
  markObjectsPending,
} from "../db/erasures.ts";
import { countRemovals } from "../db/replica-removals.ts";
import type { ObjectLister, ObjectRemover } from "../storage/object-store.ts";
import { forEachDatabase } from "./each-database.ts";
import { proveErasure } from "./erasure-requests.ts";

/**
 * The erasure of all that a tenant had, in small steps, each of which may be done twice: whatever dies in the middle of
 * one, the next run of the cron goes on. A step does the first of these for which there is something to do:
 *
 *   objects that were written down   are removed, and then counted
 *   files                            their uploads are forgotten, then their rows are removed and counted in one batch
 *   reservations                     the uploads that hold them are forgotten, then they are removed
 *   objects under the tenant's keys  are written down
 *   audit trail                      is removed
 *
 * Copies at replica targets are owed when the files' rows are gone, and go by jobs of their own (replica-feed.ts). When
 * there is nothing, what may still be on its way is waited for (`settleMs`), and looked for again. Only when there
 * is nothing then either, the tenant's row goes and the erasure is finished.
 */
export interface ErasureMeans {
  readonly objects: ObjectLister & ObjectRemover;
  /** Makes an upload's object forget all that it holds, within a bounded time. For one that it holds nothing of too. */
  eraseUpload(ref: FileVersionRef): Promise<void>;
  readonly settleMs: number;
  /** The first of them signs the proof. */
  readonly signingKeys: readonly { readonly kid: string; readonly secret: string }[];
}

interface Run extends ErasureMeans {
  readonly db: Database;
  readonly nowMs: number;
  readonly limits: Limits;
}

/** What is left to a run, whatever the number of erasures. */
interface Limits {
  readonly untilMs: number;
  /** Calls to other parts. */
  calls: number;
}

/** Of one erasure that is driven at once. A Worker may make 1,000; the last step may make 200 more than are left. */
const CALLS_AT_ONCE = 700;
/** Beside those to uploads' objects. */
const CALLS_PER_STEP = 7;
const RUN_MS = 20_000;
const FILES_PER_STEP = 50;
const RESERVATIONS_PER_STEP = 50;
const EVENTS_PER_STEP = 1_000;
/** An upload remembers itself for a week at most (uploads/upload.ts): older ones have forgotten. */
const OBJECT_KNOWS_MS = 8 * 24 * 3_600_000;

function newLimits(calls: number): Limits {
  return { untilMs: Date.now() + RUN_MS, calls };
}

/**
 * Goes on with the erasures that aren't finished, the oldest first. One that fails keeps no other from going on.
 * @param calls how many calls to other parts it may make, but for the last step
 */
export async function driveErasures(
  env: DatabaseBindings,
  means: ErasureMeans,
  nowMs: number,
  calls: number,
): Promise<void> {
  const limits = newLimits(calls);
  await forEachDatabase(env, "erase", async (db) => {
    for (const erasure of await findUnfinishedErasures(db)) {
      await driveErasure({ ...means, db, nowMs, limits }, erasure);
    }
  });
}

/** Goes on with one erasure at once. Never throws: the cron goes on with what is left. */
export async function driveErasureOf(
  env: DatabaseBindings,
  erasure: ErasureRow,
  means: ErasureMeans,
  nowMs: number,
): Promise<void> {
  const db = databaseFor(env, erasure.tenantId);
  await driveErasure({ ...means, db, nowMs, limits: newLimits(CALLS_AT_ONCE) }, erasure);
}

async function driveErasure(run: Run, begun: ErasureRow): Promise<void> {
  const { limits } = run;
  try {
    let erasure: ErasureRow | undefined = begun;
    while (erasure !== undefined && limits.calls > 0 && Date.now() < limits.untilMs) {
      if (!(await takeStep(run, erasure))) return;
      erasure = await findErasure(run.db, erasure.tenantId, erasure.id);
    }
  } catch (error) {
    const { tenantId, id } = begun;
    console.error({ event: "erasure-postponed", tenantId, erasureId: id, error: String(error) });
  }
}

/** Returns whether there may be more to do at once. */
async function takeStep(run: Run, erasure: ErasureRow): Promise<boolean> {
  const { emptyAtMs, finishedAtMs } = erasure;
  if (finishedAtMs !== null) return false;
  if (emptyAtMs !== null && run.nowMs < emptyAtMs + run.settleMs) return false;
  run.limits.calls -= CALLS_PER_STEP;
  if (await removeSomething(run, erasure)) return true;
  // Which others remove, and whose proof this is too.
  if ((await countRemovals(run.db, erasure.tenantId)) > 0) return false;
  if (emptyAtMs === null) await markEmpty(run.db, erasure, run.nowMs);
  else await finishErasure(run.db, erasure, await proveErasure(erasure, run.nowMs, run.signingKeys));
  return true;
}

async function removeSomething(run: Run, erasure: ErasureRow): Promise<boolean> {
  const { db } = run;
  return (
    (await removePendingObjects(run, erasure)) ||
    (await removeFiles(run, erasure)) ||
    (await removeReservations(run, erasure.tenantId)) ||
    (await writeObjectsDown(run, erasure)) ||
    eraseAuditTrail(db, erasure.tenantId, EVENTS_PER_STEP)
  );
}

async function removePendingObjects({ db, objects }: Run, erasure: ErasureRow): Promise<boolean> {
  const { pending, digest } = erasure;
  if (pending === null) return false;
  await objects.remove(pending.map(({ key }) => key));
  const items = pending.map(({ key }): RemovedItem => `object ${key}`);
  await countPendingObjects(db, erasure, pending, await nextDigest(digest, items));
  return true;
}

async function removeFiles(run: Run, erasure: ErasureRow): Promise<boolean> {
  const { tenantId, digest } = erasure;
  const found = await findFilesToErase(run.db, tenantId, FILES_PER_STEP);
  if (found.length === 0) return false;
  await eraseUploads(run, remembered(run, tenantId, found));
  const items = found.map(({ id }): RemovedItem => `file ${id}`);
  await eraseFiles(run.db, erasure, found, await nextDigest(digest, items));
  return true;
}

/** Versions whose uploads are under way, or ended so lately that their objects may know them still. */
function remembered({ nowMs }: Run, tenantId: TenantId, found: readonly FileToErase[]): FileVersionRef[] {
  return found.flatMap(({ id, versions }) =>
    versions
      .filter(({ state, createdAtMs }) => state === "uploading" || createdAtMs > nowMs - OBJECT_KNOWS_MS)
      .map(({ version }) => ({ tenantId, fileId: id, version })),
  );
}

async function eraseUploads(run: Run, refs: readonly FileVersionRef[]): Promise<void> {
  run.limits.calls -= refs.length;
  await Promise.all(refs.map((ref) => run.eraseUpload(ref)));
}

async function removeReservations(run: Run, tenantId: TenantId): Promise<boolean> {
  const found = await findReservationsToErase(run.db, tenantId, RESERVATIONS_PER_STEP);
  if (found.length === 0) return false;
  await eraseUploads(run, found);
  await eraseReservations(run.db, tenantId, found);
  return true;
}

/** Always from the beginning: what was found is gone by the next time, and what landed behind it is found. */
async function writeObjectsDown({ db, objects }: Run, erasure: ErasureRow): Promise<boolean> {
  const found = await objects.list(tenantPrefix(erasure.tenantId));
  if (found.keys.length === 0) return false;
  const pending = found.keys.map((key, index) => ({ key, sizeBytes: found.sizes[index] ?? 0 }));
  await markObjectsPending(db, erasure, pending);
  return true;
}
