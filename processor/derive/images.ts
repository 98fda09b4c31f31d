import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DerivativeName } from "#contract/derivatives.ts";
import { DERIVATIVE_FORMS } from "#contract/derivatives.ts";
import type { Sandbox, SandboxLimits, SandboxResult } from "../sandbox/sandbox.ts";
import type { Deriver, Original, Product } from "./deriver.ts";
import { DERIVED_IMAGES, ImageOutput } from "./image-protocol.ts";
import { isSafeSvg } from "./svg.ts";

const SVG = "image/svg+xml";
/** What the build of sharp reads, by type. It has no HEVC: HEIC photos keep no derivatives for now. */
const READABLE = new Set([
  "image/jpeg",
  "image/png",
  "image/apng",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/tiff",
  SVG,
]);

/** Scratch space of one job at most; the images that may be uploaded are smaller (contract/file-types.ts). */
const MAX_ORIGINAL_BYTES = 200 * 1024 * 1024;
const CHILD = fileURLToPath(new URL("./image-child.ts", import.meta.url));
const MAX_DERIVED_BYTES = 16 * 1024 * 1024;
const LIMITS: SandboxLimits = {
  timeMs: 60_000,
  memoryBytes: 1.5 * 2 ** 30,
  fileBytes: MAX_DERIVED_BYTES,
  scratchBytes: 2 * MAX_DERIVED_BYTES,
  processes: 64,
};

/** Makes the derivatives of images, by sharp in a process of its own. */
export class ImageDeriver implements Deriver {
  readonly lane = "image";
  readonly kinds = ["image"] as const;
  readonly needs = [];
  readonly maxOriginalBytes = MAX_ORIGINAL_BYTES;
  readonly #sandbox: Sandbox;
  readonly #limits: SandboxLimits;

  constructor(sandbox: Sandbox, limits: SandboxLimits = LIMITS) {
    this.#sandbox = sandbox;
    this.#limits = limits;
  }

  async *make(
    { type, path, scratch }: Original,
    wanted: ReadonlySet<DerivativeName>,
    signal: AbortSignal,
  ): AsyncGenerator<Product, void> {
    if (!READABLE.has(type)) return yield* failAll("Images of this type can't be drawn here.");
    if (type === SVG && !isSafeSvg(await readFile(path))) {
      yield* failAll("The drawing refers to other files or holds scripts: it isn't drawn.");
      return;
    }
    const result = await this.#sandbox.run([process.execPath, CHILD, scratch], scratch, this.#limits, signal);
    const output = parseOutput(result);
    if (output === undefined) return yield* failAll(reasonOf(result));
    yield { result: "properties", properties: output.properties };
    for (const { name, width, height } of output.derivatives) {
      const [form] = DERIVATIVE_FORMS[name];
      if (!wanted.has(name) || form === undefined) continue;
      yield { result: "made", name, form, path: join(scratch, `${name}.${form.extension}`), width, height };
    }
  }
}

function* failAll(reason: string): Generator<Product, void> {
  for (const name of DERIVED_IMAGES) yield { result: "failed", name, reason };
}

function reasonOf(result: SandboxResult): string {
  const isSlow = !result.ok && result.reason === "deadline";
  return isSlow
    ? "Drawing the image took too long."
    : "The image could not be read: it may be damaged or too large.";
}

function parseOutput(result: SandboxResult): ImageOutput | undefined {
  if (!result.ok) return undefined;
  try {
    return ImageOutput.parse(JSON.parse(result.stdout));
  } catch {
    return undefined;
  }
}
