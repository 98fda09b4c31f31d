/**
 * Whether a tar is one archive that all tools read alike (POSIX pax, "ustar Interchange Format" and "pax Header Block").
 * The scanner was seen to answer OK to malware in those that tell a size in two places or in another way than in octal
 * digits, and in what lies behind the end. Bytes are given as they come; nothing of a content is kept.
 */

const BLOCK_BYTES = 512;
/** Of a pax header; names and times need some hundred. */
const MAX_PAX_BYTES = 1024 * 1024;
const CHECKSUM = { at: 148, end: 156 };
const SIZE = { at: 124, end: 136 };
const TYPE_AT = 156;
/** Files, and what old tools write for them. */
const FILES = "0\u00007";
/** Links, devices, folders, pipes: a size that they tell is one that tools differ about. */
const WITHOUT_CONTENT = "123456";
/** Names that are too long for a header (GNU). */
const LONG_NAMES = "KL";
const PAX = "xg";
/** What gives an entry another size or other content than its header tells. */
const PAX_OF_CONTENT = /(?:^|\n)\d+ (?:size|GNU\.sparse\.[^=]*|SCHILY\.realsize)=/;

export class TarWalk {
  #fault: string | undefined;
  /** Undefined until the first block has come: whether this is a tar at all. */
  #isTar: boolean | undefined;
  #isOver = false;
  #block: Buffer[] = [];
  #blockBytes = 0;
  /** Of an entry's content, what is still to come, padding included. */
  #skipBytes = 0;
  #pax: Buffer[] | undefined;
  #paxBytes = 0;

  push(chunk: Uint8Array): void {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (rest.length > 0 && this.#isTar !== false && this.#fault === undefined) {
      rest = rest.subarray(this.#take(rest));
    }
  }

  /** What is wrong with it, when all has come; undefined where nothing is, or it is no tar. */
  finish(): string | undefined {
    if (this.#isTar !== true || this.#fault !== undefined) return this.#fault;
    return this.#skipBytes > 0 || this.#blockBytes > 0 ? "Tar.Cut" : undefined;
  }

  /** How many bytes it has taken. */
  #take(bytes: Buffer): number {
    if (this.#skipBytes > 0) return this.#skip(bytes);
    const piece = bytes.subarray(0, BLOCK_BYTES - this.#blockBytes);
    this.#block.push(Buffer.from(piece));
    this.#blockBytes += piece.length;
    if (this.#blockBytes === BLOCK_BYTES) {
      const block = Buffer.concat(this.#block);
      this.#block = [];
      this.#blockBytes = 0;
      this.#readBlock(block);
    }
    return piece.length;
  }

  #skip(bytes: Buffer): number {
    const piece = bytes.subarray(0, this.#skipBytes);
    this.#skipBytes -= piece.length;
    if (this.#pax !== undefined) {
      this.#pax.push(Buffer.from(piece));
      if (this.#skipBytes === 0) this.#readPax(Buffer.concat(this.#pax).subarray(0, this.#paxBytes));
    }
    return piece.length;
  }

  #readBlock(block: Buffer): void {
    const isHeader = hasChecksum(block);
    this.#isTar ??= isHeader;
    if (!this.#isTar) return;
    const isEmpty = block.every((byte) => byte === 0);
    if (this.#isOver) return isEmpty ? undefined : this.#fail("Tar.AfterEnd");
    if (isEmpty) {
      this.#isOver = true;
      return;
    }
    if (!isHeader) return this.#fail("Tar.Broken");
    this.#readHeader(block);
  }

  #readHeader(block: Buffer): void {
    const sizeBytes = parseOctal(block.toString("latin1", SIZE.at, SIZE.end));
    if (sizeBytes === undefined) return this.#fail("Tar.Size");
    const type = String.fromCharCode(block[TYPE_AT] ?? 0);
    if (WITHOUT_CONTENT.includes(type)) return sizeBytes === 0 ? undefined : this.#fail("Tar.Size");
    const isPax = PAX.includes(type);
    if (!isPax && !FILES.includes(type) && !LONG_NAMES.includes(type)) return this.#fail("Tar.Type");
    if (isPax && sizeBytes > MAX_PAX_BYTES) return this.#fail("Tar.Size");
    this.#pax = isPax ? [] : undefined;
    this.#paxBytes = sizeBytes;
    this.#skipBytes = Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
  }

  #readPax(content: Buffer): void {
    this.#pax = undefined;
    if (PAX_OF_CONTENT.test(content.toString("latin1"))) this.#fail("Tar.Size");
  }

  #fail(fault: string): void {
    this.#fault = fault;
  }
}

/** The sum of all bytes, those of the checksum itself as spaces; some old tools counted bytes as signed. */
function hasChecksum(block: Buffer): boolean {
  const told = parseOctal(block.toString("latin1", CHECKSUM.at, CHECKSUM.end));
  if (told === undefined) return false;
  let unsigned = 0;
  let signed = 0;
  for (const [index, byte] of block.entries()) {
    const counted = index >= CHECKSUM.at && index < CHECKSUM.end ? 0x20 : byte;
    unsigned += counted;
    signed += counted > 127 ? counted - 256 : counted;
  }
  return told === unsigned || told === signed;
}

/** Digits, and what ends or fills the field; undefined for anything else, as numbers in base 256 (GNU). */
function parseOctal(field: string): number | undefined {
  const [, digits] = /^ *([0-7]+)[ \0]*$/.exec(field) ?? [];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}
