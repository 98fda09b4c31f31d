import { createHash } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import type { RepairJob } from "#contract/repairs.ts";
import { processJob } from "../../processor/pipeline.ts";
import { PrimaryWriter } from "../../processor/replicate/primary-writer.ts";
import { RepairPrimary } from "../../processor/replicate/repair-primary.ts";
import { ClamdScanner } from "../../processor/scan/clamd-scanner.ts";
import { ScannerChoice } from "../../processor/scan/scanner-choice.ts";
import { eicar } from "../support/eicar.ts";
import { picture } from "../support/images.ts";
import { memoryTarget } from "../support/replica-gateway.ts";
import { createJob, storeUpload } from "./support/jobs.ts";
import { never, usePipeline } from "./support/pipeline.ts";
import { problem } from "./support/worker-double.ts";

const pipeline = usePipeline();

describe("the verdict", () => {
  test("on a text says what was read", async () => {
    const bytes = Buffer.from("hello ".repeat(100_000));
    const { job, outcome } = await pipeline.processUpload(bytes);
    expect(outcome).toBe("clean");
    expect(pipeline.worker.reports).toEqual([
      {
        active: { found: [], isComplete: true },
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
    pipeline.worker.standing.state = state;
    expect((await pipeline.processUpload(Buffer.from("hello"))).outcome).toBe(state);
    expect(pipeline.worker.reports).toEqual([]);
  });

  test("is not asked for again once it is clean; only what is missing is derived", async () => {
    Object.assign(pipeline.worker.standing, { state: "clean", sniffedType: "image/png" });
    const image = await picture("png", 300, 200);
    expect((await pipeline.processUpload(image)).outcome).toBe("clean");
    expect(pipeline.worker.reports.map(({ kind }) => kind)).toEqual([
      "derivative",
      "properties",
      "derivative",
    ]);
    pipeline.worker.standing.derivatives = ["thumbnail", "optimized"];
    expect((await pipeline.processUpload(image)).outcome).toBe("clean");
    expect(pipeline.worker.reports).toHaveLength(3);
  });

  test("on an empty file is clean, by the scanner's word", async () => {
    expect((await pipeline.processUpload(new Uint8Array())).outcome).toBe("clean");
    expect(pipeline.worker.verdicts()).toMatchObject([{ sizeBytes: 0, verdict: "clean" }]);
  });

  test("on malware ends the job: nothing is derived", async () => {
    const infected = Buffer.concat([await picture("png", 10, 10), eicar()]);
    expect((await pipeline.processUpload(infected)).outcome).toBe("infected");
    expect(pipeline.worker.reports).toMatchObject([
      { verdict: "infected", signatureName: "Local.Test.EICAR.UNOFFICIAL" },
    ]);
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
    const job = await storeUpload(pipeline.bucket, bytes);
    const expectedDigests = Object.fromEntries([
      ...right.map((name) => [name, digestOf(name, bytes)]),
      ...wrong.map((name) => [name, digestOf(name, Buffer.from("another"))]),
    ]);
    expect(await processJob({ ...job, expectedDigests }, pipeline.parts, never)).toBe(expected.verdict);
    // SHA-256 is reported whatever was announced, and what isn't clean has no derivatives.
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(pipeline.worker.verdicts()).toMatchObject([{ sha256, ...expected }]);
    expect(pipeline.derivativeReports().length > 0).toBe(expected.verdict === "clean");
  });

  test("on malware is that it is malware, whatever its digest", async () => {
    const bytes = eicar();
    const job = await storeUpload(pipeline.bucket, bytes);
    const expectedDigests = { "sha-256": digestOf("sha-256", Buffer.from("another")) };
    expect(await processJob({ ...job, expectedDigests }, pipeline.parts, never)).toBe("infected");
  });

  test("is bound to the ETag whether it is quoted or not", async () => {
    const job = await storeUpload(pipeline.bucket, Buffer.from("a"));
    const bare = { ...job, etag: job.etag.replaceAll('"', "") };
    expect(await processJob(bare, pipeline.parts, never)).toBe("clean");
    expect(pipeline.worker.verdicts()).toMatchObject([{ etag: bare.etag }]);
  });
});

describe("a rescan of what only copies have", () => {
  /** What was clean, is in no primary any more, and has a copy. */
  async function lostVersion(declaredType: string) {
    const bytes = Buffer.concat([Buffer.from("words "), eicar()]);
    const etag = createHash("md5").update(bytes).digest("hex");
    const job = createJob({ etag, sizeBytes: bytes.byteLength, declaredType, rescan: true });
    Object.assign(pipeline.worker.standing, { state: "clean", mustScan: true });
    const { tenantId, fileId, version, objectKey, sizeBytes } = job;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const repair: RepairJob = {
      ...{ kind: "repair", tenantId, fileId, version, objectKey, etag, sizeBytes, sha256 },
      ...{ contentType: declaredType, target: "vault" },
    };
    return { job, repair, target: memoryTarget("vault", new Map([[objectKey, bytes]])) };
  }

  test.each(["text/plain", "application/zip"])(
    "waits for its repair, and finds %s out",
    async (declaredType) => {
      const { job, repair, target } = await lostVersion(declaredType);
      const { reporter, store } = pipeline.parts;
      pipeline.worker.answers.push({ status: 200, body: { isBeingRepaired: true } });
      await expect(processJob(job, pipeline.parts, never)).rejects.toMatchObject({ code: "OBJECT_LOST" });
      const { tenantId, fileId, etag } = job;
      expect(pipeline.worker.reports).toEqual([
        { kind: "missing-object", tenantId, fileId, version: 1, etag, sizeBytes: job.sizeBytes },
      ]);
      const writer = new PrimaryWriter(pipeline.bucket.options);
      const repairs = new RepairPrimary({ store, writer, reporter, targets: [target] });
      expect(await repairs.repair(repair, never)).toBe("repaired");
      expect(await processJob(job, pipeline.parts, never)).toBe("infected");
      expect(pipeline.worker.verdicts()).toMatchObject([{ signatureName: "Local.Test.EICAR.UNOFFICIAL" }]);
    },
  );

  test("is over where there is no copy either", async () => {
    const { job } = await lostVersion("text/plain");
    pipeline.worker.answers.push({ status: 200, body: { isBeingRepaired: false } });
    expect(await processJob(job, pipeline.parts, never)).toBe("obsolete");
  });
});

describe("an obsolete job", () => {
  test("is one whose object is gone", async () => {
    expect(await processJob(createJob(), pipeline.parts, never)).toBe("obsolete");
    expect(pipeline.worker.reports).toEqual([]);
  });

  test("is one whose object was replaced", async () => {
    const job = await storeUpload(pipeline.bucket, Buffer.from("first"));
    await pipeline.bucket.put(job.objectKey, Buffer.from("second"));
    expect(await processJob(job, pipeline.parts, never)).toBe("obsolete");
    expect(pipeline.worker.reports).toEqual([]);
  });

  test("is one whose object is gone when a second look is taken at it: it isn't clean", async () => {
    const job = await storeUpload(pipeline.bucket, Buffer.from("377abcaf271c0004".padEnd(80, "0"), "hex"));
    const { store } = pipeline.parts;
    const findObject = store.findObject.bind(store);
    vi.spyOn(store, "findObject")
      .mockImplementationOnce(findObject)
      .mockImplementationOnce(async (...args) => {
        await pipeline.bucket.put(job.objectKey, Buffer.from("second"));
        return findObject(...args);
      });
    expect(await processJob(job, pipeline.parts, never)).toBe("obsolete");
    expect(pipeline.worker.reports).toEqual([]);
  });

  test("is one whose report the worker refuses: nothing is derived", async () => {
    pipeline.worker.answers.push({ status: 409, body: problem(409, "REPORT_REFUSED") });
    expect((await pipeline.processUpload(await picture("png", 10, 10))).outcome).toBe("obsolete");
    expect(pipeline.worker.reports).toHaveLength(1);
  });
});

describe("a fault of the machinery is thrown, without a verdict:", () => {
  test.each([
    { what: "no such bucket", change: { bucket: "another" } },
    { what: "wrong credentials", change: { secretAccessKey: "wrong" } },
    { what: "no store at all", change: { endpoint: "http://127.0.0.1:1" } },
  ])("$what", async ({ change }) => {
    const job = await storeUpload(pipeline.bucket, Buffer.from("a"));
    pipeline.reassemble({ ...pipeline.bucket.options, ...change });
    await expect(processJob(job, pipeline.parts, never)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(pipeline.worker.reports).toEqual([]);
  });

  test("no scanner", async () => {
    const job = await storeUpload(pipeline.bucket, Buffer.from("a"));
    const scanner = new ClamdScanner({ host: "127.0.0.1", port: 1 });
    const processing = processJob(
      job,
      { ...pipeline.parts, scanners: new ScannerChoice({}, scanner) },
      never,
    );
    await expect(processing).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
    expect(pipeline.worker.reports).toEqual([]);
  });

  test("a stop in the middle", async () => {
    const job = await storeUpload(pipeline.bucket, Buffer.from("a"));
    await expect(processJob(job, pipeline.parts, AbortSignal.abort())).rejects.toThrow();
    expect(pipeline.worker.reports).toEqual([]);
  });
});
