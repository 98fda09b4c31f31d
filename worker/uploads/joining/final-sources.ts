import type { FileId } from "#contract/ids.ts";
import { inTurns } from "../../services/in-turns.ts";
import type { Outside } from "../outside.ts";
import type { UploadState } from "../state/upload-state.ts";

/** What a final upload does with the partial ones that it is made of (tus 1.0, Concatenation). */

type Final = Pick<UploadState, "tenantId" | "sources">;

/**
 * Frees what a final upload was made of, where nobody counts those bytes any more. What isn't spent is left alone: another
 * final upload may have it by now.
 */
export async function discardSources(
  outside: Pick<Outside, "findSpent" | "discard">,
  { tenantId, sources }: Final,
): Promise<void> {
  const ids = [...new Set(sources.map(({ fileId }) => fileId))];
  const spent = await outside.findSpent(tenantId, ids);
  await inTurns(spent, (fileId) => outside.discard({ tenantId, fileId, version: 1 }));
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
