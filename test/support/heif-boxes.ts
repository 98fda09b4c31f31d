/** HEIF (ISO/IEC 23008-12) by hand: what heif-enc doesn't write, of pictures that it has encoded. */
import { heic } from "./heic.ts";

export interface HeifItem {
  readonly id: number;
  readonly type: "hvc1" | "grid" | "tmap";
  readonly data: Buffer;
  readonly properties: readonly Buffer[];
  /** Only there for another (8.11.6, the flags of "infe"). */
  readonly isHidden?: boolean;
}

/** From one item to others: `dimg` is made of, `thmb` is a thumbnail of, `auxl` says more of. */
export type HeifReference = readonly [type: "dimg" | "thmb" | "auxl", from: number, to: readonly number[]];

export interface Heif {
  readonly items: readonly HeifItem[];
  readonly references: readonly HeifReference[];
  readonly primary: number;
  /** Items of which a reader shows the first that it can. */
  readonly alternatives?: readonly number[];
}

/** A picture as HEVC, with what describes it. */
export interface Coded {
  readonly data: Buffer;
  readonly properties: readonly Buffer[];
}

/** Encodes a picture of even sizes. */
export async function coded(picture: Buffer, width: number, height: number): Promise<Coded> {
  const bytes = await heic(picture, ["-p", "preset=ultrafast"]);
  return {
    data: boxIn(bytes, "mdat").subarray(8),
    properties: [boxIn(bytes, "hvcC"), extent(width, height)],
  };
}

function boxIn(bytes: Buffer, type: string): Buffer {
  const at = bytes.indexOf(type) - 4;
  return bytes.subarray(at, at + bytes.readUInt32BE(at));
}

/** How large a picture is ("ispe"). */
export function extent(width: number, height: number): Buffer {
  return box("ispe", u32(0), u32(width), u32(height));
}

/** What an auxiliary picture is for ("auxC"). */
export function auxiliary(name: string): Buffer {
  return box("auxC", u32(0), Buffer.from(`${name}\0`));
}

/** The description of a grid (6.6.2.3), of equal tiles in rows. */
export function grid(rows: number, columns: number, width: number, height: number): Buffer {
  return Buffer.concat([Buffer.of(0, 1, rows - 1, columns - 1), u32(width), u32(height)]);
}

export function heif({ items, references, primary, alternatives }: Heif): Buffer {
  const brands = box("ftyp", Buffer.from("heic\0\0\0\0mif1heic"));
  const properties = [...new Set(items.flatMap((item) => item.properties))];
  const meta = (places: readonly number[]): Buffer =>
    box(
      "meta",
      u32(0),
      box("hdlr", Buffer.alloc(8), Buffer.from("pict"), Buffer.alloc(13)),
      box("pitm", u32(0), u16(primary)),
      box("iinf", u32(0), u16(items.length), ...items.map(information)),
      box("iref", u32(0), ...references.map(reference)),
      box("iprp", box("ipco", ...properties), associations(items, properties)),
      locations(items, places),
      ...(alternatives ? [box("grpl", alternate(alternatives))] : []),
    );
  // The same data are written once, however many items have them.
  const data = [...new Set(items.map((item) => item.data))];
  let at = brands.length + meta(items.map(() => 0)).length + 8;
  const placeOf = new Map<Buffer, number>();
  for (const each of data) {
    placeOf.set(each, at);
    at += each.length;
  }
  return Buffer.concat([
    brands,
    meta(items.map((item) => placeOf.get(item.data) ?? 0)),
    box("mdat", ...data),
  ]);
}

function information({ id, type, isHidden }: HeifItem): Buffer {
  const flags = 0x02000000 + (isHidden ? 1 : 0);
  return box("infe", u32(flags), u16(id), u16(0), Buffer.from(`${type}\0`));
}

function reference([type, from, to]: HeifReference): Buffer {
  return box(type, u16(from), u16(to.length), ...to.map(u16));
}

function associations(items: readonly HeifItem[], properties: readonly Buffer[]): Buffer {
  const entries = items.flatMap((item) => [
    u16(item.id),
    Buffer.of(item.properties.length, ...item.properties.map((each) => properties.indexOf(each) + 1)),
  ]);
  return box("ipma", u32(0), u32(items.length), ...entries);
}

function locations(items: readonly HeifItem[], places: readonly number[]): Buffer {
  const entries = items.flatMap(({ id, data }, index) => [
    ...[u16(id), u16(0), u16(1), u32(places[index] ?? 0), u32(data.length)],
  ]);
  return box("iloc", u32(0), Buffer.of(0x44, 0), u16(items.length), ...entries);
}

function alternate(ids: readonly number[]): Buffer {
  return box("altr", u32(0), u32(1_000), u32(ids.length), ...ids.map(u32));
}

export function box(type: string, ...content: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(content);
  return Buffer.concat([u32(payload.length + 8), Buffer.from(type), payload]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
