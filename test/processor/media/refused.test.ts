import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { MediaDeriver } from "../../../processor/derive/media.ts";
import { inputOptions, MEDIA_TYPES } from "../../../processor/derive/media/types.ts";
import { Sandbox } from "../../../processor/sandbox/sandbox.ts";
import { matroskaOfTracks } from "../../support/matroska.ts";
import { H264, makeMedia, PICTURE, TONE } from "../../support/media.ts";
import { deriveSniffed, sizeOf } from "../support/derive-media.ts";
import { derive } from "../support/derive.ts";

const run = promisify(execFile);
let deriver: MediaDeriver;

beforeAll(async () => {
  deriver = new MediaDeriver(await Sandbox.create());
});

describe("a file that isn't what it seems", () => {
  const playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n";
  const script = "ffconcat version 1.0\nfile /etc/passwd\n";
  const damaged = "could not be read: it may be damaged.";

  test.each([
    ["a playlist", "video/mp4", playlist],
    ["a playlist", "video/mpeg", playlist],
    ["a playlist", "audio/mpeg", playlist],
    ["a list of files", "video/x-matroska", script],
    ["noise", "video/mp4", "noise".repeat(1_000)],
    ["noise", "audio/ogg", "noise".repeat(1_000)],
  ])("%s as %s isn't read", async (_, type, content) => {
    const { made, missing, properties } = await derive(deriver, Buffer.from(content), type);
    expect([...made.keys()]).toEqual([]);
    expect(properties).toEqual({});
    for (const { result, reason } of Object.values(missing)) {
      expect({ result, reason }).toEqual({ result: "failed", reason: expect.stringContaining(damaged) });
    }
  });

  test("a type that nobody knows isn't opened", async () => {
    const { missing } = await derive(
      deriver,
      await makeMedia("mp4", [...PICTURE, ...H264]),
      "video/unheard-of",
    );
    const failed = { result: "failed", reason: "A video of this type can't be opened here." };
    expect(missing).toEqual({ thumbnail: failed, poster: failed });
  });
});

describe("of a file that is cut short", () => {
  test("is made what there is to make of it", async () => {
    const long = ["-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=20", ...H264, "-movflags", "+faststart"];
    const whole = await makeMedia("mp4", long);
    const { made } = await deriveSniffed(deriver, whole.subarray(0, whole.byteLength / 2));
    expect([...made.keys()]).toEqual(["thumbnail", "poster"]);
  });

  test("nothing is made where what comes last is needed", async () => {
    const whole = await makeMedia("mp4", [...PICTURE, ...H264]);
    const { made, missing } = await deriveSniffed(deriver, whole.subarray(0, whole.byteLength - 500));
    expect([...made.keys()]).toEqual([]);
    expect(missing["poster"]).toMatchObject({ result: "failed" });
  });
});

test("what a file says of its size isn't believed without a limit", async () => {
  const bytes = await makeMedia("mp4", [...PICTURE, ...H264]);
  // As the track's entry has it: ISO/IEC 14496-12, 12.1.3.
  const at = bytes.indexOf("avc1", bytes.indexOf("stsd")) + 28;
  expect(bytes.readUInt16BE(at)).toBe(320);
  bytes.writeUInt16BE(65_535, at);
  bytes.writeUInt16BE(65_535, at + 2);
  const { missing, made } = await deriveSniffed(deriver, bytes);
  expect(Object.keys(missing).length + made.size).toBe(2);
  for (const name of made.keys())
    expect(await sizeOf(made.get(name))).toMatchObject({ width: expect.any(Number) });
});

test("ffmpeg is told to open nothing that a file of a type names", async () => {
  const directory = await mkdtemp(join(tmpdir(), "causeway-list-"));
  try {
    await writeFile(join(directory, "real.mp4"), await makeMedia("mp4", [...PICTURE, ...H264]));
    await writeFile(join(directory, "original"), "ffconcat version 1.0\nfile real.mp4\n");
    const ask = ["-show_entries", "stream=codec_name", "-i", "original"];
    const isRead = async (options: readonly string[]): Promise<boolean> =>
      run("ffprobe", [...options, ...ask], { cwd: directory }).then(
        ({ stdout }) => stdout.includes("h264"),
        () => false,
      );
    expect(await isRead([])).toBe(true);
    for (const type of new Map(MEDIA_TYPES.map((one) => [one.demuxers, one])).values()) {
      const options = inputOptions(type);
      const forced = options.indexOf("-f");
      // By the list of what may read it alone: a format that is forced too is more than that.
      expect(await isRead(forced < 0 ? options : options.slice(0, forced)), type.format).toBe(false);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});

describe("a Matroska file", () => {
  test("of ten thousand tracks is read as one of two hundred", async () => {
    const read = async (tracks: number) =>
      (await deriveSniffed(deriver, matroskaOfTracks(tracks))).properties;
    expect(await read(3)).toMatchObject({ format: "mkv", audioCodec: "pcm_s16le" });
    // Each of 8,000 samples of 16 bits a second.
    expect(await read(10_000)).toMatchObject({ format: "mkv", bitsPerSecond: 200 * 128_000 });
  });

  test("that says it lasts for ages is measured", async () => {
    const bytes = await makeMedia("mkv", [...PICTURE, ...H264]);
    // The element Duration, a number of eight bytes: RFC 9559, 5.1.2.10.
    const at = bytes.indexOf(Buffer.of(0x44, 0x89, 0x88)) + 3;
    expect(bytes.readDoubleBE(at)).toBeCloseTo(1_000, -2);
    bytes.writeDoubleBE(1e12, at);
    const { missing, properties } = await deriveSniffed(deriver, bytes);
    expect({ missing, seconds: properties.durationSeconds }).toEqual({
      missing: {},
      seconds: expect.closeTo(1, 1),
    });
  });
});

test("what takes too long is given up", async () => {
  const sandbox = await Sandbox.create();
  const hurried: Pick<Sandbox, "run"> = {
    run: async (command, scratch, limits, signal) =>
      sandbox.run(
        command,
        scratch,
        command[0] === process.execPath ? { ...limits, timeMs: 1 } : limits,
        signal,
      ),
  };
  const { missing } = await deriveSniffed(new MediaDeriver(hurried), await makeMedia("mp3", TONE));
  expect(missing["waveform"]).toEqual({ result: "failed", reason: "Reading the sound took too long." });
});
