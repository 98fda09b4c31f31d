import sharp from "sharp";
import { expect } from "vitest";

export interface Pixel {
  readonly r: number;
  readonly g: number;
  readonly b: number;
  readonly alpha: number;
}

/** A pixel of a picture's first frame, at a part of its width and height from 0 to 1. */
export async function pixelOf(image: Buffer | undefined, x: number, y: number): Promise<Pixel> {
  const { data, info } = await sharp(image ?? Buffer.alloc(0))
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const left = Math.min(info.width - 1, Math.floor(x * info.width));
  const top = Math.min(info.height - 1, Math.floor(y * info.height));
  const [r = 0, g = 0, b = 0, alpha = 0] = data.subarray((top * info.width + left) * 4);
  return { r, g, b, alpha };
}

/** Expects a colour within what is lost by compression. */
export function near({ r, g, b }: Omit<Pixel, "alpha">, slack = 6) {
  const close = (value: number) => expect.toSatisfy((seen: number) => Math.abs(seen - value) <= slack);
  return { r: close(r), g: close(g), b: close(b), alpha: 255 };
}
