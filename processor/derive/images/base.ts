/** A picture decoded once, no larger than the largest of its derivatives: all that doesn't move is made of it. */
import sharp, { type Sharp } from "sharp";
import { rgbaToThumbHash } from "thumbhash";
import { draw, LEAST_PRESENT, OPTIMIZED_PIXELS, type Picture } from "./source.ts";

export interface Base {
  readonly width: number;
  readonly height: number;
  /** A new pipeline that begins with its pixels. */
  open(): Sharp;
}

/** The picture ends early, and there is less of it than would tell what it shows. */
export class CutError extends Error {}

/** Enough for what it keeps: waves of at most seven a side. */
const HASH_PIXELS = 50;

/** Decodes a picture; what is damaged, as far as it goes. Throws a CutError, or what sharp throws. */
export async function decodeBase(picture: Picture): Promise<Base> {
  try {
    return await decode(picture, "error");
  } catch (error) {
    if (picture.isVector) throw error;
    const base = await decode(picture, "none");
    if ((await measurePresent(base)) < LEAST_PRESENT) throw new CutError();
    return base;
  }
}

async function decode(picture: Picture, failOn: "error" | "none"): Promise<Base> {
  const { data, info } = await draw(picture, { failOn })
    .resize(OPTIMIZED_PIXELS, OPTIMIZED_PIXELS, { fit: "inside", withoutEnlargement: true })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { width, height, open: () => sharp(data, { raw: { width, height, channels } }) };
}

/** The part of its rows above those at its end that are of one colour throughout: what is missing is drawn like that. */
async function measurePresent({ height, width, open }: Base): Promise<number> {
  const { data, info } = await open().raw().toBuffer({ resolveWithObject: true });
  const rowBytes = width * info.channels;
  const last = data.subarray(-info.channels);
  const blank = Buffer.alloc(rowBytes, last);
  let rows = height;
  while (rows > 0 && data.subarray((rows - 1) * rowBytes, rows * rowBytes).equals(blank)) rows -= 1;
  return rows / height;
}

/** A picture of the picture (https://evanw.github.io/thumbhash/), as base64. */
export async function hashOf(base: Base): Promise<string> {
  const { data, info } = await base
    .open()
    .resize(HASH_PIXELS, HASH_PIXELS, { fit: "inside", withoutEnlargement: true })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString("base64");
}
