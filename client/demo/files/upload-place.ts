import type { UploadMeta } from "../../index.ts";

/** What tells where an upload belongs. */
export interface Placed {
  readonly entityType?: string | undefined;
  readonly entityId?: string | undefined;
  readonly replaces?: string | undefined;
}

/** The address of the page that shows an upload. */
export function placeOf({ entityType, entityId, replaces }: Placed | UploadMeta): string {
  if (replaces !== undefined) return `/files/${replaces}`;
  return entityType === "contact" && entityId !== undefined ? `/contacts/${entityId}` : "/files";
}

export function byPlace<Each extends Placed | UploadMeta>(
  uploads: readonly Each[],
): ReadonlyMap<string, readonly Each[]> {
  return Map.groupBy(uploads, placeOf);
}
