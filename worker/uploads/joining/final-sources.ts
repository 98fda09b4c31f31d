import type { FileId, FileVersionRef, TenantId } from "#contract/ids.ts";
import { inTurns } from "../../services/in-turns.ts";
import type { UploadState } from "../state/upload-state.ts";
import { refOf } from "../state/upload-state.ts";

/** What a final upload does with the partial ones that it is made of (tus 1.0, Concatenation). */

/** What that needs of the world outside the object. Each may be called again. */
export interface SourceSteps {
  /** Lets a partial upload know which final one it was joined to. */
  claim(partial: FileVersionRef, final: FileVersionRef): Promise<void>;
  /** Which partial uploads have nothing reserved any more. */
  findSpent(tenantId: TenantId, partialIds: readonly FileId[]): Promise<readonly FileId[]>;
  /** Frees a partial upload's bytes. */
  discard(partial: FileVersionRef): Promise<void>;
}

type Final = Pick<UploadState, "tenantId" | "fileId" | "version" | "sources">;

function idsOf({ sources }: Pick<Final, "sources">): readonly FileId[] {
  return [...new Set(sources.map(({ fileId }) => fileId))];
}

/** Lets the partials know whose they are, so that a client that lost the final's answer and asks again is told of it. */
export async function claimSources(steps: SourceSteps, final: Final): Promise<void> {
  const { tenantId } = final;
  await inTurns(idsOf(final), (fileId) => steps.claim({ tenantId, fileId, version: 1 }, refOf(final)));
}

/**
 * Frees what a final upload was made of, where nobody counts those bytes any more. What has its reservation still, or
 * again, is left alone: another final upload may have it by now.
 */
export async function discardSources(steps: SourceSteps, final: Final): Promise<void> {
  const { tenantId } = final;
  const spent = await steps.findSpent(tenantId, idsOf(final));
  await inTurns(spent, (fileId) => steps.discard({ tenantId, fileId, version: 1 }));
}

/** Whether a final upload is made of these partials and has this metadata: then it is what is asked for again. */
export function isMadeOf(
  { kind, sources, metadata }: UploadState,
  partialIds: readonly FileId[],
  wantedMetadata: string | null,
): boolean {
  return (
    kind === "final" &&
    metadata === wantedMetadata &&
    sources.length === partialIds.length &&
    sources.every(({ fileId }, index) => fileId === partialIds[index])
  );
}
