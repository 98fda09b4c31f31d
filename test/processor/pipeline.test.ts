import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { ProcessJob } from "#contract/jobs.ts";
import { derivativeKey } from "#contract/keys.ts";
import type { DerivativeReport } from "#contract/reports.ts";
import { Derivatives } from "../../processor/derive/derivatives.ts";
import { ImageDeriver } from "../../processor/derive/images.ts";
import { ALL_TOOLS_MISSING } from "../../processor/derive/tools.ts";
import { createLanes, LANE_LIMITS } from "../../processor/lanes.ts";
import { createLog } from "../../processor/log.ts";
import { createMetrics } from "../../processor/metrics.ts";
import { ObjectStore } from "../../processor/object-store.ts";
import { type PipelineParts, processJob } from "../../processor/pipeline.ts";
import { Reporter } from "../../processor/report.ts";
import { Sandbox, type SandboxLimits } from "../../processor/sandbox/sandbox.ts";
import { ClamdScanner } from "../../processor/scan/clamd-scanner.ts";
import { CrashGuard } from "../../processor/scan/crash-guard.ts";
import { SecondLook } from "../../processor/second-look.ts";
import { type RunningClamd, startClamd } from "../support/clamd.ts";
import { eicar, zip } from "../support/eicar.ts";
import { animatedGif, photoWithGps, picture, pixelBomb } from "../support/images.ts";
import { startBucket, type TestBucket } from "./support/bucket.ts";
import { forgeries } from "./support/forgeries.ts";
import { createJob, storeUpload } from "./support/jobs.ts";
import { problem, REPORT_SECRET, startWorkerDouble, type WorkerDouble } from "./support/worker-double.ts";

const never = new AbortController().signal;
let bucket: TestBucket;
let clamd: RunningClamd;
let sandbox: Sandbox;
let worker: WorkerDouble;
let parts: PipelineParts;
let scratchRoot: string;

beforeAll(async () => {
  [bucket, clamd, sandbox] = await Promise.all([startBucket(), startClamd(), Sandbox.create()]);
});

afterAll(() => Promise.all([bucket.stop(), clamd.stop()]));

beforeEach(async () => {
  worker = await startWorkerDouble();
  scratchRoot = await mkdtemp(join(tmpdir(), "causeway-pipeline-"));
  vi.stubEnv("TMPDIR", scratchRoot);
  parts = assemble();
});

afterEach(async () => {
  parts.store.close();
  await worker.stop();
  vi.unstubAllEnvs();
  const left = await readdir(scratchRoot);
  await rm(scratchRoot, { recursive: true });
  expect(left, "scratch directories left behind").toEqual([]);
});

function assemble(options = bucket.options, limits?: SandboxLimits): PipelineParts {
  const store = new ObjectStore(options);
  const reporter = new Reporter({ workerUrl: worker.url, secret: REPORT_SECRET });
  const metrics = createMetrics();
  const log = createLog("silent");
  const lanes = createLanes(LANE_LIMITS);
  const derivers = [new ImageDeriver(sandbox, ALL_TOOLS_MISSING, limits)];
  const derivatives = new Derivatives({
    ...{ store, reporter, lanes, sandbox, metrics, log, derivers },
    tools: ALL_TOOLS_MISSING,
  });
  const scanner = new ClamdScanner(clamd);
  const guard = new CrashGuard(scanner, scanner, metrics);
  const secondLook = new SecondLook(store, sandbox);
  return { store, reporter, metrics, derivatives, secondLook, lanes, scanner, guard, scanDeadlineMs: 20_000 };
}

async function processUpload(bytes: Uint8Array): Promise<{ job: ProcessJob; outcome: string }> {
  const job = await storeUpload(bucket, bytes);
  return { job, outcome: await processJob(job, parts, never) };
}

/** The same of an upload that was declared to be of a type. */
async function processAs(bytes: Uint8Array, declaredType: string): Promise<string> {
  return processJob({ ...(await storeUpload(bucket, bytes)), declaredType }, parts, never);
}

function derivativeReports(): DerivativeReport[] {
  return worker.reports.filter((report) => report.kind === "derivative");
}

async function openDerivative(job: ProcessJob, name: "thumbnail" | "optimized") {
  const { bytes, contentType } = await bucket.get(derivativeKey(job, name, "webp"));
  expect(contentType).toBe("image/webp");
  return { bytes, metadata: await sharp(bytes, { animated: true }).metadata() };
}

describe("the verdict", () => {
  test("on a text says what was read", async () => {
    const bytes = Buffer.from("hello ".repeat(100_000));
    const { job, outcome } = await processUpload(bytes);
    expect(outcome).toBe("clean");
    expect(worker.reports).toEqual([
      {
        ...{ kind: "verdict", tenantId: "acme", fileId: job.fileId, version: 1, etag: job.etag },
        ...{
          sizeBytes: 600_000,
          sha256: createHash("sha256").update(bytes).digest("hex"),
          sniffedType: null,
        },
        ...{ verdict: "clean", signatureName: null, signatureVersion: "unnumbered", signaturesAtMs: null },
        engine: expect.stringMatching(/^ClamAV /),
        scannedAtMs: expect.any(Number),
      },
    ]);
  });

  test.each(["infected", "unscannable"] as const)("is not asked for again once it is %s", async (state) => {
    worker.standing.state = state;
    expect((await processUpload(Buffer.from("hello"))).outcome).toBe(state);
    expect(worker.reports).toEqual([]);
  });

  test("is not asked for again once it is clean; only what is missing is derived", async () => {
    Object.assign(worker.standing, { state: "clean", sniffedType: "image/png" });
    const image = await picture("png", 300, 200);
    expect((await processUpload(image)).outcome).toBe("clean");
    expect(worker.reports.map(({ kind }) => kind)).toEqual(["properties", "derivative", "derivative"]);
    worker.standing.derivatives = ["thumbnail", "optimized"];
    expect((await processUpload(image)).outcome).toBe("clean");
    expect(worker.reports).toHaveLength(3);
  });

  test("on an empty file is clean, by the scanner's word", async () => {
    expect((await processUpload(new Uint8Array())).outcome).toBe("clean");
    expect(worker.verdicts()).toMatchObject([{ sizeBytes: 0, verdict: "clean" }]);
  });

  test("on malware ends the job: nothing is derived", async () => {
    const infected = Buffer.concat([await picture("png", 10, 10), eicar()]);
    expect((await processUpload(infected)).outcome).toBe("infected");
    expect(worker.reports).toMatchObject([
      { verdict: "infected", signatureName: "Local.Test.EICAR.UNOFFICIAL" },
    ]);
  });

  const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
  const ARCHIVE = zip([
    { name: "word/document.xml", content: Buffer.from("<document/>") },
    { name: "notes.txt", content: randomBytes(2_000) },
  ]);

  test.each([
    ["application/zip", "application/octet-stream"],
    ["a document", DOCX],
  ])(
    "on a zip that is cut is unscannable, though the scanner finds nothing: %s",
    async (_what, declaredType) => {
      expect(await processAs(ARCHIVE, declaredType)).toBe("clean");
      expect(await processAs(ARCHIVE.subarray(0, -30), declaredType)).toBe("unscannable");
      expect(worker.verdicts()).toMatchObject([
        { verdict: "clean", signatureName: null },
        { verdict: "unscannable", signatureName: "Zip.Directory.Missing" },
      ]);
    },
  );

  test("on what is named as a zip and doesn't begin as one is asked of its end", async () => {
    const shifted = Buffer.concat([randomBytes(50), ARCHIVE]);
    expect(await processAs(shifted, "application/epub+zip")).toBe("unscannable");
    expect(await processAs(shifted, "application/octet-stream")).toBe("clean");
  });

  test("on a document under a password isn't asked of a zip", async () => {
    const compound = Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(1_000)]);
    expect(await processAs(compound, DOCX)).toBe("clean");
  });

  test("on malware in a zip is infected; where it is cut, the scanner doesn't find it", async () => {
    const archive = zip([{ name: "a.txt", content: eicar() }]);
    expect(await processAs(archive, "application/zip")).toBe("infected");
    expect(await processAs(archive.subarray(0, -22), "application/zip")).toBe("unscannable");
  });

  test.each(forgeries(eicar()))("on malware in a zip that isn't clean: it has %s", async (_what, archive) => {
    // Some of it the scanner finds by itself.
    expect(await processAs(archive, "application/octet-stream")).toMatch(/^(?:infected|unscannable)$/);
  });

  test("on malware that the scanner passes over, and others extract, is unscannable", async () => {
    const [[, archive] = []] = forgeries(eicar());
    expect(await processAs(archive ?? Buffer.of(), "application/zip")).toBe("unscannable");
    expect(worker.verdicts()).toMatchObject([{ signatureName: "Zip.Entry.Mismatch" }]);
  });

  const PROGRAM = Buffer.concat([Buffer.from("MZ\x90\0", "latin1"), Buffer.alloc(6_000, 1)]);
  const APPLET = zip([
    { name: "notes.bin", content: randomBytes(20_000) },
    { name: "META-INF/MANIFEST.MF", content: Buffer.from("Manifest-Version: 1.0\n") },
  ]);

  test.each([
    ["a Windows program", PROGRAM, "audio/mpeg"],
    ["a page", Buffer.from("<!doctype html><p>x</p>"), "application/xml"],
    ["a Java archive, which the edge doesn't see so far behind", APPLET, "application/zip"],
  ])("on %s that was declared as another type is unscannable", async (_what, bytes, declaredType) => {
    expect(await processAs(bytes, declaredType)).toBe("unscannable");
    expect(worker.verdicts()).toMatchObject([{ signatureName: "Type.NotAsDeclared" }]);
  });

  test("on a text that begins as a program does is clean, and it is a text", async () => {
    expect(await processAs(Buffer.from("MZ is a Windows program's mark."), "text/plain")).toBe("clean");
    expect(worker.verdicts()).toMatchObject([{ verdict: "clean", sniffedType: null }]);
  });

  const DIGESTS = { "sha-256": "sha256", "sha-512": "sha512" } as const;
  type DigestName = keyof typeof DIGESTS;
  const digestOf = (name: DigestName, bytes: Uint8Array) =>
    createHash(DIGESTS[name]).update(bytes).digest("base64");

  test.each<{ right: DigestName[]; wrong: DigestName[]; verdict: string; signatureName: string | null }>([
    { right: ["sha-256"], wrong: [], verdict: "clean", signatureName: null },
    { right: ["sha-512"], wrong: [], verdict: "clean", signatureName: null },
    { right: ["sha-256", "sha-512"], wrong: [], verdict: "clean", signatureName: null },
    { right: [], wrong: ["sha-256"], verdict: "unscannable", signatureName: "Digest.Mismatch" },
    { right: [], wrong: ["sha-512"], verdict: "unscannable", signatureName: "Digest.Mismatch" },
    { right: ["sha-256"], wrong: ["sha-512"], verdict: "unscannable", signatureName: "Digest.Mismatch" },
  ])("with $right as announced and $wrong not is $verdict", async ({ right, wrong, ...expected }) => {
    const bytes = await picture("png", 10, 10);
    const job = await storeUpload(bucket, bytes);
    const expectedDigests = Object.fromEntries([
      ...right.map((name) => [name, digestOf(name, bytes)]),
      ...wrong.map((name) => [name, digestOf(name, Buffer.from("another"))]),
    ]);
    expect(await processJob({ ...job, expectedDigests }, parts, never)).toBe(expected.verdict);
    // SHA-256 is reported whatever was announced, and what isn't clean has no derivatives.
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(worker.verdicts()).toMatchObject([{ sha256, ...expected }]);
    expect(derivativeReports().length > 0).toBe(expected.verdict === "clean");
  });

  test("on malware is that it is malware, whatever its digest", async () => {
    const bytes = eicar();
    const job = await storeUpload(bucket, bytes);
    const expectedDigests = { "sha-256": digestOf("sha-256", Buffer.from("another")) };
    expect(await processJob({ ...job, expectedDigests }, parts, never)).toBe("infected");
  });

  test("is bound to the ETag whether it is quoted or not", async () => {
    const job = await storeUpload(bucket, Buffer.from("a"));
    const bare = { ...job, etag: job.etag.replaceAll('"', "") };
    expect(await processJob(bare, parts, never)).toBe("clean");
    expect(worker.verdicts()).toMatchObject([{ etag: bare.etag }]);
  });
});

describe("an obsolete job", () => {
  test("is one whose object is gone", async () => {
    expect(await processJob(createJob(), parts, never)).toBe("obsolete");
    expect(worker.reports).toEqual([]);
  });

  test("is one whose object was replaced", async () => {
    const job = await storeUpload(bucket, Buffer.from("first"));
    await bucket.put(job.objectKey, Buffer.from("second"));
    expect(await processJob(job, parts, never)).toBe("obsolete");
    expect(worker.reports).toEqual([]);
  });

  test("is one whose report the worker refuses: nothing is derived", async () => {
    worker.answers.push({ status: 409, body: problem(409, "REPORT_REFUSED") });
    expect((await processUpload(await picture("png", 10, 10))).outcome).toBe("obsolete");
    expect(worker.reports).toHaveLength(1);
  });
});

describe("a fault of the machinery is thrown, without a verdict:", () => {
  test.each([
    { what: "no such bucket", change: { bucket: "another" } },
    { what: "wrong credentials", change: { secretAccessKey: "wrong" } },
    { what: "no store at all", change: { endpoint: "http://127.0.0.1:1" } },
  ])("$what", async ({ change }) => {
    const job = await storeUpload(bucket, Buffer.from("a"));
    parts.store.close();
    parts = assemble({ ...bucket.options, ...change });
    await expect(processJob(job, parts, never)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(worker.reports).toEqual([]);
  });

  test("no scanner", async () => {
    const job = await storeUpload(bucket, Buffer.from("a"));
    const scanner = new ClamdScanner({ host: "127.0.0.1", port: 1 });
    const processing = processJob(job, { ...parts, scanner }, never);
    await expect(processing).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
    expect(worker.reports).toEqual([]);
  });

  test("a stop in the middle", async () => {
    const job = await storeUpload(bucket, Buffer.from("a"));
    await expect(processJob(job, parts, AbortSignal.abort())).rejects.toThrow();
    expect(worker.reports).toEqual([]);
  });
});

describe("derivatives", () => {
  test("of a photo are upright, in size, and know nothing of where it was taken", async () => {
    const photo = await photoWithGps(2400, 1600);
    expect((await sharp(photo).metadata()).exif?.includes("Causeway")).toBe(true);
    const { job, outcome } = await processUpload(photo);
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
    const kinds = worker.reports.map(({ kind }) => kind);
    expect(kinds).toEqual(["verdict", "properties", "derivative", "derivative"]);
    expect(worker.reports[1]).toMatchObject({ properties });
    expect(derivativeReports()).toMatchObject([
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
      const { job } = await processUpload(await picture(format, 300, 200));
      expect((await openDerivative(job, "thumbnail")).metadata).toMatchObject({ width: 150, height: 150 });
      expect((await openDerivative(job, "optimized")).metadata).toMatchObject({ width: 300, height: 200 });
    },
  );

  test("of an animation move, but for the thumbnail", async () => {
    const { job } = await processUpload(await animatedGif(400, 300, 4));
    expect((await openDerivative(job, "optimized")).metadata).toMatchObject({
      width: 400,
      pageHeight: 300,
      pages: 4,
    });
    expect((await openDerivative(job, "thumbnail")).metadata.pages ?? 1).toBe(1);
    expect(derivativeReports()[1]).toMatchObject({ width: 400, height: 300 });
    expect(worker.reports[1]).toMatchObject({ properties: { frames: 4 } });
  });

  test("of a drawing are drawn in full size", async () => {
    const drawing =
      '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="9" height="9"/></svg>';
    const { job } = await processUpload(Buffer.from(drawing));
    expect((await openDerivative(job, "optimized")).metadata).toMatchObject({ width: 1200, height: 600 });
  });

  test("made twice are the same", async () => {
    const { job } = await processUpload(await picture("png", 200, 200));
    const first = await openDerivative(job, "optimized");
    expect(await processJob(job, parts, never)).toBe("clean");
    expect((await openDerivative(job, "optimized")).bytes.equals(first.bytes)).toBe(true);
    expect(derivativeReports()[2]).toEqual(derivativeReports()[0]);
  });

  test("that can't be reported are tried again with the job", async () => {
    const job = await storeUpload(bucket, await picture("png", 10, 10));
    worker.answers.push({ status: 204 }, { status: 400 });
    await expect(processJob(job, parts, never)).rejects.toMatchObject({ code: "WORKER_UNAVAILABLE" });
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
    expect((await processUpload(await make())).outcome).toBe("clean");
    const [verdict, ...others] = worker.reports.map(({ kind }) => kind);
    expect(verdict).toBe("verdict");
    expect(others.filter((kind) => kind !== "missing-derivative")).toEqual([]);
  });

  const LIMITS: SandboxLimits = {
    ...{ timeMs: 20_000, memoryBytes: 1.5 * 2 ** 30, fileBytes: 2 ** 24 },
    ...{ scratchBytes: 2 ** 25, processes: 64 },
  };

  test.each([
    { what: "time", limits: { ...LIMITS, timeMs: 20 } },
    { what: "memory", limits: { ...LIMITS, memoryBytes: 300 * 2 ** 20 } },
    { what: "output", limits: { ...LIMITS, fileBytes: 0 } },
  ])("a picture that would take too much $what", async ({ limits }) => {
    parts.store.close();
    parts = assemble(bucket.options, limits);
    expect((await processUpload(await photoWithGps(800, 600))).outcome).toBe("clean");
    expect(derivativeReports()).toEqual([]);
  });
});
