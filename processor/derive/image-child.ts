/**
 * The process that opens pictures: started by images.ts in a sandbox, with a scratch directory and a task as its only
 * arguments; or ahead of its one task (images/spare-child.ts), which comes as the first line of its input then. It reads one file there, writes derivatives beside it, prints a line for each thing, and knows nothing of
 * stores, queues or secrets. What one derivative fails by is no matter of the others.
 */
import { once } from "node:events";
import { join } from "node:path";
import sharp, { type OutputInfo, type Sharp } from "sharp";
import type { ImageFault, ImageLine } from "./image-protocol.ts";
import { type Base, CutError, decodeBase, hashOf } from "./images/base.ts";
import { BitmapError } from "./images/bmp-header.ts";
import { draw, MAX_PIXELS, openPicture, OPTIMIZED_PIXELS, type Picture } from "./images/source.ts";
import {
  BASE_FILE,
  type DerivedImage,
  fileOf,
  type ImageTask,
  MOVING_FILE,
  parseTask,
} from "./images/task.ts";

const THUMBNAIL_PIXELS = 150;
const FAST_PNG = { compressionLevel: 1 } as const;
/** Of 0 to 6: as good as 4, the usual (0.2 dB less), in half the time and a fortieth more bytes. */
const WEBP_EFFORT = 2;
/** Of 0 to 9: at 2 a second for the largest and 130 MiB; 4, the usual, takes six for a tenth fewer bytes. */
const AVIF_EFFORT = 2;
/** As good as WebP at 85, in a fifth fewer bytes. */
const AVIF_QUALITY = 60;
/** Pixels of all frames of an optimised animation: about twenty seconds' work. */
const MAX_ANIMATED_PIXELS = 120_000_000;

function prepare(): void {
  // One thread a pipeline: the processor already runs as many jobs as there are cores.
  sharp.concurrency(1);
  sharp.cache(false);
  blockUnusedLoaders();
}

async function main(scratch: string, task: ImageTask): Promise<void> {
  const picture = await open(scratch, task);
  if (picture === undefined) return;
  if (task.make === "animation") return attempt("optimized", () => writeAnimation(picture, scratch));
  if (task.make === "avif") return attempt("optimized-avif", () => writeAvif(picture, scratch));
  const base = await decode(picture, task);
  if (base === undefined) return;
  // All of it small, and of pixels that are there: at once.
  await Promise.all([
    describe(picture, base),
    ...task.wanted.map((name) => make(name, picture, base, scratch)),
  ]);
  if (canMove(picture)) print({ line: "moves" });
}

/** Only the loaders of the types that images.ts sends here; libvips has more, some of them little used. */
function blockUnusedLoaders(): void {
  sharp.block({ operation: ["VipsForeignLoad"] });
  const loaders = ["Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif", "Svg"];
  sharp.unblock({ operation: loaders.map((name) => `VipsForeignLoad${name}`) });
}

async function open(scratch: string, { file, isUpright, wanted }: ImageTask): Promise<Picture | undefined> {
  try {
    return await openPicture(join(scratch, file), isUpright);
  } catch (error) {
    for (const name of wanted) fail(name, error);
    return undefined;
  }
}

async function decode(picture: Picture, { wanted }: ImageTask): Promise<Base | undefined> {
  try {
    return await decodeBase(picture);
  } catch (error) {
    // Its header could be read. A drawing's size is what it is drawn in.
    if (!picture.isVector) print({ line: "properties", properties: picture.properties });
    const { hasAlpha, heifCodec, primary } = picture;
    if (heifCodec !== undefined)
      print({ line: "undecoded", hasAlpha, primary, isHevc: heifCodec === "hevc" });
    for (const name of wanted) fail(name, error);
    return undefined;
  }
}

async function describe({ properties }: Picture, base: Base): Promise<void> {
  print({ line: "properties", properties: { ...properties, thumbHash: await hashOf(base) } });
}

async function make(name: DerivedImage, picture: Picture, base: Base, scratch: string): Promise<void> {
  if (name === "thumbnail") return attempt(name, () => writeThumbnail(picture, base, scratch));
  if (name === "optimized")
    return attempt(name, () => write(name, base.open().webp({ quality: 85, effort: WEBP_EFFORT }), scratch));
  // Written by a second run, which takes the memory that this one gives back.
  await base.open().png(FAST_PNG).toFile(join(scratch, BASE_FILE));
}

async function attempt(name: DerivedImage, make: () => Promise<void>): Promise<void> {
  try {
    await make();
  } catch (error) {
    fail(name, error);
  }
}

async function writeThumbnail(picture: Picture, base: Base, scratch: string): Promise<void> {
  const image = coversThumbnail(picture, base) ? base.open() : drawMiddle(picture);
  await write(
    "thumbnail",
    image.resize(THUMBNAIL_PIXELS, THUMBNAIL_PIXELS, { fit: "cover" }).webp({ quality: 80 }),
    scratch,
  );
}

/** Not so where a long and narrow picture lost of its width too. */
function coversThumbnail(picture: Picture, base: Base): boolean {
  return Math.min(base.width, base.height) >= Math.min(THUMBNAIL_PIXELS, picture.width, picture.height);
}

/** The square that a thumbnail shows. */
function drawMiddle(picture: Picture): Sharp {
  const side = Math.min(picture.width, picture.height);
  const left = Math.floor((picture.width - side) / 2);
  const top = Math.floor((picture.height - side) / 2);
  return draw(picture, { failOn: "none" }).extract({ left, top, width: side, height: side });
}

function canMove({ width, height, frames }: Picture): boolean {
  const scale = Math.min(1, OPTIMIZED_PIXELS / Math.max(width, height));
  const pixels = width * height * frames;
  return frames > 1 && pixels <= MAX_PIXELS && pixels * scale ** 2 <= MAX_ANIMATED_PIXELS;
}

async function writeAnimation(picture: Picture, scratch: string): Promise<void> {
  const image = draw(picture, { animated: true, failOn: "none" })
    .resize(OPTIMIZED_PIXELS, OPTIMIZED_PIXELS, { fit: "inside", withoutEnlargement: true })
    .webp({ quality: 85, effort: WEBP_EFFORT });
  await write("optimized", image, scratch, MOVING_FILE);
}

async function writeAvif(picture: Picture, scratch: string): Promise<void> {
  const image = draw(picture, {}).avif({ quality: AVIF_QUALITY, effort: AVIF_EFFORT });
  await write("optimized-avif", image, scratch);
}

async function write(name: DerivedImage, image: Sharp, scratch: string, file = fileOf(name)): Promise<void> {
  const info = await image.toFile(join(scratch, file));
  print({ line: "made", name, ...measure(info) });
}

/** libvips stacks the frames of an animation on top of each other; its height is that of one. */
function measure({ width, height, pageHeight }: OutputInfo): { width: number; height: number } {
  return { width, height: pageHeight ?? height };
}

function fail(name: DerivedImage, error: unknown): void {
  print({ line: "failed", name, fault: faultOf(error) });
}

function faultOf(error: unknown): ImageFault {
  if (error instanceof CutError) return "cut";
  if (error instanceof BitmapError) return error.fault;
  const message = error instanceof Error ? error.message : "";
  return /exceeds pixel limit|out of memory|too (?:large|many)/i.test(message) ? "too-large" : "damaged";
}

function print(line: ImageLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** From the first line, which is short enough for a pipe to bring it in one piece. */
async function readTask(): Promise<ImageTask> {
  const [line] = (await once(process.stdin, "data")) as [Buffer];
  return parseTask(JSON.parse(line.toString()) as string[]);
}

// The processor holds the other end: if it is killed, nobody waits for this picture.
process.stdin.on("end", () => process.exit(1)).resume();

try {
  const [, , scratch = "", ...task] = process.argv;
  prepare();
  await main(scratch, task.length === 0 ? await readTask() : parseTask(task));
  process.exit(0);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
