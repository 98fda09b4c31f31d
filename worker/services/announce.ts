import type { ProcessJob } from "#contract/jobs.ts";
import type { DatabaseBindings } from "../db/database.ts";
import type { VersionRow } from "../db/files.ts";
import { findUnansweredVersions, markVersionAnnounced } from "../db/files.ts";
import { itemsPerDatabase } from "./call-shares.ts";
import { forEachDatabase } from "./each-database.ts";

/** To the queue, and to the database. */
const CALLS_PER_VERSION = 2;

/**
 * Announces again what has been in quarantine without an answer for too long: its message was lost, or its processor
 * was. A job twice changes nothing. Returns how many were announced; the next run takes what is left by then.
 * @param options.calls how many calls to other parts it may make
 */
export async function reannounceUnanswered(
  env: DatabaseBindings,
  announce: (job: ProcessJob) => Promise<void>,
  options: { readonly afterSeconds: number; readonly nowMs: number; readonly calls: number },
): Promise<number> {
  const limit = itemsPerDatabase(env, options.calls, CALLS_PER_VERSION);
  let announced = 0;
  await forEachDatabase(env, "reannounce", async (db) => {
    const waiting = await findUnansweredVersions(db, options.nowMs - options.afterSeconds * 1000, limit);
    for (const job of waiting.flatMap((version) => jobOf(version) ?? [])) {
      await announce(job);
      await markVersionAnnounced(db, job, options.nowMs);
      announced += 1;
    }
  });
  return announced;
}

/** The job of a version; undefined while nothing of it is stored. */
export function jobOf(row: VersionRow): ProcessJob | undefined {
  const { tenantId, fileId, version, objectKey, etag, sizeBytes, declaredType, expectedDigests } = row;
  if (objectKey === null || etag === null || sizeBytes === null) return undefined;
  return {
    ...{ kind: "process", tenantId, fileId, version, objectKey, etag, sizeBytes, declaredType },
    ...(expectedDigests === null ? {} : { expectedDigests }),
  };
}
