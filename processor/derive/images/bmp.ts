/**
 * Reads Windows bitmaps, which libvips doesn't. What is larger than anything that is made of it is made smaller on the
 * way, so that memory doesn't grow with it. Without compression: others of it are hardly ever seen.
 */
import { BitmapError, type BmpHeader, readBmpHeader } from "./bmp-header.ts";
import { createPixelReader, type PixelReader } from "./bmp-pixels.ts";

export interface Bitmap {
  /** Of the file. */
  readonly width: number;
  readonly height: number;
  /** RGBA, the top row first, of the picture made smaller by a whole number. */
  readonly pixels: Uint8Array;
  readonly pixelsWidth: number;
  readonly pixelsHeight: number;
}

export interface BitmapLimits {
  readonly maxPixels: number;
  /** The picture is made smaller as long as its longer side stays this long. */
  readonly targetSide: number;
  /** Of its rows, from 0 to 1. */
  readonly leastPresent: number;
}

/**
 * Reads a bitmap; rows that the file lacks are black. Throws a BitmapError, or a RangeError where it ends within its
 * headers.
 */
export function readBitmap(bytes: Buffer, limits: BitmapLimits): Bitmap {
  const header = readBmpHeader(bytes);
  const { width, height } = header;
  if (width * height > limits.maxPixels) throw new BitmapError("too many pixels", "too-large");
  const present = (bytes.byteLength - header.pixelsAt) / (header.rowBytes * height);
  if (present < limits.leastPresent) throw new BitmapError("too few pixels", "cut");
  const step = Math.max(1, Math.floor(Math.max(width, height) / limits.targetSide));
  const pixelsWidth = Math.ceil(width / step);
  const pixelsHeight = Math.ceil(height / step);
  const pixels = new Uint8Array(pixelsWidth * pixelsHeight * 4);
  const read = createPixelReader(bytes, header);
  for (let row = 0; row < pixelsHeight; row++) {
    pixels.set(averageRow(read, header, step, row), row * pixelsWidth * 4);
  }
  return { width, height, pixels: makeOpaque(pixels), pixelsWidth, pixelsHeight };
}

/** One row of averages over squares of `step` × `step` pixels, each weighed by how opaque it is. */
function averageRow(read: PixelReader, { width, height }: BmpHeader, step: number, row: number): Uint8Array {
  const cells = Math.ceil(width / step);
  const sums = new Float64Array(cells * 4);
  const last = Math.min(height, (row + 1) * step);
  const pixel = Uint8Array.of(0, 0, 0, 255);
  for (let y = row * step; y < last; y++) {
    for (let x = 0; x < width; x++) {
      read(x, y, pixel);
      addPixel(sums, Math.floor(x / step) * 4, pixel);
    }
  }
  return averages(sums, (cell) => (Math.min(width, (cell + 1) * step) - cell * step) * (last - row * step));
}

/** Where nothing is opaque, the colours count all the same. */
const LEAST_WEIGHT = 1 / 65_536;

// Done for each pixel: destructuring would take longer than all else.
function addPixel(sums: Float64Array, at: number, pixel: Uint8Array): void {
  const alpha = pixel[3] ?? 0;
  const weight = alpha + LEAST_WEIGHT;
  sums[at] = (sums[at] ?? 0) + (pixel[0] ?? 0) * weight;
  sums[at + 1] = (sums[at + 1] ?? 0) + (pixel[1] ?? 0) * weight;
  sums[at + 2] = (sums[at + 2] ?? 0) + (pixel[2] ?? 0) * weight;
  sums[at + 3] = (sums[at + 3] ?? 0) + alpha;
}

function averages(sums: Float64Array, countOf: (cell: number) => number): Uint8Array {
  const row = new Uint8Array(sums.length);
  for (let at = 0; at < row.length; at += 4) {
    const count = countOf(at / 4);
    const alphas = sums[at + 3] ?? 0;
    const weight = alphas + count * LEAST_WEIGHT;
    for (let channel = 0; channel < 3; channel++) {
      row[at + channel] = Math.round((sums[at + channel] ?? 0) / weight);
    }
    row[at + 3] = Math.round(alphas / count);
  }
  return row;
}

/** Programs that know of no transparency leave 0 for it: a picture of which nothing could be seen is none. */
function makeOpaque(pixels: Uint8Array): Uint8Array {
  const isSeen = pixels.some((value, index) => index % 4 === 3 && value > 0);
  return isSeen ? pixels : pixels.map((value, index) => (index % 4 === 3 ? 255 : value));
}
