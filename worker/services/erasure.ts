import type { RemovedItem } from "#contract/erasures.ts";
import { nextDigest } from "#contract/erasures.ts";
import type { FileVersionRef, TenantId } from "#contract/ids.ts";
import { tenantPrefix } from "#contract/keys.ts";
import { eraseAuditTrail } from "../db/audit-archives.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { finishErasure, markEmpty } from "../db/erasure-ends.ts";
import type { ErasureRow, FileToErase } from "../db/erasures.ts";
import {
  countPendingObjects,
  eraseFiles,
  eraseReservations,
  eraseVersions,
  findErasure,
  findFilesToErase,
  findReservationsToErase,
  markObjectsPending,
} from "../db/erasures.ts";
import { countRemovals } from "../db/replica-removals.ts";
import type { ObjectLister, ObjectRemover } from "../storage/object-store.ts";
import type { Cost } from "./cron/budget.ts";
import { Budget } from "./cron/budget.ts";
import { proveErasure } from "./erasure-requests.ts";

/**
 * The erasure of all that a tenant had, in small steps, each of which may be done twice: whatever dies in the middle of
 * one, the next run of the cron goes on. A step does the first of these for which there is something to do:
 *
 *   objects that were written down   are removed, and then counted
 *   files                            their uploads are forgotten, then their rows are removed and counted in one batch; of
 *                                    one with very many versions, some of these
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
  /** What is left to it. The last step may take more. */
  readonly budget: Budget;
}

/** Of one erasure that is driven at once, by a request that has done little else. */
const AT_ONCE: Cost = { calls: 5_000, queries: 500 };
const AT_ONCE_MS = 20_000;
/** Beside calls to uploads' objects. */
export const COST_PER_STEP: Cost = { calls: 8, queries: 6 };
const FILES_PER_STEP = 50;
/** Each may take a call to its upload's object. */
const VERSIONS_PER_STEP = 150;
const RESERVATIONS_PER_STEP = 50;
const EVENTS_PER_STEP = 1_000;
/** An upload remembers itself for a week at most (uploads/upload.ts): older ones have forgotten. */
const OBJECT_KNOWS_MS = 8 * 24 * 3_600_000;

/** Goes on with one erasure at once. Never throws: the cron goes on with what is left. */
export async function driveErasureOf(
  env: DatabaseBindings,
  erasure: ErasureRow,
  means: ErasureMeans,
  nowMs: number,
): Promise<void> {
  const db = databaseFor(env, erasure.tenantId);
  const budget = new Budget(AT_ONCE, Date.now() + AT_ONCE_MS);
  await driveErasure({ ...means, db, nowMs, budget }, erasure);
}

/** Goes on with an erasure as far as the run's budget allows. Never throws. */
export async function driveErasure(run: Run, begun: ErasureRow): Promise<void> {
  try {
    let erasure: ErasureRow | undefined = begun;
    while (erasure !== undefined && !run.budget.isSpent) {
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
  run.budget.spend(COST_PER_STEP);
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
  const next = await findFilesToErase(run.db, tenantId, FILES_PER_STEP);
  const [first] = next;
  if (first === undefined) return false;
  if (first.versions.length > VERSIONS_PER_STEP) return removeVersions(run, erasure, first);
  const found = filesOfStep(next);
  await eraseUploads(run, remembered(run, tenantId, found));
  const items = found.map(({ id }): RemovedItem => `file ${id}`);
  await eraseFiles(run.db, erasure, found, await nextDigest(digest, items));
  return true;
}

/** As many as have no more versions than a step can take. */
function filesOfStep(next: readonly FileToErase[]): readonly FileToErase[] {
  const taken: FileToErase[] = [];
  let versionsLeft = VERSIONS_PER_STEP;
  for (const file of next) {
    versionsLeft -= file.versions.length;
    if (versionsLeft < 0) break;
    taken.push(file);
  }
  return taken;
}

/** Some of a file's versions: the file itself goes with the last of them. */
async function removeVersions(run: Run, erasure: ErasureRow, { id, versions }: FileToErase): Promise<true> {
  const found = versions.slice(0, VERSIONS_PER_STEP);
  await eraseUploads(run, remembered(run, erasure.tenantId, [{ id, versions: found }]));
  await eraseVersions(run.db, erasure, id, found);
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
  run.budget.spend({ calls: refs.length, queries: 0 });
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
