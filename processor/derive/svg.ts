/** An SVG is read whole to be judged; larger ones have no derivatives. */
export const MAX_SVG_BYTES = 1024 * 1024;

// Scripts, foreign content, declarations that can define or include anything, other files, escapes that could hide them.
const ACTIVE = /<!doctype|<!entity|<script|<foreignobject|<\?xml-stylesheet|@import|xml:base|\\/i;
const OTHER_ENCODING = /^\s*<\?xml[^>]*\sencoding\s*=\s*["'](?!utf-8["'])/i;
// A link inside of the document, or a picture that it carries itself.
const OUTSIDE_HREF = /\bhref\s*=(?!\s*["']\s*(?:#|data:image\/(?:png|jpeg|gif|webp);base64,))/i;
const OUTSIDE_URL = /\burl\s*\((?!\s*["']?#)/i;

/**
 * Whether a rasteriser may see this SVG (R62): it must be plain UTF-8 and refer to nothing but itself. It is a
 * question of what we let a parser do, and errs on the side of no thumbnail.
 */
export function isSafeSvg(bytes: Uint8Array): boolean {
  if (bytes.byteLength > MAX_SVG_BYTES) return false;
  const text = decodeUtf8(bytes);
  if (text === undefined || text.includes("\0")) return false;
  return ![ACTIVE, OTHER_ENCODING, OUTSIDE_HREF, OUTSIDE_URL].some((pattern) => pattern.test(text));
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
