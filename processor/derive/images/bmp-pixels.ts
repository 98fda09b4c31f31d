import type { BmpHeader, Masks } from "./bmp-header.ts";

/** Puts a pixel's RGB, and its alpha where it has one, into `pixel`; `y` counts from the top. What the file lacks is black. */
export type PixelReader = (x: number, y: number, pixel: Uint8Array) => void;

export function createPixelReader(bytes: Buffer, header: BmpHeader): PixelReader {
  const { height, isTopDown, pixelsAt, rowBytes } = header;
  const readInRow = createRowReader(bytes, header);
  return (x, y, pixel) => {
    const at = pixelsAt + rowBytes * (isTopDown ? y : height - 1 - y);
    if (at + rowBytes <= bytes.byteLength) readInRow(at, x, pixel);
    else pixel.set(BLACK);
  };
}

const BLACK = [0, 0, 0, 255] as const;

type InRow = (at: number, x: number, pixel: Uint8Array) => void;

function createRowReader(bytes: Buffer, { bitsPerPixel, palette, masks }: BmpHeader): InRow {
  switch (bitsPerPixel) {
    case 1:
    case 4:
    case 8:
      return byPalette(bytes, bitsPerPixel, palette);
    case 24:
      return (at, x, pixel) => {
        const first = at + x * 3;
        pixel[0] = bytes[first + 2] ?? 0;
        pixel[1] = bytes[first + 1] ?? 0;
        pixel[2] = bytes[first] ?? 0;
      };
    case 16:
      return byMasks(masks, (at, x) => bytes.readUInt16LE(at + x * 2));
    case 32:
      return byMasks(masks, (at, x) => bytes.readUInt32LE(at + x * 4));
  }
}

function byPalette(bytes: Buffer, bits: 1 | 4 | 8, palette: BmpHeader["palette"]): InRow {
  const mask = 2 ** bits - 1;
  return (at, x, pixel) => {
    const bit = x * bits;
    // The leftmost pixel is in the highest bits.
    const value = ((bytes[at + (bit >> 3)] ?? 0) >> (8 - bits - (bit & 7))) & mask;
    const colour = palette[value] ?? BLACK;
    pixel[0] = colour[0];
    pixel[1] = colour[1];
    pixel[2] = colour[2];
  };
}

function byMasks(masks: Masks, read: (at: number, x: number) => number): InRow {
  const [red, green, blue, alpha] = [masks.red, masks.green, masks.blue, masks.alpha].map(readerOf);
  return (at, x, pixel) => {
    const value = read(at, x);
    pixel[0] = red?.(value) ?? 0;
    pixel[1] = green?.(value) ?? 0;
    pixel[2] = blue?.(value) ?? 0;
    pixel[3] = alpha?.(value) ?? 255;
  };
}

/** How a masked value becomes one of 0 to 255; undefined for an empty mask. */
function readerOf(mask: number): ((value: number) => number) | undefined {
  if (mask === 0) return undefined;
  const shift = 31 - Math.clz32(mask & -mask);
  const scale = 255 / (mask >>> shift);
  return (value) => Math.round(((value & mask) >>> shift) * scale);
}
