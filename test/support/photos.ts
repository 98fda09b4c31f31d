/** Pictures as cameras, scanners and programs write them, made by the libraries that they are read with. */
import sharp, { type Sharp } from "sharp";

export interface Colour {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}
export const ORANGE: Colour = { r: 200, g: 100, b: 50 };

/** A picture of one colour, to be written in some form. */
export function plain(width: number, height: number, { r, g, b }: Colour = ORANGE): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  for (let at = 0; at < pixels.length; at += 3) pixels.set([r, g, b], at);
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** Red left and blue right, white in the upper left corner: one sees what it was turned by. */
export async function signpost(width: number, height: number): Promise<Sharp> {
  const create = (w: number, h: number, background: string) => ({
    create: { width: w, height: h, channels: 3 as const, background },
  });
  const corner = create(Math.floor(width / 4), Math.floor(height / 4), "white");
  const right = create(Math.floor(width / 2), height, "blue");
  const pixels = await sharp(create(width, height, "red"))
    .composite([
      { input: right, left: Math.ceil(width / 2), top: 0 },
      { input: corner, left: 0, top: 0 },
    ])
    .png()
    .toBuffer();
  return sharp(pixels);
}

/** A picture that no two rows of are the same, and that JPEG finds hard. */
export async function noisy(width: number, height: number): Promise<Sharp> {
  const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
  const pixels = await sharp({
    create: { width, height, channels: 3, background: "gray", noise },
  })
    .png({ compressionLevel: 1 })
    .toBuffer();
  return sharp(pixels);
}

/** A GIF of a few bytes a frame, each a single pixel of a large canvas. */
export function sparseGif(width: number, height: number, frames: number): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16LE(width, 0);
  size.writeUInt16LE(height, 2);
  // A palette of two colours; a frame's control block, its place and size, and one pixel: clear, colour 1, end (3 bit codes).
  const head = Buffer.concat([Buffer.from("GIF89a"), size, Buffer.from("800000ff0000ffffff", "hex")]);
  const frame = Buffer.from("21f9040005000000" + "2c00000000010001000002024c0100", "hex");
  return Buffer.concat([head, ...Array.from({ length: frames }, () => frame), Buffer.of(0x3b)]);
}
