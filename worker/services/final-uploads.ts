import { AppError } from "#contract/errors.ts";
import type { FileId, FileVersionRef, TenantId } from "#contract/ids.ts";
import { D1_DEADLINE_MS } from "../db/d1-guard.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { JoinedFinal, ReservedPartial } from "../db/partials.ts";
import { arePartialsFree, findFinal, findSpent } from "../db/partials.ts";
import { forgetUpload } from "./stored-uploads.ts";

/** What final uploads (tus 1.0, Concatenation) and their partials are to each other, by the records. */

/** The final upload that all of these partial ones were joined to, under way or stored; undefined where there is none. */
export async function findFinalOf(
  env: DatabaseBindings,
  tenantId: TenantId,
  partialIds: readonly FileId[],
): Promise<JoinedFinal | undefined> {
  return findFinal(databaseFor(env, tenantId), tenantId, partialIds);
}

/** Which of a final upload's partials are to end: they are spent, so that no other can have them. */
export async function findSpentPartials(
  env: DatabaseBindings,
  tenantId: TenantId,
  partialIds: readonly FileId[],
): Promise<readonly FileId[]> {
  return findSpent(databaseFor(env, tenantId), tenantId, partialIds);
}

/**
 * Frees the partials of a final upload whose object knows nothing of it, when nobody has waited for its creation for a
 * while: its records may have been made after that was given up, and would keep its partials from the next attempt until
 * they are swept. If it is on its way to its object after all, it finds no record at its end, and is ended.
 * @param stillStands asks its object
 */
export async function forgetLateFinal(
  env: DatabaseBindings,
  tenantId: TenantId,
  { fileId, version, reservedAtMs }: JoinedFinal,
  stillStands: (ref: FileVersionRef) => Promise<boolean>,
  nowMs: number,
): Promise<void> {
  if (reservedAtMs === null || nowMs - reservedAtMs < D1_DEADLINE_MS) return;
  const ref = { tenantId, fileId, version };
  if (!(await stillStands(ref))) await forgetUpload(env, ref);
}

/** Throws `UPLOAD_CONCAT_INVALID` where a partial ended since it was described, or another final upload has it. */
export async function requireFree(
  env: DatabaseBindings,
  tenantId: TenantId,
  partials: readonly ReservedPartial[],
): Promise<void> {
  if (partials.length === 0 || (await arePartialsFree(databaseFor(env, tenantId), tenantId, partials)))
    return;
  throw new AppError("UPLOAD_CONCAT_INVALID", {
    detail: "A partial upload isn't there any more, or is part of another final one.",
  });
}
