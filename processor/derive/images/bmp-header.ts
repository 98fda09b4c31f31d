/**
 * The headers of a Windows bitmap: BITMAPCOREHEADER, BITMAPINFOHEADER, and those of versions 2 to 5, which are longer
 * (https://learn.microsoft.com/windows/win32/gdi/bitmap-header-types).
 */
import type { ImageFault } from "../image-protocol.ts";

/** A bitmap that we can't read, or that has too many pixels or too few; the message is for logs. */
export class BitmapError extends Error {
  readonly fault: ImageFault;

  constructor(message: string, fault: ImageFault = "damaged") {
    super(message);
    this.fault = fault;
  }
}

/** Where the bits of a colour are in a pixel. */
export interface Masks {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly alpha: number;
}

export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly isTopDown: boolean;
  readonly bitsPerPixel: 1 | 4 | 8 | 16 | 24 | 32;
  /** Where the pixels begin, in the file. */
  readonly pixelsAt: number;
  /** Rows begin at multiples of 4 bytes. */
  readonly rowBytes: number;
  /** RGBA of each colour; empty where pixels are colours themselves. */
  readonly palette: readonly (readonly [number, number, number, number])[];
  readonly masks: Masks;
}

const FILE_HEADER_BYTES = 14;
const CORE_HEADER_BYTES = 12;
const INFO_HEADER_BYTES = 40;
const V3_HEADER_BYTES = 56;
const HEADER_BYTES = new Set([CORE_HEADER_BYTES, INFO_HEADER_BYTES, 52, V3_HEADER_BYTES, 64, 108, 124]);
const OS2_HEADER_BYTES = 64;

const RGB = 0;
const BIT_FIELDS = 3;
const ALPHA_BIT_FIELDS = 6;

const MASKS_OF_16: Masks = { red: 0x7c00, green: 0x03e0, blue: 0x001f, alpha: 0 };
const MASKS_OF_32: Masks = { red: 0xff0000, green: 0xff00, blue: 0xff, alpha: 0 };

/** Throws a BitmapError; a RangeError where the file ends within its headers. */
export function readBmpHeader(bytes: Buffer): BmpHeader {
  if (bytes.toString("latin1", 0, 2) !== "BM") throw new BitmapError("no bitmap");
  const pixelsAt = bytes.readUInt32LE(10);
  const headerBytes = bytes.readUInt32LE(FILE_HEADER_BYTES);
  if (!HEADER_BYTES.has(headerBytes)) throw new BitmapError("no header that is known");
  const { width, height, depth, compression, colours } =
    headerBytes === CORE_HEADER_BYTES ? readCore(bytes) : readInfo(bytes);
  const bitsPerPixel = requireDepth(depth);
  if (width <= 0 || height === 0) throw new BitmapError("no size");
  return {
    ...{ width, height: Math.abs(height), isTopDown: height < 0, bitsPerPixel, pixelsAt },
    rowBytes: Math.ceil((width * bitsPerPixel) / 32) * 4,
    masks: masksOf(bytes, headerBytes, bitsPerPixel, compression),
    palette: bitsPerPixel <= 8 ? readPalette(bytes, headerBytes, bitsPerPixel, colours) : [],
  };
}

function requireDepth(depth: number): BmpHeader["bitsPerPixel"] {
  if (depth === 1 || depth === 4 || depth === 8 || depth === 16 || depth === 24 || depth === 32) return depth;
  throw new BitmapError("no depth that is known");
}

interface Fields {
  readonly width: number;
  /** Negative where the top row comes first. */
  readonly height: number;
  readonly depth: number;
  readonly compression: number;
  readonly colours: number;
}

function readCore(bytes: Buffer): Fields {
  const [width, height] = [bytes.readUInt16LE(18), bytes.readUInt16LE(20)];
  return { width, height, depth: bytes.readUInt16LE(24), compression: RGB, colours: 0 };
}

function readInfo(bytes: Buffer): Fields {
  return {
    width: bytes.readInt32LE(18),
    height: bytes.readInt32LE(22),
    depth: bytes.readUInt16LE(28),
    compression: bytes.readUInt32LE(30),
    colours: bytes.readUInt32LE(46),
  };
}

function masksOf(bytes: Buffer, headerBytes: number, bitsPerPixel: number, compression: number): Masks {
  if (compression === RGB) return bitsPerPixel === 16 ? MASKS_OF_16 : MASKS_OF_32;
  const hasAlpha = compression === ALPHA_BIT_FIELDS;
  // In OS/2's header the same number is a compression.
  if (!(hasAlpha || compression === BIT_FIELDS) || headerBytes === OS2_HEADER_BYTES) {
    throw new BitmapError("compressed");
  }
  return readMasks(bytes, hasAlpha || headerBytes >= V3_HEADER_BYTES);
}

/** After the short header, or in the same place of a longer one. */
function readMasks(bytes: Buffer, hasAlpha: boolean): Masks {
  const at = FILE_HEADER_BYTES + INFO_HEADER_BYTES;
  return {
    red: bytes.readUInt32LE(at),
    green: bytes.readUInt32LE(at + 4),
    blue: bytes.readUInt32LE(at + 8),
    alpha: hasAlpha ? bytes.readUInt32LE(at + 12) : 0,
  };
}

function readPalette(
  bytes: Buffer,
  headerBytes: number,
  bitsPerPixel: number,
  colours: number,
): BmpHeader["palette"] {
  const entryBytes = headerBytes === CORE_HEADER_BYTES ? 3 : 4;
  const most = 2 ** bitsPerPixel;
  const count = colours === 0 ? most : Math.min(colours, most);
  const at = FILE_HEADER_BYTES + headerBytes;
  return Array.from({ length: count }, (_, index) => {
    const entry = at + index * entryBytes;
    return [bytes.readUInt8(entry + 2), bytes.readUInt8(entry + 1), bytes.readUInt8(entry), 255] as const;
  });
}
