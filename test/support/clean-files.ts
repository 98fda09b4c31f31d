import type { TenantId } from "#contract/ids.ts";
import { FileVersionRef, newFileId } from "#contract/ids.ts";
import { originalKey } from "#contract/keys.ts";
import { sha256Of } from "./sha256.ts";
import type { WorkerAlone } from "./worker-alone.ts";

/** A clean version as it is stored. */
export interface CleanFile {
  readonly ref: FileVersionRef;
  readonly objectKey: string;
  readonly bytes: Buffer<ArrayBuffer>;
}

/** Rows of one statement, and objects that are put at a time. */
const AT_ONCE = 100;

/**
 * Puts small clean files straight into the records and the bucket, many in a second; nobody has wanted copies of them.
 */
export async function addCleanFiles(
  worker: WorkerAlone,
  tenantId: TenantId,
  count: number,
): Promise<readonly CleanFile[]> {
  await worker.query(
    "INSERT INTO tenants (tenant_id, created_at_ms) VALUES (?, 1) ON CONFLICT DO NOTHING",
    tenantId,
  );
  const files = Array.from({ length: count }, (_, index): CleanFile => {
    const ref = FileVersionRef.parse({ tenantId, fileId: newFileId(), version: 1 });
    return { ref, objectKey: originalKey(ref, 1), bytes: Buffer.from(`file ${index} of ${tenantId}`) };
  });
  for (let at = 0; at < count; at += AT_ONCE) await addSome(worker, files.slice(at, at + AT_ONCE));
  return files;
}

async function addSome(worker: WorkerAlone, files: readonly CleanFile[]): Promise<void> {
  const rows = await Promise.all(
    files.map(async ({ ref, objectKey, bytes }) => {
      const { etag } = await worker.bucket.put(objectKey, bytes);
      return [ref.tenantId, ref.fileId, objectKey, etag, bytes.byteLength, sha256Of(bytes)];
    }),
  );
  const given = JSON.stringify(rows);
  const now = Date.now();
  await worker.query(
    `INSERT INTO files (tenant_id, id, owner_id, filename, folded_name, current_version, created_at_ms, updated_at_ms)
      SELECT value ->> 0, value ->> 1, 'ann', 'a.txt', 'a.txt', 1, ?2, ?2 FROM json_each(?1)`,
    given,
    now,
  );
  await worker.query(
    `INSERT INTO file_versions (tenant_id, file_id, version, state, declared_type, file_class, object_key, etag, size_bytes,
      sha256, created_at_ms, stored_at_ms)
      SELECT value ->> 0, value ->> 1, 1, 'clean', 'text/plain', 'document', value ->> 2, value ->> 3, value ->> 4,
      value ->> 5, ?2, ?2 FROM json_each(?1)`,
    given,
    now,
  );
}
