import { z } from "zod";
import type { Wishes } from "./wishes.ts";
import { NO_WISHES } from "./wishes.ts";

/**
 * What is made of a clean version, in one table for those who make, serve and show it. A derivative's key ends in its
 * form's extension (keys.ts).
 */

const KIB = 1024;
const MIB = 1024 * KIB;

/** In what form a derivative may come. */
export interface DerivativeForm {
  readonly mimeType: string;
  readonly extension: string;
  readonly maxBytes: number;
}

const WEBP = { mimeType: "image/webp", extension: "webp" } as const;
const PDF = { mimeType: "application/pdf", extension: "pdf" } as const;

export const DERIVATIVE_NAMES = [
  "thumbnail",
  "optimized",
  "optimized-avif",
  "preview",
  "poster",
  "text",
  "waveform",
  "reduced",
] as const;
export const DerivativeName = z.enum(DERIVATIVE_NAMES);
export type DerivativeName = z.infer<typeof DerivativeName>;

export const DERIVATIVE_FORMS: Readonly<Record<DerivativeName, readonly DerivativeForm[]>> = {
  /** 150 × 150, covered. */
  thumbnail: [{ ...WEBP, maxBytes: 256 * KIB }],
  /** An image of at most 1,200 × 1,200; animated where the original is. */
  optimized: [{ ...WEBP, maxBytes: 16 * MIB }],
  /** The same, smaller, where the tenant wants it; of what moves there is none. */
  "optimized-avif": [{ mimeType: "image/avif", extension: "avif", maxBytes: 16 * MIB }],
  /** What can be shown in place of the original: an Office document as PDF, a text as a page that is nothing but text. */
  preview: [
    { ...PDF, maxBytes: 64 * MIB },
    { mimeType: "text/html", extension: "html", maxBytes: MIB },
  ],
  /** A frame of a video, of at most 1,200 × 1,200. */
  poster: [{ ...WEBP, maxBytes: MIB }],
  /** What a document says on its first pages, in UTF-8: for search, and for who can't see it. */
  text: [{ mimeType: "text/plain", extension: "txt", maxBytes: 256 * KIB }],
  /** Peaks of a sound, from 0 to 100, as JSON. */
  waveform: [{ mimeType: "application/json", extension: "json", maxBytes: 64 * KIB }],
  /** The same PDF in fewer bytes, where that is worth it. */
  reduced: [{ ...PDF, maxBytes: 100 * MIB }],
};

/** What is made of each kind of file. */
const NAMES_BY_KIND = {
  image: ["thumbnail", "optimized"],
  pdf: ["thumbnail", "text", "reduced"],
  office: ["thumbnail", "preview", "text"],
  epub: ["thumbnail", "text"],
  text: ["thumbnail", "preview"],
  video: ["thumbnail", "poster"],
  audio: ["thumbnail", "waveform"],
} as const satisfies Readonly<Record<string, readonly DerivativeName[]>>;
export type DerivableKind = keyof typeof NAMES_BY_KIND;

const OFFICE_TYPES: ReadonlySet<string> = new Set([
  "application/msword",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  "application/vnd.ms-excel",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  "application/vnd.ms-powerpoint",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  "application/vnd.oasis.opendocument.text",
  "application/vnd.oasis.opendocument.spreadsheet",
  "application/vnd.oasis.opendocument.presentation",
  "application/rtf",
  "text/rtf",
]);
const TEXT_TYPES: ReadonlySet<string> = new Set([
  ...["text/plain", "text/csv", "text/tab-separated-values", "text/markdown", "text/calendar", "text/vcard"],
  ...["application/json", "application/xml", "text/xml"],
]);

/** What kind of file a type is, as far as anything is made of it. */
export function kindOf(mimeType: string): DerivableKind | undefined {
  if (mimeType === "application/pdf") return "pdf";
  if (OFFICE_TYPES.has(mimeType)) return "office";
  if (mimeType === "application/epub+zip") return "epub";
  if (TEXT_TYPES.has(mimeType)) return "text";
  const [type] = mimeType.split("/", 1);
  return type === "image" || type === "video" || type === "audio" ? type : undefined;
}

/** Of an OLE compound file, whatever is in it: an old Word, Excel or PowerPoint document, or one under a password. */
const COMPOUND_FILE = "application/x-cfb";

/** The type that says most of a version: what its bytes tell, and what was declared where they tell only of the container. */
export function typeOf(declaredType: string, sniffedType: string | null): string {
  return sniffedType === null || sniffedType === COMPOUND_FILE ? declaredType : sniffedType;
}

/** What is made of files of a type, in the order in which it is wanted. */
export function derivativesOf(
  mimeType: string,
  { avifDerivatives }: Pick<Wishes, "avifDerivatives"> = NO_WISHES,
): readonly DerivativeName[] {
  const kind = kindOf(mimeType);
  if (kind === undefined) return [];
  return kind === "image" && avifDerivatives
    ? [...NAMES_BY_KIND.image, "optimized-avif"]
    : NAMES_BY_KIND[kind];
}

/**
 * How it stands with a derivative that isn't there: `making` until the processor has said otherwise, or nothing for hours,
 * `none` where the file has nothing to make it of (a text of a scanned PDF), `failed` where it could not be made; that can be
 * tried again.
 */
export const MISSING_STATES = ["making", "none", "failed"] as const;
export type MissingState = (typeof MISSING_STATES)[number];
