import type { FileVersionRef, Identity } from "#contract/ids.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { addDetails } from "../db/upload-details.ts";
import { applyEntity } from "./grants.ts";
import { validateDetails } from "./upload-validation.ts";

/**
 * Adds what is declared of an upload after it has begun (a form's fields behind its file) to its record. A later version
 * has what its file has. Throws `UPLOAD_METADATA_INVALID`, and `GRANT_SCOPE` for another entity than the caller's grant is for.
 */
export async function declareLate(
  env: DatabaseBindings,
  { entityGrant }: Identity,
  ref: FileVersionRef,
  metadata: ReadonlyMap<string, string>,
): Promise<void> {
  const details = validateDetails(applyEntity(entityGrant ?? {}, metadata));
  if (ref.version === 1) await addDetails(databaseFor(env, ref.tenantId), ref, details);
}
