import type { FileId, FileVersionRef, TenantId } from "#contract/ids.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import type { Caller } from "../services/file-actions.ts";
import type { ReservationGrowth } from "../services/quota.ts";
import type { UploadOrigin } from "../services/stored-uploads.ts";

/**
 * What an upload needs of the world outside its object, but for the store. Each may be called again for the same upload,
 * and what nobody waits for any more may land late.
 */
export interface Outside {
  /** Records a stored upload. False where the record is gone: then nobody has a use for the bytes. */
  record(job: ProcessJob, origin: UploadOrigin): Promise<boolean>;
  /** Whether there is a record that has been told that the upload's bytes are stored. */
  isRecorded(ref: FileVersionRef): Promise<boolean>;
  /** Tells the processor of a stored upload. */
  announce(job: ProcessJob): Promise<void>;
  /** Removes the upload's record and what is reserved for it. */
  forget(ref: FileVersionRef): Promise<void>;
  /** Deletes what a complete upload has become, and tells whether it was there. Throws where the caller may not. */
  deleteUploaded(ref: FileVersionRef, by: Caller): Promise<boolean>;

  /** Reserves more and returns what is reserved then. Throws `QUOTA_EXCEEDED` and `TENANT_ERASING`. */
  extend(ref: FileVersionRef, growth: ReservationGrowth): Promise<number>;
  /** Gives back what is over, if what is reserved is still `fromBytes`. */
  reduce(ref: FileVersionRef, fromBytes: number, toBytes: number): Promise<void>;

  /** Which partial uploads are spent: their bytes count as a final one's, or they have ended. */
  findSpent(tenantId: TenantId, partialIds: readonly FileId[]): Promise<readonly FileId[]>;
  /** Frees a partial upload's bytes. */
  discard(partial: FileVersionRef): Promise<void>;
}
