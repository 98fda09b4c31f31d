/**
 * The process that makes pictures and waveforms of media: started by media.ts in a sandbox, with a directory and a task
 * (media-protocol.ts) as its arguments. It runs ffmpeg, which so is in the sandbox too, and looks at what comes out.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { runFfmpeg } from "./ffmpeg.ts";
import {
  type HdrTransfer,
  MediaTask,
  type PictureTask,
  POSTER_FILE,
  THUMBNAIL_FILE,
  WAVEFORM_FILE,
  type WaveformTask,
} from "./media-protocol.ts";
import { Peaks, SAMPLE_RATE_HZ } from "./peaks.ts";
import { drawPeaks } from "./sound-picture.ts";

const THUMBNAIL_PIXELS = 150;
/** Of one try for a frame: to come to it, all frames since the last whole one are decoded. */
const FRAME_TIME_MS = 15_000;
/** The sandbox ends it before. */
const SOUND_TIME_MS = 600_000;
/** Of 255, over all of a frame: titles on black are over it, the noise of a camera under its cap isn't. */
const DARK = 10;
/** Frames of which the most ordinary one is taken, so that it is no flash and no fade. */
const FRAMES = 12;
const POSTER_QUALITIES = [80, 60, 40, 20];
/** As in the table of forms (contract/derivatives.ts). */
const MAX_POSTER_BYTES = 2 ** 20;
interface Frame {
  readonly pixels: Buffer;
  readonly brightness: number;
}

async function main(directory: string, task: MediaTask): Promise<void> {
  if (task.task === "waveform") return drawWaveform(directory, task);
  const frame = await findFrame(task);
  if (frame === undefined) throw new Error("no frame could be read");
  sharp.concurrency(1);
  sharp.cache(false);
  // Pixels are all that it reads here.
  sharp.block({ operation: ["VipsForeignLoad"] });
  const { width, height } = task;
  const picture = sharp(frame.pixels, { raw: { width, height, channels: 3 } });
  await writeFile(join(directory, POSTER_FILE), await packPoster(picture));
  await picture
    .clone()
    .resize(THUMBNAIL_PIXELS, THUMBNAIL_PIXELS, { fit: "cover" })
    .webp({ quality: 80 })
    .toFile(join(directory, THUMBNAIL_FILE));
}

/** The first frame that isn't dark, or the brightest of those that are. */
async function findFrame(task: PictureTask): Promise<Frame | undefined> {
  let best: Frame | undefined;
  for (const seconds of task.seconds) {
    const frame = await readFrame(task, seconds);
    if (frame !== undefined && frame.brightness > (best?.brightness ?? -1)) best = frame;
    if (best !== undefined && best.brightness > DARK) break;
  }
  return best;
}

async function readFrame(task: PictureTask, seconds: number): Promise<Frame | undefined> {
  const { input, streamIndex, width, height, hdrTransfer } = task;
  const filters = [
    `scale=${width}:${height}`,
    ...(hdrTransfer === null ? [] : mapTones(hdrTransfer)),
    ...["setsar=1", "format=rgb24", `thumbnail=n=${FRAMES}`],
  ];
  const sizeBytes = width * height * 3;
  const chunks: Buffer[] = [];
  await runFfmpeg(
    [
      ...[...input.options, ...(seconds > 0 ? ["-ss", String(seconds)] : []), "-i", input.file],
      ...["-map", `0:${streamIndex}`, "-filter_threads", "1", "-vf", filters.join(",")],
      ...["-frames:v", "1", "-f", "rawvideo"],
    ],
    FRAME_TIME_MS,
    (chunk) => chunks.push(chunk),
  );
  const pixels = Buffer.concat(chunks);
  // A frame that is whole is one, whatever came behind it.
  return pixels.byteLength === sizeBytes ? { pixels, brightness: mean(pixels) } : undefined;
}

/** From light as it is measured to what a screen shows. Primaries and matrix go with the transfer, and aren't always told. */
function mapTones(transfer: HdrTransfer): readonly string[] {
  return [
    `setparams=color_trc=${transfer}:color_primaries=bt2020:colorspace=bt2020nc`,
    ...["zscale=t=linear:npl=100", "format=gbrpf32le", "zscale=p=709", "tonemap=hable:desat=0"],
    "zscale=t=709:m=709:r=full",
  ];
}

function mean(bytes: Buffer): number {
  return bytes.reduce((sum, byte) => sum + byte, 0) / bytes.byteLength;
}

async function packPoster(picture: Sharp): Promise<Buffer> {
  let bytes = Buffer.of();
  for (const quality of POSTER_QUALITIES) {
    bytes = await picture.clone().webp({ quality }).toBuffer();
    if (bytes.byteLength <= MAX_POSTER_BYTES) break;
  }
  return bytes;
}

async function drawWaveform(directory: string, { input, isDrawn }: WaveformTask): Promise<void> {
  const { options, file } = input;
  const peaks = new Peaks();
  let rest: Buffer = Buffer.of();
  const { isWhole } = await runFfmpeg(
    [
      ...[...options, "-i", file, "-map", "0:a:0", "-filter_threads", "1"],
      ...["-ac", "1", "-ar", String(SAMPLE_RATE_HZ), "-f", "s16le"],
    ],
    SOUND_TIME_MS,
    (chunk) => {
      const bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
      const wholeBytes = bytes.byteLength - (bytes.byteLength % 2);
      rest = bytes.subarray(wholeBytes);
      peaks.push(toSamples(bytes.subarray(0, wholeBytes)));
    },
  );
  const durationSeconds = Math.round(peaks.durationSeconds * 1000) / 1000;
  if (!isWhole || durationSeconds === 0) throw new Error("the sound could not be read to its end");
  const waveform = { version: 1, durationSeconds, peaks: peaks.finish() };
  await writeFile(join(directory, WAVEFORM_FILE), JSON.stringify(waveform));
  if (isDrawn) await writeSoundPicture(directory, waveform.peaks);
  process.stdout.write(`${JSON.stringify({ durationSeconds })}\n`);
}

async function writeSoundPicture(directory: string, peaks: readonly number[]): Promise<void> {
  const raw = { width: THUMBNAIL_PIXELS, height: THUMBNAIL_PIXELS, channels: 3 } as const;
  await sharp(drawPeaks(peaks), { raw }).webp({ quality: 80 }).toFile(join(directory, THUMBNAIL_FILE));
}

/** An array of 16 bits has to begin at an even place in memory. */
function toSamples(bytes: Buffer): Int16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : Uint8Array.from(bytes);
  return new Int16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

// The processor holds the other end: if it is killed, nobody waits for this.
process.stdin.on("end", () => process.exit(1)).resume();

try {
  await main(process.argv[2] ?? "", MediaTask.parse(JSON.parse(process.argv[3] ?? "")));
  process.exit(0);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
