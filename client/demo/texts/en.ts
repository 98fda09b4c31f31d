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
    back: "All contacts",
  },
  admin: adminEn,
};
