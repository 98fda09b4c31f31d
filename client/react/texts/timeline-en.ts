import type { TimelineTexts } from "./files-texts.ts";
import { createFormat } from "./format.ts";

const format = createFormat("en-GB");

export const timelineEn: TimelineTexts = {
  label: "What happened to the file",
  at: (date, nowMs) => `${format.day(date, nowMs)}, ${format.time(date)}`,
  uploading: "Being uploaded",
  uploaded: (by) => `Uploaded by ${by}`,
  waitingForUpload: "Will be checked for viruses",
  checking: "Being checked for viruses",
  checked: "Checked: no virus found",
  blocked: "Blocked by its check",
  released: "Released by an admin, against its check",
  foundLater: (signature) => `Blocked when it was checked again: contains ${signature}`,
  infected: (signature) => `Blocked: contains ${signature}`,
  unscannable: (reason) => `Blocked: ${reason}`,
  scannedBy: (engine, signatureVersion) => `${engine}, signatures ${signatureVersion}`,
  checkStuck: "The check doesn't get on",
  optimising: "Previews are being made",
  optimised: "Previews made",
  notOptimised: "Some previews could not be made",
  derivatives: {
    thumbnail: "thumbnail",
    optimized: "smaller image",
    "optimized-avif": "smaller image (AVIF)",
    preview: "preview",
    poster: "still picture",
    text: "text",
    waveform: "waveform",
    reduced: "smaller PDF",
  },
  copying: (target) => `Being copied to ${target}`,
  copied: (target) => `Copied to ${target}`,
  notCopied: (target) => `Not copied to ${target}`,
  nextTry: (when) => `Next try ${when}`,
};
