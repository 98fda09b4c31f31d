import type { FileId } from "#contract/ids.ts";
import { inTurns } from "../../services/in-turns.ts";
import type { Outside } from "../outside.ts";
import type { UploadState } from "../state/upload-state.ts";
import { refOf } from "../state/upload-state.ts";

/** What a final upload does with the partial ones that it is made of (tus 1.0, Concatenation). */

type Final = Pick<UploadState, "tenantId" | "fileId" | "version" | "sources">;

function idsOf({ sources }: Pick<Final, "sources">): readonly FileId[] {
  return [...new Set(sources.map(({ fileId }) => fileId))];
}

/** Lets the partials know whose they are, so that a client that lost the final's answer and asks again is told of it. */
export async function claimSources(outside: Pick<Outside, "claim">, final: Final): Promise<void> {
  const { tenantId } = final;
  await inTurns(idsOf(final), (fileId) => outside.claim({ tenantId, fileId, version: 1 }, refOf(final)));
}

/**
 * Frees what a final upload was made of, where nobody counts those bytes any more. What has its reservation still, or
 * again, is left alone: another final upload may have it by now.
 */
export async function discardSources(
  outside: Pick<Outside, "findSpent" | "discard">,
  final: Final,
): Promise<void> {
  const { tenantId } = final;
  const spent = await outside.findSpent(tenantId, idsOf(final));
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
