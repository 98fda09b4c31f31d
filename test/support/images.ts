import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";

/** A landscape photo as phones store it: upright by EXIF orientation 6 only, with a GPS position in its EXIF. */
export async function photoWithGps(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: { r: 200, g: 40, b: 40 } } })
    .composite([{ input: marker(width, height), left: 0, top: 0 }])
    .jpeg()
    .withMetadata({ orientation: 6 })
    .withExifMerge({
      IFD3: { GPSLatitudeRef: "N", GPSLatitude: "52/1 30/1 0/1" },
      IFD0: { Make: "Causeway" },
    })
    .toBuffer();
}

/** A blue quarter in the stored picture's top left corner: by it one sees which way up a derivative is. */
function marker(width: number, height: number) {
  const size = { width: Math.floor(width / 2), height: Math.floor(height / 2) };
  return { create: { ...size, channels: 3 as const, background: { r: 20, g: 20, b: 220 } } };
}

/** A plain picture of one colour. */
export async function picture(
  format: "png" | "webp" | "avif" | "tiff" | "jpeg",
  width: number,
  height: number,
) {
  return sharp({ create: { width, height, channels: 3, background: "teal" } })
    .toFormat(format)
    .toBuffer();
}

/** An animated GIF. */
export async function animatedGif(width: number, height: number, frames: number): Promise<Buffer> {
  const colours = ["red", "green", "blue", "white"];
  const pages = await Promise.all(
    Array.from({ length: frames }, (_, index) =>
      sharp({ create: { width, height, channels: 3, background: colours[index % 4] ?? "red" } })
        .png()
        .toBuffer(),
    ),
  );
  return sharp(pages, { join: { animated: true } })
    .gif({ delay: 100 })
    .toBuffer();
}

/** A PNG of a few hundred kilobytes at most that is `width` × `height` black pixels when it is opened. */
export function pixelBomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 1 bit a pixel, greyscale; the rest of the header is 0.
  header.writeUInt8(1, 8);
  const rows = Buffer.alloc((Math.ceil(width / 8) + 1) * height);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND")]);
}

function chunk(type: string, data: Uint8Array = new Uint8Array()): Buffer {
  const body = Buffer.concat([Buffer.from(type, "ascii"), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.byteLength, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}
