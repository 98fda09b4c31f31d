import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import sharp from "sharp";
import { derivativesOf } from "#contract/derivatives.ts";
import { NO_WISHES } from "#contract/wishes.ts";
import type { Deriver } from "../../processor/derive/deriver.ts";
import { IMAGE_LIMITS, ImageDeriver } from "../../processor/derive/images.ts";
import { SpareChild } from "../../processor/derive/images/spare-child.ts";
import { OfficeDeriver } from "../../processor/derive/office.ts";
import { TextDeriver } from "../../processor/derive/text.ts";
import type { Tools } from "../../processor/derive/tools.ts";
import { Sandbox } from "../../processor/sandbox/sandbox.ts";
import { median } from "../lanes.ts";
import type { Row } from "../section.ts";
import { atLeast, atMost } from "../targets.ts";
import { phonePhoto, tenPages } from "./files.ts";
import type { ProcessorLoad } from "./load.ts";

const IMAGE_RATIO = 0.9;
const OFFICE_SECONDS = 3;
const SPARE_START_MS = 500;
const ALL_THERE: Tools = { stateOf: () => "ok", states: () => [] };
const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/** Seconds that a deriver takes for all that there is to make of a file. */
async function timeOf(deriver: Deriver, bytes: Buffer, type: string): Promise<number> {
  const scratch = await mkdtemp(join(tmpdir(), "causeway-derive-"));
  try {
    const path = join(scratch, "original");
    await writeFile(path, bytes);
    const startedAtMs = performance.now();
    const original = { type, sizeBytes: bytes.byteLength, path, scratch, wishes: NO_WISHES };
    const signal = new AbortController().signal;
    for await (const product of deriver.make(original, new Set(derivativesOf(type)), signal)) {
      if (product.result === "failed") throw new Error(`${product.name}: ${product.reason}`);
    }
    return (performance.now() - startedAtMs) / 1000;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The same two pictures by sharp alone, in this process, with as many threads. */
async function timeBareSharp(bytes: Buffer): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-sharp-"));
  try {
    const [original, file] = [join(directory, "original"), join(directory, "copy")];
    await writeFile(original, bytes);
    const startedAtMs = performance.now();
    await copyFile(original, file);
    const image = sharp(file).autoOrient();
    await image.clone().resize(150, 150, { fit: "cover" }).webp({ quality: 80 }).toFile(`${file}.thumbnail`);
    await image
      .clone()
      .resize(1_200, 1_200, { fit: "inside", withoutEnlargement: true })
      .webp({ quality: 85, effort: 2 })
      .toFile(`${file}.optimized`);
    return (performance.now() - startedAtMs) / 1000;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Pictures beside bare sharp, and ten pages of an Office document, with a LibreOffice that has been run before. */
export async function measureDerivers({ runs }: ProcessorLoad): Promise<readonly Row[]> {
  const sandbox = await Sandbox.create();
  return [await measureImages(sandbox, runs), await measureOffice(sandbox, runs)];
}

async function measureImages(sandbox: Sandbox, runs: number): Promise<Row> {
  sharp.concurrency(1);
  sharp.cache(false);
  const spare = new SpareChild(sandbox, IMAGE_LIMITS);
  const deriver = new ImageDeriver(sandbox, ALL_THERE, IMAGE_LIMITS, spare);
  const photo = await phonePhoto();
  const samples: { readonly ours: number; readonly bare: number }[] = [];
  for (let index = 0; index <= runs; index += 1) {
    const ours = await timeOf(deriver, photo, "image/jpeg");
    // The next spare child isn't to start beside the bare one, which it would slow down.
    await pause(SPARE_START_MS);
    const sample = { ours, bare: await timeBareSharp(photo) };
    // The first of both reads programs from the disk.
    if (index > 0) samples.push(sample);
  }
  await spare.end();
  const figure = "derivatives of a 12 MP JPEG, over bare sharp making the same two";
  const [ours, bare] = [median(samples.map((each) => each.ours)), median(samples.map((each) => each.bare))];
  return {
    figure,
    measured: `${(1 / ours).toFixed(2)}/s of ${(1 / bare).toFixed(2)}/s`,
    target: atLeast({
      ...{ figure, unit: "×", limit: IMAGE_RATIO },
      measured: median(samples.map((each) => each.bare / each.ours)),
    }),
  };
}

async function measureOffice(sandbox: Sandbox, runs: number): Promise<Row> {
  const deriver = new OfficeDeriver(sandbox, new TextDeriver(sandbox, ALL_THERE));
  const document = await tenPages();
  const samples: number[] = [];
  for (let index = 0; index <= runs; index += 1) {
    const seconds = await timeOf(deriver, document, DOCX);
    if (index > 0) samples.push(seconds);
  }
  const figure = "PDF, thumbnail and text of a docx of ten pages, warm, p50";
  return {
    figure,
    measured: samples.map((seconds) => seconds.toFixed(2)).join(" "),
    target: atMost({ figure, unit: "s", limit: OFFICE_SECONDS, measured: median(samples) }),
  };
}
