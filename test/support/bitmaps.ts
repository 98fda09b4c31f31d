import type { Colour } from "./photos.ts";

export interface BitmapShape {
  readonly bits: 1 | 4 | 8 | 16 | 24 | 32;
  readonly width: number;
  readonly height: number;
  readonly isTopDown?: boolean;
  /** Byte after blue, green and red, of 32 bits. */
  readonly fourth?: number;
  /** A header of version 5 that says that the fourth byte is how opaque a pixel is. */
  readonly hasAlpha?: boolean;
  /** OS/2's first header, with 16 bits a size and 3 bytes a colour. */
  readonly isCore?: boolean;
}

const INFO_BYTES = 40;
const V5_BYTES = 124;
const CORE_BYTES = 12;

/** A bitmap as Windows writes it: `upper` in its upper half, `lower` below. */
export function bitmap(shape: BitmapShape, upper: Colour, lower: Colour): Buffer {
  const header = headerOf(shape);
  const palette = shape.bits <= 8 ? paletteOf(shape, [upper, lower]) : Buffer.alloc(0);
  const rows = Array.from({ length: shape.height }, (_, y) => {
    const isUpper = y < shape.height / 2;
    return rowOf(shape, isUpper ? upper : lower, isUpper ? 0 : 1);
  });
  const pixels = Buffer.concat(shape.isTopDown === true ? rows : rows.toReversed());
  const file = Buffer.alloc(14);
  file.write("BM", 0, "latin1");
  file.writeUInt32LE(14 + header.byteLength + palette.byteLength + pixels.byteLength, 2);
  file.writeUInt32LE(14 + header.byteLength + palette.byteLength, 10);
  return Buffer.concat([file, header, palette, pixels]);
}

function headerOf({ bits, width, height, isTopDown, hasAlpha, isCore }: BitmapShape): Buffer {
  const header = Buffer.alloc(isCore === true ? CORE_BYTES : hasAlpha === true ? V5_BYTES : INFO_BYTES);
  header.writeUInt32LE(header.byteLength, 0);
  if (isCore === true) {
    header.writeUInt16LE(width, 4);
    header.writeUInt16LE(height, 6);
    header.writeUInt16LE(1, 8);
    header.writeUInt16LE(bits, 10);
    return header;
  }
  header.writeInt32LE(width, 4);
  header.writeInt32LE(isTopDown === true ? -height : height, 8);
  header.writeUInt16LE(1, 12);
  header.writeUInt16LE(bits, 14);
  header.writeUInt32LE(bits <= 8 ? 2 : 0, 32);
  if (hasAlpha === true) {
    header.writeUInt32LE(3, 16);
    [0xff0000, 0xff00, 0xff, 0xff000000].forEach((mask, index) => header.writeUInt32LE(mask, 40 + index * 4));
  }
  return header;
}

function paletteOf({ bits, isCore }: BitmapShape, colours: readonly Colour[]): Buffer {
  const entries = colours.map(({ r, g, b }) => Buffer.from(isCore === true ? [b, g, r] : [b, g, r, 0]));
  // The first header has no place to say that there are fewer.
  return isCore === true ? Buffer.concat(entries, 2 ** bits * 3) : Buffer.concat(entries);
}

function rowOf({ bits, width, fourth = 0 }: BitmapShape, { r, g, b }: Colour, index: number): Buffer {
  const row = Buffer.alloc(Math.ceil((width * bits) / 32) * 4);
  // Each bit of the byte is of a pixel, or each half, or all of it.
  if (bits <= 8) return row.fill({ 1: 0xff, 4: 0x11, 8: 0x01 }[bits as 1 | 4 | 8] * index);
  for (let x = 0; x < width; x++) {
    if (bits === 16) row.writeUInt16LE(((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3), x * 2);
    else row.set(bits === 24 ? [b, g, r] : [b, g, r, fourth], (x * bits) / 8);
  }
  return row;
}
