import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { derivativesOf } from "#contract/derivatives.ts";
import { NO_WISHES } from "#contract/wishes.ts";
import { ImageDeriver } from "../../processor/derive/images.ts";
import { readTaken } from "../../processor/derive/images/exif.ts";
import { ALL_TOOLS_MISSING } from "../../processor/derive/tools.ts";
import { Sandbox } from "../../processor/sandbox/sandbox.ts";
import { animatedGif } from "../support/images.ts";
import { ORANGE, plain } from "../support/photos.ts";
import { near, pixelOf } from "../support/pixels.ts";
import { derive } from "./support/derive.ts";

/** What is made of images where their tenant wishes so. */
let deriver: ImageDeriver;

beforeAll(async () => {
  deriver = new ImageDeriver(await Sandbox.create(), ALL_TOOLS_MISSING);
});

const AVIF = { ...NO_WISHES, avifDerivatives: true };

function deriveAll(bytes: Buffer, type: string, wishes = NO_WISHES) {
  return derive(deriver, bytes, type, derivativesOf(type, wishes), wishes);
}

test("the optimised image comes as AVIF too, and before the other", async () => {
  const clear = await plain(1_600, 900).ensureAlpha(0.5).png().toBuffer();
  const { names, made, mimeTypes } = await deriveAll(clear, "image/png", AVIF);
  expect(names).toEqual(["thumbnail", "optimized-avif", "optimized"]);
  expect(mimeTypes["optimized-avif"]).toBe("image/avif");
  const image = made.get("optimized-avif");
  const { width, height, compression } = await sharp(image).metadata();
  expect({ width, height, compression }).toEqual({ width: 1_200, height: 675, compression: "av1" });
  const pixel = await pixelOf(image, 0.5, 0.5);
  expect({ ...pixel, alpha: 255 }).toEqual(near(ORANGE));
  expect(Math.abs(pixel.alpha - 128)).toBeLessThan(5);
  expect((await deriveAll(clear, "image/png")).names).toEqual(["thumbnail", "optimized"]);
});

test("of what moves there is no AVIF, and of what is damaged none at all", async () => {
  const moving = await deriveAll(await animatedGif(40, 30, 3), "image/gif", AVIF);
  expect(moving.missing).toEqual({ "optimized-avif": { result: "none", reason: expect.any(String) } });
  expect([...moving.made.keys()]).toEqual(["thumbnail", "optimized"]);
  const damaged = await deriveAll(Buffer.from("no picture"), "image/png", AVIF);
  expect(Object.keys(damaged.missing)).toEqual(["thumbnail", "optimized-avif", "optimized"]);
});

/** Where a photo was taken, as EXIF says it. */
function photoAt(ns: string, latitude: string, ew: string, longitude: string): Promise<Buffer> {
  const IFD3 = { GPSLatitudeRef: ns, GPSLatitude: latitude, GPSLongitudeRef: ew, GPSLongitude: longitude };
  return plain(80, 60).jpeg().withExif({ IFD3 }).toBuffer();
}

test("a photo's place is told where that is wished, and nowhere else", async () => {
  const photo = await photoAt("S", "52/1 30/1 36/10", "W", "13/1 15/1 0/1");
  const place = { latitude: -52.501, longitude: -13.25 };
  const told = await deriveAll(photo, "image/jpeg", { ...NO_WISHES, keepPlaces: true });
  const untold = await deriveAll(photo, "image/jpeg");
  expect(told.properties).toEqual({ ...untold.properties, ...place });
  expect(untold.properties).not.toHaveProperty("latitude");
});

test.each([
  ["that isn't known yet", "N", "0/1 0/1 0/1", "0/1 0/1 0/1"],
  ["beyond the pole", "N", "95/1 0/1 0/1", "13/1 0/1 0/1"],
  ["that is no number", "N", "1/0 0/1 0/1", "13/1 0/1 0/1"],
  ["on no half of the earth", "X", "52/1 0/1 0/1", "13/1 0/1 0/1"],
])("a place %s is none", async (_what, ns, latitude, longitude) => {
  const { exif } = await sharp(await photoAt(ns, latitude, "E", longitude)).metadata();
  expect(exif).toBeDefined();
  expect(readTaken(exif)).toEqual({});
});
