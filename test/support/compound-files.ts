/** Compound files ([MS-CFB]) by hand: sectors of 512 bytes, streams of 4,096 bytes at least, in the order given. */

const SECTOR_BYTES = 512;
const END_OF_CHAIN = 0xfffffffe;
const TABLE_SECTOR = 0xfffffffd;
/** A smaller stream would be in one that small ones share. */
const MIN_STREAM_BYTES = 4_096;

export interface CompoundPart {
  readonly name: string;
  /** Absent for a storage. */
  readonly content?: Uint8Array;
}

/** A compound file of these parts, with a table of one sector: 60 KiB of streams at most. */
export function compoundFile(parts: readonly CompoundPart[]): Buffer {
  const directorySectors = Math.ceil((parts.length + 1) / 4);
  const table: number[] = [TABLE_SECTOR, ...chain(1, directorySectors)];
  const entries = [directoryEntry("Root Entry", 5, END_OF_CHAIN, 0)];
  const streams: Buffer[] = [];
  for (const { name, content } of parts) {
    if (content === undefined) {
      entries.push(directoryEntry(name, 1, 0, 0));
      continue;
    }
    const sizeBytes = Math.max(content.byteLength, MIN_STREAM_BYTES);
    const sectors = Math.ceil(sizeBytes / SECTOR_BYTES);
    entries.push(directoryEntry(name, 2, table.length, sizeBytes));
    streams.push(padded(Buffer.from(content), sectors * SECTOR_BYTES));
    table.push(...chain(table.length, sectors));
  }
  const tableBytes = Buffer.alloc(SECTOR_BYTES, 0xff);
  for (const [index, next] of table.entries()) tableBytes.writeUInt32LE(next, index * 4);
  const directory = padded(Buffer.concat(entries), directorySectors * SECTOR_BYTES);
  return Buffer.concat([header(), tableBytes, directory, ...streams]);
}

function chain(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (index + 1 < count ? first + index + 1 : END_OF_CHAIN));
}

function header(): Buffer {
  const bytes = Buffer.alloc(SECTOR_BYTES, 0xff);
  Buffer.from("d0cf11e0a1b11ae1", "hex").copy(bytes);
  bytes.fill(0, 8, 24);
  for (const [at, value] of [
    [24, 0x3e],
    [26, 3],
    [28, 0xfffe],
    [30, 9],
    [32, 6],
  ] as const) {
    bytes.writeUInt16LE(value, at);
  }
  bytes.fill(0, 34, 56);
  bytes.writeUInt32LE(1, 44);
  bytes.writeUInt32LE(1, 48);
  bytes.writeUInt32LE(MIN_STREAM_BYTES, 56);
  bytes.writeUInt32LE(END_OF_CHAIN, 60);
  bytes.writeUInt32LE(0, 64);
  bytes.writeUInt32LE(END_OF_CHAIN, 68);
  bytes.writeUInt32LE(0, 72);
  bytes.writeUInt32LE(0, 76);
  return bytes;
}

function directoryEntry(name: string, kind: number, start: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(128);
  bytes.write(name, "utf16le");
  bytes.writeUInt16LE((name.length + 1) * 2, 64);
  bytes[66] = kind;
  bytes.fill(0xff, 68, 80);
  bytes.writeUInt32LE(start, 116);
  bytes.writeUInt32LE(sizeBytes, 120);
  return bytes;
}

function padded(bytes: Buffer, length: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
}
