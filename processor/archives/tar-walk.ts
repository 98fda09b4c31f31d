/**
 * Whether a tar is one archive that all tools read alike (POSIX pax, "ustar Interchange Format" and "pax Header Block").
 * The scanner was seen to answer OK to malware in those that tell a size in two places or in another way than in octal
 * digits, and in what lies behind the end. So a tar is recognised as the most lenient tool would, and taken as the
 * strictest. Bytes are given as they come; nothing of a content is kept.
 */

const BLOCK_BYTES = 512;
/** Of a pax header; names and times need some hundred. */
const MAX_PAX_BYTES = 1024 * 1024;
const CHECKSUM = { at: 148, end: 156 };
const MAGIC = { at: 257, end: 262, text: "ustar" };
const SIZE = { at: 124, end: 136 };
const TYPE_AT = 156;
/** Files, and what old tools write for them. */
const FILES = "0\u00007";
/** Links, devices, folders, pipes: a size that they tell is one that tools differ about. */
const WITHOUT_CONTENT = "123456";
/** Names that are too long for a header (GNU). */
const LONG_NAMES = "KL";
const PAX = "xg";
/** Of a record's length and key. */
const MAX_PAX_KEY = 1024;
/** What gives an entry another size or other content than its header tells. */
const PAX_OF_CONTENT = /^(?:size|GNU\.sparse\.|SCHILY\.realsize)/;

interface TarWalkOptions {
  /** Whether a header behind a first block that is none counts too: tools go on to the next that is one. */
  readonly isSearching?: boolean;
  /** Whether it is said to be a tar: tools search it for the first header, whatever is before. */
  readonly isDeclared?: boolean;
}

export class TarWalk {
  readonly #isSearching: boolean;
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

  constructor({ isSearching = false, isDeclared = false }: TarWalkOptions = {}) {
    this.#isSearching = isSearching;
    if (isDeclared) this.#isTar = true;
  }

  push(chunk: Uint8Array): void {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const isOver = () => this.#fault !== undefined || (this.#isTar === false && !this.#isSearching);
    while (rest.length > 0 && !isOver()) {
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
    this.#isTar ??= isHeader || looksLikeHeader(block);
    if (!this.#isTar) return isHeader ? this.#fail("Tar.Broken") : undefined;
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
    const keys = readPaxKeys(content.toString("latin1"));
    if (keys === undefined) return this.#fail("Tar.Pax");
    return keys.some((key) => PAX_OF_CONTENT.test(key)) ? this.#fail("Tar.Size") : undefined;
  }

  #fail(fault: string): void {
    this.#fault = fault;
  }
}

function hasChecksum(block: Buffer): boolean {
  const told = parseOctal(block.toString("latin1", CHECKSUM.at, CHECKSUM.end));
  return told !== undefined && isSumOf(block, told);
}

/** Whether some tool takes it for a header: by its magic, or by whatever digits its checksum has. */
function looksLikeHeader(block: Buffer): boolean {
  if (block.toString("latin1", MAGIC.at, MAGIC.end) === MAGIC.text) return true;
  const field = block.subarray(CHECKSUM.at, CHECKSUM.end);
  const [digits] = /[0-7]+/.exec(field.toString("latin1")) ?? [];
  // In base 256 (GNU), of which a sum needs the last bytes.
  return (
    isSumOf(block, field.readUInt32BE(4)) ||
    (digits !== undefined && isSumOf(block, Number.parseInt(digits, 8)))
  );
}

/** The sum of all bytes, those of the checksum itself as spaces; some old tools counted bytes as signed. */
function isSumOf(block: Buffer, told: number): boolean {
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

/** Keys of records "<length> <key>=<value>\n"; undefined where one isn't written just so: tools read those differently. */
function readPaxKeys(content: string): readonly string[] | undefined {
  const keys: string[] = [];
  for (let at = 0; at < content.length;) {
    const [head, digits = "", key = ""] =
      /^([1-9]\d{0,7}) ([^=\s][^=\n]*)=/.exec(content.slice(at, at + MAX_PAX_KEY)) ?? [];
    const end = at + Number(digits);
    if (head === undefined || end > content.length || at + head.length >= end) return undefined;
    if (content[end - 1] !== "\n") return undefined;
    keys.push(key);
    at = end;
  }
  return keys;
}
