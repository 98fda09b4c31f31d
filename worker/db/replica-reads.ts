import { and, asc, eq, isNotNull, or } from "drizzle-orm";
import type { FileVersionRef } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import { isOfVersion } from "./of-version.ts";
import { replicas } from "./schema/replicas.ts";

/**
 * Targets that may have a version's bytes, in the order of their names: first those that have said so by a checksum, then
 * those where anything may have been sent (a lease was given). What these have may be wrong, and may be all there is: they
 * are for whoever compares what is read with the recorded SHA-256, and for nobody else.
 */
export async function listReadableTargets(db: Database, ref: FileVersionRef): Promise<readonly string[]> {
  const isStored = eq(replicas.state, "stored");
  const rows = await db
    .select({ target: replicas.target, state: replicas.state })
    .from(replicas)
    .where(and(isOfVersion(replicas, ref), or(isStored, isNotNull(replicas.leasedUntilMs))))
    .orderBy(asc(replicas.target));
  // Sorting keeps their order.
  const ordered = rows.toSorted((a, b) => Number(b.state === "stored") - Number(a.state === "stored"));
  return ordered.map(({ target }) => target);
}

/** Targets that have said by a checksum that they have a version's bytes, in the order of their names. */
export async function listStoredTargets(db: Database, ref: FileVersionRef): Promise<readonly string[]> {
  const stored = await db
    .select({ target: replicas.target })
    .from(replicas)
    .where(and(isOfVersion(replicas, ref), eq(replicas.state, "stored")))
    .orderBy(asc(replicas.target));
  return stored.map(({ target }) => target);
}
