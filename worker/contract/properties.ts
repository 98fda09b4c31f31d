import { z } from "zod";
import { TOLD_ACTIVE_CONTENT, ToldActiveContent } from "./active-content.ts";

/** Of this schema: what is added later doesn't change it, what changes its meaning does. */
export const PROPERTIES_VERSION = 1;

const Count = z.int().min(0);
const Pixels = z.int().min(1);
const Short = z.string().max(40);
const Words = z.string().max(200);

/**
 * Facts about a version's bytes that the processor has seen on its way (R65). All may be missing; none is longer than a
 * line, since lists bring them all. Places are told only where the tenant wishes so.
 */
export const Properties = z
  .strictObject({
    propertiesVersion: z.literal(PROPERTIES_VERSION),
    /** As it is shown, upright. */
    width: Pixels,
    height: Pixels,
    /** Of what is inside: "jpeg", "mov", … */
    format: Short,
    frames: z.int().min(1),
    /** A picture of the picture, for before it is there: base64 of at most 28 bytes (https://evanw.github.io/thumbhash/). */
    thumbHash: z.base64().max(40),
    pages: Count,
    title: Words,
    author: Words,
    /** Of a text: the encoding that it was read by, as the Encoding Standard names it. */
    encoding: Short,
    lines: Count,
    durationSeconds: z.number().min(0),
    videoCodec: Short,
    audioCodec: Short,
    framesPerSecond: z.number().min(0),
    bitsPerSecond: Count,
    sampleRateHz: Count,
    channels: Count,
    /** Whether an MP4 or MOV begins with what a player needs first. */
    isFastStart: z.boolean(),
    artist: Words,
    album: Words,
    cameraMake: Words,
    cameraModel: Words,
    /** RFC 3339; without an offset where the camera told none. */
    takenAt: Short,
    activeContent: z
      .array(ToldActiveContent)
      .max(TOLD_ACTIVE_CONTENT.length)
      .meta({
        description:
          "What runs, fetches or is two things at once in it. `unknown`: not all of it could be looked at, so there " +
          "may be more. Absent where there is none, or where the tenant doesn't have it looked for",
      }),
    latitude: z.number().min(-90).max(90),
    longitude: z.number().min(-180).max(180),
  })
  .partial();
export type Properties = z.infer<typeof Properties>;
