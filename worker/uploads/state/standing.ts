import { AppError } from "#contract/errors.ts";
import { hasEnded } from "./phases.ts";

import type { UploadState } from "./upload-state.ts";

/** What an upload's state is to whoever asks for the upload. */

/** The state of one that can be asked for. Throws what one that has ended answers for ever, or `UPLOAD_NOT_FOUND`. */
export function requireOpen(state: UploadState | undefined): UploadState {
  if (state === undefined || state.phase === "terminated" || state.phase === "deleted")
    throw new AppError("UPLOAD_NOT_FOUND");
  if (state.phase === "expired") throw new AppError("UPLOAD_EXPIRED");
  const { refusal } = state;
  if (refusal !== null) throw new AppError(refusal.code, { detail: refusal.detail ?? undefined });
  return state;
}

/**
 * Whether what is reserved for it is still needed: not by what is unknown here, has ended, or is stored and counts itself.
 * A partial upload's is, for as long as its bytes are kept.
 */
export function needsReservation(state: UploadState | undefined): boolean {
  if (state === undefined || hasEnded(state)) return false;
  return state.phase !== "done" || (state.kind === "partial" && state.objectKey !== null);
}
