import type { DerivativeName } from "./derivatives.ts";
import type { FileId } from "./ids.ts";
import { FileVersionRef, TenantId } from "./ids.ts";
import type { PageImageName } from "./page-images.ts";

/** What the keys of all of a tenant's objects begin with, and no other's do. */
export function tenantPrefix(tenantId: TenantId): string {
  return `t/${tenantId}/`;
}

/** Whose object a key names, or whose objects a prefix does; undefined where it is no tenant's. */
export function tenantOfKey(key: string): TenantId | undefined {
  return TenantId.safeParse(/^t\/([^/]+)\//.exec(key)?.[1]).data;
}

/** Which version's object a key names; undefined where it is none's. */
export function versionOfKey(key: string): FileVersionRef | undefined {
  const [, tenantId, fileId, version] = /^t\/([^/]+)\/([^/]+)\/([1-9]\d{0,8})\//.exec(key) ?? [];
  return FileVersionRef.safeParse({ tenantId, fileId, version: Number(version) }).data;
}

/** The same of one of its files. */
export function filePrefix(tenantId: TenantId, fileId: FileId): string {
  return `${tenantPrefix(tenantId)}${fileId}/`;
}

/** The same of one of a file's versions. It ends in a slash: version 1's is no beginning of version 10's. */
export function versionPrefix(ref: FileVersionRef): string {
  return `${filePrefix(ref.tenantId, ref.fileId)}${ref.version}/`;
}

/**
 * Key of a part of a day's audit trail; the day as 2026-11-27. No file has the id "audit". Each attempt to archive has a
 * key of its own, by something random, so that a late one's `put` never replaces what another has archived.
 */
export function auditArchiveKey(tenantId: TenantId, day: string, part: number, attempt: string): string {
  return `${tenantPrefix(tenantId)}audit/${day}-${part}-${attempt}.ndjson.gz`;
}

/**
 * Key of the stored upload. Each attempt to store it has a key of its own, so that a superseded writer's late `put`
 * can never replace bytes that were scanned; R2 also refuses a second write to a key within a second.
 */
export function originalKey(ref: FileVersionRef, attempt: number): string {
  return `${versionPrefix(ref)}original-${attempt}`;
}

/** Key of a derivative, e.g. `…/thumbnail.webp`. Making it again writes the same key with the same content. */
export function derivativeKey(
  ref: FileVersionRef,
  name: DerivativeName | PageImageName,
  extension: string,
): string {
  return `${versionPrefix(ref)}${name}.${extension}`;
}
