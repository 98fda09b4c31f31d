import type { ProcessJob } from "#contract/jobs.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { allDatabases } from "../db/database.ts";
import type { VersionRow } from "../db/files.ts";
import { findUnansweredVersions, markVersionAnnounced } from "../db/files.ts";

/** Most versions announced again in one run; the next run takes the others. */
const BATCH = 100;

/**
 * Announces again what has been in quarantine without an answer for too long: its message was lost, or its processor
 * was. A job twice changes nothing. Returns how many were announced.
 */
export async function reannounceUnanswered(
  env: DatabaseBindings,
  announce: (job: ProcessJob) => Promise<void>,
  options: { readonly afterSeconds: number; readonly nowMs: number },
): Promise<number> {
  let announced = 0;
  for (const db of allDatabases(env)) {
    const waiting = await findUnansweredVersions(db, options.nowMs - options.afterSeconds * 1000, BATCH);
    for (const version of waiting) {
      const job = jobOf(version);
      if (job === undefined) continue;
      await announce(job);
      await markVersionAnnounced(db, job, options.nowMs);
      announced += 1;
    }
  }
  return announced;
}

function jobOf(row: VersionRow): ProcessJob | undefined {
  const { tenantId, fileId, version, objectKey, etag, sizeBytes, declaredType, expectedDigests } = row;
  if (objectKey === null || etag === null || sizeBytes === null) return undefined;
  return {
    ...{ kind: "process", tenantId, fileId, version, objectKey, etag, sizeBytes, declaredType },
    ...(expectedDigests === null ? {} : { expectedDigests }),
  };
}
