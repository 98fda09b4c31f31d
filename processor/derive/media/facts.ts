import { z } from "zod";
import type { Properties } from "#contract/properties.ts";
import { readPlace } from "../places.ts";
import { HdrTransfer } from "./media-protocol.ts";

/** What is seen of a video, or of the cover of a sound. */
export interface Picture {
  /** Of its stream. */
  readonly index: number;
  /** As it is shown: upright, and of square pixels. */
  readonly width: number;
  readonly height: number;
  /** A cover or the like, and no video. */
  readonly isStill: boolean;
  /** Of a picture with more light in it than a screen shows: how that is told (HDR_TRANSFERS). */
  readonly hdrTransfer: HdrTransfer | null;
}

export interface MediaFacts {
  readonly properties: Properties;
  /** `unreadable` where there is one that nothing is known of. */
  readonly picture: Picture | "unreadable" | undefined;
  readonly hasSound: boolean;
}

const Numeric = z.coerce.number().optional().catch(undefined);
const Text = z.string().optional().catch(undefined);
const Tags = z.record(z.string(), z.string()).optional().catch(undefined);

/** Of ffprobe's JSON what PROBED names. It comes from a program that read a hostile file. */
const Stream = z.object({
  index: z.int().min(0),
  codec_type: Text,
  codec_name: Text,
  width: Numeric,
  height: Numeric,
  sample_aspect_ratio: Text,
  avg_frame_rate: Text,
  sample_rate: Numeric,
  channels: Numeric,
  color_transfer: Text,
  disposition: z.object({ attached_pic: Numeric }).optional().catch(undefined),
  side_data_list: z
    .array(z.object({ rotation: Numeric }))
    .optional()
    .catch(undefined),
  tags: Tags,
});
type Stream = z.infer<typeof Stream>;
export const Probe = z.object({
  streams: z.array(Stream),
  format: z.object({ duration: Numeric, bit_rate: Numeric, tags: Tags }).optional(),
});
export type Probe = z.infer<typeof Probe>;

const TAGS = "title,artist,album,location,com.apple.quicktime.location.ISO6709";
/** What ffprobe is asked for. */
export const PROBED = [
  `format=duration,bit_rate`,
  `format_tags=${TAGS}`,
  "stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,avg_frame_rate,sample_rate,channels,color_transfer",
  "stream_disposition=attached_pic",
  "stream_side_data=rotation",
  `stream_tags=${TAGS}`,
].join(":");

const MAX_WORDS = 200;
const MAX_CODEC = 40;

/** What there is in a file, of what ffprobe tells of it. */
export function readFacts({ streams, format }: Probe): MediaFacts {
  const pictures = streams.filter(({ codec_type: type }) => type === "video");
  const video = pictures.find((stream) => !isStill(stream));
  const sound = streams.find(({ codec_type: type }) => type === "audio");
  const pictured = video ?? pictures[0];
  const picture = pictured && readPicture(pictured);
  return {
    picture: pictured === undefined ? undefined : (picture ?? "unreadable"),
    hasSound: sound !== undefined,
    properties: {
      ...positive("durationSeconds", format?.duration, thousandths),
      ...positive("bitsPerSecond", format?.bit_rate, Math.round),
      ...readTags([format?.tags, sound?.tags, video?.tags]),
      ...(video === undefined ? {} : readVideo(video, picture)),
      ...(sound === undefined ? {} : readSound(sound)),
    },
  };
}

function readVideo(video: Stream, picture: Picture | undefined): Properties {
  return {
    ...(picture === undefined ? {} : { width: picture.width, height: picture.height }),
    ...(video.codec_name === undefined ? {} : { videoCodec: video.codec_name.slice(0, MAX_CODEC) }),
    ...positive("framesPerSecond", ratio(video.avg_frame_rate), thousandths),
  };
}

function readSound({ codec_name: codec, sample_rate: rate, channels }: Stream): Properties {
  return {
    ...(codec === undefined ? {} : { audioCodec: codec.slice(0, MAX_CODEC) }),
    ...positive("sampleRateHz", rate, Math.round),
    ...positive("channels", channels, Math.round),
  };
}

function readPicture(stream: Stream): Picture | undefined {
  const { index, width = 0, height = 0, color_transfer: transfer } = stream;
  if (width < 1 || height < 1) return undefined;
  const shownWidth = Math.max(1, Math.round(width * (ratio(stream.sample_aspect_ratio) ?? 1)));
  const turned = stream.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0;
  const isSideways = Math.abs(Math.round(turned / 90)) % 2 === 1;
  return {
    ...{ index, isStill: isStill(stream), hdrTransfer: HdrTransfer.safeParse(transfer).data ?? null },
    ...(isSideways ? { width: height, height: shownWidth } : { width: shownWidth, height }),
  };
}

function isStill({ disposition }: Stream): boolean {
  return disposition?.attached_pic === 1;
}

/** Of the first that has one: a file's as a whole come before a stream's. Names are told in any case of letters. */
function readTags(all: readonly (Readonly<Record<string, string>> | undefined)[]): Properties {
  const find = (name: string): string => {
    const values = all.flatMap((tags) =>
      Object.entries(tags ?? {}).flatMap(([key, value]) => (key.toLowerCase() === name ? [tidy(value)] : [])),
    );
    return values.find((value) => value !== "") ?? "";
  };
  const [title, artist, album] = [find("title"), find("artist"), find("album")];
  return {
    ...(title === "" ? {} : { title }),
    ...(artist === "" ? {} : { artist }),
    ...(album === "" ? {} : { album }),
    ...parseLocation(find("location") || find("com.apple.quicktime.location.iso6709")),
  };
}

/** ISO 6709, Annex H, in degrees: "+52.5163+013.3777+034.000/". */
function parseLocation(text: string): Properties {
  const [, latitude, longitude] = /^([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)/.exec(text) ?? [];
  return latitude === undefined ? {} : readPlace(Number(latitude), Number(longitude));
}

/** Without what isn't to be seen, and not longer than a line. */
function tidy(words: string): string {
  const visible = words.replaceAll(/[\p{C}\s]+/gu, " ").trim();
  return visible.length <= MAX_WORDS ? visible : visible.slice(0, MAX_WORDS).toWellFormed();
}

/** "30000/1001" or "16:15"; undefined where it says nothing ("0/0", "0:1"). */
function ratio(text = ""): number | undefined {
  const [over = 0, under = 0] = text.split(/[/:]/).map(Number);
  return over > 0 && under > 0 ? over / under : undefined;
}

/** A number under its name, if it is one that can be stored. */
function positive<Name extends string>(
  name: Name,
  value: number | undefined,
  round: (value: number) => number,
): Partial<Record<Name, number>> {
  if (value === undefined || !(value > 0) || value > Number.MAX_SAFE_INTEGER) return {};
  return { [name]: round(value) } as Partial<Record<Name, number>>;
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
