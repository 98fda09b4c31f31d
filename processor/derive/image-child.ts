/**
 * The process that opens pictures: started by images.ts in a sandbox, with a scratch directory as its only argument. It
 * reads `original`, writes the derivatives beside it, prints one line, and knows nothing of stores, queues or secrets.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Metadata, type OutputInfo, type SharpOptions } from "sharp";
import { DERIVED_EXTENSION, type ImageOutput, ORIGINAL_FILE } from "./image-protocol.ts";

/** The largest phone cameras make 200 megapixels. All frames of an animation count together. */
const MAX_PIXELS = 200_000_000;
const THUMBNAIL_PIXELS = 150;
const OPTIMIZED_PIXELS = 1_200;
/** CSS pixels per inch: what a length in an SVG means. */
const SVG_DENSITY = 72;

const BASE_OPTIONS = {
  autoOrient: true,
  limitInputPixels: MAX_PIXELS,
  failOn: "error",
} as const satisfies SharpOptions;

type Input = string | Buffer;
type DerivedImage = ImageOutput["derivatives"][number];

async function main(scratch: string): Promise<void> {
  // One thread a pipeline: the processor already runs as many jobs as there are cores.
  sharp.concurrency(1);
  sharp.cache(false);
  blockUnusedLoaders();
  const path = join(scratch, ORIGINAL_FILE);
  const metadata = await sharp(path, BASE_OPTIONS).metadata();
  const vector = metadata.format === "svg";
  // From a buffer an SVG has no place on disk, so that nothing beside it can be meant by it.
  const input = vector ? await readFile(path) : path;
  const options = vector ? { ...BASE_OPTIONS, density: chooseDensity(metadata) } : BASE_OPTIONS;
  const derivatives = await Promise.all([
    writeThumbnail(input, options, scratch),
    writeOptimized(
      input,
      { ...options, animated: (metadata.pages ?? 1) > 1 && isAnimation(metadata) },
      scratch,
    ),
  ]);
  const output: ImageOutput = { properties: describe(metadata), derivatives };
  process.stdout.write(`${JSON.stringify(output)}\n`);
}

/** Only the loaders of the types that images.ts sends here; libvips has more, some of them little used. */
function blockUnusedLoaders(): void {
  sharp.block({ operation: ["VipsForeignLoad"] });
  const loaders = ["Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif", "Svg"];
  sharp.unblock({ operation: loaders.map((name) => `VipsForeignLoad${name}`) });
}

async function writeThumbnail(input: Input, options: SharpOptions, scratch: string): Promise<DerivedImage> {
  const info = await sharp(input, options)
    .resize(THUMBNAIL_PIXELS, THUMBNAIL_PIXELS, { fit: "cover" })
    .webp({ quality: 80 })
    .toFile(join(scratch, `thumbnail.${DERIVED_EXTENSION}`));
  return { name: "thumbnail", ...measure(info) };
}

async function writeOptimized(input: Input, options: SharpOptions, scratch: string): Promise<DerivedImage> {
  const info = await sharp(input, options)
    .resize(OPTIMIZED_PIXELS, OPTIMIZED_PIXELS, { fit: "inside", withoutEnlargement: true })
    .webp({ quality: 85 })
    .toFile(join(scratch, `optimized.${DERIVED_EXTENSION}`));
  return { name: "optimized", ...measure(info) };
}

/** libvips stacks the frames of an animation on top of each other; its height is that of one. */
function measure({ width, height, pageHeight }: OutputInfo): { width: number; height: number } {
  return { width, height: pageHeight ?? height };
}

/** The pages of a TIFF or a HEIF are pictures of their own. */
function isAnimation({ format }: Metadata): boolean {
  return format === "gif" || format === "webp";
}

/** A density at which the longer side of a drawing is as long as a derivative may be. */
function chooseDensity({ width, height }: Metadata): number {
  return Math.min(2_400, Math.max(1, (SVG_DENSITY * OPTIMIZED_PIXELS) / Math.max(width, height)));
}

function describe({ autoOrient, format, pages }: Metadata): ImageOutput["properties"] {
  return { width: autoOrient.width, height: autoOrient.height, format, frames: pages ?? 1 };
}

// The processor holds the other end: if it is killed, nobody waits for this picture.
process.stdin.on("end", () => process.exit(1)).resume();

try {
  await main(process.argv[2] ?? "");
  process.exit(0);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
