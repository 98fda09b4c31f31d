/** Records as the API answers them, of a tenant with many files. */
export type StoredFile = ReturnType<typeof storedFile>;

const BASE_MS = Date.parse("2026-11-20T09:30:00Z");
const MINUTE_MS = 60_000;

export function storedFile(id: string, filename: string, changes: object = {}) {
  return {
    id,
    filename,
    originalFilename: filename,
    mimeType: "application/pdf",
    sizeBytes: 2_400_000 as number | null,
    sha256: "0".repeat(64),
    state: "clean",
    verdict: {
      verdict: "clean",
      signatureName: null as string | null,
      engine: "ClamAV 1.4.3",
      signatureVersion: "27834",
      scannedAt: "2026-11-20T09:30:04Z",
      reason: null as string | null,
      foundLater: false,
    },
    processingError: null,
    version: 1,
    derivatives: [] as object[],
    missingDerivatives: [] as object[],
    replicas: [] as object[],
    properties: {} as Record<string, unknown>,
    warnings: [],
    tags: [] as string[],
    entityType: "contact",
    entityId: "c-1",
    ownerId: "ann",
    isPublic: false,
    publicUrl: null,
    createdAt: "2026-11-20T09:30:00Z",
    updatedAt: "2026-11-20T09:30:00Z",
    deletedAt: null as string | null,
    purgeAt: null as string | null,
    ...changes,
  };
}

export function derivative(name: string) {
  return { name, mimeType: "image/webp", sizeBytes: 4_000, width: 150, height: 150 };
}

/** Of a photo with grass below and sky above. */
export const THUMB_HASH = "3OcRJYB4d3h/iIeHeEh3eIhw+j2w";

export const LONG_NAME =
  "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft_Rahmenvertrag_2026_endgültig_v12.pdf";

/** One file of each state and kind, and a name of 120 letters. */
export function variedFiles(): StoredFile[] {
  const jpeg = { mimeType: "image/jpeg", derivatives: [derivative("thumbnail"), derivative("optimized")] };
  const blocked = {
    verdict: "infected",
    signatureName: "Eicar-Test-Signature",
    reason: "The file contains malware.",
  };
  return [
    storedFile("f1", LONG_NAME, { tags: ["Vertrag", "2026"], sizeBytes: 18_300_000 }),
    storedFile("f2", "Werksbesichtigung Hamburg.jpg", {
      ...jpeg,
      ...{
        ownerId: "bob",
        properties: { thumbHash: THUMB_HASH, width: 1200, height: 800, cameraModel: "X100V" },
      },
    }),
    storedFile("f3", "Rechnung 2026-1187.pdf", {
      state: "infected",
      sizeBytes: 68,
      verdict: { ...storedFile("", "").verdict, ...blocked },
    }),
    storedFile("f4", "Preisliste (Kennwort).xlsx", {
      state: "unscannable",
      mimeType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      verdict: {
        ...storedFile("", "").verdict,
        verdict: "unscannable",
        signatureName: "Encrypted.Zip",
        reason: "The file is protected by a password, so it can't be checked for viruses.",
      },
    }),
    storedFile("f5", "Präsentation.pptx", {
      state: "quarantined",
      verdict: null,
      mimeType: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    }),
    storedFile("f6", "عرض الأسعار النهائي.pdf", {
      properties: { pages: 3 },
      derivatives: [derivative("thumbnail")],
    }),
    storedFile("f7", "kunden.csv", { mimeType: "text/csv", sizeBytes: 4_000, tags: ["Export"] }),
    storedFile("f8", "notes.md", { mimeType: "text/markdown", sizeBytes: 900 }),
    storedFile("f9", "Ansage.mp3", { mimeType: "audio/mpeg", properties: { durationSeconds: 92 } }),
    storedFile("f10", "Angebot.docx", {
      mimeType: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      missingDerivatives: [{ name: "preview", state: "failed", reason: "The document is damaged." }],
    }),
  ];
}

export function manyFiles(count: number): StoredFile[] {
  return Array.from({ length: count }, (_, index) => {
    const createdAt = new Date(BASE_MS - index * MINUTE_MS).toISOString();
    const isImage = index % 3 === 0;
    const picture = isImage
      ? {
          mimeType: "image/jpeg",
          derivatives: [derivative("thumbnail")],
          properties: { thumbHash: THUMB_HASH },
        }
      : {};
    const ending = isImage ? "jpg" : "pdf";
    return storedFile(`m${index}`, `Datei ${String(index + 1).padStart(5, "0")}.${ending}`, {
      createdAt,
      ...picture,
    });
  });
}
