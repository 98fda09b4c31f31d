import type { FileVersionRef } from "#contract/ids.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import type { Actor } from "../db/audit.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { findVersion } from "../db/files.ts";
import type { ReservedPartial } from "../db/partials.ts";
import { deleteUnfinishedUpload, markVersionStored } from "../db/uploads.ts";

/** What an upload's end is to its record: it is stored, or there is none. */

/** Where the bytes of a stored upload came from. */
export interface UploadOrigin {
  readonly uploader: Omit<Actor, "tenantId">;
  /** What it was made of: they have nothing reserved from now on. Empty for an upload that wasn't made of others. */
  readonly partials: readonly Pick<ReservedPartial, "fileId">[];
}

/** Records that an upload's bytes are stored and wait for their check. May be called again for the same upload. */
export async function recordStoredUpload(
  env: DatabaseBindings,
  job: ProcessJob,
  { uploader, partials }: UploadOrigin,
  nowMs: number,
): Promise<boolean> {
  const { objectKey, etag, sizeBytes, expectedDigests = null } = job;
  const object = { objectKey, etag, sizeBytes, expectedDigests };
  const actor = { ...uploader, tenantId: job.tenantId };
  return markVersionStored(databaseFor(env, job.tenantId), job, { object, partials, actor, nowMs });
}

/** Whether an upload's bytes are recorded as stored: not where its record is gone, or was made again after it was purged. */
export async function isStoredUpload(env: DatabaseBindings, ref: FileVersionRef): Promise<boolean> {
  const version = await findVersion(databaseFor(env, ref.tenantId), ref);
  return version !== undefined && version.state !== "uploading";
}

/**
 * Removes the record of an upload that ended without a file, and its reservation. Its partials keep theirs. May be called
 * again.
 */
export async function forgetUpload(env: DatabaseBindings, ref: FileVersionRef): Promise<void> {
  await deleteUnfinishedUpload(databaseFor(env, ref.tenantId), ref);
}
