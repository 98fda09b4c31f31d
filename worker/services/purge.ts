import { AppError } from "#contract/errors.ts";
import type { FileId, FileVersionRef, TenantId } from "#contract/ids.ts";
import { filePrefix } from "#contract/keys.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { EventOfEach, FileSet } from "../db/file-sets.ts";
import { findUnstoredVersions, isInTrash } from "../db/file-sets.ts";
import { deletePurged, markPurging } from "../db/trash.ts";
import type { ObjectLister, ObjectRemover } from "../storage/object-store.ts";
import { emptyPrefix } from "./empty-prefix.ts";
import type { Caller } from "./file-actions.ts";
import { requireActionable } from "./file-actions.ts";
import { requireFile } from "./files.ts";
import { inLots, inTurns } from "./in-turns.ts";

/**
 * Removing files for good (R42), in steps that may each be done twice, so that a crash between any two costs nothing but
 * another try by cron:
 *
 *   mark (nobody sees it any more, nothing brings it back, no upload is recorded) → uploads under way → stored objects
 *   → rows, with the event
 *
 * Of many files the last two are done lot by lot: what is over when time is over stays so.
 *
 * The rows go last: they are what says that there is something left to remove, and what the quota counts.
 */

/** What removing files needs of the world outside of the records. */
export interface Removal {
  readonly objects: ObjectLister & ObjectRemover;
  /** Ends the upload of a version if it is still under way, within a bounded time. */
  endUpload(ref: FileVersionRef): Promise<void>;
}

/** Removes a file for good, from the trash or not. Throws as `requireActionable`. */
export async function purgeFile(
  env: DatabaseBindings,
  removal: Removal,
  caller: Caller,
  fileId: FileId,
  nowMs: number,
): Promise<void> {
  requireActionable(caller.identity, await requireFile(env, caller.identity, fileId, "purge"), "purge");
  const marked = await markForPurge(env, caller, [fileId], nowMs);
  // It was there a moment ago.
  if (marked.length === 0) throw new AppError("FILE_NOT_FOUND");
  await purgeMarked(env, removal, caller, marked, nowMs);
}

/**
 * Marks what is still there, and returns which. The caller's permission has been checked.
 * @param onlyTrash not what isn't in the trash (any more)
 */
export async function markForPurge(
  env: DatabaseBindings,
  { identity, actor }: Caller,
  fileIds: readonly FileId[],
  nowMs: number,
  onlyTrash = false,
): Promise<readonly FileId[]> {
  const { tenantId, userId } = identity;
  const set = { tenantId, fileIds };
  const condition = onlyTrash ? isInTrash(set) : undefined;
  return markPurging(databaseFor(env, tenantId), set, userId, { actor, atMs: nowMs }, condition);
}

/** Of work that goes on behind an answer: a Worker is ended 30 s after it (Cloudflare, Workers, "waitUntil"). */
const BEGIN_FOR_MS = 20_000;

/** Removes what was marked. What can't be removed now is left to cron: to its callers it is gone. Never throws. */
export async function purgeMarked(
  env: DatabaseBindings,
  removal: Removal,
  { identity, actor }: Caller,
  fileIds: readonly FileId[],
  nowMs: number,
): Promise<void> {
  const { tenantId } = identity;
  const untilMs = Date.now() + BEGIN_FOR_MS;
  const event = { actor, atMs: nowMs };
  const mayBegin = () => Date.now() < untilMs;
  await purgeOfTenant(databaseFor(env, tenantId), removal, { tenantId, fileIds }, event, mayBegin);
}

type PurgeEvent = Omit<EventOfEach, "action">;

/**
 * Removes files of one tenant that were marked. What can't be removed now is left to cron. Never throws.
 * @param mayBegin as of `inLots`
 */
export async function purgeOfTenant(
  db: Database,
  removal: Removal,
  { tenantId, fileIds }: FileSet,
  event: PurgeEvent,
  mayBegin: (files: number) => boolean,
): Promise<void> {
  await inLots(fileIds, mayBegin, (lot) => purgeLot(db, removal, { tenantId, fileIds: lot }, event));
}

async function purgeLot(db: Database, removal: Removal, set: FileSet, event: PurgeEvent): Promise<void> {
  const { tenantId, fileIds } = set;
  try {
    const emptied = await removeBytes(removal, set, await findUnstoredVersions(db, set));
    await deletePurged(db, { tenantId, fileIds: emptied }, event);
  } catch (error) {
    logPostponed({ tenantId, files: fileIds.length }, error);
  }
}

/** The files of which nothing is stored any more. */
async function removeBytes(
  removal: Removal,
  { tenantId, fileIds }: FileSet,
  unstored: readonly FileVersionRef[],
): Promise<readonly FileId[]> {
  const outcomes = await inTurns(fileIds, (fileId) => {
    const uploads = unstored.filter((ref) => ref.fileId === fileId);
    return removeBytesOf(removal, tenantId, fileId, uploads);
  });
  return fileIds.filter((_fileId, index) => outcomes[index]);
}

/** Whether nothing of the file is stored any more. Never throws. */
async function removeBytesOf(
  removal: Removal,
  tenantId: TenantId,
  fileId: FileId,
  uploads: readonly FileVersionRef[],
): Promise<boolean> {
  try {
    for (const ref of uploads) await removal.endUpload(ref);
    // Copies at replica targets are owed since the mark, by a trigger.
    return await emptyPrefix(removal.objects, filePrefix(tenantId, fileId));
  } catch (error) {
    logPostponed({ tenantId, fileId }, error);
    return false;
  }
}

/**
 * Ends uploads of files that were put into the trash. One that can't be ended now goes on or expires, and its version
 * stays in the trash. Never throws.
 */
export async function endUploads(removal: Removal, refs: readonly FileVersionRef[]): Promise<void> {
  await inTurns(refs, (ref) =>
    removal.endUpload(ref).catch((error: unknown) => {
      console.error({ event: "upload-not-ended", ...ref, error: String(error) });
    }),
  );
}

function logPostponed(ids: Readonly<Record<string, string | number>>, error: unknown): void {
  console.error({ event: "purge-postponed", ...ids, error: String(error) });
}
