import type { Problem } from "#contract/errors.ts";
import type { FileRefusal } from "#contract/file-checks.ts";
import type { FileClass } from "#contract/file-types.ts";
import { type Outcomes, outcomesIn } from "../uploader/summary.ts";
import { createFormat, roundTimeLeft } from "./format.ts";
import type { DuplicateWords, TotalsWords, UploaderTexts } from "./uploader-texts.ts";

const format = createFormat("en-GB");

const CLASSES: Readonly<Record<FileClass, string>> = {
  document: "documents",
  image: "images",
  video: "videos",
  audio: "audio",
  other: "other files",
};

const countOf = (count: number, noun: string) => `${format.number(count)} ${noun}${count === 1 ? "" : "s"}`;

function timeLeft(seconds: number): string {
  const left = roundTimeLeft(seconds);
  switch (left.kind) {
    case "moments":
      return "a few seconds left";
    case "seconds":
      return `${left.seconds}\u00a0s left`;
    case "minutes":
      return `${left.minutes}\u00a0min left`;
    case "hours":
      return `${left.hours}\u00a0h ${left.minutes}\u00a0min left`;
  }
}

function portion(bytes: number, totalBytes: number): string {
  const [part, total] = [format.bytes(bytes), format.bytes(totalBytes)];
  if (bytes === 0) return `0 of ${total}`;
  const [value = "", unit] = part.split("\u00a0");
  return total.endsWith(`\u00a0${unit}`) ? `${value} of ${total}` : `${part} of ${total}`;
}

function retrying(problem: Problem | undefined, seconds: number): string {
  const when = seconds > 0 ? `trying again in ${seconds}\u00a0s` : "trying again now";
  if (problem === undefined) return `Connection lost, ${when}`;
  return problem.status === 429 || problem.status >= 500
    ? `The server is busy, ${when}`
    : `Interrupted, ${when}`;
}

/** By code, where the server's own sentence is of types and codes. */
const REFUSED: Readonly<Record<string, string>> = {
  QUOTA_EXCEEDED: "there is no room left for it.",
  FILE_TYPE_MISMATCH: "its content is not what its name says.",
  CONTENT_ENCRYPTED: "it is protected by a password.",
};

function refused({ code, detail, title }: Problem): string {
  return `Not accepted: ${REFUSED[code] ?? detail ?? title}`;
}

function failed({ code, status, title }: Problem, hasSent: boolean): string {
  if (code === "FILE_UNREADABLE")
    return "Stopped: the file was changed or moved. Remove it and add it again.";
  if (status === 404 || status === 410) return "Stopped: what was sent has expired. Start it again.";
  if (status === 401) return "Stopped: your sign-in isn't valid, or has ended. Nothing is lost.";
  const kept = hasSent ? " What was sent is kept." : "";
  return `Stopped: ${REFUSED[code] ?? `${title}.`}${kept}`;
}

function rule(refusal: FileRefusal): string {
  if (refusal.rule !== "size" || refusal.limitBytes === undefined) return refusal.detail;
  return `It is too large: ${format.bytes(refusal.limitBytes)} is the most for a file of its kind.`;
}

function limits(maxBytes: Readonly<Record<FileClass, number>>): string {
  const kinds = (["document", "image", "video", "audio"] as const).map(
    (name) => `${CLASSES[name]} up to ${format.bytes(maxBytes[name])}`,
  );
  const text = kinds.join(", ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}. Every file is checked for viruses.`;
}

function totals({ done, files, sentBytes, totalBytes, bytesPerSecond, secondsLeft }: TotalsWords): string {
  const speed = bytesPerSecond === undefined ? [] : [`${format.bytes(bytesPerSecond)}/s`];
  const left = secondsLeft === undefined ? [] : [timeLeft(secondsLeft)];
  const count = `${format.number(done)} of ${countOf(files, "file")} uploaded`;
  return [count, portion(sentBytes, totalBytes), ...speed, ...left].join(" · ");
}

const OUTCOMES: Readonly<Record<keyof Outcomes, string>> = {
  ready: "ready",
  checking: "being checked",
  unknown: "uploaded",
  blocked: "blocked",
  refused: "refused",
  elsewhere: "in another tab",
  cancelled: "cancelled",
  deleted: "deleted",
};

function outcome(outcomes: Outcomes): string {
  const parts = outcomesIn(outcomes);
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return `${countOf(outcomes[only], "file")} ${OUTCOMES[only]}`;
  return parts.map((each) => `${format.number(outcomes[each])} ${OUTCOMES[each]}`).join(" · ");
}

function duplicateOf({ filename, attachedTo, uploadedBy, uploadedAt }: DuplicateWords): string {
  const attached = attachedTo === undefined ? "" : `, attached to ${attachedTo}`;
  const day = format.day(uploadedAt, Date.now());
  return `Already here: ${filename}${attached}, uploaded by ${uploadedBy} on ${day}`;
}

export const uploaderEn: UploaderTexts = {
  title: "Upload files",
  dropHere: "Drop files or folders here",
  dropFilesHere: "Drop files here",
  dropFileHere: "Drop a file here",
  dropAnywhere: "Drop anywhere to add the files",
  chooseFiles: "Choose files",
  chooseFile: "Choose a file",
  chooseFolder: "Choose a folder",
  limits,
  adding: (count) => `Adding files: ${format.number(count)} so far`,
  list: "Uploads",

  waiting: "Waiting for its turn",
  preparing: "Preparing",
  duplicate: "Already here. Upload it anyway?",
  duplicateOf,
  uploadAnyway: "Upload anyway",
  skipDuplicate: "Don’t upload",
  showDuplicate: "Show it",
  duplicatesTitle: (count) => `${countOf(count, "file")} are already here`,
  skipDuplicates: (count) => `Skip ${format.number(count)} that are already here`,
  uploadAllAnyway: "Upload them anyway",
  uploading: (seconds) => (seconds === undefined ? "Uploading" : `Uploading, ${timeLeft(seconds)}`),
  finishing: "Uploading, finishing",
  comparing: "Comparing what has arrived",
  paused: "Paused",
  offline: "Waiting for your connection",
  elsewhere: "Continues in another tab",
  retrying,
  refused,
  failed,
  cancelled: "Cancelled",
  deleted: "Deleted",
  checking: "Checking for viruses",
  checkingStill: "Still checking for viruses. Of a large file, or with many before it, that takes minutes.",
  ready: "Ready",
  infected: (name) => `Blocked: contains ${name ?? "malware"}`,
  unscannable: (reason) => (reason === undefined ? "Could not be checked" : `Blocked: ${reason}`),
  blockedHint: "Nobody can open it. If it should be harmless, ask an admin to look at it.",
  unknown: "Uploaded. Whether it has passed its check is not known right now.",

  portion,
  speed: (bytesPerSecond) => `${format.bytes(bytesPerSecond)}/s`,
  progressOf: (filename) => `Upload of ${filename}`,
  pause: "Pause",
  resume: "Resume",
  goOn: "Go on",
  cancel: "Cancel",
  remove: "Remove from the list",
  actionOn: (action, filename) => `${action}: ${filename}`,

  totals,
  outcome,
  filed: (count) => `${countOf(count, "file")} ${count === 1 ? "is" : "are"} filed`,
  progressOfAll: "Upload of all files",
  pauseAll: "Pause all",
  resumeAll: "Resume all",
  cancelAll: "Cancel all",
  clearFinished: "Clear finished",

  refusalsTitle: (count) => `${countOf(count, "file")} not added`,
  rule,
  noRoom: (count, neededBytes, availableBytes) =>
    `There is no room for ${count === 1 ? "it: it needs" : "them: they need"} ${format.bytes(neededBytes)}, ` +
    `and ${format.bytes(availableBytes)} of storage is left.`,
  noRoomTitle: (count, of) =>
    of === count
      ? `There is no room for ${countOf(count, "file")}`
      : `There is no room for ${format.number(count)} of ${countOf(of, "file")}`,
  noRoomHint: "Make room, then try again.",
  andMore: (count) => `and ${format.number(count)} more`,

  tryAgain: "Try again",
  tooManyTitle: "Nothing added",
  tooMany: "One file is taken here. Choose the one that you mean.",
  incompleteTitle: "Not all could be read",
  incomplete: "One of the folders or files can't be read. What was read before it is added.",

  previousTitle: (count) => `${countOf(count, "upload")} from an earlier visit`,
  previousHint: "Choose the same files again and they go on where they stopped.",
  previousReady: "They go on where they stopped.",
  continuePrevious: (count) => `Continue ${countOf(count, "upload")}`,
  portionArrived: (arrivedBytes, totalBytes) => `${portion(arrivedBytes, totalBytes)} uploaded`,
  discard: "Discard",

  notContinued([name = "", ...more], [expected = "", ...others]) {
    const isOne = more.length === 0;
    const title =
      others.length === 0 && expected !== "" && isOne
        ? `This is not ${expected}`
        : `${countOf(more.length + 1, "file")} that ${isOne ? "isn’t" : "aren’t"} among the unfinished ones`;
    const body = isOne
      ? `${name} continues no unfinished upload. It would be added as a new file.`
      : `${name} and ${format.number(more.length)} more continue no unfinished upload. They would be added as new files.`;
    return { title, body, keep: "Don’t add", confirm: "Add anyway" };
  },
  otherEnding: ([name = ""], [expected = ""]) => ({
    title: "A different kind of file",
    body: `${name} would become the new version of ${expected}, though it is another kind of file.`,
    keep: "Don’t upload",
    confirm: "Upload it anyway",
  }),
  confirmTitle: (count) => (count === 1 ? "Cancel this upload?" : `Cancel ${countOf(count, "upload")}?`),
  confirmBody: (bytes) => `${format.bytes(bytes)} have been sent and would be deleted.`,
  arrived: (count) =>
    count === 1 ? "1 file has arrived and stays." : `${format.number(count)} files have arrived and stay.`,
  goesOnElsewhere: (filename) => `${filename} is being sent by another tab, and goes on there.`,
  discardTitle: "Discard this upload?",
  discardBody: "What was sent of it is deleted.",
  keepPrevious: "Keep it",
  keep: "Keep uploading",
  confirmCancel: (count) => (count === 1 ? "Cancel upload" : "Cancel uploads"),

  announce: (filename, sentence) => `${filename}: ${sentence}`,
  announceMany: (count, sentence) => `${countOf(count, "file")}: ${sentence}`,
};
