import type { Disposition } from "#contract/api.ts";
import type { FailoverReason } from "#contract/replica-reads.ts";

/** Types that a browser may show in place: they run nothing. PDF is shown in a sandbox or not at all. */
const SHOWN_INLINE: ReadonlySet<string> = new Set([
  "image/jpeg",
  "image/png",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/bmp",
  "application/pdf",
  "text/plain",
  "text/csv",
  "video/mp4",
  "video/webm",
  "video/quicktime",
  "audio/mpeg",
  "audio/mp4",
  "audio/ogg",
  "audio/wav",
  "audio/flac",
  "audio/webm",
]);

/** What the processor makes, and a stranger never: HTML that is nothing but text, shown in a sandbox. */
const SHOWN_INLINE_IF_DERIVED: ReadonlySet<string> = new Set(["text/html"]);

/** Headers that keep a user's file from being anything but bytes to look at, whoever opens it. */
export const FILE_SECURITY_HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; sandbox",
  "Cross-Origin-Resource-Policy": "cross-origin",
  "Referrer-Policy": "no-referrer",
} as const;

/** Of HTML that the processor made: it shows its own text by its own style and fetches nothing. */
export const PREVIEW_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** Percent-encodes all but RFC 8187's attr-char. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * What old readers get: printable ASCII, without what ends or escapes a quoted string, and without what leads out of a
 * folder: "／" and "℀" have a slash in them only when they are taken apart.
 */
function asciiFallback(filename: string): string {
  const plain = filename
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\x20-\x7e]|["\\%/:*?<>|]/g, "_")
    .replace(/^[. ]+/, "");
  return plain === "" ? "_" : plain;
}

/**
 * `Content-Disposition` for a name in any script (RFC 6266 and RFC 8187). Active types, SVG and HTML above all, are
 * attachments whatever was asked for, where it isn't the processor that made them.
 */
export function contentDisposition(
  wanted: Disposition,
  mimeType: string,
  filename: string,
  origin: "uploaded" | "derived" = "uploaded",
): string {
  const isShown =
    SHOWN_INLINE.has(mimeType) || (origin === "derived" && SHOWN_INLINE_IF_DERIVED.has(mimeType));
  const disposition = wanted === "inline" && isShown ? "inline" : "attachment";
  const plain = asciiFallback(filename);
  const extended = plain === filename ? "" : `; filename*=UTF-8''${encodeExtended(filename)}`;
  return `${disposition}; filename="${plain}"${extended}`;
}

/** Text is said to be UTF-8: without a charset browsers guess, and guesses can be attacked. */
export function contentType(mimeType: string): string {
  return mimeType.startsWith("text/") ? `${mimeType}; charset=utf-8` : mimeType;
}

/**
 * `Cache-Status` (RFC 9211) of bytes that were fetched from a replica, and why. Not which: targets are told to those who may
 * see a file's record.
 */
export function failoverStatus(reason: FailoverReason): string {
  return `causeway; fwd=bypass; detail=replica-${reason}`;
}

/** `Repr-Digest` (RFC 9530) of a SHA-256 in hex. */
export function reprDigest(sha256Hex: string): string {
  const bytes = (sha256Hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  return `sha-256=:${btoa(String.fromCharCode(...bytes))}:`;
}
