import { adminEn } from "./admin-en.ts";
import type { DemoTexts } from "./texts.ts";

export const en: DemoTexts = {
  shell: {
    product: "Causeway",
    demo: "demo CRM",
    skip: "Skip to content",
    signedInAs: "Signed in as",
    settings: "Language and theme",
    language: "Language",
    theme: "Theme",
    themes: { system: "As the system", light: "Light", dark: "Dark" },
    navigation: "Main",
    contacts: "Contacts",
    files: "Files",
    trash: "Trash",
    shared: "Shared with me",
    quarantine: "Quarantine",
    failedJobs: "Failed jobs",
    reference: "API reference",
    notFound: "There is no such page.",
    toStart: "To the contacts",
  },
  signIn: {
    title: "Sign in with a token",
    why: "This server doesn't give out development tokens. Paste one that your CRM has made.",
    token: "Token",
    use: "Use this token",
  },
  line: {
    label: "Connection",
    good: "Good",
    slow: "Slow",
    cut: "Cut",
    slowNote: "This page's connection is slow: 256 KB a second at most.",
    cutNote: "This page's connection is cut. Uploads wait, and go on when it is back.",
  },
  contact: {
    facts: { email: "Email", phone: "Phone", address: "Address", owner: "Owner" },
    title: "Contacts",
    details: "Details",
    attachments: "Attachments",
    list: "Attached files",
    count: (files) => (files === undefined ? "" : files === 1 ? "1 file" : `${files || "No"} files`),
    uncounted: (areOld) =>
      areOld
        ? "There was no answer: the numbers of files are those of before. Is there a connection?"
        : "There was no answer: how many files they have isn't known. Is there a connection?",
    again: "Try again",
    back: "All contacts",
  },
  admin: adminEn,
  uploads: {
    running: (files) => (files === 1 ? "1 upload not finished yet" : `${files} uploads not finished yet`),
    waiting: (files) =>
      files === 1 ? "1 upload waits for the connection" : `${files} uploads wait for the connection`,
    stopped: (files, at) =>
      `${files === 1 ? "1 upload has stopped" : `${files} uploads have stopped`}${at === undefined ? "" : `, at ${at}`}`,
    unfinished: (files, at) =>
      `${files === 1 ? "1 unfinished upload" : `${files} unfinished uploads`}${at === undefined ? "" : `, at ${at}`}`,
    switchTitle: (files) => (files === 1 ? "Stop 1 upload?" : `Stop ${files} uploads?`),
    switchBody: (name) => `What was sent is kept, and ${name} can continue it here.`,
    switchKeep: "Stay",
    switchConfirm: (name) => `Continue as ${name}`,
  },
  readers: {
    title: "Who had it",
    by: {
      address: "By signed addresses",
      link: "By links for people outside",
      public: "By the public address",
    },
    times: (times, last) => (times === 1 ? `once, ${last}` : `${times} times, last ${last}`),
    none: "Nobody has opened or downloaded it, as far as that is recorded.",
    older: (count) => `Only the newest ${count} events of each kind are counted.`,
    hint: "From the audit trail, all versions together. Whoever opens it gets a signed address, and who reads by that isn't known by name. Copies that people pass on or that caches keep can't be counted; of previews and reads by address the trail may have a share only.",
    failed: "Who had it could not be loaded.",
  },
  files: {
    trashNote: "What was deleted can be had back until the day beside it. Then it is removed for good.",
    trashRoom: (trash, quota) =>
      `What everybody here has deleted takes ${trash} of the storage's ${quota} until it is removed for good.`,
    largestNote: "What you delete takes room until it is removed from the trash, too.",
    back: "All files",
    loading: "Loading the file",
    missing: "There is no such file",
    missingHint: "It was deleted for good, or you have no right to see it.",
    failed: "The file could not be loaded. Nothing is lost.",
    again: "Try again",
    preview: "Preview",
    details: "Details",
    timeline: "What happened",
    versions: "Versions",
    newVersion: "Upload a new version",
    sharing: "Shared with",
    attachedTo: "Attached to",
    unattached: "Not attached to a contact.",
    found: (signatureName) => (signatureName === undefined ? "" : `The check found ${signatureName}.`),
    blockedAt: (when, signatureName) =>
      `Blocked ${when}${signatureName === undefined ? "" : `: the check found ${signatureName}`}.`,
    releasedBy: (name, reason) => `Released by ${name}: “${reason}”`,
    versionOf: (size, version, changed, uploaded) =>
      `${size}version ${version}, changed ${changed}; first ${uploaded}`,
    uploaded: (size, by, when) => `${size}uploaded by ${by}, ${when}`,
  },
};
