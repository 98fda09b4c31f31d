import type { UploadProgress, UploadState } from "../../core/types.ts";
import type { UploaderTexts } from "../texts/uploader-texts.ts";
import type { Sentence } from "../ui/sentence.tsx";
import type { Check, Settled } from "./checks.ts";

/** What an upload is doing, and what has become of the file that it brought. */
export function describeUpload(
  texts: UploaderTexts,
  { state, progress }: { readonly state: UploadState; readonly progress: UploadProgress },
  check: Check | undefined,
  retryInSeconds: number,
): Sentence {
  switch (state.kind) {
    case "waiting":
      return { tone: "quiet", icon: "clock", text: texts.waiting };
    case "hashing":
      return { tone: "busy", icon: "upload", text: texts.preparing };
    case "duplicate":
      return { tone: "warning", icon: "file", text: texts.duplicate };
    case "uploading":
      return { tone: "busy", icon: "upload", text: describeUploading(texts, progress) };
    case "paused":
      return { tone: "quiet", icon: "pause", text: texts.paused };
    case "elsewhere":
      return { tone: "busy", icon: "upload", text: texts.elsewhere };
    case "offline":
      return { tone: "warning", icon: "offline", text: texts.offline };
    case "retrying":
      return { tone: "warning", icon: "retry", text: texts.retrying(state.problem, retryInSeconds) };
    case "refused":
      return { tone: "danger", icon: "blocked", text: texts.refused(state.problem) };
    case "failed":
      return { tone: "danger", icon: "warning", text: texts.failed(state.problem, progress.sentBytes > 0) };
    case "aborted":
      return { tone: "quiet", icon: "close", text: texts.cancelled };
    case "verifying":
      return { tone: "busy", icon: "shield", text: texts.comparing };
    case "uploaded":
      return describeCheck(texts, check);
  }
}

function describeUploading(
  texts: UploaderTexts,
  { sentBytes, totalBytes, secondsLeft }: UploadProgress,
): string {
  return totalBytes > 0 && sentBytes >= totalBytes ? texts.finishing : texts.uploading(secondsLeft);
}

function describeCheck(texts: UploaderTexts, check: Check | undefined): Sentence {
  if (check?.kind === "unknown") return { tone: "warning", icon: "warning", text: texts.unknown };
  if (check?.kind === "settled") return describeSettled(texts, check.file);
  return { tone: "busy", icon: "shield", text: texts.checking };
}

function findingOf(file: Settled): { signatureName: string | undefined; reason: string | undefined } {
  const finding = "verdict" in file ? file.verdict : file;
  return { signatureName: finding?.signatureName ?? undefined, reason: finding?.reason ?? undefined };
}

function describeSettled(texts: UploaderTexts, file: Settled): Sentence {
  const { signatureName, reason } = findingOf(file);
  switch (file.state) {
    case "clean":
      return { tone: "ready", icon: "ready", text: texts.ready };
    case "infected":
      return { tone: "danger", icon: "blocked", text: texts.infected(signatureName) };
    case "unscannable":
      return { tone: "warning", icon: "warning", text: texts.unscannable(reason) };
    case "deleted":
      return { tone: "quiet", icon: "trash", text: texts.deleted };
    case "uploading":
    case "quarantined":
      return { tone: "busy", icon: "shield", text: texts.checking };
  }
}
