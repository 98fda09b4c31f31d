import type { FileRecord } from "#contract/api.ts";
import type { Problem } from "#contract/errors.ts";
import type { UploadProgress, UploadState } from "../index.ts";
import { formatTimeLeft } from "./format.ts";
import type { IconName } from "./icons.ts";

export type Tone = "quiet" | "busy" | "ready" | "warning" | "danger";

/** A state in words, with an icon and a tone that say the same. */
export interface Sentence {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly text: string;
}

const CHECKING: Sentence = { tone: "busy", icon: "shield", text: "Checking for viruses" };

function describeUploading({ sentBytes, totalBytes, secondsLeft }: UploadProgress): string {
  if (totalBytes > 0 && sentBytes >= totalBytes) return "Uploading, finishing";
  return secondsLeft === undefined ? "Uploading" : `Uploading, ${formatTimeLeft(secondsLeft)}`;
}

function describeRetrying(problem: Problem | undefined, retryAtMs: number, nowMs: number): string {
  const seconds = Math.ceil((retryAtMs - nowMs) / 1000);
  const when = seconds > 0 ? `trying again in ${seconds} s` : "trying again now";
  if (problem === undefined) return `Connection lost, ${when}`;
  return problem.status === 429 || problem.status >= 500
    ? `The server is busy, ${when}`
    : `Interrupted, ${when}`;
}

function describeFailure(problem: Problem): string {
  if (problem.code === "FILE_UNREADABLE")
    return "Stopped: the file was changed or moved. Remove it and add it again.";
  if (problem.status === 404 || problem.status === 410)
    return "Stopped: what was sent has expired. Start it again.";
  if (problem.status === 401) return "Stopped: your sign-in has ended. What was sent is kept.";
  return `Stopped: ${problem.title}. What was sent is kept.`;
}

/** What an upload is doing. */
export function describeUpload(state: UploadState, progress: UploadProgress, nowMs: number): Sentence {
  switch (state.kind) {
    case "waiting":
      return { tone: "quiet", icon: "clock", text: "Waiting for its turn" };
    case "hashing":
      return { tone: "busy", icon: "upload", text: "Preparing" };
    case "uploading":
      return { tone: "busy", icon: "upload", text: describeUploading(progress) };
    case "elsewhere":
      return { tone: "busy", icon: "upload", text: "Continues in another tab" };
    // Never here: nobody asks for them.
    case "duplicate":
    case "paused":
      return { tone: "quiet", icon: "pause", text: "Paused" };
    case "offline":
      return { tone: "warning", icon: "offline", text: "Waiting for your connection" };
    case "retrying":
      return {
        tone: "warning",
        icon: "retry",
        text: describeRetrying(state.problem, state.retryAtMs, nowMs),
      };
    case "refused":
      return {
        tone: "danger",
        icon: "blocked",
        text: `Not accepted: ${state.problem.detail ?? state.problem.title}`,
      };
    case "failed":
      return { tone: "danger", icon: "warning", text: describeFailure(state.problem) };
    case "aborted":
      return { tone: "quiet", icon: "close", text: "Cancelled" };
    case "verifying":
    case "uploaded":
      return CHECKING;
  }
}

/** What a stored file's state means. */
export function describeFile(file: Pick<FileRecord, "state" | "verdict">): Sentence {
  switch (file.state) {
    case "uploading":
      return { tone: "quiet", icon: "clock", text: "Upload not finished" };
    case "quarantined":
      return CHECKING;
    case "clean":
      return { tone: "ready", icon: "ready", text: "Ready" };
    case "infected":
      return {
        tone: "danger",
        icon: "blocked",
        text: `Blocked: contains ${file.verdict?.signatureName ?? "malware"}${laterOf(file)}`,
      };
    case "unscannable":
      return { tone: "warning", icon: "warning", text: describeBlocked(file) };
    case "deleted":
      return { tone: "quiet", icon: "trash", text: "Deleted" };
  }
}

/** Where a file's copies are: nothing where none are wanted. */
export function describeCopies(replicas: FileRecord["replicas"]): readonly string[] {
  const stored = replicas.filter(({ state }) => state === "stored");
  const failed = replicas.filter(({ state }) => state === "failed");
  if (replicas.length === 0) return [];
  if (failed.length > 0) return [`Not copied to ${failed.map(({ target }) => target).join(", ")}`];
  if (stored.length < replicas.length) return [`${stored.length} of ${replicas.length} copies`];
  return [`Copied to ${stored.map(({ target }) => target).join(", ")}`];
}

function describeBlocked(file: Pick<FileRecord, "verdict">): string {
  const reason = file.verdict?.reason;
  return reason ? `Blocked: ${reason}${laterOf(file)}` : "Could not be checked";
}

/** Who has read a file before wants to know that it was there. */
function laterOf({ verdict }: Pick<FileRecord, "verdict">): string {
  return verdict?.foundLater === true ? " (found when it was checked again)" : "";
}
