import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { ImageDeriver } from "../../processor/derive/images.ts";
import type { Tools } from "../../processor/derive/tools.ts";
import { Sandbox } from "../../processor/sandbox/sandbox.ts";
import { heic } from "../support/heic.ts";
import { heicWithGainMap, tiledHeic } from "../support/phone-photos.ts";
import { ORANGE, plain, signpost } from "../support/photos.ts";
import { near, pixelOf } from "../support/pixels.ts";
import { ALL_TOOLS_THERE, derive } from "./support/derive.ts";

const HEIC = "image/heic";
const WHITE = { r: 255, g: 255, b: 255 };
const NOT_INSTALLED = "Photos of this type can't be drawn here: the program for it is not installed.";
const TOO_LARGE = "The image has too many pixels to be drawn here.";
const UNREADABLE = "The photo could not be read: it may be damaged or too large.";
let sandbox: Sandbox;
let deriver: ImageDeriver;

beforeAll(async () => {
  sandbox = await Sandbox.create();
  deriver = new ImageDeriver(sandbox, ALL_TOOLS_THERE);
});

function deriverWhere(state: ReturnType<Tools["stateOf"]>): ImageDeriver {
  return new ImageDeriver(sandbox, { stateOf: () => state, states: () => [] });
}

async function sizeOf(image: Buffer | undefined) {
  const { width, height } = await sharp(image).metadata();
  return { width, height };
}

describe("a HEIC photo is drawn", () => {
  test("as phones make it: of tiles, with EXIF and a wide profile", async () => {
    const photo = await plain(1_300, 900)
      .withIccProfile("p3")
      .withExif({ IFD0: { Make: "Causeway" }, IFD3: { GPSLatitudeRef: "N", GPSLatitude: "52/1 30/1 0/1" } })
      .jpeg({ quality: 95 })
      .toBuffer();
    const bytes = await heic(photo, ["-q", "90", "--cut-tiles", "512"]);
    const { made, properties } = await derive(deriver, bytes, HEIC);
    expect(properties).toEqual({
      ...{ width: 1_300, height: 900, frames: 1, format: "heif", cameraMake: "Causeway" },
      thumbHash: expect.any(String),
    });
    expect(await sizeOf(made.get("thumbnail"))).toEqual({ width: 150, height: 150 });
    expect(await sizeOf(made.get("optimized"))).toEqual({ width: 1_200, height: 831 });
    for (const image of made.values()) {
      expect(await pixelOf(image, 0.95, 0.95)).toEqual(near(ORANGE));
      expect(await sharp(image).metadata()).not.toHaveProperty("exif");
    }
  });

  test.each([
    ["by its container", ["--rotate-cw", "90"], undefined],
    ["by its container, which says again what its EXIF says", [], 6],
  ])("turned once: %s", async (_what, args, orientation) => {
    const stored = await (
      await signpost(160, 120)
    )
      .jpeg({ quality: 95 })
      .withMetadata({ orientation })
      .toBuffer();
    const { made, properties } = await derive(deriver, await heic(stored, args), HEIC);
    expect(properties).toMatchObject({ width: 120, height: 160 });
    const optimized = made.get("optimized");
    expect(await sizeOf(optimized)).toEqual({ width: 120, height: 160 });
    // Clockwise: what was upper left is upper right.
    expect(await pixelOf(optimized, 0.9, 0.1)).toEqual(near(WHITE, 25));
    expect(await pixelOf(optimized, 0.5, 0.9)).toEqual(near({ r: 0, g: 0, b: 255 }, 25));
  });

  test("cropped to what is shown of it: codecs store even sizes", async () => {
    const { made, properties } = await derive(
      deriver,
      await heic(await plain(161, 121).png().toBuffer()),
      HEIC,
    );
    expect(properties).toMatchObject({ width: 161, height: 121 });
    expect(await sizeOf(made.get("optimized"))).toEqual({ width: 161, height: 121 });
  });

  test("transparent where it is", async () => {
    const clear = await plain(160, 120).ensureAlpha(0.5).png().toBuffer();
    const { made } = await derive(deriver, await heic(clear, ["-q", "90"]), HEIC);
    for (const image of made.values()) {
      const { alpha } = await pixelOf(image, 0.5, 0.5);
      expect(alpha).toBeGreaterThan(120);
      expect(alpha).toBeLessThan(136);
    }
  });

  test.each([
    [1, ORANGE],
    [2, WHITE],
  ])("by the one of several that is said to be shown: %i", async (id, colour) => {
    const pictures = await Promise.all([ORANGE, WHITE].map((each) => plain(160, 120, each).png().toBuffer()));
    const bytes = await heic(pictures);
    // ISO/IEC 14496-12, 8.11.4: the primary item's id, after its version and flags.
    bytes.writeUInt16BE(id, bytes.indexOf("pitm") + 8);
    const { made } = await derive(deriver, bytes, HEIC);
    expect(await pixelOf(made.get("optimized"), 0.5, 0.5)).toEqual(near(colour, 10));
  });

  test("cut to what is to be seen of it", async () => {
    const bytes = await heic(await plain(161, 121).png().toBuffer());
    // ISO/IEC 14496-12, 12.1.4: width and height, each as a fraction.
    const box = bytes.indexOf("clap");
    bytes.writeUInt32BE(100, box + 4);
    bytes.writeUInt32BE(80, box + 12);
    const { made, properties } = await derive(deriver, bytes, HEIC);
    expect(properties).toMatchObject({ width: 100, height: 80 });
    expect(await sizeOf(made.get("optimized"))).toEqual({ width: 100, height: 80 });
  });

  test("by its base where a gain map is told of in Apple's way and in ISO's", async () => {
    const { made, properties } = await derive(deriver, await heicWithGainMap(), HEIC);
    expect(properties).toMatchObject({ width: 160, height: 120 });
    expect(await sizeOf(made.get("optimized"))).toEqual({ width: 160, height: 120 });
    for (const image of made.values()) expect(await pixelOf(image, 0.5, 0.5)).toEqual(near(ORANGE));
  });

  test("of more tiles than libheif takes by itself, by its own pixels and not by its thumbnail's", async () => {
    const { made, properties } = await derive(deriver, await tiledHeic(13, 20, WHITE), HEIC, ["thumbnail"]);
    expect(properties).toMatchObject({ width: 10_200, height: 6_630 });
    expect(await pixelOf(made.get("thumbnail"), 0.5, 0.5)).toEqual(near(ORANGE));
  });

  test("without what another picture beside it says of its brightness", async () => {
    const clear = await plain(160, 120).ensureAlpha(0.5).png().toBuffer();
    const bytes = await heic(clear, ["-q", "90"]);
    // It says that it isn't how transparent the first is, in as many letters.
    bytes.write("urn:com:apple:x:hdrgainmap", bytes.indexOf("urn:mpeg:hevc:2015:auxid:1"));
    const { made } = await derive(deriver, bytes, HEIC);
    expect(await pixelOf(made.get("optimized"), 0.5, 0.5)).toEqual(near(ORANGE, 10));
  });
});

describe("a HEIC photo isn't drawn", () => {
  const photo = async () => heic(await plain(160, 120).png().toBuffer());

  test("without the program, and its size is told", async () => {
    const { made, missing, properties } = await derive(deriverWhere("missing"), await photo(), HEIC);
    expect(made.size).toBe(0);
    expect(properties).toMatchObject({ width: 160, height: 120, format: "heif" });
    expect(missing["thumbnail"]).toEqual({ result: "failed", reason: NOT_INSTALLED });
    expect(missing["optimized"]).toEqual({ result: "failed", reason: NOT_INSTALLED });
  });

  test("while the program is being installed: the job comes again", async () => {
    const deriving = derive(deriverWhere("installing"), await photo(), HEIC);
    await expect(deriving).rejects.toMatchObject({ code: "TOOL_INSTALLING" });
  });

  test("that has more pixels than any camera's, in whatever small file", async () => {
    const { missing } = await derive(deriver, await tiledHeic(36, 36), HEIC);
    expect(missing["thumbnail"]).toEqual({ result: "failed", reason: TOO_LARGE });
    expect(missing["optimized"]).toEqual({ result: "failed", reason: TOO_LARGE });
  });

  test("where half of it is missing", async () => {
    const bytes = await photo();
    const { missing } = await derive(deriver, bytes.subarray(0, bytes.byteLength / 2), HEIC);
    expect(Object.keys(missing)).toEqual(["thumbnail", "optimized"]);
  });

  test("where its pixels are noise, and its size is told", async () => {
    const bytes = await photo();
    bytes.fill(0x55, bytes.indexOf("mdat") + 4);
    const { missing, properties } = await derive(deriver, bytes, HEIC);
    expect(properties).toMatchObject({ width: 160, height: 120 });
    expect(missing["thumbnail"]).toEqual({ result: "failed", reason: UNREADABLE });
  });
});

test("what is named as HEIC and is an AVIF is drawn without the program", async () => {
  const avif = await plain(160, 120).avif({ quality: 90 }).toBuffer();
  const { made } = await derive(deriverWhere("missing"), avif, "image/heif");
  expect(await pixelOf(made.get("thumbnail"), 0.5, 0.5)).toEqual(near(ORANGE));
});
