import { crc32, deflateRawSync, gzipSync } from "node:zlib";

/**
 * The EICAR test file, put together at run time: neither it nor its hex may be in the tree, where scanners on
 * developers' machines would remove it. On purpose not taken from the processor, whose self-test is tested with it.
 */
export function eicar(): Buffer {
  return Buffer.from(
    ["X5O!P%@AP", "[4\\PZX54(P^)", "7CC)7}$EICAR-", "STANDARD-ANTIVIRUS-TEST", "-FILE!$H+H*"].join(""),
    "ascii",
  );
}

export interface ZipEntry {
  readonly name: string;
  readonly content: Uint8Array;
}

interface ZipOptions {
  /** Marks the entries as encrypted (APPNOTE 4.4.4, bit 0) and puts noise in their place. */
  readonly encrypted?: boolean;
}

/** A zip archive (APPNOTE 6.3) with deflated entries. */
export function zip(entries: readonly ZipEntry[], { encrypted = false }: ZipOptions = {}): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of entries) {
    const data = encrypted ? Buffer.alloc(content.byteLength + 12, 0xa7) : deflateRawSync(content);
    const common = describeEntry(name, content, data.byteLength, encrypted);
    const local = Buffer.concat([uint32(0x04034b50), common, Buffer.from(name), data]);
    locals.push(local);
    // Comment length, disk, attributes (2 + 4 bytes), then where the local header is.
    const central = [
      uint32(0x02014b50),
      uint16(20),
      common,
      Buffer.alloc(10),
      uint32(offset),
      Buffer.from(name),
    ];
    centrals.push(Buffer.concat(central));
    offset += local.byteLength;
  }
  const directory = Buffer.concat(centrals);
  const counts = [uint16(entries.length), uint16(entries.length)];
  const end = [
    uint32(0x06054b50),
    uint32(0),
    ...counts,
    uint32(directory.byteLength),
    uint32(offset),
    uint16(0),
  ];
  return Buffer.concat([...locals, directory, ...end]);
}

export function gzip(content: Uint8Array): Buffer {
  return gzipSync(content);
}

/** What the local and the central header have in common: version to extra field length. */
function describeEntry(name: string, content: Uint8Array, storedBytes: number, encrypted: boolean): Buffer {
  const flags = encrypted ? 1 : 0;
  const method = encrypted ? 0 : 8;
  return Buffer.concat([
    ...[uint16(20), uint16(flags), uint16(method), uint32(0), uint32(crc32(content))],
    ...[uint32(storedBytes), uint32(content.byteLength), uint16(Buffer.byteLength(name)), uint16(0)],
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
