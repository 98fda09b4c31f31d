import type { Problem } from "#contract/errors.ts";
import { createFormat } from "./format.ts";
import type { Texts } from "./texts.ts";
import { uploaderEn } from "./uploader-en.ts";

const format = createFormat("en-GB");

function problem({ code, status, detail, title }: Problem): string {
  if (code === "CONNECTION_LOST") return "There was no answer. Is there a connection?";
  // Which of its checks a token failed is for developers.
  if (status === 401 || code === "TOKEN_UNAVAILABLE") return "Your sign-in isn't valid, or has ended.";
  return detail ?? `${title}.`;
}

export const en: Texts = {
  common: {
    bytes: format.bytes,
    percent: format.percent,
    moment: (date, nowMs) =>
      date.toDateString() === new Date(nowMs).toDateString()
        ? `today, ${format.time(date)}`
        : format.day(date, nowMs),
    problem,
    tryAgain: "Try again",
    dismiss: "Dismiss",
    close: "Close",
  },
  uploader: uploaderEn,
  quota: {
    title: "Storage",
    used: (used, quota) => `${format.bytes(used)} of ${format.bytes(quota)} used`,
    left: (bytes) => `${format.bytes(bytes)} left`,
    files: "Files",
    versions: "Earlier versions",
    trash: "Trash",
    uploads: "Unfinished uploads of all",
    nearlyFull: "Storage is nearly full.",
    full: "Storage is full: new files are not taken.",
    cleanUp: "Make room",
    emptyTrash: (bytes) => `Empty the trash (${format.bytes(bytes)})`,
    loading: "Looking how much is used",
    unknown: "How much is used is not known right now.",
  },
  boundary: {
    title: "This part of the page has stopped working",
    safe: (running) =>
      running === 0
        ? "Nothing that was uploaded is lost."
        : `${running === 1 ? "1 upload goes" : `${format.number(running)} uploads go`} on meanwhile. Nothing is lost.`,
    reload: "Show it again",
  },
};
