import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { ImageDeriver } from "../../processor/derive/images.ts";
import { readBitmap } from "../../processor/derive/images/bmp.ts";
import { ALL_TOOLS_MISSING } from "../../processor/derive/tools.ts";
import { Sandbox } from "../../processor/sandbox/sandbox.ts";
import { type BitmapShape, bitmap } from "../support/bitmaps.ts";
import { ORANGE } from "../support/photos.ts";
import { near, pixelOf } from "../support/pixels.ts";
import { derive } from "./support/derive.ts";

const GREEN = { r: 20, g: 120, b: 40 };
const LIMITS = { maxPixels: 1_000_000, targetSide: 1_200, leastPresent: 0.25 };
const SHAPE: BitmapShape = { bits: 24, width: 21, height: 10 };

function read(bytes: Buffer, limits = LIMITS) {
  const { pixels, pixelsWidth, pixelsHeight, ...size } = readBitmap(bytes, limits);
  const at = (x: number, y: number) => [...pixels.subarray((y * pixelsWidth + x) * 4).subarray(0, 4)];
  return { ...size, pixelsWidth, pixelsHeight, at };
}

describe("a bitmap is read", () => {
  test.each([
    ...([1, 4, 8, 16, 24, 32] as const).flatMap((bits) => [{ bits }, { bits, isTopDown: true }]),
    { bits: 24, isCore: true } as const,
    { bits: 8, isCore: true } as const,
    { bits: 32, hasAlpha: true, fourth: 255 } as const,
    // Of which nobody could see anything: it was never meant.
    { bits: 32, hasAlpha: true, fourth: 0 } as const,
  ])("%j", (shape) => {
    const { at, ...size } = read(bitmap({ ...SHAPE, ...shape }, ORANGE, GREEN));
    expect(size).toEqual({ width: 21, height: 10, pixelsWidth: 21, pixelsHeight: 10 });
    // 16 bits have 5 of each colour.
    const exact = ({ r, g, b }: typeof ORANGE) =>
      [r, g, b].map((value) => (shape.bits === 16 ? Math.round(((value >> 3) * 255) / 31) : value));
    for (const x of [0, 1, 20]) {
      expect(at(x, 0), "above").toEqual([...exact(ORANGE), 255]);
      expect(at(x, 9), "below").toEqual([...exact(GREEN), 255]);
    }
  });

  test("that is partly transparent", () => {
    const { at } = read(bitmap({ ...SHAPE, bits: 32, hasAlpha: true, fourth: 128 }, ORANGE, GREEN));
    expect(at(3, 1)).toEqual([200, 100, 50, 128]);
  });

  test("that is large, by averages", () => {
    const bytes = bitmap({ ...SHAPE, width: 35, height: 12 }, ORANGE, { r: 0, g: 0, b: 0 });
    const { at, ...size } = read(bytes, { ...LIMITS, targetSide: 8 });
    expect(size).toEqual({ width: 35, height: 12, pixelsWidth: 9, pixelsHeight: 3 });
    expect([at(8, 0), at(8, 1), at(8, 2)]).toEqual([
      [200, 100, 50, 255],
      [100, 50, 25, 255],
      [0, 0, 0, 255],
    ]);
  });
});

describe("a bitmap is refused", () => {
  const whole = bitmap(SHAPE, ORANGE, GREEN);
  const changed = (offset: number, value: number) => {
    const bytes = Buffer.from(whole);
    bytes.writeInt32LE(value, offset);
    return bytes;
  };

  test.each([
    ["with more pixels than are drawn", changed(18, 1_000_000), { fault: "too-large" }],
    ["of a negative width", changed(18, -21), { fault: "damaged" }],
    ["of no height", changed(22, 0), { fault: "damaged" }],
    ["that is compressed", changed(30, 1), { fault: "damaged" }],
    ["with a header of another length", changed(14, 41), { fault: "damaged" }],
    ["of another depth", changed(28, 2), { fault: "damaged" }],
    ["with pixels outside of it", changed(10, -1), { fault: "cut" }],
    ["near whose beginning it ends", whole.subarray(0, 100), { fault: "cut" }],
    ["within whose header it ends", whole.subarray(0, 30), { code: "ERR_OUT_OF_RANGE" }],
  ])("%s", (_what, bytes, error) => {
    expect(() => readBitmap(bytes, LIMITS)).toThrow(expect.objectContaining(error));
  });

  test("only where too little of it is there", () => {
    expect(read(whole.subarray(0, whole.byteLength / 2)).at(0, 9)).toEqual([20, 120, 40, 255]);
  });
});

describe("of a bitmap", () => {
  let deriver: ImageDeriver;

  beforeAll(async () => {
    deriver = new ImageDeriver(await Sandbox.create(), ALL_TOOLS_MISSING);
  });

  test("both derivatives are made", async () => {
    const bytes = bitmap({ bits: 8, width: 2_500, height: 1_300 }, ORANGE, GREEN);
    const { made, properties } = await derive(deriver, bytes, "image/bmp");
    expect(properties).toMatchObject({ width: 2_500, height: 1_300, format: "bmp", frames: 1 });
    const optimized = made.get("optimized");
    expect(await sharp(optimized).metadata()).toMatchObject({ width: 1_200, height: 624 });
    expect(await pixelOf(optimized, 0.5, 0.2)).toEqual(near(ORANGE));
    expect(await pixelOf(made.get("thumbnail"), 0.5, 0.8)).toEqual(near(GREEN));
  });

  test("that can't be read the reason is told", async () => {
    const bytes = bitmap(SHAPE, ORANGE, GREEN).subarray(0, 30);
    const { missing } = await derive(deriver, bytes, "image/bmp");
    const reason = "The image could not be read: it may be damaged.";
    expect(missing["optimized"]).toEqual({ result: "failed", reason });
  });
});
