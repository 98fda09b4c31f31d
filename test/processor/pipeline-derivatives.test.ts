import sharp from "sharp";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { ProcessJob } from "#contract/jobs.ts";
import { derivativeKey } from "#contract/keys.ts";
import { NO_WISHES } from "#contract/wishes.ts";
import { CRASHED_SENTENCE } from "../../processor/death-guard.ts";
import { codeOf, ProcessorFailure } from "../../processor/failure.ts";
import { processJob } from "../../processor/pipeline.ts";
import { Sandbox, type SandboxLimits } from "../../processor/sandbox/sandbox.ts";
import { ScannerChoice } from "../../processor/scan/scanner-choice.ts";
import { eicar } from "../support/eicar.ts";
import { animatedGif, photoWithGps, picture, pixelBomb } from "../support/images.ts";
import { rows } from "../support/runs.ts";
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

  // Of which formats pictures are drawn is the matter of images.test.ts.
  test.each(rows<Parameters<typeof picture>[0]>(["png"], ["webp", "avif", "tiff", "jpeg"]))(
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

describe("a picture that is scanned", () => {
  /** `drawn` resolves when something was. */
  function watchDrawing() {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { run } = Sandbox.prototype;
    const spy = vi.spyOn(Sandbox.prototype, "run").mockImplementation(async function (
      this: Sandbox,
      ...args
    ) {
      const result = await run.apply(this, args);
      resolve();
      return result;
    });
    onTestFinished(() => spy.mockRestore());
    return { drawn: promise, runs: () => spy.mock.calls.length };
  }

  /** Has the scanner wait before its verdict, and tells how many pictures are being drawn then. */
  function holdVerdict(until: Promise<void>, fault?: Error) {
    const seen = { drawing: -1 };
    const { usual } = pipeline.parts.scanners;
    const open = usual.open.bind(usual);
    vi.spyOn(usual, "open").mockImplementation((...args) => {
      const scan = open(...args);
      const finish = async () => {
        await until;
        seen.drawing = pipeline.parts.lanes.image.running;
        if (fault !== undefined) throw fault;
        return scan.finish();
      };
      return { write: (chunk) => scan.write(chunk), close: () => scan.close(), finish };
    });
    return seen;
  }

  async function storePhoto(...behind: Buffer[]): Promise<ProcessJob> {
    const bytes = Buffer.concat([await photoWithGps(800, 600), ...behind]);
    return { ...(await storeUpload(pipeline.bucket, bytes)), declaredType: "image/jpeg" };
  }

  const AWAY = new ProcessorFailure("SCANNER_UNAVAILABLE");
  const kinds = () => pipeline.worker.reports.map(({ kind }) => kind);

  test("is drawn meanwhile, and told of behind its verdict", async () => {
    const { drawn, runs } = watchDrawing();
    const seen = holdVerdict(drawn);
    const job = await storePhoto();
    expect(await processJob(job, pipeline.parts, never)).toBe("clean");
    expect([seen.drawing, runs()]).toEqual([1, 1]);
    expect(kinds()).toEqual(["verdict", "derivative", "properties", "derivative"]);
    expect((await openDerivative(job, "thumbnail")).metadata).toMatchObject({ width: 150, height: 150 });
  });

  test.each([
    { what: "is infected", behind: eicar(), fault: undefined, outcome: "infected", told: ["verdict"] },
    { what: "can't be scanned now", behind: Buffer.of(), fault: AWAY, outcome: AWAY.code, told: [] },
  ])("leaves nothing where it $what", async ({ behind, fault, outcome, told }) => {
    holdVerdict(watchDrawing().drawn, fault);
    const job = await storePhoto(behind);
    const end = processJob(job, pipeline.parts, never).catch(codeOf);
    expect(await end).toBe(outcome);
    expect(kinds()).toEqual(told);
    await expect(openDerivative(job, "thumbnail")).rejects.toMatchObject({ name: "NoSuchKey" });
    expect(pipeline.parts.lanes.image.running).toBe(0);
  });

  test("is drawn anew where something else is wanted of it by then", async () => {
    pipeline.worker.standing.wishes = { ...NO_WISHES, avifDerivatives: true };
    holdVerdict(watchDrawing().drawn);
    expect(await processJob(await storePhoto(), pipeline.parts, never)).toBe("clean");
    expect(pipeline.derivativeReports().map(({ name }) => name)).toEqual(["thumbnail", "optimized"]);
  });

  test.each<{ why: string; prepare: () => void; type?: string }>([
    {
      why: "the processor has died of it",
      prepare: () => vi.spyOn(pipeline.parts.deaths, "isSuspect").mockReturnValue(true),
    },
    { why: "it is said to be a drawing", prepare: () => undefined, type: "image/svg+xml" },
    {
      why: "its scanner takes minutes",
      prepare: () => {
        const { usual } = pipeline.parts.scanners;
        Object.assign(pipeline.parts, { scanners: new ScannerChoice({ virustotal: usual }, usual) });
      },
    },
  ])("is drawn behind its verdict where $why", async ({ prepare, type }) => {
    prepare();
    const seen = holdVerdict(Promise.resolve());
    const job = await storePhoto();
    expect(await processJob({ ...job, declaredType: type ?? "image/jpeg" }, pipeline.parts, never)).toBe(
      "clean",
    );
    expect(seen.drawing).toBe(0);
    expect(pipeline.derivativeReports()).toHaveLength(2);
  });
});
