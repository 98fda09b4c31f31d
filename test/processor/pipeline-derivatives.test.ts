import sharp from "sharp";
import { describe, expect, test, vi } from "vitest";
import type { ProcessJob } from "#contract/jobs.ts";
import { derivativeKey } from "#contract/keys.ts";
import { CRASHED_SENTENCE } from "../../processor/death-guard.ts";
import { processJob } from "../../processor/pipeline.ts";
import type { SandboxLimits } from "../../processor/sandbox/sandbox.ts";
import { animatedGif, photoWithGps, picture, pixelBomb } from "../support/images.ts";
import { storeUpload } from "./support/jobs.ts";
import { never, usePipeline } from "./support/pipeline.ts";

const pipeline = usePipeline();

async function openDerivative(job: ProcessJob, name: "thumbnail" | "optimized") {
  const { bytes, contentType } = await pipeline.bucket.get(derivativeKey(job, name, "webp"));
  expect(contentType).toBe("image/webp");
  return { bytes, metadata: await sharp(bytes, { animated: true }).metadata() };
}

test("derivatives over which the processor has died three times are failed, and the file is clean", async () => {
  const { deaths } = pipeline.parts;
  vi.spyOn(deaths, "isGivenUp").mockImplementation((name) => name.endsWith(" derivatives"));
  expect(await pipeline.processAs(await picture("png", 50, 50), "image/png")).toBe("clean");
  const missing = pipeline.worker.reports.filter((report) => report.kind === "missing-derivative");
  expect(missing).toMatchObject([
    { name: "thumbnail", state: "failed", reason: CRASHED_SENTENCE },
    { name: "optimized", state: "failed", reason: CRASHED_SENTENCE },
  ]);
  expect(pipeline.derivativeReports()).toEqual([]);
});

describe("derivatives", () => {
  test("of a photo are upright, in size, and know nothing of where it was taken", async () => {
    const photo = await photoWithGps(2400, 1600);
    expect((await sharp(photo).metadata()).exif?.includes("Causeway")).toBe(true);
    const { job, outcome } = await pipeline.processUpload(photo);
    expect(outcome).toBe("clean");

    const thumbnail = await openDerivative(job, "thumbnail");
    const optimized = await openDerivative(job, "optimized");
    expect(thumbnail.metadata).toMatchObject({ format: "webp", width: 150, height: 150 });
    expect(optimized.metadata).toMatchObject({ format: "webp", width: 800, height: 1200 });
    for (const { metadata } of [thumbnail, optimized]) {
      expect(metadata.exif).toBeUndefined();
      expect(metadata.orientation).toBeUndefined();
    }
    // Orientation 6 turns clockwise: what was stored top left is seen top right.
    expect(await isBlue(optimized.bytes, 600, 100)).toBe(true);
    expect(await isBlue(optimized.bytes, 100, 100)).toBe(false);

    const properties = { width: 1600, height: 2400, format: "jpeg", frames: 1 };
    const kinds = pipeline.worker.reports.map(({ kind }) => kind);
    expect(kinds).toEqual(["verdict", "derivative", "properties", "derivative"]);
    expect(pipeline.worker.reports[2]).toMatchObject({ properties });
    expect(pipeline.derivativeReports()).toMatchObject([
      { name: "thumbnail", width: 150, height: 150, sizeBytes: thumbnail.bytes.byteLength },
      { name: "optimized", width: 800, height: 1200, sizeBytes: optimized.bytes.byteLength },
    ]);
  });

  async function isBlue(image: Buffer, left: number, top: number): Promise<boolean> {
    const pixel = sharp(image).extract({ left, top, width: 1, height: 1 }).removeAlpha().raw();
    const [red = 0, , blue = 0] = await pixel.toBuffer();
    return blue > red;
  }

  test.each(["png", "webp", "avif", "tiff", "jpeg"] as const)(
    "of a small %s are not enlarged",
    async (format) => {
      const { job } = await pipeline.processUpload(await picture(format, 300, 200));
      expect((await openDerivative(job, "thumbnail")).metadata).toMatchObject({ width: 150, height: 150 });
      expect((await openDerivative(job, "optimized")).metadata).toMatchObject({ width: 300, height: 200 });
    },
  );

  test("of an animation move, but for the thumbnail", async () => {
    const { job } = await pipeline.processUpload(await animatedGif(400, 300, 4));
    expect((await openDerivative(job, "optimized")).metadata).toMatchObject({
      width: 400,
      pageHeight: 300,
      pages: 4,
    });
    expect((await openDerivative(job, "thumbnail")).metadata.pages ?? 1).toBe(1);
    expect(pipeline.derivativeReports()[1]).toMatchObject({ width: 400, height: 300 });
    expect(pipeline.worker.reports[2]).toMatchObject({ properties: { frames: 4 } });
  });

  test("of a drawing are drawn in full size", async () => {
    const drawing =
      '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="9" height="9"/></svg>';
    const { job } = await pipeline.processUpload(Buffer.from(drawing));
    expect((await openDerivative(job, "optimized")).metadata).toMatchObject({ width: 1200, height: 600 });
  });

  test("made twice are the same", async () => {
    const { job } = await pipeline.processUpload(await picture("png", 200, 200));
    const first = await openDerivative(job, "optimized");
    expect(await processJob(job, pipeline.parts, never)).toBe("clean");
    expect((await openDerivative(job, "optimized")).bytes.equals(first.bytes)).toBe(true);
    expect(pipeline.derivativeReports()[2]).toEqual(pipeline.derivativeReports()[0]);
  });

  test("that can't be reported are tried again with the job", async () => {
    const job = await storeUpload(pipeline.bucket, await picture("png", 10, 10));
    pipeline.worker.answers.push({ status: 204 }, { status: 400 });
    await expect(processJob(job, pipeline.parts, never)).rejects.toMatchObject({
      code: "WORKER_UNAVAILABLE",
    });
  });
});

describe("without derivatives, and clean, is", () => {
  const external =
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/hostname"/></svg>';

  test.each<{ what: string; make: () => Promise<Buffer> | Buffer }>([
    { what: "a cut picture", make: async () => (await photoWithGps(800, 600)).subarray(0, 300) },
    {
      what: "noise that starts as a picture",
      make: () => Buffer.from("\x89PNG\r\n\x1a\nIHDR".repeat(99), "latin1"),
    },
    { what: "a pixel bomb", make: () => pixelBomb(30_000, 30_000) },
    { what: "a drawing that refers to a file", make: () => Buffer.from(external) },
    { what: "what has no type that anything is made of", make: () => Buffer.from("text") },
  ])("$what", async ({ make }) => {
    expect((await pipeline.processUpload(await make())).outcome).toBe("clean");
    const [verdict, ...others] = pipeline.worker.reports.map(({ kind }) => kind);
    expect(verdict).toBe("verdict");
    expect(others.filter((kind) => kind !== "missing-derivative")).toEqual([]);
  });

  const LIMITS: SandboxLimits = {
    ...{ timeMs: 20_000, memoryBytes: 1.5 * 2 ** 30, fileBytes: 2 ** 24 },
    ...{ scratchBytes: 2 ** 25, processes: 64 },
  };

  test.each([
    { what: "memory", limits: { ...LIMITS, memoryBytes: 300 * 2 ** 20 } },
    { what: "output", limits: { ...LIMITS, fileBytes: 0 } },
  ])("a picture that would take too much $what", async ({ limits }) => {
    pipeline.reassemble(pipeline.bucket.options, limits);
    expect((await pipeline.processUpload(await photoWithGps(800, 600))).outcome).toBe("clean");
    expect(pipeline.derivativeReports()).toEqual([]);
  });

  test("a picture that takes too much time, when that is so a second time", async () => {
    pipeline.reassemble(pipeline.bucket.options, { ...LIMITS, timeMs: 20 });
    const job = await storeUpload(pipeline.bucket, await photoWithGps(800, 600));
    const missing = () => pipeline.worker.reports.filter(({ kind }) => kind === "missing-derivative");
    const first = processJob(job, pipeline.parts, never);
    await expect(first).rejects.toMatchObject({ code: "TOOL_BROKEN_OFF" });
    expect(missing()).toEqual([]);
    expect(await processJob(job, pipeline.parts, never)).toBe("clean");
    expect(missing()).toMatchObject([{ reason: "Drawing the image took too long." }, {}]);
  });
});
