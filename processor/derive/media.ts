import { basename, join } from "node:path";
import type { DerivativeName } from "#contract/derivatives.ts";
import { DERIVATIVE_FORMS, kindOf } from "#contract/derivatives.ts";
import type { Properties } from "#contract/properties.ts";
import { childScript } from "../sandbox/child-script.ts";
import {
  LATER,
  type Sandbox,
  type SandboxLimits,
  type SandboxResult,
  type ToolFault,
} from "../sandbox/sandbox.ts";
import type { Deriver, Original, Product } from "./deriver.ts";
import type { Work } from "./documents/run-tool.ts";
import type { MediaFacts, Picture } from "./media/facts.ts";
import { readFastStart } from "./media/fast-start.ts";
import type { MediaTask } from "./media/media-protocol.ts";
import { POSTER_FILE, THUMBNAIL_FILE, WAVEFORM_FILE, WaveformOutput } from "./media/media-protocol.ts";
import { probeMedia } from "./media/probe.ts";
import { findMediaType, inputOptions, type MediaType } from "./media/types.ts";
import { tellable } from "./places.ts";
import { failAll } from "./products.ts";

const MIB = 2 ** 20;
/** The largest video that may be uploaded where a tenant has no limits of its own (contract/file-types.ts). */
const MAX_ORIGINAL_BYTES = 500 * MIB;
const CHILD = new URL("./media/media-child.ts", import.meta.url).href;
const PICTURE_LIMITS: SandboxLimits = {
  ...{ timeMs: 50_000, memoryBytes: 1.5 * 2 ** 30, fileBytes: 4 * MIB },
  ...{ scratchBytes: 8 * MIB, processes: 96, niceness: LATER },
};
/**
 * Five hours of MP3 take 40 s of a core. With being told and measured (20 s each), a picture, and the reading of the
 * original (120 s) it comes to what a job has for derivatives (config.ts).
 */
const WAVEFORM_LIMITS: SandboxLimits = { ...PICTURE_LIMITS, timeMs: 90_000 };
const POSTER_PIXELS = 1_200;
/** A thumbnail's. */
const SQUARE = { width: 150, height: 150 };
/** Parts of a video in which a frame is looked for: not at its very beginning, which often is black. */
const PARTS = [0.1, 0.35, 0.65, 0];
/** The same where nobody knows how long it is. */
const SECONDS = [1, 5, 20, 0];

interface Media extends Work {
  readonly file: string;
  readonly type: MediaType;
  /** What people call it. */
  readonly noun: "video" | "sound";
}

/** Makes a picture of a video, and of a sound its cover and its waveform, by ffmpeg. */
export class MediaDeriver implements Deriver {
  readonly lane = "media";
  readonly kinds = ["video", "audio"] as const;
  readonly needs = ["ffmpeg"] as const;
  readonly maxOriginalBytes = MAX_ORIGINAL_BYTES;
  readonly #sandbox: Pick<Sandbox, "run">;

  constructor(sandbox: Pick<Sandbox, "run">) {
    this.#sandbox = sandbox;
  }

  async *make(
    { type: mimeType, path, scratch, wishes }: Original,
    wanted: ReadonlySet<DerivativeName>,
    signal: AbortSignal,
  ): AsyncGenerator<Product, void> {
    const noun = kindOf(mimeType) === "audio" ? "sound" : "video";
    const type = findMediaType(mimeType);
    if (type === undefined) return yield* failAll(wanted, `A ${noun} of this type can't be opened here.`);
    const media: Media = { sandbox: this.#sandbox, scratch, signal, file: basename(path), type, noun };
    const probe = await probeMedia(media, media.file, type);
    if (!probe.ok) return yield* failAll(wanted, reasonOf(media, probe.reason));
    const { facts } = probe;
    yield { result: "properties", properties: tellable(await describe(path, type, facts), wishes) };
    // A sound without a cover is shown by its waveform.
    const isDrawn = noun === "sound" && facts.picture === undefined && facts.hasSound;
    const hasPictures = wanted.has("thumbnail") || wanted.has("poster");
    if (hasPictures && !isDrawn) yield* drawPicture(media, facts, wanted);
    if (wanted.has("waveform") || (hasPictures && isDrawn))
      yield* drawWaveform(media, facts, wanted, isDrawn);
  }
}

async function describe(
  path: string,
  { format, demuxers }: MediaType,
  facts: MediaFacts,
): Promise<Properties> {
  const isFastStart = demuxers.includes("mov") ? await readFastStart(path) : undefined;
  return { format, ...facts.properties, ...(isFastStart === undefined ? {} : { isFastStart }) };
}

async function* drawPicture(
  media: Media,
  { picture, properties }: MediaFacts,
  wanted: ReadonlySet<DerivativeName>,
): AsyncGenerator<Product, void> {
  const names = (["thumbnail", "poster"] as const).filter((name) => wanted.has(name));
  if (picture === undefined) {
    const reason =
      media.noun === "video" ? "The video has no picture, only sound." : "The sound has no cover.";
    for (const name of names) yield { result: "none", name, reason };
    return;
  }
  if (picture === "unreadable") return yield* failAll(names, reasonOf(media, "failed"));
  const size = fit(picture);
  const result = await runChild(media, PICTURE_LIMITS, {
    ...{
      task: "picture",
      input: inputOf(media),
      streamIndex: picture.index,
      hdrTransfer: picture.hdrTransfer,
      ...size,
    },
    seconds: chooseSeconds(picture, properties.durationSeconds),
  });
  for (const name of names) {
    if (!result.ok) yield { result: "failed", name, reason: reasonOf(media, result.reason) };
    else if (name === "poster") yield* made(media, name, POSTER_FILE, size);
    else yield* made(media, name, THUMBNAIL_FILE, SQUARE);
  }
}

/** The size of a poster: inside of its square, never larger than the video. */
function fit({ width, height }: Picture): { readonly width: number; readonly height: number } {
  const scale = Math.min(1, POSTER_PIXELS / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function chooseSeconds({ isStill }: Picture, durationSeconds: number | undefined): number[] {
  if (isStill) return [0];
  return durationSeconds === undefined ? SECONDS : PARTS.map((part) => part * durationSeconds);
}

async function* drawWaveform(
  media: Media,
  { hasSound, properties }: MediaFacts,
  wanted: ReadonlySet<DerivativeName>,
  isDrawn: boolean,
): AsyncGenerator<Product, void> {
  if (!hasSound) {
    yield { result: "none", name: "waveform", reason: "There is no sound in the file." };
    return;
  }
  const result = await runChild(media, WAVEFORM_LIMITS, { task: "waveform", input: inputOf(media), isDrawn });
  const durationSeconds = readDuration(result);
  const names = (["thumbnail", "waveform"] as const).filter((name) => wanted.has(name));
  if (durationSeconds === undefined) {
    return yield* failAll(
      isDrawn ? names : ["waveform"],
      reasonOf(media, result.ok ? "failed" : result.reason),
    );
  }
  // What has been played to its end is known better than what was reckoned from its first bytes.
  if (media.type.isReckoned || properties.durationSeconds === undefined) {
    yield { result: "properties", properties: { durationSeconds } };
  }
  for (const name of names) {
    if (name === "waveform") yield* made(media, name, WAVEFORM_FILE, { width: null, height: null });
    else if (isDrawn) yield* made(media, name, THUMBNAIL_FILE, SQUARE);
  }
}

function readDuration(result: SandboxResult): number | undefined {
  if (!result.ok) return undefined;
  try {
    return WaveformOutput.parse(JSON.parse(result.stdout)).durationSeconds;
  } catch {
    return undefined;
  }
}

function inputOf({ file, type }: Media): MediaTask["input"] {
  return { file, options: [...inputOptions(type)] };
}

async function runChild(
  { sandbox, scratch, signal }: Media,
  limits: SandboxLimits,
  task: MediaTask,
): Promise<SandboxResult> {
  const command = [process.execPath, childScript(CHILD), scratch, JSON.stringify(task)];
  return sandbox.run(command, scratch, limits, signal);
}

function* made(
  { scratch }: Media,
  name: DerivativeName,
  file: string,
  size: { readonly width: number | null; readonly height: number | null },
): Generator<Product, void> {
  const [form] = DERIVATIVE_FORMS[name];
  if (form !== undefined) yield { result: "made", name, form, path: join(scratch, file), ...size };
}

function reasonOf({ noun }: Media, reason: ToolFault): string {
  return reason === "deadline"
    ? `Reading the ${noun} took too long.`
    : `The ${noun} could not be read: it may be damaged.`;
}
