import { newFileId, TenantId } from "#contract/ids.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import { originalKey } from "#contract/keys.ts";
import type { TestBucket } from "./bucket.ts";

/** A job as the worker sends it, about no object in particular. */
export function createJob(change: Partial<ProcessJob> = {}): ProcessJob {
  const ref = { tenantId: TenantId.parse("acme"), fileId: newFileId(), version: 1 };
  return {
    ...{ kind: "process", ...ref, objectKey: originalKey(ref, 1) },
    ...{ etag: '"00"', sizeBytes: 0, declaredType: "application/octet-stream" },
    ...change,
  };
}

/** Stores an upload and gives the job about it. */
export async function storeUpload(bucket: TestBucket, bytes: Uint8Array): Promise<ProcessJob> {
  const job = createJob({ sizeBytes: bytes.byteLength });
  return { ...job, etag: await bucket.put(job.objectKey, bytes) };
}
