import type { FileRecord } from "#contract/api.ts";
import type { MissingDerivative } from "#contract/api.ts";

/** How a file is shown, or why it isn't. */
export type PreviewKind =
  | { readonly kind: "checking" }
  | { readonly kind: "uploading" }
  | { readonly kind: "blocked" }
  | { readonly kind: "deleted" }
  /** A browser can show it as it is, or what was made of it. */
  | { readonly kind: "image"; readonly variant: "original" | "optimized" }
  | { readonly kind: "pages" }
  | { readonly kind: "video" }
  | { readonly kind: "audio" }
  | { readonly kind: "text" }
  | { readonly kind: "table" }
  | { readonly kind: "markdown" }
  /** It would be shown by what is made of it, which isn't there yet. */
  | { readonly kind: "making" }
  /** It would be, but that could not be made. */
  | { readonly kind: "undrawn"; readonly reason: string | null }
  | { readonly kind: "none" };

/** Shown as they are; all that was drawn of them has failed or isn't there. */
const BROWSER_IMAGES: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
]);
/** Of an image that the server hasn't drawn: a browser takes 4 bytes for each, whatever the file's size. */
const MAX_PIXELS = 50_000_000;
/** In the processor's words: what it refused as too large isn't given to a browser, whatever was measured of it. */
const TOO_LARGE = /too many pixels|too large/;
const TABLES: ReadonlySet<string> = new Set(["text/csv", "text/tab-separated-values"]);
const TEXTS: ReadonlySet<string> = new Set(["application/json", "application/xml"]);
const OFFICE = /word|excel|powerpoint|officedocument|opendocument|rtf/;

type Shown = Pick<FileRecord, "state" | "mimeType" | "derivatives" | "missingDerivatives" | "properties">;

function missing(file: Shown, name: MissingDerivative["name"]): MissingDerivative | undefined {
  return file.missingDerivatives.find((each) => each.name === name);
}

function has(file: Shown, name: MissingDerivative["name"]): boolean {
  return file.derivatives.some((each) => each.name === name);
}

/** What is waited for, or given up. */
function withoutIt(lacking: MissingDerivative | undefined): PreviewKind {
  if (lacking === undefined) return { kind: "none" };
  return lacking.state === "making" ? { kind: "making" } : { kind: "undrawn", reason: lacking.reason };
}

/** Those of which nobody has seen how many they are may be any number. */
function pixelsOf({ properties: { width, height } }: Shown): number {
  return typeof width === "number" && typeof height === "number" ? width * height : Number.POSITIVE_INFINITY;
}

function kindOfImage(file: Shown): PreviewKind {
  if (has(file, "optimized")) return { kind: "image", variant: "optimized" };
  const lacking = missing(file, "optimized");
  const isSmall = pixelsOf(file) <= MAX_PIXELS && !TOO_LARGE.test(lacking?.reason ?? "");
  const isDrawable = BROWSER_IMAGES.has(file.mimeType) && isSmall;
  if (lacking?.state !== "making" && isDrawable) return { kind: "image", variant: "original" };
  return withoutIt(lacking);
}

function kindOfClean(file: Shown): PreviewKind {
  const { mimeType } = file;
  const [family] = mimeType.split("/");
  if (family === "image") return kindOfImage(file);
  if (family === "video" || family === "audio") return { kind: family };
  if (mimeType === "application/pdf") return { kind: "pages" };
  if (OFFICE.test(mimeType)) {
    return has(file, "preview") ? { kind: "pages" } : withoutIt(missing(file, "preview"));
  }
  if (TABLES.has(mimeType)) return { kind: "table" };
  if (mimeType === "text/markdown") return { kind: "markdown" };
  return family === "text" || TEXTS.has(mimeType) ? { kind: "text" } : { kind: "none" };
}

export function previewKindOf(file: Shown): PreviewKind {
  switch (file.state) {
    case "uploading":
    case "deleted":
      return { kind: file.state };
    case "quarantined":
      return { kind: "checking" };
    case "infected":
    case "unscannable":
      return { kind: "blocked" };
    case "clean":
      return kindOfClean(file);
  }
}
