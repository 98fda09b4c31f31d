import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { ImageDeriver } from "../../processor/derive/images.ts";
import { ALL_TOOLS_MISSING } from "../../processor/derive/tools.ts";
import { Sandbox } from "../../processor/sandbox/sandbox.ts";
import { photoWithGps, picture } from "../support/images.ts";
import { motionPhoto, ultraHdr } from "../support/phone-photos.ts";
import { noisy, ORANGE, plain, signpost } from "../support/photos.ts";
import { near, pixelOf } from "../support/pixels.ts";
import { rows } from "../support/runs.ts";
import { derive } from "./support/derive.ts";

let deriver: ImageDeriver;

beforeAll(async () => {
  deriver = new ImageDeriver(await Sandbox.create(), ALL_TOOLS_MISSING);
});

describe("colours are those of the picture", () => {
  const deep = () => plain(60, 40).toColourspace("rgb16");
  type Kind = readonly [string, string, () => Promise<Buffer>];
  const kinds: readonly Kind[] = [
    ["8 bit with a profile", "image/jpeg", () => plain(60, 40).withIccProfile("p3").jpeg().toBuffer()],
    ["16 bit", "image/png", () => deep().png().toBuffer()],
    ["16 bit with a wide profile", "image/png", () => deep().withIccProfile("p3").png().toBuffer()],
    ["TIFF", "image/tiff", () => plain(60, 40).tiff({ compression: "lzw" }).toBuffer()],
    ["AVIF", "image/avif", () => plain(60, 40).avif({ quality: 90 }).toBuffer()],
  ];
  /** Opened as those are. */
  const otherKinds: readonly Kind[] = [
    ["8 bit", "image/png", () => plain(60, 40).png().toBuffer()],
    ["16 bit with sRGB's profile", "image/png", () => deep().withIccProfile("srgb").png().toBuffer()],
    ["a palette", "image/png", () => plain(60, 40).png({ palette: true }).toBuffer()],
    ["lossless WebP", "image/webp", () => plain(60, 40).webp({ lossless: true }).toBuffer()],
  ];
  test.each(rows(kinds, otherKinds))("%s", async (_what, type, make) => {
    const { made } = await derive(deriver, await make(), type);
    for (const name of ["thumbnail", "optimized"] as const) {
      expect(await pixelOf(made.get(name), 0.5, 0.5), name).toEqual(near(ORANGE));
    }
  });

  test("of print (CMYK), by its profile: no ink is white, and all of black is dark", async () => {
    const ink = (k: number) =>
      sharp(Buffer.alloc(40 * 40 * 4, Buffer.of(0, 0, 0, k)), { raw: { width: 40, height: 40, channels: 4 } })
        .pipelineColourspace("cmyk")
        .toColourspace("cmyk")
        .withIccProfile("cmyk")
        .jpeg({ quality: 95 })
        .toBuffer();
    const white = await derive(deriver, await ink(0), "image/jpeg");
    expect(await pixelOf(white.made.get("optimized"), 0.5, 0.5)).toEqual(near({ r: 255, g: 255, b: 255 }));
    const black = await derive(deriver, await ink(255), "image/jpeg");
    expect(await pixelOf(black.made.get("optimized"), 0.5, 0.5)).toEqual(near({ r: 35, g: 31, b: 32 }, 40));
  });

  test.each([
    ["how to brighten it", ultraHdr],
    ["the film around it", motionPhoto],
  ])("of a phone, with %s behind it, of which nothing is left", async (_what, make) => {
    const { made, properties } = await derive(deriver, await make(), "image/jpeg");
    expect(properties).toMatchObject({ width: 160, height: 120, format: "jpeg" });
    for (const name of ["thumbnail", "optimized"] as const) {
      const image = made.get(name);
      expect(await pixelOf(image, 0.5, 0.5), name).toEqual(near(ORANGE));
      expect(Object.keys(await sharp(image).metadata())).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(?:exif|xmp|icc|gainMap)$/)]),
      );
    }
  });

  test("of grey with transparency", async () => {
    const grey = await sharp(Buffer.alloc(40 * 40 * 2, Buffer.of(128, 0)), {
      raw: { width: 40, height: 40, channels: 2 },
    })
      .toColourspace("b-w")
      .png()
      .toBuffer();
    const { made } = await derive(deriver, grey, "image/png");
    for (const name of ["thumbnail", "optimized"] as const) {
      expect(await pixelOf(made.get(name), 0.5, 0.5), name).toMatchObject({ alpha: 0 });
    }
  });
});

describe("what a photo's EXIF says", () => {
  // One that mirrors, one that turns, and one that does both.
  test.each(rows([2, 6, 7], [1, 3, 4, 5, 8]))(
    "of orientation %i is undone in what is made",
    async (orientation) => {
      // Stored as it must be for this orientation to be seen as the signpost is.
      const upright = await (await signpost(160, 120)).png().toBuffer();
      const stored = await storedFor(upright, orientation);
      const { made, properties } = await derive(deriver, stored, "image/jpeg");
      expect(properties).toMatchObject({ width: 160, height: 120 });
      const optimized = made.get("optimized");
      expect(await pixelOf(optimized, 0.1, 0.1), "upper left").toEqual(near({ r: 255, g: 255, b: 255 }, 20));
      expect(await pixelOf(optimized, 0.1, 0.9), "lower left").toEqual(near({ r: 255, g: 0, b: 0 }, 20));
      expect(await pixelOf(optimized, 0.9, 0.5), "right").toEqual(near({ r: 0, g: 0, b: 255 }, 20));
      expect((await sharp(optimized).metadata()).orientation).toBeUndefined();
    },
  );

  /** Undoes beforehand what EXIF's orientation says is to be done. */
  async function storedFor(upright: Buffer, orientation: number): Promise<Buffer> {
    const image = sharp(upright);
    const changes: Record<number, () => Promise<Buffer>> = {
      1: () => image.png().toBuffer(),
      2: () => image.flop().png().toBuffer(),
      3: () => image.rotate(180).png().toBuffer(),
      4: () => image.flip().png().toBuffer(),
      // Transposed, and transposed along the other diagonal: what they turn is turned back by themselves.
      5: async () =>
        sharp(await image.rotate(90).png().toBuffer())
          .flop()
          .png()
          .toBuffer(),
      6: () => image.rotate(270).png().toBuffer(),
      7: async () =>
        sharp(await image.rotate(270).png().toBuffer())
          .flop()
          .png()
          .toBuffer(),
      8: () => image.rotate(90).png().toBuffer(),
    };
    const pixels = await changes[orientation]?.();
    return sharp(pixels).jpeg({ quality: 95 }).withMetadata({ orientation }).toBuffer();
  }

  test("of camera and time is told, and nothing of the place", async () => {
    const photo = await plain(80, 60)
      .jpeg()
      .withExif({
        IFD0: { Make: "Causeway  ", Model: "One" },
        IFD2: { DateTimeOriginal: "2026:01:02 03:04:05", OffsetTimeOriginal: "+02:00" },
        IFD3: { GPSLatitudeRef: "N", GPSLatitude: "52/1 30/1 0/1" },
      })
      .toBuffer();
    const { properties, made } = await derive(deriver, photo, "image/jpeg");
    expect(properties).toEqual({
      ...{ width: 80, height: 60, format: "jpeg", frames: 1, thumbHash: expect.any(String) },
      ...{ cameraMake: "Causeway", cameraModel: "One", takenAt: "2026-01-02T03:04:05+02:00" },
    });
    for (const bytes of made.values()) expect((await sharp(bytes).metadata()).exif).toBeUndefined();
  });

  test.each([
    ["a date that was never set", { DateTimeOriginal: "0000:00:00 00:00:00" }],
    ["no date at all", { DateTimeOriginal: "yesterday" }],
  ])("of time is left out where it is %s", async (_what, IFD2) => {
    const photo = await plain(80, 60).jpeg().withExif({ IFD2 }).toBuffer();
    const { properties } = await derive(deriver, photo, "image/jpeg");
    expect(properties).not.toHaveProperty("takenAt");
  });
});

test("a picture of the picture is told with its size", async () => {
  const { properties } = await derive(deriver, await photoWithGps(400, 300), "image/jpeg");
  expect(Buffer.from(properties.thumbHash ?? "", "base64").byteLength).toBeLessThanOrEqual(28);
  expect(properties.thumbHash).toMatch(/^[A-Za-z0-9+/]{20,38}=*$/);
});

describe("a picture that is cut", () => {
  test.each(
    rows<readonly [string, "jpeg" | "png", number]>(
      [
        ["its last two bytes", "jpeg", 1],
        ["half", "jpeg", 0.5],
        ["half", "png", 0.5],
      ],
      [["a tenth", "jpeg", 0.9]],
    ),
  )("is drawn as far as it goes: without %s of a %s", async (_what, format, part) => {
    const bytes = await (await noisy(300, 200)).toFormat(format).toBuffer();
    const cut = bytes.subarray(0, Math.min(bytes.byteLength - 2, Math.floor(bytes.byteLength * part)));
    const { made, missing } = await derive(deriver, cut, `image/${format}`);
    expect(missing).toEqual({});
    expect([...made.keys()]).toEqual(["thumbnail", "optimized"]);
  });

  test("near its beginning has a size and no picture", async () => {
    const bytes = await (await noisy(300, 200)).jpeg().toBuffer();
    const { made, missing, properties } = await derive(
      deriver,
      bytes.subarray(0, bytes.byteLength / 10),
      "image/jpeg",
    );
    expect(made.size).toBe(0);
    expect(properties).toMatchObject({ width: 300, height: 200 });
    const reason = "The image ends early: there is too little of it to show.";
    expect(missing).toEqual({
      thumbnail: { result: "failed", reason },
      optimized: { result: "failed", reason },
    });
  });
});

test.each(
  rows<readonly [string, number, number]>(
    [
      ["1 × 60,000", 1, 60_000],
      ["6,000 × 200", 6_000, 200],
    ],
    [["60,000 × 1", 60_000, 1]],
  ),
)("a long and narrow picture has both: %s", async (_what, width, height) => {
  const { made, missing } = await derive(deriver, await picture("png", width, height), "image/png");
  expect(missing).toEqual({});
  expect(await sharp(made.get("thumbnail")).metadata()).toMatchObject({ width: 150, height: 150 });
});

test("the thumbnail of a long and narrow picture is as sharp as others", async () => {
  const stripes = Buffer.from(Array.from({ length: 6_000 * 200 }, (_, at) => ((at >> 3) % 2) * 255));
  const png = await sharp(stripes, { raw: { width: 6_000, height: 200, channels: 1 } })
    .png()
    .toBuffer();
  const { made } = await derive(deriver, png, "image/png");
  const { channels } = await sharp(made.get("thumbnail")).stats();
  // Of black and white it is 127; made of what is 40 pixels high, the stripes are next to grey.
  expect(channels[0]?.stdev).toBeGreaterThan(90);
});

test("the pages of a TIFF are counted, and its first is drawn", async () => {
  const pages = [await plain(80, 60).png().toBuffer(), await plain(80, 60).png().toBuffer()];
  const tiff = await sharp(pages, { join: { animated: true } })
    .tiff()
    .toBuffer();
  const { made, properties } = await derive(deriver, tiff, "image/tiff");
  expect(properties).toMatchObject({ frames: 1, width: 80, height: 60 });
  expect(await sharp(made.get("optimized")).metadata()).toMatchObject({ width: 80, height: 60 });
});

test("the thumbnail is there before all else", async () => {
  const { order } = await derive(deriver, await picture("png", 40, 40), "image/png");
  expect(order).toEqual(["thumbnail", "properties", "optimized"]);
});

test("only what is wanted is made", async () => {
  const { names } = await derive(deriver, await picture("png", 40, 40), "image/png", ["optimized"]);
  expect(names).toEqual(["optimized"]);
});
