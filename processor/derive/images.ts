import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { DerivativeName } from "#contract/derivatives.ts";
import { DERIVATIVE_FORMS } from "#contract/derivatives.ts";
import { ProcessorFailure } from "../failure.ts";
import { type Sandbox, type SandboxLimits, SOON } from "../sandbox/sandbox.ts";
import { readProduct } from "../sandbox/scratch.ts";
import type { Deriver, Original, Product } from "./deriver.ts";
import { type Drawn, drawImage, type ImageWork, type Size, type Undecoded } from "./images/drawing.ts";
import { decodeHeif } from "./images/heif.ts";
import type { SpareChild } from "./images/spare-child.ts";
import {
  BASE_FILE,
  DERIVED_IMAGES,
  type DerivedImage,
  fileOf,
  type ImageTask,
  MOVING_FILE,
} from "./images/task.ts";
import { tellable } from "./places.ts";
import { failAll } from "./products.ts";
import { isSafeSvg, MAX_SVG_BYTES } from "./svg.ts";
import type { Tools } from "./tools.ts";

const SVG = "image/svg+xml";
/** What the child reads, or another program for it. */
const READABLE = new Set([
  "image/jpeg",
  "image/png",
  "image/apng",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/heic",
  "image/heif",
  "image/tiff",
  "image/bmp",
  SVG,
]);

/** Scratch space of one job at most; the images that may be uploaded are smaller (contract/file-types.ts). */
const MAX_ORIGINAL_BYTES = 200 * 1024 * 1024;
/** What is larger takes long in any case, and its room. */
const MAX_EARLY_BYTES = 16 * 1024 * 1024;
const MAX_DERIVED_BYTES = 16 * 1024 * 1024;
export const IMAGE_LIMITS: SandboxLimits = {
  timeMs: 60_000,
  memoryBytes: 1.5 * 2 ** 30,
  fileBytes: MAX_DERIVED_BYTES,
  scratchBytes: 2 * MAX_DERIVED_BYTES,
  processes: 64,
  niceness: SOON,
};

const UNKNOWN_TYPE = "Images of this type can't be drawn here.";
const UNSAFE_SVG = "The drawing refers to other files or holds scripts: it isn't drawn.";
const NO_DECODER = "Photos of this type can't be drawn here: the program for it is not installed.";
const UNDECODED = "The photo could not be read: it may be damaged or too large.";

/**
 * Makes the derivatives of images, by sharp in a process of its own. What moves is drawn as its first frame at first,
 * and again as a whole: if that fails, or takes too long, there is the first frame.
 */
export class ImageDeriver implements Deriver {
  readonly lane = "image";
  readonly kinds = ["image"] as const;
  readonly needs = [];
  readonly maxOriginalBytes = MAX_ORIGINAL_BYTES;
  readonly #sandbox: Pick<Sandbox, "run">;
  readonly #tools: Tools;
  readonly #limits: SandboxLimits;
  readonly #spare: Pick<SpareChild, "draw"> | undefined;

  /** @param spare started ahead, for the first look at each picture */
  constructor(
    sandbox: Pick<Sandbox, "run">,
    tools: Tools,
    limits: SandboxLimits = IMAGE_LIMITS,
    spare?: Pick<SpareChild, "draw">,
  ) {
    this.#spare = spare;
    this.#sandbox = sandbox;
    this.#tools = tools;
    this.#limits = limits;
  }

  /** Whatever the scan of takes as long. Not a drawing, which is looked into first. */
  mayBeginEarly({ type, sizeBytes }: Pick<Original, "type" | "sizeBytes">): boolean {
    return READABLE.has(type) && type !== SVG && sizeBytes <= MAX_EARLY_BYTES;
  }

  async *make(
    original: Original,
    wantedNames: ReadonlySet<DerivativeName>,
    signal: AbortSignal,
  ): AsyncGenerator<Product, void> {
    const wanted = DERIVED_IMAGES.filter((name) => wantedNames.has(name));
    const refusal = await refusalOf(original);
    if (refusal !== undefined) return yield* failAll(wanted, refusal);
    const { path, scratch } = original;
    const work: ImageWork = { sandbox: this.#sandbox, limits: this.#limits, scratch, signal };
    const task: ImageTask = { file: basename(path), make: "all", wanted, isUpright: false };

    const first = await (this.#spare?.draw(work, task) ?? drawImage(work, task));
    const drawn = first.undecoded ? await this.#drawDecoded(work, task, first, first.undecoded) : first;
    // What people wait for in front of it comes first.
    if (wanted.includes("thumbnail")) yield await this.#bring("thumbnail", work, task, drawn);
    const properties = drawn.properties && tellable(drawn.properties, original.wishes);
    if (properties) yield { result: "properties", properties };
    const others = wanted.filter((name) => name !== "thumbnail");
    for (const name of others) yield await this.#bring(name, work, task, drawn);
  }

  async #bring(name: DerivedImage, work: ImageWork, task: ImageTask, drawn: Drawn): Promise<Product> {
    const size = drawn.made.get(name);
    if (name === "optimized-avif") return drawAvif(work, drawn);
    if (size === undefined) return missing(name, drawn.reasonOf(name));
    return name === "optimized" && drawn.moves
      ? drawMoving(work, task, size)
      : made(name, size, work.scratch);
  }

  /** By way of a program that decodes what sharp doesn't. */
  async #drawDecoded(work: ImageWork, task: ImageTask, first: Drawn, undecoded: Undecoded): Promise<Drawn> {
    const { isHevc } = undecoded;
    const state = this.#tools.stateOf("heif");
    if (state === "installing") throw new ProcessorFailure("TOOL_INSTALLING");
    if (state === "missing") return isHevc ? { ...first, reasonOf: () => NO_DECODER } : first;
    const file = await decodeHeif(work, task.file, undecoded);
    if (file === undefined) return isHevc ? { ...first, reasonOf: () => UNDECODED } : first;
    const drawn = await drawImage(work, { ...task, file, isUpright: true });
    // Of the decoded file are those that depend on its pixels.
    const properties = { ...first.properties, ...drawn.properties, format: first.properties?.format };
    return { ...drawn, properties };
  }
}

/** Why a file isn't even opened. */
async function refusalOf({ type, path }: Original): Promise<string | undefined> {
  if (!READABLE.has(type)) return UNKNOWN_TYPE;
  if (type !== SVG) return undefined;
  const bytes = await readProduct(path, MAX_SVG_BYTES);
  return bytes !== undefined && isSafeSvg(bytes) ? undefined : UNSAFE_SVG;
}

/** @param size of the first frame, which is there already */
async function drawMoving(work: ImageWork, task: ImageTask, size: Size): Promise<Product> {
  const drawn = await drawImage(work, { ...task, make: "animation", wanted: ["optimized"] });
  const moving = drawn.made.get("optimized");
  return moving
    ? made("optimized", moving, work.scratch, MOVING_FILE)
    : made("optimized", size, work.scratch);
}

/** Of what the first run has made small: encoding a large picture would take what several jobs have together. */
async function drawAvif(work: ImageWork, drawn: Drawn): Promise<Product> {
  const name = "optimized-avif";
  if (drawn.moves)
    return { result: "none", name, reason: "The image moves: there is none that does as AVIF." };
  if (!existsSync(join(work.scratch, BASE_FILE))) return missing(name, drawn.reasonOf(name));
  const avif = await drawImage(work, {
    ...{ file: BASE_FILE, make: "avif", wanted: [name], isUpright: true },
  });
  const size = avif.made.get(name);
  return size ? made(name, size, work.scratch) : missing(name, avif.reasonOf(name));
}

function made(name: DerivedImage, { width, height }: Size, scratch: string, file = fileOf(name)): Product {
  const [form] = DERIVATIVE_FORMS[name];
  if (form === undefined) return missing(name, UNKNOWN_TYPE);
  return { result: "made", name, form, path: join(scratch, file), width, height };
}

function missing(name: DerivedImage, reason: string): Product {
  return { result: "failed", name, reason };
}
