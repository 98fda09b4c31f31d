import type { FileVersionRef } from "#contract/ids.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { listStoredTargets } from "../db/replica-reads.ts";
import { withDeadline } from "../deadline.ts";

/** A reader waits for it, whose primary store has failed already. */
const LOOK_DEADLINE_MS = 2_000;

/** Names of the targets whose copy of a version is whole, by its record. Throws `SERVICE_UNAVAILABLE`. */
export async function findStoredTargets(
  env: DatabaseBindings,
  ref: FileVersionRef,
): Promise<readonly string[]> {
  const found = listStoredTargets(databaseFor(env, ref.tenantId), ref);
  return withDeadline(found, LOOK_DEADLINE_MS, "SERVICE_UNAVAILABLE");
}
