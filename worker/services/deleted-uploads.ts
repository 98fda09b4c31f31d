import type { ErrorCode } from "#contract/errors.ts";
import { AppError } from "#contract/errors.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { requireGranted } from "./entity-grants.ts";
import type { Caller } from "./file-actions.ts";
import { requireFile } from "./files.ts";
import type { Removal } from "./purge.ts";
import { deleteFile } from "./trash.ts";
import type { VersionRemovalTools } from "./versions.ts";
import { removeVersion } from "./versions.ts";

/** What says that there is nothing (any more) that an upload has become. */
const GONE: ReadonlySet<ErrorCode> = new Set(["FILE_NOT_FOUND", "VERSION_NOT_FOUND", "FILE_IN_TRASH"]);

/**
 * Deletes what a complete upload has become, as the files' API does: the first of a file with the file, into the trash; a
 * later one as the version that it is. Throws as `removeVersion`, `PERMISSION_REQUIRED`, and `GRANT_SCOPE`.
 * @returns whether it was there
 */
export async function deleteUploaded(
  env: DatabaseBindings,
  tools: Removal & VersionRemovalTools,
  caller: Caller,
  ref: FileVersionRef,
  nowMs: number,
): Promise<boolean> {
  try {
    await requireOfGrant(env, caller, ref);
    if (ref.version === 1) await deleteFile(env, tools, caller, ref.fileId, nowMs);
    else await removeVersion(env, tools, caller, ref, nowMs);
    return true;
  } catch (error) {
    if (error instanceof AppError && GONE.has(error.code)) return false;
    throw error;
  }
}

/**
 * An upload grant is for one upload: what others have made of its file since, or had before, isn't its holder's to delete.
 * An entity grant says whether files are deleted by it, and no version of one ever is.
 */
async function requireOfGrant(
  env: DatabaseBindings,
  { identity, actor }: Caller,
  { fileId, version }: FileVersionRef,
): Promise<void> {
  requireGranted(identity, "delete");
  if (actor.kind !== "grant" && identity.entityGrant === undefined) return;
  if (version > 1)
    throw new AppError("GRANT_SCOPE", { detail: "A version of a file isn't a grant's to remove." });
  if (actor.kind !== "grant") return;
  const { file } = await requireFile(env, identity, fileId, "delete");
  if (file.lastVersion === 1) return;
  throw new AppError("GRANT_SCOPE", { detail: "The file has become more than what the grant was for." });
}
