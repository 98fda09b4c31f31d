import readExif from "exif-reader";
import type { Properties } from "#contract/properties.ts";
import { readPlace } from "../places.ts";

/** A JPEG's EXIF is one segment of at most so much; what else claims to be EXIF has no reason to be larger. */
const MAX_EXIF_BYTES = 64 * 1024;
const MAX_CHARACTERS = 200;
const CONTROLS = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}]+/gu;
/** Before it, a date is a camera's that was never set. */
const FIRST_YEAR = 1900;

type Camera = Pick<Properties, "cameraMake" | "cameraModel" | "takenAt">;
type Taken = Camera & Pick<Properties, "latitude" | "longitude">;

/**
 * What a photo's EXIF tells of when, where and with what it was taken, as far as it can be read.
 * @param exif as in a file, with or without "Exif\0\0" before it
 */
export function readTaken(exif: Buffer | undefined): Taken {
  if (exif === undefined || exif.byteLength > MAX_EXIF_BYTES) return {};
  try {
    const { Image, Photo, GPSInfo } = readExif(exif);
    const takenAt =
      formatTime(Photo?.DateTimeOriginal, Photo?.OffsetTimeOriginal) ??
      formatTime(Photo?.DateTimeDigitized, Photo?.OffsetTimeDigitized);
    const camera = { cameraMake: tidy(Image?.Make), cameraModel: tidy(Image?.Model), takenAt };
    return { ...dropMissing(camera), ...placeOf(GPSInfo) };
  } catch {
    return {};
  }
}

function placeOf(gps: Readonly<Record<string, unknown>> = {}): ReturnType<typeof readPlace> {
  const latitude = degreesOf(gps["GPSLatitude"], gps["GPSLatitudeRef"], "N", "S");
  const longitude = degreesOf(gps["GPSLongitude"], gps["GPSLongitudeRef"], "E", "W");
  return latitude === undefined || longitude === undefined ? {} : readPlace(latitude, longitude);
}

/** Of degrees, minutes and seconds. Without the half of the earth that they are counted on, they say nothing. */
function degreesOf(parts: unknown, half: unknown, positive: string, negative: string): number | undefined {
  const letter = typeof half === "string" ? half.slice(0, 1).toUpperCase() : "";
  if (!Array.isArray(parts) || parts.length !== 3 || ![positive, negative].includes(letter)) return undefined;
  const [degrees, minutes, seconds] = parts.map(Number);
  const value = (degrees ?? Number.NaN) + (minutes ?? 0) / 60 + (seconds ?? 0) / 3600;
  return Number.isFinite(value) ? value * (letter === negative ? -1 : 1) : undefined;
}

/** RFC 3339, without an offset where the camera told none: the library reads its local time as if it were UTC. */
function formatTime(time: unknown, offset: unknown): string | undefined {
  if (!(time instanceof Date) || !(time.getUTCFullYear() >= FIRST_YEAR)) return undefined;
  const isOffset = typeof offset === "string" && /^[+-](?:0\d|1[0-4]):[0-5]\d/.test(offset);
  return `${time.toISOString().slice(0, 19)}${isOffset ? offset.slice(0, 6) : ""}`;
}

/** Text as cameras write it: ASCII, or bytes of UTF-8; padded with spaces or zeros. */
function tidy(text: unknown): string | undefined {
  const read = Buffer.isBuffer(text) ? text.toString("utf8") : text;
  if (typeof read !== "string") return undefined;
  const [first = ""] = read.split("\0", 1);
  return first.replaceAll(CONTROLS, " ").trim().slice(0, MAX_CHARACTERS) || undefined;
}

function dropMissing(taken: Record<keyof Camera, string | undefined>): Camera {
  return Object.fromEntries(Object.entries(taken).filter(([, value]) => value !== undefined));
}
