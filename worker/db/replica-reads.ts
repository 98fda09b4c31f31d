import { and, eq } from "drizzle-orm";
import type { FileVersionRef } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import { replicas } from "./schema/replicas.ts";

/** Targets that have said by a checksum that they have a version's bytes, in the order of their names. */
export async function listStoredTargets(
  db: Database,
  { tenantId, fileId, version }: FileVersionRef,
): Promise<readonly string[]> {
  const stored = await db
    .select({ target: replicas.target })
    .from(replicas)
    .where(
      and(
        eq(replicas.tenantId, tenantId),
        eq(replicas.fileId, fileId),
        eq(replicas.version, version),
        eq(replicas.state, "stored"),
      ),
    )
    .orderBy(replicas.target);
  return stored.map(({ target }) => target);
}
