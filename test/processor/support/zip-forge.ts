import { crc32, deflateRawSync } from "node:zlib";

/** What a header tells, where it isn't the truth. */
export interface Told {
  readonly name?: string;
  readonly flags?: number;
  readonly method?: number;
  readonly crc?: number;
  readonly storedBytes?: number;
  readonly sizeBytes?: number;
  readonly extra?: Buffer;
  readonly offset?: number;
}

export interface ForgedEntry {
  readonly name: string;
  readonly content: Buffer;
  /** What is there of it; deflated content where nothing else is given. */
  readonly data?: Buffer;
  readonly both?: Told;
  readonly local?: Told;
  /** Null: the directory hasn't got it. */
  readonly central?: Told | null;
  /** What comes behind its data. */
  readonly after?: Buffer;
}

/** A zip archive whose headers say what one likes. */
export function forge(entries: readonly ForgedEntry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { name, content, both, local, central, after = Buffer.alloc(0), ...given } of entries) {
    const data = given.data ?? deflateRawSync(content);
    const truth = { name, flags: 0, method: 8, crc: crc32(content), extra: Buffer.alloc(0), offset };
    const sizes = { storedBytes: data.length, sizeBytes: content.length };
    const header = formatHeader({ ...truth, ...sizes, ...both, ...local }, "local");
    if (central !== null) centrals.push(formatHeader({ ...truth, ...sizes, ...both, ...central }, "central"));
    locals.push(header, data, after);
    offset += header.length + data.length + after.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  for (const at of [8, 10]) end.writeUInt16LE(centrals.length, at);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** APPNOTE 4.3.7, 4.3.12. */
function formatHeader(told: Required<Told>, kind: "local" | "central"): Buffer {
  const isLocal = kind === "local";
  const header = Buffer.alloc(isLocal ? 30 : 46);
  header.writeUInt32LE(isLocal ? 0x04034b50 : 0x02014b50);
  const at = isLocal ? 6 : 8;
  header.writeUInt16LE(told.flags, at);
  header.writeUInt16LE(told.method, at + 2);
  header.writeUInt32LE(told.crc, at + 8);
  header.writeUInt32LE(told.storedBytes, at + 12);
  header.writeUInt32LE(told.sizeBytes, at + 16);
  header.writeUInt16LE(Buffer.byteLength(told.name), at + 20);
  header.writeUInt16LE(told.extra.length, at + 22);
  if (!isLocal) header.writeUInt32LE(told.offset, 42);
  return Buffer.concat([header, Buffer.from(told.name), told.extra]);
}

/** 4.5.3: a field with sizes, or a place, of eight bytes. */
export function largeField(...values: number[]): Buffer {
  const field = Buffer.alloc(4 + 8 * values.length);
  field.writeUInt16LE(1);
  field.writeUInt16LE(8 * values.length, 2);
  for (const [index, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
  return field;
}
