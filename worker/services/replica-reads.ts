import type { FileVersionRef } from "#contract/ids.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { listReadableTargets, listStoredTargets } from "../db/replica-reads.ts";
import { withDeadline } from "../deadline.ts";

/** A reader waits for it, whose primary store has failed already. */
const LOOK_DEADLINE_MS = 2_000;

/**
 * Names of the targets that may have an object, those first whose copy is whole by its record. Others are named only of
 * what is compared with a SHA-256 as it is read. Throws `SERVICE_UNAVAILABLE`.
 */
export async function findTargets(
  env: DatabaseBindings,
  object: FileVersionRef & { readonly sha256: string | null },
): Promise<readonly string[]> {
  const list = object.sha256 === null ? listStoredTargets : listReadableTargets;
  const found = list(databaseFor(env, object.tenantId), object);
  return withDeadline(found, LOOK_DEADLINE_MS, "SERVICE_UNAVAILABLE");
}
