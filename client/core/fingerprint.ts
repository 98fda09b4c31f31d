import { canHash, sha256Hex } from "./digest.ts";
import type { UploadMeta } from "./types.ts";

const SAMPLE_BYTES = 64 * 1024;

/** Whose upload it is: resume points of others on the same device are not ours to use. */
export interface Scope {
  readonly endpoint: string;
  readonly tenantId: string;
  readonly userId: string;
}

function describe(file: File, meta: UploadMeta, scope: Scope): string {
  return JSON.stringify([
    scope.endpoint,
    scope.tenantId,
    scope.userId,
    meta.entityType ?? null,
    meta.entityId ?? null,
    meta.replaces ?? null,
    file.name,
    file.size,
    file.lastModified,
    // Only where there is one: what was stored before has none.
    ...(meta.folder ? [meta.folder] : []),
  ]);
}

/**
 * Finds what may be the same file for the same record by the same user: a hash of its first and last 64 KiB, size,
 * modification time, name, folder, tenant, user and entity. It proves nothing of what is between; that is the resume point's digest
 * to prove. Undefined where the browser can't hash (an insecure context); such an upload does not survive a reload. Rejects
 * when the file can't be read.
 */
export async function fingerprintOf(file: File, meta: UploadMeta, scope: Scope): Promise<string | undefined> {
  if (!canHash()) return undefined;
  const tailStart = Math.max(SAMPLE_BYTES, file.size - SAMPLE_BYTES);
  return sha256Hex(
    new Blob([describe(file, meta, scope), file.slice(0, SAMPLE_BYTES), file.slice(tailStart)]),
  );
}
