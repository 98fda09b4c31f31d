import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { MediaDeriver } from "../../../processor/derive/media.ts";
import { Sandbox } from "../../../processor/sandbox/sandbox.ts";
import { H264, makeMedia, PICTURE, TONE } from "../../support/media.ts";
import { rows } from "../../support/runs.ts";
import { brightnessOf, deriveSniffed, sizeOf } from "../support/derive-media.ts";
import { derive } from "../support/derive.ts";

let deriver: MediaDeriver;

beforeAll(async () => {
  deriver = new MediaDeriver(await Sandbox.create());
});

const Waveform = z.strictObject({
  version: z.literal(1),
  durationSeconds: z.number(),
  peaks: z.array(z.int().min(0).max(100)).max(800),
});

const VIDEO = { width: 320, height: 180, framesPerSecond: 25 };
const BOTH = [...PICTURE, ...TONE];
const VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"];
type Medium = readonly [string, string, readonly string[], object];
const VIDEOS: readonly Medium[] = [
  [
    "mp4",
    "mp4",
    [...BOTH, ...H264, "-movflags", "+faststart"],
    { videoCodec: "h264", audioCodec: "aac", isFastStart: true },
  ],
  ["webm", "webm", [...BOTH, ...VP9], { videoCodec: "vp9", audioCodec: "opus" }],
  ["mpg", "mpeg", BOTH, { videoCodec: "mpeg1video", audioCodec: "mp2" }],
];
/** Read as those are. */
const OTHER_VIDEOS: readonly Medium[] = [
  ["mp4", "mp4", [...BOTH, ...H264], { videoCodec: "h264", audioCodec: "aac", isFastStart: false }],
  ["mkv", "mkv", [...BOTH, ...H264], { videoCodec: "h264" }],
  ["avi", "avi", BOTH, { videoCodec: "mpeg4", audioCodec: "mp3" }],
  ["mov", "mov", [...BOTH, ...H264], { videoCodec: "h264", isFastStart: false }],
  ["3gp", "3gp", [...PICTURE, ...H264], { videoCodec: "h264" }],
];

test.each(rows(VIDEOS, OTHER_VIDEOS))(
  "a %s has a poster and a thumbnail, and is described",
  async (ending, format, args, seen) => {
    const { names, made, missing, properties } = await deriveSniffed(deriver, await makeMedia(ending, args));
    expect({ names, missing }).toEqual({ names: ["thumbnail", "poster"], missing: {} });
    expect(properties).toMatchObject({ ...VIDEO, format, ...seen });
    expect(properties.durationSeconds).toBeCloseTo(1, 0);
    expect(await sizeOf(made.get("poster"))).toEqual({ format: "webp", width: 320, height: 180 });
    expect(await sizeOf(made.get("thumbnail"))).toEqual({ format: "webp", width: 150, height: 150 });
  },
);

const SOUNDS: readonly Medium[] = [
  ["mp3", "mp3", [], { audioCodec: "mp3" }],
  ["m4a", "m4a", [], { audioCodec: "aac", isFastStart: false }],
  ["wav", "wav", [], { audioCodec: "pcm_s16le", bitsPerSecond: expect.any(Number) }],
];
const OTHER_SOUNDS: readonly Medium[] = [
  ["ogg", "ogg", ["-c:a", "libvorbis"], { audioCodec: "vorbis" }],
  ["opus", "ogg", [], { audioCodec: "opus", sampleRateHz: 48_000 }],
  ["flac", "flac", [], { audioCodec: "flac" }],
  ["aac", "aac", [], { audioCodec: "aac" }],
];

test.each(rows(SOUNDS, OTHER_SOUNDS))(
  "a %s has a waveform, and is described",
  async (ending, format, codec, seen) => {
    const tags = ["-metadata", "title=A tone", "-metadata", "artist=Ada", "-metadata", "album=Tones"];
    const args = [...TONE, ...codec, ...(ending === "aac" ? [] : tags)];
    const { made, missing, properties } = await deriveSniffed(deriver, await makeMedia(ending, args));
    expect(missing).toEqual({});
    // It has no cover: its thumbnail is what it sounds like.
    expect(await sizeOf(made.get("thumbnail"))).toEqual({ format: "webp", width: 150, height: 150 });
    expect(properties).toMatchObject({ format, channels: 1, sampleRateHz: 44_100, ...seen });
    expect(properties).toMatchObject(
      ending === "aac" ? {} : { title: "A tone", artist: "Ada", album: "Tones" },
    );
    expect(properties.durationSeconds).toBeCloseTo(1, 0);
    const waveform = Waveform.parse(JSON.parse(made.get("waveform")?.toString() ?? ""));
    expect(waveform.durationSeconds).toBeCloseTo(1, 0);
    // A sine of an eighth of the loudest.
    expect(waveform.peaks[50]).toBeGreaterThan(9);
    expect(waveform.peaks[50]).toBeLessThan(16);
  },
);

const COVER_ARGS = ["-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic"];

describe("a cover", () => {
  const png = sharp({ create: { width: 600, height: 400, channels: 3, background: "#f00" } }).png();

  test.each(rows(["mp3"], ["m4a", "flac"]))("in a %s is its thumbnail", async (ending) => {
    const inputs = { "cover.png": await png.toBuffer() };
    const bytes = await makeMedia(ending, [...TONE, "-i", "cover.png", ...COVER_ARGS], inputs);
    const { names, made, missing, properties } = await deriveSniffed(deriver, bytes);
    expect({ names, missing }).toEqual({ names: ["thumbnail", "waveform"], missing: {} });
    expect(await sizeOf(made.get("thumbnail"))).toEqual({ format: "webp", width: 150, height: 150 });
    const { dominant } = await sharp(made.get("thumbnail")).stats();
    expect(dominant.r).toBeGreaterThan(200);
    expect(dominant.g).toBeLessThan(60);
    expect(properties).not.toHaveProperty("width");
    expect(properties).not.toHaveProperty("videoCodec");
  });

  test("that is damaged takes nothing but itself", async () => {
    const inputs = { "cover.png": await png.toBuffer() };
    const bytes = await makeMedia("mp3", [...TONE, "-i", "cover.png", ...COVER_ARGS], inputs);
    bytes.fill(0, bytes.indexOf("IDAT"), bytes.indexOf("IEND"));
    const { made, missing } = await deriveSniffed(deriver, bytes);
    expect([...made.keys()]).toEqual(["waveform"]);
    expect(missing["thumbnail"]).toMatchObject({ result: "failed" });
  });
});

describe("a frame", () => {
  // Red where it is left, as it is stored.
  const LEFT = ["-vf", "drawbox=w=iw/2:c=red:t=fill"];
  const turned = async (degrees: number) => {
    const plain = await makeMedia("mov", [...PICTURE, ...LEFT, ...H264]);
    const args = ["-display_rotation", String(degrees), "-i", "plain.mov", "-c", "copy"];
    return makeMedia("mov", args, { "plain.mov": plain });
  };

  test.each(
    rows(
      [
        [90, { width: 180, height: 320 }, { left: 0, top: 170, width: 180, height: 150 }],
        [180, { width: 320, height: 180 }, { left: 170, top: 0, width: 150, height: 180 }],
      ],
      [[270, { width: 180, height: 320 }, { left: 0, top: 0, width: 180, height: 150 }]],
    ),
  )("of a film turned by %i degrees is upright", async (degrees, size, red) => {
    const { made, properties } = await deriveSniffed(deriver, await turned(degrees));
    expect(properties).toMatchObject(size);
    expect(await sizeOf(made.get("poster"))).toEqual({ format: "webp", ...size });
    const reddened = await sharp(made.get("poster")).extract(red).toBuffer();
    const [r, g, b] = (await sharp(reddened).stats()).channels.map(({ mean }) => mean);
    expect(r).toBeGreaterThan(230);
    expect(Math.max(g ?? 255, b ?? 255)).toBeLessThan(30);
  });

  test("of wide pixels is as wide as it is shown", async () => {
    const bytes = await makeMedia("mp4", [...PICTURE, ...H264, "-vf", "setsar=2"]);
    const { made, properties } = await deriveSniffed(deriver, bytes);
    expect(properties).toMatchObject({ width: 640, height: 180 });
    expect(await sizeOf(made.get("poster"))).toMatchObject({ width: 640, height: 180 });
  });

  test("of a large film is made smaller", async () => {
    const large = ["-f", "lavfi", "-i", "testsrc=s=1600x3200:r=2:d=1"];
    const { made, properties } = await deriveSniffed(deriver, await makeMedia("mp4", [...large, ...H264]));
    expect(properties).toMatchObject({ width: 1600, height: 3200 });
    expect(await sizeOf(made.get("poster"))).toMatchObject({ width: 600, height: 1200 });
  });

  test.each([
    ["two seconds of black at its start", "lt(t,2)"],
    ["black but for its end", "lt(t,7.8)"],
  ])("isn't black in a film with %s", async (_, when) => {
    // One whole frame for all of it, so that there is nothing else to come to.
    const source = ["-f", "lavfi", "-i", "testsrc=s=320x180:r=5:d=12"];
    const black = ["-vf", `drawbox=t=fill:c=black:enable='${when}'`, "-g", "1000"];
    const { made } = await deriveSniffed(deriver, await makeMedia("mp4", [...source, ...black, ...H264]));
    expect(await brightnessOf(made.get("poster"))).toBeGreaterThan(60);
  });

  test("is black where all are", async () => {
    const black = ["-f", "lavfi", "-i", "color=c=black:s=320x180:r=5:d=3"];
    const { made, missing } = await deriveSniffed(deriver, await makeMedia("mp4", [...black, ...H264]));
    expect(missing).toEqual({});
    expect(await brightnessOf(made.get("poster"))).toBeLessThan(5);
  });

  test("of nothing but noise is packed until it can be kept", async () => {
    const noise = ["-f", "lavfi", "-i", "color=gray:s=1200x1200:r=2:d=1,noise=alls=100:allf=t"];
    const { made } = await deriveSniffed(deriver, await makeMedia("mp4", [...noise, ...H264, "-qp", "1"]));
    const { byteLength } = made.get("poster") ?? Buffer.of();
    expect(byteLength).toBeGreaterThan(2 ** 18);
    expect(byteLength).toBeLessThanOrEqual(2 ** 20);
  });

  test.each([
    // A grey of half the number means 92 candela of the 100 that are white, in one way of telling; in the other less.
    ["smpte2084", 145, 165],
    ["arib-std-b67", 115, 135],
  ])("of HDR (%s) is made for a screen", async (transfer, least, most) => {
    const grey = ["-f", "lavfi", "-i", "color=c=gray:s=320x180:r=5:d=1"];
    const hdr = [
      ...["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le"],
      ...["-x265-params", `log-level=none:transfer=${transfer}`],
    ];
    const { made, properties, missing } = await deriveSniffed(
      deriver,
      await makeMedia("mp4", [...grey, ...hdr]),
    );
    expect({ missing, codec: properties.videoCodec }).toEqual({ missing: {}, codec: "hevc" });
    const brightness = await brightnessOf(made.get("poster"));
    expect(brightness).toBeGreaterThan(least);
    expect(brightness).toBeLessThan(most);
  });
});

test("only what is wanted is made", async () => {
  const bytes = await makeMedia("mp3", TONE);
  expect((await derive(deriver, bytes, "audio/mpeg", ["waveform"])).names).toEqual(["waveform"]);
});

test("a sound that is cut short has a waveform of what is there", async () => {
  const tone = ["-f", "lavfi", "-i", "sine=duration=8"];
  for (const ending of rows(["mp3", "flac"], ["ogg"])) {
    const whole = await makeMedia(ending, tone);
    const { made } = await deriveSniffed(deriver, whole.subarray(0, whole.byteLength / 2));
    const { durationSeconds } = Waveform.parse(JSON.parse(made.get("waveform")?.toString() ?? ""));
    expect(durationSeconds, ending).toBeGreaterThan(1);
    expect(durationSeconds, ending).toBeLessThan(7);
  }
});

test("a video with nothing to see has no pictures, and is described", async () => {
  const { type, missing, properties } = await deriveSniffed(deriver, await makeMedia("webm", TONE));
  expect(type).toBe("video/webm");
  const none = { result: "none", reason: "The video has no picture, only sound." };
  expect(missing).toEqual({ thumbnail: none, poster: none });
  expect(properties).toMatchObject({ format: "webm", audioCodec: "opus", channels: 1 });
});

test("how long a recording is that doesn't tell is measured", async () => {
  const untold = ["-map", "0", "-c:v", "libvpx", "-deadline", "realtime", "-f", "webm", "-live", "1"];
  const { missing, properties } = await deriveSniffed(
    deriver,
    await makeMedia("webm", [...PICTURE, ...untold]),
  );
  expect({ missing, seconds: properties.durationSeconds }).toEqual({
    missing: {},
    seconds: expect.closeTo(1, 1),
  });
});
