/** How the child opens a picture, whatever it is: as something that sharp draws, with what is known of it. */
import { open, readFile } from "node:fs/promises";
import sharp, { type Metadata, type Sharp, type SharpInput, type SharpOptions } from "sharp";
import type { Properties } from "#contract/properties.ts";
import { readBitmap } from "./bmp.ts";
import { readTaken } from "./exif.ts";

/** The largest phone cameras make 16,320 × 12,240 or a little more. All frames of an animation count together. */
export const MAX_PIXELS = 16_384 ** 2;
/** How much of a picture that is cut has to be there, by its rows. */
export const LEAST_PRESENT = 0.25;
export const OPTIMIZED_PIXELS = 1_200;
/** CSS pixels per inch: what a length in an SVG means. */
const SVG_DENSITY = 72;
const MAX_SVG_DENSITY = 2_400;

export interface Picture {
  readonly input: SharpInput;
  readonly options: SharpOptions;
  /** Of what is drawn, upright: a file may have more. */
  readonly width: number;
  readonly height: number;
  /** Of an animation; 1 of what doesn't move. */
  readonly frames: number;
  readonly hasAlpha: boolean;
  readonly isVector: boolean;
  /** Of a HEIF: what its pixels are written by ("hevc", "av1", …). */
  readonly heifCodec?: string | undefined;
  /** Of a HEIF with several pictures: the one that is shown, from 0. */
  readonly primary: number;
  /** Its colours are 16 bit and by a profile: libvips takes those for wide ones unless told otherwise. */
  readonly isDeepWithProfile: boolean;
  readonly properties: Properties;
}

/** Opens a file by its header. Throws what sharp throws, or a BitmapError. */
export async function openPicture(path: string, isUpright: boolean): Promise<Picture> {
  if (await startsAsBitmap(path)) return openBitmap(path);
  const { options, metadata } = await readHeader(path, {
    autoOrient: !isUpright,
    limitInputPixels: MAX_PIXELS,
  });
  const isVector = metadata.format === "svg";
  const primary = metadata.format === "heif" ? (metadata.pagePrimary ?? 0) : 0;
  const { width, height } = isUpright ? metadata : metadata.autoOrient;
  const frames = isAnimation(metadata) ? (metadata.pages ?? 1) : 1;
  return {
    // From a buffer an SVG has no place on disk, so that nothing beside it can be meant by it.
    input: isVector ? await readFile(path) : path,
    options: { ...options, ...(isVector ? { density: chooseDensity(metadata) } : {}), page: primary },
    ...{ width, height, frames, isVector, hasAlpha: metadata.hasAlpha },
    ...{ heifCodec: metadata.compression, primary },
    isDeepWithProfile: metadata.depth === "ushort" && metadata.icc !== undefined,
    properties: { width, height, frames, format: metadata.format, ...describe(metadata) },
  };
}

/** A photo of 200 megapixels has 768 tiles, each an item: libheif takes 256 unless told otherwise. */
const TOO_MANY_ITEMS = /Security limit exceeded: iinf box/;

/** Throws what sharp throws. What isn't bounded by libheif then is by the number of pixels, and by the sandbox. */
async function readHeader(
  path: string,
  options: SharpOptions,
): Promise<{ options: SharpOptions; metadata: Metadata }> {
  try {
    return { options, metadata: await sharp(path, { ...options, failOn: "none" }).metadata() };
  } catch (error) {
    if (!(error instanceof Error && TOO_MANY_ITEMS.test(error.message)) || options.unlimited) throw error;
    return readHeader(path, { ...options, unlimited: true });
  }
}

/** The picture, upright and in sRGB. */
export function draw({ input, options, isDeepWithProfile }: Picture, more: SharpOptions): Sharp {
  const image = sharp(input, { ...options, ...more });
  return isDeepWithProfile ? image.withIccProfile("srgb", { attach: false }) : image;
}

async function startsAsBitmap(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return buffer.toString("latin1") === "BM";
}

async function openBitmap(path: string): Promise<Picture> {
  const limits = { maxPixels: MAX_PIXELS, targetSide: OPTIMIZED_PIXELS, leastPresent: LEAST_PRESENT };
  const { width, height, pixels, pixelsWidth, pixelsHeight } = readBitmap(await readFile(path), limits);
  return {
    input: pixels,
    options: { raw: { width: pixelsWidth, height: pixelsHeight, channels: 4 } },
    ...{ width: pixelsWidth, height: pixelsHeight, frames: 1, hasAlpha: true },
    ...{ isVector: false, isDeepWithProfile: false, primary: 0 },
    properties: { width, height, frames: 1, format: "bmp" },
  };
}

/** The pages of a TIFF or a HEIF are pictures of their own. */
function isAnimation({ format }: Metadata): boolean {
  return format === "gif" || format === "webp";
}

function describe({ format, pages, exif }: Metadata): Properties {
  return { ...(format === "tiff" ? { pages: pages ?? 1 } : {}), ...readTaken(exif) };
}

/** A density at which the longer side of a drawing is as long as a derivative may be. */
function chooseDensity({ width, height }: Metadata): number {
  const density = (SVG_DENSITY * OPTIMIZED_PIXELS) / Math.max(width, height);
  return Math.min(MAX_SVG_DENSITY, Math.max(1, density));
}
