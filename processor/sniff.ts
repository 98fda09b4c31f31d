import { fileTypeFromBuffer } from "file-type";
import { SNIFFED_BYTES as HEAD_BYTES } from "#contract/programs.ts";

/** A docx or xlsx is told from a zip by names in its first entries, which 4 KiB often don't reach. */
const SNIFFED_BYTES = 64 * 1024;

/** Keeps the first bytes of a stream (64 KiB at most) to tell its type by. */
export class Sniffer {
  readonly #head: Uint8Array[] = [];
  #length = 0;

  push(chunk: Uint8Array): void {
    const room = SNIFFED_BYTES - this.#length;
    if (room <= 0) return;
    const kept = chunk.subarray(0, room);
    this.#head.push(kept);
    this.#length += kept.byteLength;
  }

  /** As much of the beginning as the edge looks at. */
  get head(): Uint8Array {
    return Buffer.concat(this.#head).subarray(0, HEAD_BYTES);
  }

  /** Whether the bytes begin as a zip, or as all that is made of one (docx, odt, epub, jar): APPNOTE.TXT 4.3.7, 8.5.4. */
  startsAsZip(): boolean {
    const start = Buffer.concat(this.#head).toString("latin1", 0, 4);
    return ["PK\x03\x04", "PK\x05\x06", "PK\x07\x08", "PK00"].includes(start);
  }

  /** The media type by magic numbers, or SVG by its first element; null where the bytes tell nothing. */
  async detect(): Promise<string | null> {
    const head = Buffer.concat(this.#head);
    // The library reads hostile bytes; what it stumbles over has no type, and is no fault of ours.
    const type = await fileTypeFromBuffer(head).catch(() => undefined);
    if (type !== undefined && type.mime !== "application/xml") return type.mime;
    return startsAsSvg(head.toString("utf8")) ? "image/svg+xml" : (type?.mime ?? null);
  }
}

// What XML allows before the first element: a byte order mark, white space, a declaration, comments, a doctype. One
// piece at a time, each with one way to match, so that hostile text can't make it slow.
const BEFORE_FIRST_ELEMENT = /\uFEFF|\s+|<\?[^>]*>|<!--[\s\S]*?-->|<!DOCTYPE[^>[]*>/iy;
const SVG_ELEMENT = /<svg[\s>/]/iy;
const MAX_PIECES = 50;

function startsAsSvg(text: string): boolean {
  let position = 0;
  for (let piece = 0; piece < MAX_PIECES; piece++) {
    BEFORE_FIRST_ELEMENT.lastIndex = position;
    if (!BEFORE_FIRST_ELEMENT.test(text)) break;
    position = BEFORE_FIRST_ELEMENT.lastIndex;
  }
  SVG_ELEMENT.lastIndex = position;
  return SVG_ELEMENT.test(text);
}
