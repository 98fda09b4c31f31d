/**
 * The process that makes a thumbnail of a page: started by thumbnail.ts in a sandbox, with a directory and the name of a
 * picture in it (PNG or SVG) as its arguments.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";

/** Pages are drawn by us, with at most 600 pixels a side. */
const MAX_PIXELS = 1_000_000;
const THUMBNAIL_PIXELS = 150;

async function main(directory: string, name: string): Promise<void> {
  sharp.concurrency(1);
  sharp.cache(false);
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: ["VipsForeignLoadPng", "VipsForeignLoadSvg"] });
  await sharp(await readFile(join(directory, name)), { limitInputPixels: MAX_PIXELS })
    .flatten({ background: "white" })
    // Of a page, its top says most.
    .resize(THUMBNAIL_PIXELS, THUMBNAIL_PIXELS, { fit: "cover", position: "top" })
    .webp({ quality: 80 })
    .toFile(join(directory, "thumbnail.webp"));
}

// The processor holds the other end: if it is killed, nobody waits for this picture.
process.stdin.on("end", () => process.exit(1)).resume();

try {
  await main(process.argv[2] ?? "", process.argv[3] ?? "");
  process.exit(0);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
