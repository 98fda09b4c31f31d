import { createHash } from "node:crypto";
import { findField, NONE_32, readerOf, readSafe, type ReadRange, requireThat } from "./zip-fields.ts";

/**
 * Whether an archive's entries are what its directory says. The scanner believes an entry's own header (APPNOTE 4.3.7),
 * other tools the directory's (4.3.12): where the two differ, what it looks at isn't what they extract. And tools that read
 * from the beginning find what lies between. So the two agree, and entries follow one another without a gap.
 *
 * All that is refused as `Large`, `Flags` or `Method` are things that clamd 1.4 was seen to answer OK to, with malware in
 * it, or that it isn't known to look into.
 */

/** What the directory tells of an entry. */
export interface Entry {
  readonly localOffset: number;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly storedBytes: number;
  readonly sizeBytes: number;
  /** A name may have 64 KiB, and there are many. */
  readonly nameDigest: string;
}

export const ENTRY = { signature: 0x02014b50, bytes: 46 };
export const LOCAL = { signature: 0x04034b50, bytes: 30 };
const MAX_LOCAL_BYTES = LOCAL.bytes + 2 * 0xffff;
/** Stored, deflated, the same with 64 KiB, bzip2: those that clamd was seen to unpack. */
const METHODS = [0, 8, 9, 12];
/** 4.4.4: encrypted, how well it is deflated, sizes that follow, UTF-8. clamd passes over what has bit 13. */
const FLAGS = 0x080f;
const IS_ENCRYPTED = 0x0001;
const HAS_DESCRIPTOR = 0x0008;
/** 4.3.9: with or without a signature, sizes of four bytes or of eight. */
const DESCRIPTOR_BYTES = [12, 16, 20, 24];
/** Of nothing, by any of the methods: bzip2 needs most. */
const MAX_EMPTY_BYTES = 14;

/** An entry as its header in the directory tells it. Of 4.5.3, fields of eight bytes: clamd doesn't read them. */
export function parseEntry(header: Buffer, name: Buffer): Entry {
  const entry = {
    localOffset: header.readUInt32LE(42),
    flags: header.readUInt16LE(8),
    method: header.readUInt16LE(10),
    crc: header.readUInt32LE(16),
    storedBytes: header.readUInt32LE(20),
    sizeBytes: header.readUInt32LE(24),
    nameDigest: digestName(name),
  };
  requireThat(![entry.localOffset, entry.storedBytes, entry.sizeBytes].includes(NONE_32), "Entry.Large");
  requireThat((entry.flags & ~FLAGS) === 0, "Entry.Flags");
  requireThat(METHODS.includes(entry.method), "Entry.Method");
  requireSizes(entry, name);
  return entry;
}

/** What is stored has one size; a folder, and whatever else is empty, has no room for anything. */
function requireSizes({ flags, method, storedBytes, sizeBytes }: Entry, name: Buffer): void {
  const isFolder = name.at(-1) === 0x2f;
  requireThat(!isFolder || sizeBytes === 0, "Entry.Sizes");
  if ((flags & IS_ENCRYPTED) !== 0) return;
  requireThat(method !== 0 || storedBytes === sizeBytes, "Entry.Sizes");
  requireThat(sizeBytes !== 0 || storedBytes <= MAX_EMPTY_BYTES, "Entry.Sizes");
}

/** All entries, from the beginning of the file to the directory. Reads about what lies there once, at most. */
export async function requireEntries(
  entries: readonly Entry[],
  directoryOffset: number,
  read: ReadRange,
): Promise<void> {
  const inPlace = entries.toSorted((one, other) => one.localOffset - other.localOffset);
  const look = readerOf({ offset: 0, sizeBytes: directoryOffset }, MAX_LOCAL_BYTES, read);
  // What isn't in the directory is an entry to those who read from the beginning.
  requireThat((inPlace[0]?.localOffset ?? directoryOffset) === 0, "Directory.Incomplete");
  for (const [index, entry] of inPlace.entries()) {
    const headerBytes = requireLocal(await look(entry.localOffset), entry);
    const endOffset = entry.localOffset + headerBytes + entry.storedBytes;
    requireFollows(entry, (inPlace[index + 1]?.localOffset ?? directoryOffset) - endOffset);
  }
}

/** An entry's end is where the next begins, but for what tells the sizes behind it. */
function requireFollows({ flags }: Entry, gapBytes: number): void {
  requireThat(gapBytes >= 0, "Directory.Overlap");
  const gaps = (flags & HAS_DESCRIPTOR) === 0 ? [0] : DESCRIPTOR_BYTES;
  requireThat(gaps.includes(gapBytes), "Directory.Incomplete");
}

/** How long an entry's own header is, which tells the same as the directory. */
function requireLocal(bytes: Buffer, entry: Entry): number {
  const isLocal = bytes.length >= LOCAL.bytes && bytes.readUInt32LE(0) === LOCAL.signature;
  requireThat(isLocal, "Entry.Missing");
  const extraAt = LOCAL.bytes + bytes.readUInt16LE(26);
  const headerBytes = extraAt + bytes.readUInt16LE(28);
  requireThat(bytes.length >= headerBytes, "Entry.Missing");
  const isSame =
    bytes.readUInt16LE(6) === entry.flags &&
    bytes.readUInt16LE(8) === entry.method &&
    digestName(bytes.subarray(LOCAL.bytes, extraAt)) === entry.nameDigest;
  requireThat(isSame, "Entry.Mismatch");
  requireSameSizes(bytes, bytes.subarray(extraAt, headerBytes), entry);
  return headerBytes;
}

/** Sizes that follow may be told before too, or be none: clamd takes the directory's then, and else only these. */
function requireSameSizes(local: Buffer, extra: Buffer, entry: Entry): void {
  const mayBeNone = (entry.flags & HAS_DESCRIPTOR) !== 0;
  const told = [local.readUInt32LE(14), ...readLocalSizes(local, extra, mayBeNone)];
  const expected = [entry.crc, entry.storedBytes, entry.sizeBytes];
  const isSame = told.every((value, index) => value === expected[index] || (mayBeNone && value === 0));
  requireThat(isSame, "Entry.Mismatch");
}

/** The stored size and the other. 4.5.3: in a header of its own, an entry has both in the field of eight bytes, or none. */
function readLocalSizes(local: Buffer, extra: Buffer, mayBeLarge: boolean): [number, number] {
  const storedBytes = local.readUInt32LE(18);
  const sizeBytes = local.readUInt32LE(22);
  if (storedBytes !== NONE_32 && sizeBytes !== NONE_32) return [storedBytes, sizeBytes];
  const large = findField(extra, 1);
  const isLarge = mayBeLarge && storedBytes === sizeBytes && large.length >= 16;
  requireThat(isLarge, "Entry.Large");
  return [readSafe(large, 8), readSafe(large, 0)];
}

function digestName(name: Buffer): string {
  return createHash("sha256").update(name).digest("base64");
}
