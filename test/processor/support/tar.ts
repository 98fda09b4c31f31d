export interface TarEntry {
  readonly name?: string;
  readonly content?: Uint8Array;
  readonly type?: string;
  /** The field of the size, as it is to be. */
  readonly size?: string | Buffer;
  /** The field of the checksum, made of the right one. */
  readonly checksum?: (sum: number) => string;
}

const usualChecksum = (sum: number): string => `${sum.toString(8).padStart(6, "0")}\0 `;

/** A tar (ustar) of entries, each padded, with the two blocks that end it. */
export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.map(tarEntry), Buffer.alloc(1024)]);
}

/** A pax header that says `records` of what follows. */
export function pax(records: Readonly<Record<string, string>>, type = "x"): TarEntry {
  const lines = Object.entries(records).map(([key, value]) => paxRecord(`${key}=${value}\n`));
  return { name: "PaxHeader", content: Buffer.from(lines.join("")), type };
}

/** A pax header of one record, as it is written. */
export function rawPax(record: string): TarEntry {
  return { name: "PaxHeader", content: Buffer.from(record), type: "x" };
}

/** A record tells its own length, in which that number counts. */
function paxRecord(text: string): string {
  for (let length = text.length + 2; ; length += 1) {
    const record = `${length} ${text}`;
    if (record.length === length) return record;
  }
}

function tarEntry({
  name = "a.txt",
  content = Buffer.alloc(0),
  type = "0",
  size,
  checksum,
}: TarEntry): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  for (const [at, text] of [
    [100, "0000644\0"],
    [108, "0000000\0"],
    [116, "0000000\0"],
    [136, "00000000000\0"],
    [257, "ustar\u000000"],
  ] as const) {
    header.write(text, at, "latin1");
  }
  const field = size ?? `${content.byteLength.toString(8).padStart(11, "0")}\0`;
  Buffer.from(typeof field === "string" ? Buffer.from(field, "latin1") : field).copy(header, 124);
  header.write(type, 156, "latin1");
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write((checksum ?? usualChecksum)(sum), 148, "latin1");
  const padding = Buffer.alloc((512 - (content.byteLength % 512)) % 512);
  return Buffer.concat([header, content, padding]);
}
