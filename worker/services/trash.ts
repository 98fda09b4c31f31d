import { AppError } from "#contract/errors.ts";
import type { FileId } from "#contract/ids.ts";
import { TRASH_DAYS } from "#contract/tenants.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { findUnstoredVersions } from "../db/file-sets.ts";
import { restoreFiles, trashFiles } from "../db/trash.ts";
import type { Caller } from "./file-actions.ts";
import { requireActionable } from "./file-actions.ts";
import { requireFile } from "./files.ts";
import type { Removal } from "./purge.ts";
import { endUploads } from "./purge.ts";
import { settingsOf } from "./tenants.ts";

const DAY_MS = 24 * 3_600_000;

/**
 * Puts a file into the trash: it stops being served at once. One that has nothing but an upload under way ends with that,
 * since there would be nothing to restore. Throws as `requireActionable`.
 */
export async function deleteFile(
  env: DatabaseBindings,
  removal: Removal,
  caller: Caller,
  fileId: FileId,
  nowMs: number,
): Promise<void> {
  requireActionable(caller.identity, await requireFile(env, caller.identity, fileId, "delete"), "delete");
  const deleted = await putIntoTrash(env, removal, caller, [fileId], nowMs);
  // It was there a moment ago.
  if (deleted.length === 0) throw new AppError("FILE_NOT_FOUND");
}

/** Puts those into the trash that aren't there, and returns which. The caller's permission has been checked. */
export async function putIntoTrash(
  env: DatabaseBindings,
  removal: Removal,
  { identity, actor }: Caller,
  fileIds: readonly FileId[],
  nowMs: number,
): Promise<readonly FileId[]> {
  const { tenantId, userId } = identity;
  const db = databaseFor(env, tenantId);
  const { trashDays = TRASH_DAYS } = await settingsOf(env, tenantId);
  const trashing = { deletedBy: userId, purgeAtMs: nowMs + trashDays * DAY_MS };
  const deleted = await trashFiles(db, { tenantId, fileIds }, trashing, { actor, atMs: nowMs });
  const unstored = await findUnstoredVersions(db, { tenantId, fileIds: deleted });
  await endUploads(removal, unstored);
  return deleted;
}

/** Takes a file out of the trash again. Throws as `requireActionable`. */
export async function restoreFile(
  env: DatabaseBindings,
  { identity, actor }: Caller,
  fileId: FileId,
  nowMs: number,
): Promise<void> {
  const { tenantId } = identity;
  requireActionable(identity, await requireFile(env, identity, fileId, "restore"), "restore");
  const set = { tenantId, fileIds: [fileId] };
  const restored = await restoreFiles(databaseFor(env, tenantId), set, { actor, atMs: nowMs });
  if (restored.length === 0) throw new AppError("FILE_NOT_IN_TRASH");
}
