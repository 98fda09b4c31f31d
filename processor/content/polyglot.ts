/** Whether a file is two things at once: one by its beginning, and another to those who look elsewhere. */

/** APPNOTE.TXT 4.3.16: the end of a zip, with the longest comment. */
export const ZIP_END_BYTES = 22 + 0xffff;
const ZIP_END = Buffer.from("PK\x05\x06", "latin1");
const ZIP_DIRECTORY = 0x02014b50;
/** ISO 32000-1, Annex H, note 13: how far readers look for a PDF's header, and for its end. */
const PDF_SEARCH_BYTES = 1_024;
const HTML = /<(?:!doctype\s+html|html|head|body|script|iframe|svg)(?=[\s>/])/i;

const IS_MEDIA = /^(?:audio|video)\//;
const IS_BINARY = /^(?:image\/(?!svg)|video\/|audio\/)/;

/** What no sound or film has, the scanner doesn't look for in some of them (MP3, Ogg), and tools for zips extract. */
export const ZIP_BEHIND_MEDIA = "Type.ZipBehindMedia";

export function isMedia(type: string): boolean {
  return IS_MEDIA.test(type);
}

/** Whether a file of a type needs to be looked at by its end. */
export function hasTwoEnds(type: string): boolean {
  return IS_BINARY.test(type) || type === "application/pdf";
}

/**
 * @param type what it is by its beginning; what it was said to be where that says nothing
 * @param head its first bytes, 1 KiB of them at least where there are so many
 * @param tail its last bytes: `ZIP_END_BYTES` and a directory's beginning, as far as there are so many
 */
export function isPolyglot(type: string, head: Uint8Array, tail: Buffer): boolean {
  if (type !== "application/pdf" && isPdfToo(head, tail)) return true;
  if (!hasTwoEnds(type)) return false;
  return endsAsZip(tail, type === "application/pdf") || (IS_BINARY.test(type) && isHtmlToo(head));
}

function isPdfToo(head: Uint8Array, tail: Buffer): boolean {
  const begins = Buffer.from(head).subarray(0, PDF_SEARCH_BYTES).includes("%PDF-");
  return begins && tail.subarray(-PDF_SEARCH_BYTES).includes("%%EOF");
}

function isHtmlToo(head: Uint8Array): boolean {
  return HTML.test(Buffer.from(head).toString("latin1"));
}

/** An end whose directory lies before it. Where a zip may be embedded, it has to end where the file does. */
export function endsAsZip(tail: Buffer, mayEmbed: boolean): boolean {
  for (let at = tail.lastIndexOf(ZIP_END); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf(ZIP_END, at - 1)) {
    if (at + 22 > tail.length) continue;
    const endsHere = at + 22 + tail.readUInt16LE(at + 20) === tail.length;
    if (mayEmbed && !endsHere) continue;
    const directoryAt = at - tail.readUInt32LE(at + 12);
    // A directory that begins before the tail can't be seen; an end that fits the file is enough then.
    if (directoryAt < 0 ? endsHere : tail.readUInt32LE(directoryAt) === ZIP_DIRECTORY) return true;
  }
  return false;
}
