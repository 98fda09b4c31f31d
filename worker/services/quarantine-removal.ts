import { AppError } from "#contract/errors.ts";
import type { FileVersionRef, UserId } from "#contract/ids.ts";
import type { Actor } from "../db/audit.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { VersionRow } from "../db/files.ts";
import type { Successor } from "../db/quarantine.ts";
import { deleteBlockedVersion, markBlockedFile } from "../db/quarantine.ts";
import type { Naming } from "../db/versions.ts";
import { findNaming, findSuccessor } from "../db/versions.ts";
import type { Caller } from "./file-actions.ts";
import { nameWithVersion } from "./file-names.ts";
import { removeVersionObjects } from "./object-removals.ts";
import { requireRole } from "./permissions.ts";
import type { Removal } from "./purge.ts";
import { purgeMarked } from "./purge.ts";
import { requireBlocked } from "./quarantine.ts";

/**
 * Removing blocked versions for good. One that was the current one leaves its place to the newest clean one, or else to
 * the newest that is stored; a file that has no other goes with it, by the way that purges go (purge.ts), which ends its
 * uploads.
 */

/** What was removed: the version, its whole file, or neither since it isn't blocked any more. */
type Removed = "version" | "file" | "nothing";

/**
 * Removes a blocked version's record; its objects go afterwards (object-removals.ts, purge.ts).
 * @param deletedBy who counts as having deleted the file where it goes with its version
 */
export async function removeBlockedRecord(
  env: DatabaseBindings,
  ref: FileVersionRef,
  { actor, deletedBy }: { readonly actor: Actor; readonly deletedBy: UserId },
  nowMs: number,
): Promise<Removed> {
  const { tenantId, fileId, version } = ref;
  const db = databaseFor(env, tenantId);
  const [next, naming] = await Promise.all([findSuccessor(db, ref), findNaming(db, ref)]);
  const detail = { blocked: true };
  const event = { actor, action: "version.deleted", fileId, version, detail, atMs: nowMs } as const;
  const isDeleted = await deleteBlockedVersion(db, ref, successorOf(next, naming), event);
  if (isDeleted) return "version";
  const isMarked = await markBlockedFile(db, ref, deletedBy, { actor, atMs: nowMs });
  return isMarked ? "file" : "nothing";
}

function successorOf(next: VersionRow | undefined, naming: Naming | undefined): Successor | undefined {
  if (next === undefined || naming === undefined) return undefined;
  const renaming = { filename: naming.filename, newFilename: nameWithVersion(naming, next) };
  return { version: next.version, renaming };
}

/** Removes a blocked version for good. Throws `ROLE_REQUIRED` and as `requireBlocked`. */
export async function removeBlocked(
  env: DatabaseBindings,
  removal: Removal,
  caller: Caller,
  ref: FileVersionRef,
  nowMs: number,
): Promise<void> {
  const { identity, actor } = caller;
  requireRole(identity, "admin");
  await requireBlocked(env, ref);
  const removed = await removeBlockedRecord(env, ref, { actor, deletedBy: identity.userId }, nowMs);
  if (removed === "nothing") throw new AppError("VERSION_NOT_BLOCKED");
  if (removed === "version") await removeVersionObjects(env, removal.objects, ref);
  if (removed === "file") await purgeMarked(env, removal, caller, [ref.fileId], nowMs);
}
