import type { UploadState } from "./types.ts";
import type { Upload } from "./upload.ts";

/** All uploads of a list as one. Those that were refused, aborted or found to be there already count only as such. */
export interface UploadTotals {
  readonly sentBytes: number;
  readonly totalBytes: number;
  /** Of those that are being sent; undefined while nothing is. */
  readonly bytesPerSecond: number | undefined;
  /** Until what runs and what waits is sent. */
  readonly secondsLeft: number | undefined;
  readonly running: number;
  readonly waiting: number;
  readonly done: number;
  readonly failed: number;
}

/** What is in none is nothing that is to be sent, or not yet. */
type Group = "running" | "waiting" | "paused" | "done" | "failed" | "none";

const GROUPS: Readonly<Record<UploadState["kind"], Group>> = {
  waiting: "waiting",
  hashing: "running",
  uploading: "running",
  verifying: "running",
  elsewhere: "running",
  offline: "running",
  retrying: "running",
  paused: "paused",
  uploaded: "done",
  failed: "failed",
  refused: "failed",
  aborted: "none",
  duplicate: "none",
};

export function totalsOf(uploads: readonly Upload[]): UploadTotals {
  const counts = { running: 0, waiting: 0, paused: 0, done: 0, failed: 0, none: 0 };
  let [sentBytes, totalBytes, bytesPerSecond, leftBytes] = [0, 0, 0, 0];
  for (const { state, progress } of uploads) {
    const group = GROUPS[state.kind];
    counts[group] += 1;
    if (group === "none" || state.kind === "refused") continue;
    sentBytes += progress.sentBytes;
    totalBytes += progress.totalBytes;
    bytesPerSecond += progress.bytesPerSecond ?? 0;
    if (group === "running" || group === "waiting") leftBytes += progress.totalBytes - progress.sentBytes;
  }
  const { paused: _paused, none: _none, ...told } = counts;
  const isMoving = bytesPerSecond > 0;
  return {
    sentBytes,
    totalBytes,
    bytesPerSecond: isMoving ? bytesPerSecond : undefined,
    secondsLeft: isMoving ? leftBytes / bytesPerSecond : undefined,
    ...told,
  };
}
