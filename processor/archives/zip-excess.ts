import { promisify } from "node:util";
import { constants, inflateRaw } from "node:zlib";
import { findExcess } from "./unpacked-limits.ts";
import { readEntries } from "./zip-directory.ts";
import { type Entry, LOCAL } from "./zip-entries.ts";
import { type ReadRange, ZipFault } from "./zip-fields.ts";

/**
 * What a zip unpacks to, by what its directory tells, and the directories of zips in it: the scanner unpacks all that it
 * may, and a few kilobytes can be worth minutes. A large zip isn't searched for others: it costs who sends it.
 */

/** It is kept in memory meanwhile. */
const MAX_SEARCHED_BYTES = 4 * 1024 * 1024;
/** What all zips in one may be unpacked to for it. */
const MAX_INNER_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 5;
/** Entries that are asked whether they are a zip. */
const MAX_ASKED = 1_000;
/** Enough of what is deflated to tell how it begins: its codes have some hundred. */
const PEEKED_BYTES = 1_024;
const STORED = 0;
const DEFLATED = 8;
const IS_ENCRYPTED = 1;

const unpack = promisify(inflateRaw);

interface Budget {
  innerBytes: number;
  asked: number;
}

/**
 * The name of the limit that a zip exceeds; undefined for one that doesn't, or whose directory can't be read. Throws what
 * reading throws.
 */
export async function findZipExcess(sizeBytes: number, read: ReadRange): Promise<string | undefined> {
  const excess = findExcess(await measure(sizeBytes, read), sizeBytes);
  return excess === undefined ? undefined : `Zip.${excess}`;
}

async function measure(sizeBytes: number, read: ReadRange): Promise<number> {
  if (sizeBytes > MAX_SEARCHED_BYTES) return sumOf(await readKnown(sizeBytes, read));
  const budget = { innerBytes: MAX_INNER_BYTES, asked: MAX_ASKED };
  return measureWithInner(await read(0, sizeBytes), budget, MAX_DEPTH);
}

async function measureWithInner(zip: Buffer, budget: Budget, depth: number): Promise<number> {
  const entries = await readKnown(zip.length, async (offset, length) =>
    zip.subarray(offset, offset + length),
  );
  let unpackedBytes = sumOf(entries);
  for (const entry of depth === 0 ? [] : entries) {
    const inner = await unpackInner(zip, entry, budget);
    if (inner !== undefined) unpackedBytes += await measureWithInner(inner, budget, depth - 1);
  }
  return unpackedBytes;
}

/** None where they can't be read: the scanner, and the second look, see to that. */
async function readKnown(sizeBytes: number, read: ReadRange): Promise<readonly Entry[]> {
  try {
    return await readEntries(sizeBytes, read);
  } catch (error) {
    if (error instanceof ZipFault) return [];
    throw error;
  }
}

function sumOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
}

/** An entry that is a zip, as far as there is room for it; else undefined. */
async function unpackInner(zip: Buffer, entry: Entry, budget: Budget): Promise<Buffer | undefined> {
  const { method, flags, sizeBytes } = entry;
  const isReadable = (method === STORED || method === DEFLATED) && (flags & IS_ENCRYPTED) === 0;
  if (!isReadable || sizeBytes > budget.innerBytes || budget.asked === 0) return undefined;
  budget.asked -= 1;
  const stored = storedOf(zip, entry);
  if (method === STORED) return startsAsZip(stored) ? stored : undefined;
  const start = await inflate(stored.subarray(0, PEEKED_BYTES), budget.innerBytes);
  if (start === undefined || !startsAsZip(start)) return undefined;
  budget.innerBytes -= sizeBytes;
  return inflate(stored, sizeBytes);
}

/** What is stored of an entry, as its own header says; what that tells otherwise is the second look's matter. */
function storedOf(zip: Buffer, { localOffset, storedBytes }: Entry): Buffer {
  const at =
    localOffset + LOCAL.bytes + zip.readUInt16LE(localOffset + 26) + zip.readUInt16LE(localOffset + 28);
  return zip.subarray(at, at + storedBytes);
}

function startsAsZip(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 4) === "PK\x03\x04";
}

/** Undefined for what can't be unpacked, or comes to more. */
function inflate(bytes: Buffer, maxBytes: number): Promise<Buffer | undefined> {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: Math.max(maxBytes, 1) };
  return unpack(bytes, options).catch(() => undefined);
}
