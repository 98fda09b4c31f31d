/**
 * Compound files ([MS-CFB]) by hand: sectors of 512 bytes, streams of 4,096 bytes at least, in the order given, and a tree of
 * names that is no more than a list.
 */

const SECTOR_BYTES = 512;
const END_OF_CHAIN = 0xfffffffe;
/** [MS-CFB] 2.6.1: no entry. */
const NOTHING = 0xffffffff;
const TABLE_SECTOR = 0xfffffffd;
/** A smaller stream would be in one that small ones share. */
const MIN_STREAM_BYTES = 4_096;

export interface CompoundPart {
  readonly name: string;
  /** Absent for a storage. */
  readonly content?: Uint8Array;
  /** What is in a storage. */
  readonly parts?: readonly CompoundPart[];
}

/** A part, with the numbers of its entry, of the next beside it and of the first in it. */
interface Placed {
  readonly part: CompoundPart;
  readonly next: number;
  readonly child: number;
}

/** A compound file of these parts, with a table of one sector: 60 KiB of streams at most. */
export function compoundFile(parts: readonly CompoundPart[]): Buffer {
  const placed = place(parts, 1);
  const directorySectors = Math.ceil((placed.length + 1) / 4);
  const table: number[] = [TABLE_SECTOR, ...chain(1, directorySectors)];
  const root = { part: { name: "Root Entry" }, next: NOTHING, child: 1 };
  const entries = [directoryEntry(root, 5, END_OF_CHAIN, 0)];
  const streams: Buffer[] = [];
  for (const each of placed) {
    const { content } = each.part;
    if (content === undefined) {
      entries.push(directoryEntry(each, 1, 0, 0));
      continue;
    }
    const sizeBytes = Math.max(content.byteLength, MIN_STREAM_BYTES);
    const sectors = Math.ceil(sizeBytes / SECTOR_BYTES);
    entries.push(directoryEntry(each, 2, table.length, sizeBytes));
    streams.push(padded(Buffer.from(content), sectors * SECTOR_BYTES));
    table.push(...chain(table.length, sectors));
  }
  const tableBytes = Buffer.alloc(SECTOR_BYTES, 0xff);
  for (const [index, next] of table.entries()) tableBytes.writeUInt32LE(next, index * 4);
  const directory = padded(Buffer.concat(entries), directorySectors * SECTOR_BYTES);
  return Buffer.concat([header(), tableBytes, directory, ...streams]);
}

/** A message of Outlook ([MS-OXMSG] 2.2.2.1) with a file attached. */
export function outlookMessage(attached: Uint8Array): Buffer {
  const properties = { name: "__properties_version1.0", content: Buffer.alloc(32) };
  const file = { name: "__substg1.0_37010102", content: attached };
  return compoundFile([properties, { name: "__attach_version1.0_#00000000", parts: [properties, file] }]);
}

/** Each part, what is in it, and then the next. */
function place(parts: readonly CompoundPart[], first: number): readonly Placed[] {
  let id = first;
  return parts.flatMap((part, index) => {
    const inside = place(part.parts ?? [], id + 1);
    const child = inside.length === 0 ? NOTHING : id + 1;
    id += 1 + inside.length;
    return [{ part, next: index + 1 < parts.length ? id : NOTHING, child }, ...inside];
  });
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

function directoryEntry(
  { part, next, child }: Placed,
  kind: number,
  start: number,
  sizeBytes: number,
): Buffer {
  const bytes = Buffer.alloc(128);
  bytes.write(part.name, "utf16le");
  bytes.writeUInt16LE((part.name.length + 1) * 2, 64);
  bytes[66] = kind;
  bytes.writeUInt32LE(NOTHING, 68);
  bytes.writeUInt32LE(next, 72);
  bytes.writeUInt32LE(child, 76);
  bytes.writeUInt32LE(start, 116);
  bytes.writeUInt32LE(sizeBytes, 120);
  return bytes;
}

function padded(bytes: Buffer, length: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
}
