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
  ]);
}

/**
 * Tells the same file for the same record by the same user again after a reload: a hash of its first and last 64 KiB,
 * size, modification time, name, tenant, user and entity. Undefined where the browser can't hash (an insecure context);
 * such an upload does not survive a reload. Rejects when the file can't be read.
 */
export async function fingerprintOf(file: File, meta: UploadMeta, scope: Scope): Promise<string | undefined> {
  const { subtle } = globalThis.crypto;
  if (subtle === undefined) return undefined;
  const tailStart = Math.max(SAMPLE_BYTES, file.size - SAMPLE_BYTES);
  const parts = new Blob([describe(file, meta, scope), file.slice(0, SAMPLE_BYTES), file.slice(tailStart)]);
  const digest = await subtle.digest("SHA-256", await parts.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
