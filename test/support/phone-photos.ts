/** Photos as phones write them: with a gain map, a second picture, or a film behind the first. */
import { type Coded, auxiliary, box, coded, extent, grid, heif, type HeifItem } from "./heif-boxes.ts";
import { H264, makeMedia, PICTURE } from "./media.ts";
import { type Colour, ORANGE, plain } from "./photos.ts";

const CONTAINER = "http://ns.google.com/photos/1.0/container/";
const GAIN_MAP = "http://ns.adobe.com/hdr-gain-map/1.0/";
const GREY: Colour = { r: 128, g: 128, b: 128 };
/** CIPA DC-007, 5.2.3.3.1: the type of a picture. */
const PRIMARY_TYPE = 0x2003_0000;
const OTHER_TYPE = 0;

/** A JPEG with another behind it, which an index tells of (CIPA DC-007, "MPF"). */
export async function twoPictures(colour = ORANGE): Promise<Buffer> {
  return indexed(
    await plain(160, 120, colour).jpeg().toBuffer(),
    await plain(80, 60, GREY).jpeg().toBuffer(),
  );
}

/** Ultra HDR (developer.android.com/media/platform/hdr-image-format): a picture, and by how much to brighten it. */
export async function ultraHdr(colour = ORANGE): Promise<Buffer> {
  const map = withXmp(
    await plain(40, 30, GREY).toColourspace("b-w").jpeg().toBuffer(),
    `xmlns:hdrgm="${GAIN_MAP}" hdrgm:Version="1.0" hdrgm:GainMapMax="3" hdrgm:HDRCapacityMax="3"`,
  );
  const items = item("Primary", "image/jpeg") + item("GainMap", "image/jpeg", map.length);
  const picture = await plain(160, 120, colour).withIccProfile("p3").jpeg({ quality: 95 }).toBuffer();
  return indexed(withXmp(picture, `xmlns:hdrgm="${GAIN_MAP}" hdrgm:Version="1.0"`, items), map);
}

/** Motion Photo 1.0 (developer.android.com/media/platform/motion-photo-format): a picture, and the film around it. */
export async function motionPhoto(colour = ORANGE): Promise<Buffer> {
  const film = await makeMedia("mp4", [...PICTURE, ...H264]);
  const items = item("Primary", "image/jpeg") + item("MotionPhoto", "video/mp4", film.length);
  const attributes =
    'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MotionPhoto="1" ' +
    'GCamera:MotionPhotoVersion="1" GCamera:MotionPhotoPresentationTimestampUs="500000"';
  const picture = await plain(160, 120, colour).jpeg({ quality: 95 }).toBuffer();
  return Buffer.concat([withXmp(picture, attributes, items), film]);
}

/** The same by Samsung before that: the film is behind a name, and a directory at the file's end tells of it. */
export async function samsungMotionPhoto(): Promise<Buffer> {
  const [film, picture] = await Promise.all([
    makeMedia("mp4", [...PICTURE, ...H264]),
    plain(160, 120).jpeg().toBuffer(),
  ]);
  const name = Buffer.from("MotionPhoto_Data");
  const record = Buffer.concat([Buffer.of(0, 0, 0x30, 0x0a), u32le(name.length), name, film]);
  const directory = [...[106, 1], 0x0a30_0000, record.length, record.length].map(u32le);
  const end = Buffer.concat([Buffer.from("SEFH"), ...directory]);
  return Buffer.concat([picture, record, end, u32le(end.length), Buffer.from("SEFT")]);
}

/** A HEIC photo of a telephone: with a gain map, which Apple tells of by one item and ISO 21496-1 by another. */
export async function heicWithGainMap(colour = ORANGE): Promise<Buffer> {
  const [base, map] = await Promise.all([codedPlain(160, 120, colour), codedPlain(80, 60, GREY)]);
  const properties = [...map.properties, auxiliary("urn:com:apple:photo:2020:aux:hdrgainmap")];
  return heif({
    items: [
      { id: 1, type: "hvc1", ...base },
      { id: 2, type: "hvc1", isHidden: true, data: map.data, properties },
      { id: 3, type: "tmap", data: Buffer.alloc(62), properties: [extent(160, 120)] },
    ],
    references: [
      ["auxl", 2, [1]],
      ["dimg", 3, [1, 2]],
    ],
    primary: 1,
    alternatives: [3, 1],
  });
}

/** About what phones take; rows and columns of them are a picture of 16,320 × 12,240. */
const TILE = 510;

/**
 * A HEIC photo of many tiles, all with the same bytes.
 * @param thumbnail the colour of the small picture that it has in it
 */
export async function tiledHeic(rows: number, columns: number, thumbnail?: Colour): Promise<Buffer> {
  const tile = await codedPlain(TILE, TILE, ORANGE);
  const tiles = Array.from({ length: rows * columns }, (_, index): HeifItem => {
    return { id: index + 3, type: "hvc1", isHidden: true, ...tile };
  });
  const [width, height] = [columns * TILE, rows * TILE];
  const whole = { data: grid(rows, columns, width, height), properties: [extent(width, height)] };
  const small = thumbnail && (await codedPlain(320, 240, thumbnail));
  return heif({
    items: [
      { id: 1, type: "grid", ...whole },
      ...(small ? [{ id: 2, type: "hvc1", ...small } as const] : []),
      ...tiles,
    ],
    references: [["dimg", 1, tiles.map(({ id }) => id)], ...(small ? [["thmb", 2, [1]] as const] : [])],
    primary: 1,
  });
}

/** A motion photo as HEIC: its film is in a box behind the picture's. */
export async function heicWithFilm(): Promise<Buffer> {
  const film = await makeMedia("mp4", [...PICTURE, ...H264]);
  return Buffer.concat([await heicWithGainMap(), box("mpvd", film)]);
}

async function codedPlain(width: number, height: number, colour: Colour): Promise<Coded> {
  return coded(await plain(width, height, colour).png().toBuffer(), width, height);
}

function item(semantic: string, mime: string, length = 0): string {
  return (
    `<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="${semantic}" Item:Mime="${mime}"` +
    `${length === 0 ? "" : ` Item:Length="${length}"`}/></rdf:li>`
  );
}

/** With a packet of XMP before all else, of some attributes and a container's items. */
function withXmp(picture: Buffer, attributes: string, items = ""): Buffer {
  const directory = items && `<Container:Directory><rdf:Seq>${items}</rdf:Seq></Container:Directory>`;
  const packet =
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
    `<rdf:Description rdf:about="" xmlns:Container="${CONTAINER}" xmlns:Item="${CONTAINER}item/" ${attributes}>` +
    `${directory}</rdf:Description></rdf:RDF></x:xmpmeta>`;
  return withSegment(picture, 0xe1, Buffer.from(`http://ns.adobe.com/xap/1.0/\0${packet}`));
}

/** Right behind the start of the picture. */
function withSegment(picture: Buffer, marker: number, content: Buffer): Buffer {
  const head = Buffer.of(0xff, marker, 0, 0);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([picture.subarray(0, 2), head, content, picture.subarray(2)]);
}

/** Two pictures one behind the other, with an index in the first of where the second is. */
function indexed(first: Buffer, second: Buffer): Buffer {
  // Of TIFF: its head, three tags, and behind them two entries of 16 bytes. Places are counted from the head on.
  const [headAt, entriesAt] = [2 + 4 + 4, 8 + 2 + 3 * 12 + 4];
  const segmentBytes = 4 + 4 + entriesAt + 32;
  const total = first.length + segmentBytes;
  const index = Buffer.concat([
    ...[Buffer.from("MPF\0"), Buffer.from("MM\0*"), u32(8), Buffer.of(0, 3)],
    ...[Buffer.from("b00000070000000430313030", "hex"), Buffer.from("b00100040000000100000002", "hex")],
    ...[Buffer.from("b002000700000020", "hex"), u32(entriesAt), u32(0)],
    ...[u32(PRIMARY_TYPE), u32(total), u32(0), u32(0)],
    ...[u32(OTHER_TYPE), u32(second.length), u32(total - headAt), u32(0)],
  ]);
  return Buffer.concat([withSegment(first, 0xe2, index), second]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u32le(value: number): Buffer {
  return u32(value).swap32();
}
