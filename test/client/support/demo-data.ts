import {
  derivative,
  LONG_NAME,
  manyFiles,
  type StoredFile,
  storedFile,
  THUMB_HASH,
} from "../react/files/stored-files.ts";
import { rescan } from "./admin-api.ts";
import { page, pageThumbnail, photo, tone, waveform } from "./demo-pictures.ts";
import { type DemoServer, USUAL_QUOTA } from "./demo-server.ts";

/** What a tenant has of files: an ordinary one, one that is new, and one that has 10,000. */
export type Tenant = "usual" | "new" | "large";

/** When everything was looked at. */
export const NOW = new Date("2026-11-20T10:12:00Z");

/** 120 characters. */
export const LONG_GERMAN =
  "Protokoll der außerordentlichen Gesellschafterversammlung zur Grundstücksverkehrsgenehmigung Halle 12, Fassung Ende.docx";

const WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

const DRAWN = { derivatives: [derivative("thumbnail")] };
const BOB = { ownerId: "bob" };
const at = (day: string, time: string) => ({
  createdAt: `2026-${day}T${time}:00Z`,
  updatedAt: `2026-${day}T${time}:00Z`,
});

function photoFile(id: string, filename: string, changes: object): StoredFile {
  return storedFile(id, filename, {
    mimeType: "image/jpeg",
    derivatives: [derivative("thumbnail"), derivative("optimized")],
    properties: { thumbHash: THUMB_HASH, width: 4032, height: 2688, cameraModel: "X100V" },
    sizeBytes: 4_812_000,
    ...changes,
  });
}

const USUAL_VERDICT = storedFile("", "").verdict;
const INFECTED = {
  state: "infected",
  verdict: {
    ...USUAL_VERDICT,
    ...{ verdict: "infected", signatureName: "Eicar-Test-Signature" },
    reason: "The file contains malware: Eicar-Test-Signature.",
  },
};
const LOCKED = {
  state: "unscannable",
  verdict: {
    ...USUAL_VERDICT,
    ...{ verdict: "unscannable", signatureName: "Encrypted.Office" },
    reason: "The file is protected by a password, so it can't be checked for viruses.",
  },
};
const COPIES = [
  {
    ...{ target: "frankfurt", state: "stored", since: "2026-11-20T09:30:04Z" },
    ...{ storedAt: "2026-11-20T09:30:09Z", tries: 0, error: null, nextTryAt: null },
  },
  {
    ...{ target: "archive", state: "pending", since: "2026-11-20T09:30:04Z" },
    ...{ storedAt: null, tries: 0, error: null, nextTryAt: null },
  },
];

/** Attached to the contacts, of each kind and in each state. */
function usualFiles(): StoredFile[] {
  const first = { entityId: "c-1001" };
  return [
    storedFile("f1", "Rahmenvertrag 2026.pdf", {
      ...{ ...first, ...DRAWN, ...at("11-20", "09:30"), version: 3, tags: ["Vertrag", "2026"] },
      ...{ properties: { pages: 3, title: "Rahmenvertrag", author: "Ann Lindqvist" }, replicas: COPIES },
    }),
    photoFile("f2", "Werksbesichtigung Hamburg.jpg", { ...first, ...BOB, ...at("11-20", "08:05") }),
    storedFile("f3", "Rechnung 2026-1187.pdf", {
      ...{ ...first, ...INFECTED, ...at("11-19", "16:41"), sizeBytes: 68 },
    }),
    storedFile("f4", "Preisliste (Kennwort).xlsx", {
      ...{ ...first, ...LOCKED, ...BOB, ...at("11-19", "14:20"), mimeType: EXCEL },
    }),
    storedFile("f5", "Präsentation Werk Nord.pptx", {
      ...{ ...first, ...at("11-20", "10:11"), state: "quarantined", verdict: null },
      ...{ mimeType: SLIDES, sizeBytes: 18_300_000 },
    }),
    storedFile("f6", LONG_NAME, { ...first, ...DRAWN, ...at("11-18", "11:00"), tags: ["Vertrag"] }),
    storedFile("f7", LONG_GERMAN, {
      ...{ ...first, ...BOB, ...at("11-17", "09:00"), mimeType: WORD, properties: { pages: 2 } },
      derivatives: [derivative("thumbnail"), derivative("preview")],
    }),
    storedFile("f8", "Kunden Nord.csv", {
      ...{ ...first, ...at("11-16", "13:37"), mimeType: "text/csv", sizeBytes: 4_000, tags: ["Export"] },
    }),
    storedFile("f9", "Rundgang Halle 3.mp4", {
      ...{ ...first, ...BOB, ...at("11-12", "15:10"), mimeType: "video/mp4", sizeBytes: 48_000_000 },
      ...{ derivatives: [derivative("thumbnail"), derivative("poster")] },
      ...{ properties: { durationSeconds: 92, width: 1920, height: 1080 } },
    }),
    storedFile("f10", "Sprachnotiz Telefonat.wav", {
      ...{ ...first, ...at("11-11", "10:00"), mimeType: "audio/wav", sizeBytes: 16_044 },
      ...{ derivatives: [derivative("waveform")], properties: { durationSeconds: 2 } },
    }),
    storedFile("f11", "Notizen.md", {
      ...{ ...first, ...at("11-10", "10:00"), mimeType: "text/markdown", sizeBytes: 900 },
    }),
    storedFile("f12", "عرض الأسعار النهائي للمشروع.pdf", {
      ...{ ...DRAWN, ...BOB, ...at("11-09", "12:00"), entityId: "c-1004", properties: { pages: 2 } },
    }),
    photoFile("f13", "Messestand.jpg", { ...at("11-08", "12:00"), entityId: "c-1002" }),
    photoFile("f14", "Fassade Süd.jpg", { ...BOB, ...at("11-07", "12:00"), entityId: "c-1002" }),
    storedFile("f15", "Angebot.docx", {
      ...{ ...at("11-06", "12:00"), mimeType: WORD, entityId: "c-1003" },
      missingDerivatives: [{ name: "preview", state: "failed", reason: "The document is damaged." }],
    }),
    storedFile("f16", "readme.txt", {
      ...{ ...at("11-05", "12:00"), mimeType: "text/plain", sizeBytes: 1_200, entityType: null },
      ...{ entityId: null, properties: { lines: 12, encoding: "utf-8" } },
    }),
  ];
}

function trashedFiles(): StoredFile[] {
  const gone = { state: "deleted", deletedAt: "2026-11-18T08:00:00Z", purgeAt: "2026-12-18T08:00:00Z" };
  return [
    storedFile("t1", "Angebot alt.pdf", { ...gone, ...DRAWN, ...at("10-02", "12:00") }),
    photoFile("t2", "Unscharf.jpg", { ...gone, ...at("10-01", "12:00") }),
  ];
}

function version(number: number, isCurrent: boolean, changes: object = {}) {
  return {
    ...{ version: number, isCurrent, state: "clean", originalFilename: "Rahmenvertrag 2026.pdf" },
    ...{ mimeType: "application/pdf", sizeBytes: 2_400_000 - number * 1000, sha256: "0".repeat(64) },
    ...{ verdict: "clean", signatureName: null, reason: null, uploadedBy: "ann" },
    createdAt: `2026-11-${String(16 + number)}T09:30:00Z`,
    ...changes,
  };
}

function blockedVersion(fileId: string, filename: string, changes: object) {
  return {
    ...{ fileId, filename, originalFilename: filename, version: 1, isCurrent: true },
    ...{ mimeType: "application/pdf", sizeBytes: 68_000, sha256: "0".repeat(64) },
    ...{ ownerId: "ann", uploadedBy: "ann", state: "infected" as const, foundLater: false },
    ...{ signatureName: "Eicar-Test-Signature" as string | null, engine: "ClamAV 1.4.3" },
    ...{ signatureVersion: "27834", reason: "The file contains malware: Eicar-Test-Signature." },
    ...{ entityType: "contact", entityId: "c-1001" },
    ...{ blockedAt: "2026-11-19T16:41:04Z", purgeAt: "2026-12-19T16:41:04Z" },
    ...changes,
  };
}

function failedJob(fileId: string, filename: string, changes: object) {
  return {
    ...{ fileId, filename, version: 1, state: "clean" as const, code: "OFFICE_TIMEOUT" },
    ...{ detail: "The document took longer to draw than it may.", attempts: 5 },
    failedAt: "2026-11-20T07:02:11Z",
    ...changes,
  };
}

const TEXTS: Readonly<Record<string, string>> = {
  f8: `Kunde;Ort;Umsatz 2026\n${["Nordlicht;Hamburg;184.200 €", "Fjordkraft;Bergen;91.050 €", "Demir Tekstil;İstanbul;77.900 €"].join("\n")}\n`,
  f11: "# Besuch in Hamburg\n\n- Maße der Halle 3 nachreichen\n- **Angebot** bis Freitag\n",
  f16: "Files of the project are kept here.\nAsk Bob for the drawings.\n",
};

/** Puts into a server what a tenant has; what was there goes. */
export function fill(server: DemoServer, tenant: Tenant): void {
  for (const map of [server.contents, server.links, server.making, server.shares, server.versions])
    map.clear();
  server.failures.clear();
  server.tus.uploads.clear();
  server.trash.splice(0, Number.POSITIVE_INFINITY, ...(tenant === "usual" ? trashedFiles() : []));
  server.files = { usual: usualFiles, new: () => [], large: () => manyFiles(10_000) }[tenant]();
  server.quota = USUAL_QUOTA;
  server.now = () => NOW;
  fillAdmin(server, tenant);
  fillSharing(server);
  for (const [index, file] of server.files.slice(0, 100).entries()) draw(server, file, index);
}

function fillAdmin({ admin }: DemoServer, tenant: Tenant): void {
  const isUsual = tenant === "usual";
  const scanned = { total: 812, seen: 340 };
  const versions = { sent: 340, scanned: 331, found: 1, failed: 2 };
  admin.rescans = isUsual ? [rescan({ files: scanned, versions })] : [];
  admin.blocked = isUsual
    ? [
        blockedVersion("f3", "Rechnung 2026-1187.pdf", {}),
        blockedVersion("f4", "Preisliste (Kennwort).xlsx", {
          ...{ state: "unscannable" as const, signatureName: "Encrypted.Office", mimeType: EXCEL },
          ...{ ...BOB, uploadedBy: "bob", reason: LOCKED.verdict.reason },
        }),
        blockedVersion("f6", LONG_NAME, { version: 2, isCurrent: false, foundLater: true }),
      ]
    : [];
  admin.failedJobs = isUsual
    ? [
        failedJob("f15", "Angebot.docx", {}),
        failedJob("f5", "Präsentation Werk Nord.pptx", {
          ...{ state: "quarantined" as const, code: "SCANNER_UNREACHABLE", attempts: 8 },
          detail: "The virus scanner could not be reached.",
        }),
      ]
    : [];
}

function fillSharing({ shares, links, versions, origin }: DemoServer): void {
  const given = { sharedBy: "ann", createdAt: "2026-11-20T09:40:00Z", expiresAt: null };
  shares.set("f1", [{ ...given, userId: "bob", permission: "download" }]);
  const ended = {
    state: "expired",
    expiresAt: "2026-11-01T00:00:00Z",
    hasPassword: false,
    maxDownloads: null,
  };
  const link = { createdBy: "ann", createdAt: "2026-10-20T10:00:00Z", revokedAt: null };
  links.set("f1", [
    {
      ...{ ...link, id: "l1", url: `${origin}/s/${"k7".repeat(20)}`, state: "active", hasPassword: true },
      ...{ maxDownloads: 10, downloads: 3, expiresAt: "2026-11-27T09:00:00Z" },
    },
    { ...link, ...ended, id: "l2", url: `${origin}/s/${"x3".repeat(20)}`, downloads: 1 },
  ]);
  versions.set("f1", [version(3, true), version(2, false, { uploadedBy: "bob" }), version(1, false)]);
}

/** What is seen of a file, where there is something. */
function draw({ contents }: DemoServer, file: StoredFile, index: number): void {
  const { id, mimeType, filename, properties } = file;
  const title = filename.slice(0, 28);
  if (mimeType.startsWith("image/") || mimeType.startsWith("video/")) {
    for (const variant of ["thumbnail", "optimized", "poster"])
      contents.set(`${id}/${variant}`, photo(index));
  } else contents.set(`${id}/thumbnail`, pageThumbnail(title));
  const pages = Number(properties["pages"] ?? 0);
  for (let number = 1; number <= pages; number += 1)
    contents.set(`${id}/page-${number}-1200`, page(title, number));
  const text = TEXTS[id];
  if (text !== undefined) contents.set(`${id}/original`, { type: mimeType, body: text });
  if (mimeType !== "audio/wav") return;
  contents.set(`${id}/original`, tone());
  contents.set(`${id}/waveform`, waveform());
}
