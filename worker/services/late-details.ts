import type { FileVersionRef, Identity } from "#contract/ids.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { addDetails } from "../db/upload-details.ts";
import { applyEntity } from "./grants.ts";
import { requireWholeEntity, validateDetails } from "./upload-validation.ts";

interface DeclaredDetails {
  /** What was declared when the upload began. */
  readonly before: ReadonlyMap<string, string>;
  /** What has come since, and is to be added. */
  readonly late: ReadonlyMap<string, string>;
}

/**
 * Adds what is declared of an upload after it has begun (a form's fields behind its file) to its record, once all of it is
 * known. A later version has what its file has. Throws `UPLOAD_METADATA_INVALID`, and `GRANT_SCOPE` for another entity than
 * the caller's grant is for.
 */
export async function declareLate(
  env: DatabaseBindings,
  { entityGrant }: Identity,
  ref: FileVersionRef,
  { before, late }: DeclaredDetails,
): Promise<void> {
  requireWholeEntity(applyEntity(entityGrant ?? {}, new Map([...before, ...late])));
  const details = validateDetails(applyEntity(entityGrant ?? {}, late));
  if (late.size > 0 && ref.version === 1) await addDetails(databaseFor(env, ref.tenantId), ref, details);
}
