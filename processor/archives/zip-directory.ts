import { ENTRY, type Entry, LOCAL, parseEntry, requireEntries } from "./zip-entries.ts";
import { NONE_32, readerOf, readSafe, type ReadRange, requireThat, ZipFault } from "./zip-fields.ts";

/**
 * Whether a zip is what its central directory says (APPNOTE.TXT 4.3). One that is cut at its end looks whole to nobody but
 * to those who matter: the scanner finds nothing wrong with it, and other tools take its entries from its beginning. So a
 * zip whose directory can't be read, or doesn't fit the file, or could be taken for another, is none that was looked at.
 * Nor is one whose entries aren't what the directory says (zip-entries.ts).
 *
 * Read by ranges: the end, the directory in pieces, then the entries' own headers, in pieces too. Memory, whatever the file
 * is: 66 KiB, two pieces of 1 MiB, and what is told of at most 65,535 entries, about 20 MB.
 */

interface Directory {
  readonly entries: number;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Where what describes it begins: it lies before. */
  readonly endOffset: number;
}

const END = { signature: 0x06054b50, bytes: 22 };
const END_MAGIC = Buffer.from("PK\x05\x06", "latin1");
const END_64 = { signature: 0x06064b50, bytes: 56 };
const LOCATOR_64 = { signature: 0x07064b50, bytes: 20 };
const MAX_COMMENT_BYTES = 0xffff;
const NONE_16 = 0xffff;
/** As many as fit an end that isn't large; clamd doesn't look into as many. Memory: about 300 bytes each. */
const MAX_ENTRIES = 0xffff;
/** Of a directory: a header, and three fields. */
const MAX_ENTRY_BYTES = ENTRY.bytes + 3 * 0xffff;

/** The name of what is wrong with a zip; undefined where nothing is. Throws what reading throws. */
export async function findZipFault(sizeBytes: number, read: ReadRange): Promise<string | undefined> {
  try {
    const directory = await readEnd(sizeBytes, read);
    await requireEntries(await walk(directory, read), directory.offset, read);
    return undefined;
  } catch (error) {
    if (error instanceof ZipFault) return `Zip.${error.message}`;
    throw error;
  }
}

/** What the directory tells. Throws ZipFault where it can't be read, or isn't the only one. */
export async function readEntries(sizeBytes: number, read: ReadRange): Promise<readonly Entry[]> {
  return walk(await readEnd(sizeBytes, read), read);
}

/** 4.3.16: where the directory is. */
async function readEnd(sizeBytes: number, read: ReadRange): Promise<Directory> {
  const tailBytes = Math.min(sizeBytes, LOCATOR_64.bytes + END.bytes + MAX_COMMENT_BYTES);
  const tail = await read(sizeBytes - tailBytes, tailBytes);
  const at = findEnd(tail);
  const end = tail.subarray(at);
  const endOffset = sizeBytes - tailBytes + at;
  // A directory that begins on another disk is in another file.
  requireThat(end.readUInt32LE(4) === 0 && end.readUInt16LE(8) === end.readUInt16LE(10), "Directory.Split");
  const told = {
    entries: end.readUInt16LE(10),
    sizeBytes: end.readUInt32LE(12),
    offset: end.readUInt32LE(16),
    endOffset,
  };
  const locator = tail.subarray(Math.max(0, at - LOCATOR_64.bytes), at);
  const isLarge = locator.length === LOCATOR_64.bytes && locator.readUInt32LE(0) === LOCATOR_64.signature;
  const directory = isLarge ? await readEnd64(told, locator, read) : told;
  requireThat(directory.offset + directory.sizeBytes <= directory.endOffset, "Directory.OutOfBounds");
  return directory;
}

/**
 * The one record whose comment ends with the file. Two that fit are two archives, of which a tool takes either; and some
 * tools take the last that there is, whether it fits or not.
 */
function findEnd(tail: Buffer): number {
  const found: number[] = [];
  for (let at = tail.length - END.bytes; at >= 0; at--) {
    const fits = tail.readUInt32LE(at) === END.signature;
    if (fits && at + END.bytes + tail.readUInt16LE(at + 20) === tail.length) found.push(at);
  }
  const [at, ...others] = found;
  if (at === undefined) throw new ZipFault("Directory.Missing");
  requireThat(others.length === 0 && tail.indexOf(END_MAGIC, at + 1) < 0, "Directory.Ambiguous");
  return at;
}

/** 4.3.14. What is told in both records has to be the same: tools differ in which of them they believe. */
async function readEnd64(told: Directory, locator: Buffer, read: ReadRange): Promise<Directory> {
  // clamd doesn't read the large record, and without a place it finds no entry.
  requireThat(told.offset !== NONE_32, "Directory.Large");
  const endOffset = readSafe(locator, 8);
  requireThat(endOffset + END_64.bytes + LOCATOR_64.bytes === told.endOffset, "Directory.OutOfBounds");
  const end = await read(endOffset, END_64.bytes);
  requireThat(end.readUInt32LE(0) === END_64.signature, "Directory.Missing");
  requireThat(end.readUInt32LE(16) === 0 && end.readUInt32LE(20) === 0, "Directory.Split");
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
  requireThat(isSame, "Directory.Ambiguous");
  return large;
}

/** 4.3.12: every entry, as many as were told, in as many bytes. */
async function walk(directory: Directory, read: ReadRange): Promise<Entry[]> {
  const { sizeBytes } = directory;
  requireThat(directory.entries <= MAX_ENTRIES, "Directory.TooManyEntries");
  requireThat(directory.entries * ENTRY.bytes <= sizeBytes, "Directory.Broken");
  const look = readerOf(directory, MAX_ENTRY_BYTES, read);
  const entries: Entry[] = [];
  let seenBytes = 0;
  while (entries.length < directory.entries) {
    const { lengthBytes, entry } = readEntry(await look(seenBytes), directory);
    seenBytes += lengthBytes;
    entries.push(entry);
  }
  requireThat(seenBytes === sizeBytes, "Directory.Broken");
  // Python and Info-ZIP look for the directory before its end record, whatever place that tells.
  requireThat(directory.offset + sizeBytes === directory.endOffset, "Directory.Ambiguous");
  return entries;
}

/** How long an entry is in the directory, and what it tells; what it stands for lies before the directory. */
function readEntry(bytes: Buffer, directory: Directory): { lengthBytes: number; entry: Entry } {
  const isEntry = bytes.length >= ENTRY.bytes && bytes.readUInt32LE(0) === ENTRY.signature;
  requireThat(isEntry, "Directory.Broken");
  const extraAt = ENTRY.bytes + bytes.readUInt16LE(28);
  const lengthBytes = extraAt + bytes.readUInt16LE(30) + bytes.readUInt16LE(32);
  requireThat(bytes.length >= lengthBytes, "Directory.Broken");
  const entry = parseEntry(bytes, bytes.subarray(ENTRY.bytes, extraAt));
  requireThat(
    entry.localOffset + LOCAL.bytes + entry.storedBytes <= directory.offset,
    "Directory.OutOfBounds",
  );
  return { lengthBytes, entry };
}
