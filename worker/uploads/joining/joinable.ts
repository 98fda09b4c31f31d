import type { PartialSource, UploadState } from "../state/upload-state.ts";
import type { UploadStore } from "../state/upload-store.ts";

/** A partial is kept for so long from when it was complete, or a final upload of it was last asked for. */
export const PARTIAL_KEPT_MS = 6 * 24 * 3_600_000;

/** Whether an upload is a partial one (tus 1.0, Concatenation) that can be joined, or was. */
export function isDonePartial(state: UploadState | undefined): boolean {
  return state?.kind === "partial" && state.phase === "done";
}

/**
 * The bytes of a complete partial upload, which are kept for a while from now on; null where this is none, or its bytes are
 * a final upload's already. Whose it is besides, only the database knows.
 */
export function joinableSource(store: UploadStore, nowMs: number): PartialSource | null {
  const { state } = store;
  if (state === undefined || !isDonePartial(state)) return null;
  const { fileId, objectKey, etag, lengthBytes } = state;
  if (objectKey === null || etag === null || lengthBytes === null) return null;
  store.setDue("expire", nowMs + PARTIAL_KEPT_MS);
  return { fileId, objectKey, etag, sizeBytes: lengthBytes };
}
