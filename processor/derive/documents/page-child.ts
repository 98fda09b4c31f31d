/**
 * The process that makes a WebP of the picture of a page: started by thumbnail.ts in a sandbox, with a directory, the name
 * of a picture in it (PNG or SVG), and whether a thumbnail or the whole page is wanted as its arguments. It prints the
 * size of what it made.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";

/** Pages are drawn by us: 1,200 pixels wide, and so long that it is a strip of paper. */
const MAX_PIXELS = 1_200 * 6_000;
const THUMBNAIL_PIXELS = 150;

async function main(directory: string, name: string, wanted: string): Promise<void> {
  sharp.concurrency(1);
  sharp.cache(false);
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: ["VipsForeignLoadPng", "VipsForeignLoadSvg"] });
  const picture = await readFile(join(directory, name));
  const page = sharp(picture, { limitInputPixels: MAX_PIXELS }).flatten({ background: "white" });
  // Of a page, its top says most.
  const size = [THUMBNAIL_PIXELS, THUMBNAIL_PIXELS, { fit: "cover", position: "top" }] as const;
  const image = wanted === "thumbnail" ? page.resize(...size) : page;
  const { width, height } = await image.webp({ quality: 80 }).toFile(join(directory, `${wanted}.webp`));
  process.stdout.write(`${width}x${height}`);
}

// The processor holds the other end: if it is killed, nobody waits for this picture.
process.stdin.on("end", () => process.exit(1)).resume();

try {
  await main(process.argv[2] ?? "", process.argv[3] ?? "", process.argv[4] ?? "");
  process.exit(0);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
