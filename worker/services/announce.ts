import type { ProcessJob } from "#contract/jobs.ts";
import type { VersionRow } from "../db/files.ts";

/** The job of a version; undefined while nothing of it is stored. */
export function jobOf(row: VersionRow): ProcessJob | undefined {
  const { tenantId, fileId, version, objectKey, etag, sizeBytes, declaredType, expectedDigests } = row;
  if (objectKey === null || etag === null || sizeBytes === null) return undefined;
  return {
    ...{ kind: "process", tenantId, fileId, version, objectKey, etag, sizeBytes, declaredType },
    ...(expectedDigests === null ? {} : { expectedDigests }),
  };
}
