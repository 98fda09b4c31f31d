import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { DERIVATIVE_FORMS } from "#contract/derivatives.ts";
import { LATER, type SandboxLimits } from "../../sandbox/sandbox.ts";
import type { Product } from "../deriver.ts";
import { reasonOf, runTool, UNREADABLE, type Work } from "./run-tool.ts";
import { containsBytes } from "./scan-file.ts";

const LIMITS: SandboxLimits = {
  ...{ timeMs: 90_000, memoryBytes: 2 ** 31, fileBytes: 100 * 2 ** 20 },
  ...{ scratchBytes: 110 * 2 ** 20, processes: 8, niceness: LATER },
};
/** Of the original: saving less isn't worth a second file. */
const WORTH_KEEPING = 0.95;
/** All of it lossless: streams packed anew and objects put together. */
const OPTIONS = [
  ...["--object-streams=generate", "--compress-streams=y", "--decode-level=generalized"],
  ...["--recompress-flate", "--compression-level=9", "--warning-exit-0"],
];

/**
 * ISO 32000-2, 12.8.1. What a signature covers is told in places of the file, so this entry of it is never packed away, and
 * is found as it is written.
 */
const SIGNATURE = Buffer.from("/ByteRange");

/** Packs a PDF anew, kept only where that is worth it and what came of it is whole. */
export async function reducePdf(work: Work, file: string): Promise<Product> {
  const path = join(work.scratch, file);
  const isSigned = await containsBytes(path, SIGNATURE, work.signal);
  if (isSigned === undefined) return { result: "failed", name: "reduced", reason: UNREADABLE };
  if (isSigned) return none("The document is signed: rewritten, its signature would not hold.");
  const packed = await runTool(work, "qpdf", [...OPTIONS, file, "reduced.pdf"], LIMITS);
  if (!packed.ok) return { result: "failed", name: "reduced", reason: reasonOf(packed) };
  const reducedPath = join(work.scratch, "reduced.pdf");
  const [before, after] = await Promise.all(
    [path, reducedPath].map((each) => lstat(each).catch(() => undefined)),
  );
  if (before === undefined || after === undefined)
    return { result: "failed", name: "reduced", reason: UNREADABLE };
  if (after.size > before.size * WORTH_KEEPING) return none("The document would hardly be smaller.");
  const checked = await runTool(work, "qpdf", ["--check", "reduced.pdf"], LIMITS);
  const [form] = DERIVATIVE_FORMS.reduced;
  if (!checked.ok || form === undefined) return none("No smaller form of the document is without faults.");
  return { result: "made", name: "reduced", form, path: reducedPath, width: null, height: null };
}

function none(reason: string): Product {
  return { result: "none", name: "reduced", reason };
}
