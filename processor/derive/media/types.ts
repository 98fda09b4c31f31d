/** How a type of media is opened. */
export interface MediaType {
  /** What is told as `format` (contract/properties.ts). */
  readonly format: string;
  /** ffmpeg's names of what may read it. Any other, a playlist's above all, could be told by the file to read something else. */
  readonly demuxers: readonly [string, ...string[]];
  /** Whether ffprobe reckons the duration from the first bytes and the size. */
  readonly isReckoned?: boolean;
}

const MOV = ["mov"] as const;
const MATROSKA = ["matroska"] as const;
const MPEG = ["mpeg", "mpegvideo", "mpegts"] as const;
const OGG = ["ogg"] as const;

const TYPES: Readonly<Record<string, MediaType>> = {
  "video/mp4": { format: "mp4", demuxers: MOV },
  "video/x-m4v": { format: "m4v", demuxers: MOV },
  "video/quicktime": { format: "mov", demuxers: MOV },
  "video/3gpp": { format: "3gp", demuxers: MOV },
  "video/3gpp2": { format: "3g2", demuxers: MOV },
  "video/webm": { format: "webm", demuxers: MATROSKA },
  "video/matroska": { format: "mkv", demuxers: MATROSKA },
  "video/x-matroska": { format: "mkv", demuxers: MATROSKA },
  "video/vnd.avi": { format: "avi", demuxers: ["avi"] },
  "video/x-msvideo": { format: "avi", demuxers: ["avi"] },
  "video/mpeg": { format: "mpeg", demuxers: MPEG },
  "video/mp1s": { format: "mpeg", demuxers: MPEG },
  "video/mp2p": { format: "mpeg", demuxers: MPEG },
  "video/mp2t": { format: "mpegts", demuxers: ["mpegts"] },
  "video/ogg": { format: "ogg", demuxers: OGG },
  "video/x-flv": { format: "flv", demuxers: ["flv"] },
  "video/x-ms-asf": { format: "asf", demuxers: ["asf"] },
  "audio/mpeg": { format: "mp3", demuxers: ["mp3"], isReckoned: true },
  "audio/mp4": { format: "m4a", demuxers: MOV },
  "audio/x-m4a": { format: "m4a", demuxers: MOV },
  "audio/aac": { format: "aac", demuxers: ["aac"], isReckoned: true },
  "audio/wav": { format: "wav", demuxers: ["wav"] },
  "audio/x-wav": { format: "wav", demuxers: ["wav"] },
  "audio/ogg": { format: "ogg", demuxers: OGG },
  "audio/opus": { format: "ogg", demuxers: OGG },
  "audio/flac": { format: "flac", demuxers: ["flac"] },
  "audio/x-flac": { format: "flac", demuxers: ["flac"] },
  "audio/webm": { format: "webm", demuxers: MATROSKA },
  "audio/aiff": { format: "aiff", demuxers: ["aiff"] },
  "audio/amr": { format: "amr", demuxers: ["amr"], isReckoned: true },
  "audio/x-caf": { format: "caf", demuxers: ["caf"] },
  "audio/x-ms-asf": { format: "asf", demuxers: ["asf"] },
};

export const MEDIA_TYPES: readonly MediaType[] = Object.values(TYPES);

/** How a type is opened, whatever parameters it has; undefined where it isn't. */
export function findMediaType(mimeType: string): MediaType | undefined {
  const name = (mimeType.split(";", 1)[0] ?? "").trim().toLowerCase();
  return Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
}

/** A frame of 8K is half of this; in the widest pixels this much is 256 MiB. */
const MAX_PIXELS = 64 * 2 ** 20;
const MAX_ALLOCATION_BYTES = 512 * 2 ** 20;
/** A broadcast has some dozens. */
const MAX_STREAMS = 200;

/**
 * What ffmpeg and ffprobe are told before a file is named to them: to read nothing but files, by no demuxer but the type's,
 * with no more than so much of anything.
 */
export function inputOptions({ demuxers }: MediaType): readonly string[] {
  const [first, ...others] = demuxers;
  return [
    ...["-v", "fatal", "-max_alloc", String(MAX_ALLOCATION_BYTES)],
    ...["-protocol_whitelist", "file,pipe", "-format_whitelist", demuxers.join(",")],
    ...["-max_streams", String(MAX_STREAMS), "-max_pixels", String(MAX_PIXELS), "-threads", "1"],
    ...(others.length === 0 ? ["-f", first] : []),
  ];
}
