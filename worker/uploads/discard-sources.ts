import type { FileId, FileVersionRef, TenantId } from "#contract/ids.ts";
import type { UploadState } from "./upload-state.ts";

/** A Worker has six connections at a time. */
const AT_ONCE = 5;

/** What discarding needs of the world outside the object. Each may be called again. */
export interface DiscardSteps {
  /** Which partial uploads have nothing reserved any more. */
  findSpent(tenantId: TenantId, partialIds: readonly FileId[]): Promise<readonly FileId[]>;
  /** Ends a partial upload. */
  discard(partial: FileVersionRef): Promise<void>;
}

/**
 * Ends what a final upload was made of, where nobody counts those bytes any more. What has its reservation still, or
 * again, is left alone: another final upload may have it by now.
 */
export async function discardSources(
  steps: DiscardSteps,
  { tenantId, sources }: Pick<UploadState, "tenantId" | "sources">,
): Promise<void> {
  const ids = await steps.findSpent(tenantId, [...new Set(sources.map(({ fileId }) => fileId))]);
  for (let first = 0; first < ids.length; first += AT_ONCE) {
    const some = ids.slice(first, first + AT_ONCE);
    await Promise.all(some.map((fileId) => steps.discard({ tenantId, fileId, version: 1 })));
  }
}
