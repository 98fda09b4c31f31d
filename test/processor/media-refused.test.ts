import { beforeAll, describe, expect, test } from "vitest";
import { MediaDeriver } from "../../processor/derive/media.ts";
import { Sandbox } from "../../processor/sandbox/sandbox.ts";
import { H264, makeMedia, PICTURE } from "../support/media.ts";
import { deriveSniffed, sizeOf } from "./support/derive-media.ts";
import { derive } from "./support/derive.ts";

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
