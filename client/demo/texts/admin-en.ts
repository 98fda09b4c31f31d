import type { Rescan } from "#contract/rescans.ts";
import { createFormat } from "../../react/texts/format.ts";
import type { AdminTexts, Signatures } from "./admin-texts.ts";

const format = createFormat("en-GB");

function files(count: number): string {
  return count === 1 ? "1 file" : `${format.number(count)} files`;
}

function signaturesOf({ name, date }: Signatures): string {
  return date === undefined ? name : `${name} of ${format.day(date, Date.now())}`;
}

const NOTHING_FOUND: Readonly<Record<Rescan["state"], string>> = {
  running: "Nothing found so far",
  paused: "Nothing found so far",
  done: "Nothing found",
  cancelled: "Nothing found until then",
};

export const adminEn: AdminTexts = {
  membersOnly: "This page is for admins.",
  membersHint: "Ask an admin of yours if a file of yours is blocked, or isn't getting ready.",
  moment: (date, nowMs) => `${format.day(date, nowMs)}, ${format.time(date)}`,
  loading: "Loading",
  failed: (why) => `The list couldn't be loaded. ${why}`,
  more: "Show more",
  retry: "Try again",
  quarantine: {
    hint: "Files that did not pass their check. Nobody can open or download them.",
    list: "Blocked files",
    filter: "Show",
    filters: { all: "All", infected: "With malware", unscannable: "Could not be checked" },
    empty: "Nothing is blocked.",
    emptyHint: "A file that doesn't pass its check appears here, and waits for you.",
    noMatch: "Nothing of this kind is blocked.",
    reason: ({ reason }) => reason,
    foundLater: "Found later: it had passed an earlier check.",
    notCurrent: (version) => `Version ${version}, not the current one`,
    uploadedBy: (name) => `Uploaded by ${name}`,
    attachedTo: "Attached to",
    notAttached: "Attached to nothing",
    found: (when) => `Blocked ${when}`,
    checkedBy: (engine, signatures) =>
      signatures === undefined ? engine : `${engine}, signatures ${signaturesOf(signatures)}`,
    purges: (when) => `Removed for good on ${when}`,
    release: "Release",
    delete: "Delete",
    actionOn: (action, filename) => `${action} ${filename}`,
    releaseTitle: (filename) => `Release ${filename}?`,
    releaseMeaning:
      "Everybody who may see this file can open, download and share it from then on. You say that it is harmless, against the virus scanner. Your name and your reason are recorded.",
    reasonLabel: "Why it is harmless",
    reasonHint: "For example: the sender has confirmed it, and another scanner finds nothing.",
    reasonMissing: (characters) => `Say why it is harmless, in ${characters} characters or more.`,
    cancel: "Cancel",
    released: (filename) => `${filename} is released. It can be opened now.`,
    deleteTitle: (filename) => `Delete ${filename} for good?`,
    deleteWarning: "It doesn't go to the trash. Nobody can get it back.",
    deleted: (filename) => `${filename} is deleted for good.`,
    notDone: (filename, why) => `Nothing has become of ${filename}. ${why}`,
    waiting: (count) => `${count} blocked`,
    select: (filename) => `Select ${filename}`,
    selectAll: (count) => `Select all ${format.number(count)} shown`,
    deleteMany: (count) => `Delete ${format.number(count)} for good`,
    deleteManyTitle: (count) => `Delete ${files(count)} for good?`,
    deleteManyWarning: "They don't go to the trash. Nobody can get them back.",
    deletedMany: (count) => `${files(count)} ${count === 1 ? "is" : "are"} deleted for good.`,
    notAllDeleted: (deleted, of, why) =>
      `${format.number(deleted)} of ${files(of)} deleted; the others are still here. ${why}`,
    testSignatures:
      "The virus scanner has no signatures but those of the EICAR test file: real malware passes as clean. Install ClamAV's own (freshclam) before files of people come in.",
    releasedTitle: "Released",
    releasedHint:
      "What admins have called harmless against the virus scanner, the last ten. By hand it can't be blocked again: what isn't harmless can be deleted on its page, and for good from the trash.",
    releasedGone: "A file that was deleted for good",
    foundBefore: (name, isInfected) =>
      name === undefined
        ? `The scanner had found ${isInfected ? "malware" : "that it can't be checked"}.`
        : `The scanner had found: ${name}.`,
    releasedBy: (name, when) => `Released by ${name}, ${when}:`,
    ofVersion: (version) => `Version ${version}`,
  },
  rescans: {
    title: "Check everything again",
    hint: "New signatures find what older ones didn't know. Files stay available meanwhile.",
    start: "Check everything again",
    started: "All files are being checked again.",
    about: ({ fileId }) => (fileId === null ? "All files" : "One file"),
    progress: ({ state, files: { seen, total } }) =>
      `${state === "paused" ? "Paused: " : ""}${format.number(seen)} of about ${files(total)}`,
    progressLabel: "Files checked again",
    findings: ({ state, versions: { found, failed } }) =>
      [
        found === 0 ? NOTHING_FOUND[state] : `${files(found)} blocked`,
        ...(failed === 0 ? [] : [`${files(failed)} couldn't be checked again`]),
      ].join(", "),
    ended: ({ state }, when) =>
      state === "cancelled" ? `The last one was cancelled ${when}.` : `The last one was done ${when}.`,
    pause: "Pause",
    resume: "Go on",
    cancel: "Cancel",
    never: "Nothing has been checked again so far.",
    failed: (why) => `That didn't work. ${why}`,
  },
  failedJobs: {
    hint: "What was tried as often as it is tried by itself. It waits until somebody has it tried again.",
    list: "Failed jobs",
    empty: "Nothing has failed.",
    emptyHint: "Every file that has arrived was checked, or is being checked.",
    what: ({ state }) =>
      state === "quarantined"
        ? "Not checked yet: nobody can open it until it is."
        : "Checked and available, but its previews weren't made.",
    why: ({ detail }) => detail,
    attempts: (count) => (count === 1 ? "Tried once" : `Tried ${format.number(count)} times`),
    failedAt: (when) => `Last ${when}`,
    retry: "Try again",
    retryAll: "Try all again",
    retryOf: (filename) => `Try again: ${filename}`,
    retried: (filename) => `${filename} is being tried again.`,
    retriedAll: (retried, left) => {
      const begun = `${files(retried)} ${retried === 1 ? "is" : "are"} being tried again.`;
      return left === 0 ? begun : `${begun} Left: ${files(left)}. Have them tried in a moment.`;
    },
    notDone: (why) => `Nothing was tried again. ${why}`,
  },
};
