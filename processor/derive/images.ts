import { createWriteStream } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import type { ProcessJob } from "#contract/jobs.ts";
import { derivativeKey } from "#contract/keys.ts";
import type { Standing } from "#contract/reports.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { ObjectStore } from "../object-store.ts";
import type { Reporter } from "../report.ts";
import type { Sandbox, SandboxLimits, SandboxResult } from "../sandbox/sandbox.ts";
import { readProduct, removeScratch } from "../sandbox/scratch.ts";
import {
  DERIVED_EXTENSION,
  DERIVED_IMAGES,
  DERIVED_TYPE,
  ImageOutput,
  ORIGINAL_FILE,
} from "./image-protocol.ts";
import { isSafeSvg, MAX_SVG_BYTES } from "./svg.ts";

export interface ImageDeriverParts {
  readonly store: ObjectStore;
  readonly reporter: Reporter;
  readonly sandbox: Sandbox;
  readonly metrics: Metrics;
  readonly log: Log;
}

const SVG = "image/svg+xml";
/** What the build of sharp reads, by sniffed type. It has no HEVC: HEIC photos keep no derivatives for now. */
const RASTERS = new Set([
  "image/jpeg",
  "image/png",
  "image/apng",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/tiff",
]);

/** Scratch space of one job at most; the images that may be uploaded are smaller (contract/file-types.ts). */
const MAX_ORIGINAL_BYTES = 200 * 1024 * 1024;
const READ_DEADLINE_MS = 60_000;
const CHILD = fileURLToPath(new URL("./image-child.ts", import.meta.url));
const MAX_DERIVED_BYTES = 16 * 1024 * 1024;
const LIMITS: SandboxLimits = {
  timeMs: 60_000,
  memoryBytes: 1.5 * 2 ** 30,
  fileBytes: MAX_DERIVED_BYTES,
  scratchBytes: 2 * MAX_DERIVED_BYTES,
  processes: 64,
};

const NO_PRODUCT: SandboxResult = { ok: false, reason: "failed", detail: "it didn't write what it said" };

const IMAGE_DERIVATIVES = ["thumbnail", "optimized"] as const;

/** Makes, stores and reports the derivatives of images. */
export class ImageDeriver {
  readonly #parts: ImageDeriverParts;
  readonly #limits: SandboxLimits;

  constructor(parts: ImageDeriverParts, limits: SandboxLimits = LIMITS) {
    this.#parts = parts;
    this.#limits = limits;
  }

  /**
   * A picture that can't be read, is too large or too slow has no derivatives: that is logged, and the file stays what
   * it is. Throws a ProcessorFailure only where trying again can help.
   */
  async derive(
    job: ProcessJob,
    { sniffedType, derivatives }: Pick<Standing, "sniffedType" | "derivatives">,
    signal: AbortSignal,
  ): Promise<void> {
    const isDone = IMAGE_DERIVATIVES.every((name) => derivatives.includes(name));
    if (isDone || !this.#parts.sandbox.mayRun || !isDerivable(sniffedType, job.sizeBytes)) return;
    const scratch = await mkdtemp(join(tmpdir(), "causeway-image-"));
    try {
      if (!(await this.#download(job, sniffedType, scratch, signal))) return;
      const result = await this.#parts.sandbox.run(
        [process.execPath, CHILD, scratch],
        scratch,
        this.#limits,
        signal,
      );
      const output = parseOutput(result);
      if (output === undefined) return this.#logFailure(job, result);
      await this.#publish(job, output, scratch, signal);
    } finally {
      await removeScratch(scratch);
    }
  }

  /** Reads the object again, now that it is clean. False when it is gone, or an SVG that is not safe to draw. */
  async #download(
    job: ProcessJob,
    type: string | null,
    scratch: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(READ_DEADLINE_MS)]);
    const object = await this.#parts.store.findObject(job.objectKey, job.etag, deadline);
    if (object === undefined) return false;
    const path = join(scratch, ORIGINAL_FILE);
    await pipeline(object.body, createWriteStream(path));
    if (type !== SVG || isSafeSvg(await readFile(path))) return true;
    this.#countAll("unsafe");
    return false;
  }

  async #publish(job: ProcessJob, output: ImageOutput, scratch: string, signal: AbortSignal): Promise<void> {
    const { tenantId, fileId, version } = job;
    for (const { name, width, height } of output.derivatives) {
      const bytes = await readProduct(join(scratch, `${name}.${DERIVED_EXTENSION}`), MAX_DERIVED_BYTES);
      if (bytes === undefined) return this.#logFailure(job, NO_PRODUCT);
      const objectKey = derivativeKey(job, name, DERIVED_EXTENSION);
      await this.#parts.store.put(objectKey, bytes, DERIVED_TYPE, signal);
      await this.#parts.reporter.send(
        {
          ...{ kind: "derivative", tenantId, fileId, version, name, objectKey },
          ...{
            mimeType: DERIVED_TYPE,
            sizeBytes: bytes.byteLength,
            width,
            height,
            properties: output.properties,
          },
        },
        signal,
      );
      this.#parts.metrics.derivatives.inc({ name, outcome: "stored" });
    }
  }

  #logFailure({ tenantId, fileId, version }: ProcessJob, result: SandboxResult): void {
    const reason = result.ok ? "unreadable output" : `${result.reason}: ${result.detail}`;
    this.#parts.log.warn({ event: "derivative-failed", tenantId, fileId, version, reason });
    this.#countAll("failed");
  }

  #countAll(outcome: string): void {
    for (const name of DERIVED_IMAGES) this.#parts.metrics.derivatives.inc({ name, outcome });
  }
}

function isDerivable(type: string | null, sizeBytes: number): boolean {
  if (type === null || sizeBytes === 0) return false;
  return type === SVG ? sizeBytes <= MAX_SVG_BYTES : RASTERS.has(type) && sizeBytes <= MAX_ORIGINAL_BYTES;
}

function parseOutput(result: SandboxResult): ImageOutput | undefined {
  if (!result.ok) return undefined;
  try {
    return ImageOutput.parse(JSON.parse(result.stdout));
  } catch {
    return undefined;
  }
}
