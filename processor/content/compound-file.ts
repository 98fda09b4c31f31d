import type { FileHandle } from "node:fs/promises";
import { NotLookedThrough } from "./findings.ts";

/**
 * Reads a compound file ([MS-CFB]) as far as is needed to tell what is in it: its directory, and the beginnings of streams.
 * Memory: its allocation table, 4 bytes for each 512 of the file, and what is asked for.
 */

const HEADER_BYTES = 512;
const ENTRY_BYTES = 128;
/** [MS-CFB] 2.1: numbers from here on are no sectors. */
const NO_SECTOR = 0xfffffffa;
const MAX_TABLE_BYTES = 16 * 2 ** 20;
const MAX_DIRECTORY_BYTES = 8 * 2 ** 20;

export interface CompoundEntry {
  readonly name: string;
  readonly isStream: boolean;
  readonly start: number;
  readonly sizeBytes: number;
}

export class CompoundFile {
  readonly #file: FileHandle;
  readonly #sectorBytes: number;
  readonly #table: Uint32Array;
  readonly #header: Buffer;
  #entries: readonly CompoundEntry[] = [];

  private constructor(file: FileHandle, header: Buffer, table: Uint32Array) {
    this.#file = file;
    this.#header = header;
    this.#sectorBytes = sectorBytesOf(header);
    this.#table = table;
  }

  /** Throws NotLookedThrough for one that can't be read. */
  static async open(file: FileHandle): Promise<CompoundFile> {
    const header = await readExactly(file, 0, HEADER_BYTES);
    const compound = new CompoundFile(file, header, await readTable(file, header));
    const directory = await compound.#readChain(header.readUInt32LE(48), MAX_DIRECTORY_BYTES, true);
    compound.#entries = [...readEntries(directory)];
    return compound;
  }

  get entries(): readonly CompoundEntry[] {
    return this.#entries;
  }

  /** The beginning of a stream, of `maxBytes` at most. */
  async readStream({ start, sizeBytes }: CompoundEntry, maxBytes: number): Promise<Buffer> {
    const wanted = Math.min(sizeBytes, maxBytes);
    const cutoff = this.#header.readUInt32LE(56);
    if (sizeBytes >= cutoff) return (await this.#readChain(start, wanted)).subarray(0, wanted);
    return this.#readSmall(start, wanted);
  }

  /** [MS-CFB] 2.3 and 2.6.3: small streams share one, which is the root's. */
  async #readSmall(start: number, wanted: number): Promise<Buffer> {
    const [root] = this.#entries;
    if (root === undefined) throw new NotLookedThrough("no root");
    const [stream, tableBytes] = await Promise.all([
      this.#readChain(root.start, MAX_TABLE_BYTES),
      this.#readChain(this.#header.readUInt32LE(60), MAX_TABLE_BYTES),
    ]);
    const table = numbersOf(tableBytes);
    const bytes = 2 ** this.#header.readUInt16LE(32);
    const pieces = [...chainOf(table, start, Math.ceil(wanted / bytes))].map((sector) =>
      stream.subarray(sector * bytes, (sector + 1) * bytes),
    );
    return Buffer.concat(pieces).subarray(0, wanted);
  }

  /** @param isWhole whether one that is longer can't be looked through */
  async #readChain(start: number, maxBytes: number, isWhole = false): Promise<Buffer> {
    const limit = Math.ceil(maxBytes / this.#sectorBytes);
    const sectors = [...chainOf(this.#table, start, limit + 1)];
    if (isWhole && sectors.length > limit) throw new NotLookedThrough("a directory that is too large");
    const pieces: Buffer[] = [];
    for (const { from, count } of runsOf(sectors.slice(0, limit))) {
      pieces.push(await readUpTo(this.#file, (from + 1) * this.#sectorBytes, count * this.#sectorBytes));
    }
    return Buffer.concat(pieces);
  }
}

function sectorBytesOf(header: Buffer): number {
  const shift = header.readUInt16LE(30);
  if (shift !== 9 && shift !== 12) throw new NotLookedThrough("sectors of a size that isn't known");
  return 2 ** shift;
}

/** [MS-CFB] 2.5: which sectors the allocation table is in, told in the header and in sectors of their own. */
async function readTable(file: FileHandle, header: Buffer): Promise<Uint32Array> {
  const sectorBytes = sectorBytesOf(header);
  const perSector = sectorBytes / 4;
  const limit = MAX_TABLE_BYTES / sectorBytes;
  const places = [...numbersOf(header.subarray(76))];
  let next = header.readUInt32LE(68);
  while (next < NO_SECTOR && places.length <= limit) {
    const sector = numbersOf(await readExactly(file, (next + 1) * sectorBytes, sectorBytes));
    places.push(...sector.subarray(0, perSector - 1));
    next = sector[perSector - 1] ?? NO_SECTOR;
  }
  const used = places.filter((place) => place < NO_SECTOR);
  if (used.length > limit) throw new NotLookedThrough("a table that is too large");
  const pieces: Buffer[] = [];
  for (const { from, count } of runsOf(used)) {
    pieces.push(await readExactly(file, (from + 1) * sectorBytes, count * sectorBytes));
  }
  return numbersOf(Buffer.concat(pieces));
}

function* readEntries(directory: Buffer): Generator<CompoundEntry> {
  for (let at = 0; at + ENTRY_BYTES <= directory.length; at += ENTRY_BYTES) {
    const kind = directory[at + 66];
    if (kind === 0) continue;
    const nameBytes = Math.min(Math.max(directory.readUInt16LE(at + 64) - 2, 0), 62);
    yield {
      name: directory.toString("utf16le", at, at + nameBytes),
      isStream: kind === 2,
      start: directory.readUInt32LE(at + 116),
      sizeBytes: directory.readUInt32LE(at + 120),
    };
  }
}

/** The sectors of a chain, `limit` of them at most. Throws NotLookedThrough for one that leads out of the table. */
function* chainOf(table: Uint32Array, start: number, limit: number): Generator<number> {
  let sector = start;
  for (let count = 0; sector < NO_SECTOR && count < limit; count++) {
    const next = table[sector];
    if (next === undefined) throw new NotLookedThrough("a chain that leads nowhere");
    yield sector;
    sector = next;
  }
}

/** Sectors that lie behind one another, so that they are read at once. */
function* runsOf(sectors: readonly number[]): Generator<{ from: number; count: number }> {
  let from = sectors[0];
  if (from === undefined) return;
  let count = 1;
  for (const sector of sectors.slice(1)) {
    if (sector === from + count) {
      count += 1;
      continue;
    }
    yield { from, count };
    from = sector;
    count = 1;
  }
  yield { from, count };
}

function numbersOf(bytes: Buffer): Uint32Array {
  const count = Math.floor(bytes.length / 4);
  return Uint32Array.from({ length: count }, (_, index) => bytes.readUInt32LE(index * 4));
}

/** A file's last sector may be shorter than the others. */
async function readUpTo(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

async function readExactly(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = await readUpTo(file, offset, length);
  if (bytes.length < length) throw new NotLookedThrough("a compound file that is cut");
  return bytes;
}
