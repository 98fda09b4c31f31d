/**
 * Whether a zip is what its central directory says (APPNOTE.TXT 4.3). One that is cut at its end looks whole to nobody but
 * to those who matter: the scanner finds nothing wrong with it, and other tools take its entries from its beginning. So a
 * zip whose directory can't be read, or doesn't fit the file, or could be taken for another, is none that was looked at.
 *
 * Read by ranges: the end, then the directory in pieces. Memory: 66 KiB and two pieces of 1 MiB, whatever the file is.
 */

/** Gives bytes of the file: exactly so many. */
export type ReadRange = (offset: number, length: number) => Promise<Buffer>;

interface Directory {
  readonly entries: number;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Where what describes it begins: it lies before. */
  readonly endOffset: number;
}

/** Why a zip isn't one that can be read whole: the name of the fault, as of a signature. */
class ZipFault extends Error {}

const END = { signature: 0x06054b50, bytes: 22 };
const END_64 = { signature: 0x06064b50, bytes: 56 };
const LOCATOR_64 = { signature: 0x07064b50, bytes: 20 };
const ENTRY = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
const MAX_COMMENT_BYTES = 0xffff;
const NONE_16 = 0xffff;
const NONE_32 = 0xffffffff;
/** Of a directory: a header, and three fields. */
const MAX_ENTRY_BYTES = ENTRY.bytes + 3 * 0xffff;
const PIECE_BYTES = 1024 * 1024;

/** The name of what is wrong with a zip's directory; undefined where nothing is. Throws what reading throws. */
export async function findZipFault(sizeBytes: number, read: ReadRange): Promise<string | undefined> {
  try {
    await walk(await readEnd(sizeBytes, read), read);
    return undefined;
  } catch (error) {
    if (error instanceof ZipFault) return `Zip.Directory.${error.message}`;
    throw error;
  }
}

function requireThat(holds: boolean, fault: string): void {
  if (!holds) throw new ZipFault(fault);
}

/** 4.3.16: where the directory is. */
async function readEnd(sizeBytes: number, read: ReadRange): Promise<Directory> {
  const tailBytes = Math.min(sizeBytes, LOCATOR_64.bytes + END.bytes + MAX_COMMENT_BYTES);
  const tail = await read(sizeBytes - tailBytes, tailBytes);
  const at = findEnd(tail);
  const end = tail.subarray(at);
  const endOffset = sizeBytes - tailBytes + at;
  // A directory that begins on another disk is in another file.
  requireThat(end.readUInt32LE(4) === 0 && end.readUInt16LE(8) === end.readUInt16LE(10), "Split");
  const told = {
    entries: end.readUInt16LE(10),
    sizeBytes: end.readUInt32LE(12),
    offset: end.readUInt32LE(16),
    endOffset,
  };
  const locator = tail.subarray(Math.max(0, at - LOCATOR_64.bytes), at);
  const isLarge = locator.length === LOCATOR_64.bytes && locator.readUInt32LE(0) === LOCATOR_64.signature;
  const directory = isLarge ? await readEnd64(told, locator, read) : told;
  requireThat(directory.offset + directory.sizeBytes <= directory.endOffset, "OutOfBounds");
  return directory;
}

/** The one record whose comment ends with the file. Two that fit are two archives, of which a tool takes either. */
function findEnd(tail: Buffer): number {
  const found: number[] = [];
  for (let at = tail.length - END.bytes; at >= 0; at--) {
    const fits = tail.readUInt32LE(at) === END.signature;
    if (fits && at + END.bytes + tail.readUInt16LE(at + 20) === tail.length) found.push(at);
  }
  const [at, ...others] = found;
  if (at === undefined) throw new ZipFault("Missing");
  requireThat(others.length === 0, "Ambiguous");
  return at;
}

/** 4.3.14. What is told in both records has to be the same: tools differ in which of them they believe. */
async function readEnd64(told: Directory, locator: Buffer, read: ReadRange): Promise<Directory> {
  const endOffset = readSafe(locator, 8);
  requireThat(endOffset + END_64.bytes + LOCATOR_64.bytes <= told.endOffset, "OutOfBounds");
  const end = await read(endOffset, END_64.bytes);
  requireThat(end.readUInt32LE(0) === END_64.signature, "Missing");
  requireThat(end.readUInt32LE(16) === 0 && end.readUInt32LE(20) === 0, "Split");
  const large = {
    entries: readSafe(end, 32),
    sizeBytes: readSafe(end, 40),
    offset: readSafe(end, 48),
    endOffset,
  };
  const isSame =
    [NONE_16, large.entries].includes(told.entries) &&
    [NONE_32, large.sizeBytes].includes(told.sizeBytes) &&
    [NONE_32, large.offset].includes(told.offset);
  requireThat(isSame, "Ambiguous");
  return large;
}

/** A number of eight bytes; one that isn't safe is beyond every file. */
function readSafe(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

/** 4.3.12: every entry, as many as were told, in as many bytes. */
async function walk(directory: Directory, read: ReadRange): Promise<void> {
  const { entries, sizeBytes } = directory;
  requireThat(entries * ENTRY.bytes <= sizeBytes, "Broken");
  const look = readerOf(directory, read);
  let firstOffset = Number.POSITIVE_INFINITY;
  let seenBytes = 0;
  for (let entry = 0; entry < entries; entry++) {
    const { lengthBytes, localOffset } = readEntry(await look(seenBytes), directory);
    seenBytes += lengthBytes;
    firstOffset = Math.min(firstOffset, localOffset);
  }
  requireThat(seenBytes === sizeBytes, "Broken");
  // What begins as an entry and isn't in the directory is an entry to those who read from the beginning.
  const head = await read(0, Math.min(4, directory.endOffset));
  requireThat(firstOffset === 0 || head.length < 4 || head.readUInt32LE(0) !== LOCAL.signature, "Incomplete");
}

/** Gives the directory from a place on, as far as any entry reaches. */
function readerOf({ offset, sizeBytes }: Directory, read: ReadRange): (at: number) => Promise<Buffer> {
  let piece: Buffer = Buffer.alloc(0);
  let pieceAt = 0;
  return async (at) => {
    const left = sizeBytes - at;
    if (pieceAt + piece.length - at < Math.min(left, MAX_ENTRY_BYTES)) {
      piece = await read(offset + at, Math.min(left, PIECE_BYTES));
      pieceAt = at;
    }
    return piece.subarray(at - pieceAt);
  };
}

/** How long an entry is in the directory, and where it is in the file; what it stands for lies before the directory. */
function readEntry(bytes: Buffer, directory: Directory): { lengthBytes: number; localOffset: number } {
  const isEntry = bytes.length >= ENTRY.bytes && bytes.readUInt32LE(0) === ENTRY.signature;
  requireThat(isEntry, "Broken");
  const extraAt = ENTRY.bytes + bytes.readUInt16LE(28);
  const commentAt = extraAt + bytes.readUInt16LE(30);
  const lengthBytes = commentAt + bytes.readUInt16LE(32);
  requireThat(bytes.length >= lengthBytes, "Broken");
  const { storedBytes, localOffset } = readPlace(bytes, bytes.subarray(extraAt, commentAt));
  requireThat(localOffset + LOCAL.bytes + storedBytes <= directory.offset, "OutOfBounds");
  return { lengthBytes, localOffset };
}

/** 4.5.3: what has no room in an entry is in a field of its own, in this order. */
function readPlace(entry: Buffer, extra: Buffer): { storedBytes: number; localOffset: number } {
  const large = findField(extra, 1);
  let at = 0;
  const next = (told: number): number => {
    if (told !== NONE_32) return told;
    requireThat(at + 8 <= large.length, "Broken");
    at += 8;
    return readSafe(large, at - 8);
  };
  next(entry.readUInt32LE(24));
  return { storedBytes: next(entry.readUInt32LE(20)), localOffset: next(entry.readUInt32LE(42)) };
}

/** 4.5.1: the content of an extra field; empty where there is none. */
function findField(extra: Buffer, id: number): Buffer {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, end);
    at = end;
  }
  return Buffer.alloc(0);
}
