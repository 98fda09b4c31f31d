import type { UploadState } from "./upload-state.ts";

/**
 * Where an upload is in its life. `receiving` takes bytes; `copying` to `discarding` are the finalise machine
 * (finalise.ts), each state durable before its step begins. `terminated`, `expired` and `refused` are ends without a
 * file; `deleted` is that of one whose file its client has deleted.
 */
export type UploadPhase =
  | "receiving"
  | "copying"
  | "storing"
  | "recording"
  | "announcing"
  | "discarding"
  | "done"
  | "terminated"
  | "deleted"
  | "expired"
  | "refused";

const FINALISING: ReadonlySet<UploadPhase> = new Set<UploadPhase>([
  "copying",
  "storing",
  "recording",
  "announcing",
  "discarding",
]);

/** How an upload ends without a file. */
export type EndPhase = Extract<UploadPhase, "terminated" | "expired" | "refused">;
const ENDS: ReadonlySet<UploadPhase> = new Set<EndPhase | "deleted">([
  "terminated",
  "expired",
  "refused",
  "deleted",
]);

export function isFinalising(phase: UploadPhase): boolean {
  return FINALISING.has(phase);
}

/** Whether the last byte is durable and finalising has begun or is done. */
export function isComplete({ phase }: Pick<UploadState, "phase">): boolean {
  return isFinalising(phase) || phase === "done";
}

/** Whether an upload has ended without a file, or is on its way there. */
export function hasEnded({ phase }: Pick<UploadState, "phase">): boolean {
  return ENDS.has(phase);
}

/** Whether there is nothing left to end: a complete upload finds its file gone by itself (finalise.ts). */
export function isSettled(state: UploadState | undefined): boolean {
  return state === undefined || isComplete(state) || (hasEnded(state) && state.due.expire === undefined);
}
