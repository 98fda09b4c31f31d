/** Files' beginnings as text: how they are encoded, and which of the formats written as text they are (R24). */

const REPLACEMENT = "\uFFFD";
const MAX_CODE_POINT = 0x10ffff;

function decodeUtf32(head: Uint8Array, isLittleEndian: boolean): string {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let text = "";
  for (let offset = 4; offset + 4 <= head.byteLength; offset += 4) {
    const code = view.getUint32(offset, isLittleEndian);
    text += code <= MAX_CODE_POINT ? String.fromCodePoint(code) : REPLACEMENT;
  }
  return text;
}

function startsWithBytes(head: Uint8Array, ...wanted: readonly number[]): boolean {
  return wanted.every((byte, index) => head[index] === byte);
}

/** Decodes by the byte order mark, without one as UTF-8, where bytes of other encodings become U+FFFD. */
export function decodeText(head: Uint8Array): string {
  if (startsWithBytes(head, 0xff, 0xfe, 0, 0)) return decodeUtf32(head, true);
  if (startsWithBytes(head, 0, 0, 0xfe, 0xff)) return decodeUtf32(head, false);
  if (startsWithBytes(head, 0xff, 0xfe)) return new TextDecoder("utf-16le").decode(head);
  if (startsWithBytes(head, 0xfe, 0xff)) return new TextDecoder("utf-16be").decode(head);
  return new TextDecoder().decode(head);
}

/** White space, and the controls that exports and old systems leave in texts: 0x08–0x0D and 0x1A–0x1F. */
function isTextCode(code: number): boolean {
  return code >= 0x1a || (code >= 0x08 && code <= 0x0d);
}

export function isPlainText(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (!isTextCode(text.charCodeAt(index))) return false;
  }
  return true;
}

// What may come before the first element: one piece at a time, each with one way to match, so that hostile text can't
// make it slow.
const PROLOG_PIECE =
  /\s+|<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!DOCTYPE\s+(?:\w+:)?svg\b[^[>]*(?:\[[^\]]*\]\s*)?>/y;
const UNFINISHED_PIECE =
  /^(?:$|<[!\w.:-]*$|<\?|<!--|<!DOCTYPE\s+(?:\w+:)?svg\b[^[>]*(?:$|\[[^\]]*(?:$|\]\s*$)))/;
const SVG_ELEMENT = /^<(?:[\w.-]+:)?svg(?:[\s>/]|$)/;
const HTML = /^<(?:!doctype\s+html|html|head|body|script|iframe)(?:[\s>/]|$)/i;

function skipProlog(text: string): string {
  let position = 0;
  PROLOG_PIECE.lastIndex = 0;
  while (PROLOG_PIECE.test(text)) position = PROLOG_PIECE.lastIndex;
  return text.slice(position);
}

export function isHtml(text: string): boolean {
  return HTML.test(skipProlog(text));
}

/** Whether text begins as SVG does. Where it isn't the whole file, the first element may be still to come. */
export function isSvg(text: string, isWhole: boolean): boolean {
  const rest = skipProlog(text);
  return SVG_ELEMENT.test(rest) || (!isWhole && UNFINISHED_PIECE.test(rest));
}

/** The type of what is known to be text. */
export function describeText(text: string): string {
  if (text.startsWith("%PDF-")) return "application/pdf";
  if (text.startsWith("{\\rtf")) return "application/rtf";
  if (isHtml(text)) return "text/html";
  if (isSvg(text, true)) return "image/svg+xml";
  return /^\s*</.test(text) ? "application/xml" : "text/plain";
}
