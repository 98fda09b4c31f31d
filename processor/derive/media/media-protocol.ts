import { z } from "zod";

const Pixels = z.int().min(1);

export const POSTER_FILE = "poster.webp";
export const THUMBNAIL_FILE = "thumbnail.webp";
export const WAVEFORM_FILE = "waveform.json";

/** PQ and HLG (ITU-R BT.2100), as ffmpeg calls them. */
export const HdrTransfer = z.enum(["smpte2084", "arib-std-b67"]);
export type HdrTransfer = z.infer<typeof HdrTransfer>;

const Input = z.object({
  /** The name of the file, in the directory. */
  file: z.string(),
  /** What ffmpeg is told before it is named (types.ts). */
  options: z.array(z.string()),
});

/** What the child is to do, as JSON in its second argument. */
export const MediaTask = z.discriminatedUnion("task", [
  z.object({
    task: z.literal("picture"),
    input: Input,
    streamIndex: z.int().min(0),
    /** Of the poster. */
    width: Pixels,
    height: Pixels,
    hdrTransfer: HdrTransfer.nullable(),
    /** Where to look for a frame, one after the other until one isn't black. */
    seconds: z.array(z.number().min(0)).min(1),
  }),
  /** With a thumbnail of it, where there is no other. */
  z.object({ task: z.literal("waveform"), input: Input, isDrawn: z.boolean() }),
]);
export type MediaTask = z.infer<typeof MediaTask>;
export type PictureTask = Extract<MediaTask, { task: "picture" }>;
export type WaveformTask = Extract<MediaTask, { task: "waveform" }>;

/** The one line that the child prints when it has made a waveform. It has read a hostile file by then. */
export const WaveformOutput = z.object({ durationSeconds: z.number().min(0) });
