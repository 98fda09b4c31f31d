import { join } from "node:path";
import { DERIVATIVE_FORMS } from "#contract/derivatives.ts";
import { childScript } from "../../sandbox/child-script.ts";
import { type SandboxLimits, NEXT } from "../../sandbox/sandbox.ts";
import type { Product } from "../deriver.ts";
import { reasonOf, runTool, type Work } from "./run-tool.ts";

const PAGE_CHILD = new URL("./page-child.ts", import.meta.url).href;
export const PAGE_CHILD_LIMITS: SandboxLimits = {
  ...{ timeMs: 60_000, memoryBytes: 1.5 * 2 ** 30, fileBytes: 4 * 2 ** 20 },
  ...{ scratchBytes: 8 * 2 ** 20, processes: 64, niceness: NEXT },
};
const PIXELS = 150;
/** Of the longer side: a page twice as high as it is wide still covers a thumbnail twice over. */
const PAGE_PIXELS = 600;

/** Draws the first page of a PDF. */
export async function drawFirstPage(work: Work, file: string): Promise<Product> {
  const page = ["-f", "1", "-l", "1", "-singlefile", "-scale-to", String(PAGE_PIXELS), "-png"];
  const drawn = await runTool(work, "pdftoppm", [...page, file, "page"]);
  if (!drawn.ok) return { result: "failed", name: "thumbnail", reason: reasonOf(drawn) };
  return makeThumbnail(work, "page.png");
}

/** A run of page-child.ts. */
export function pageCommand(
  scratch: string,
  picture: string,
  wanted: "thumbnail" | "page",
): readonly string[] {
  return [process.execPath, childScript(PAGE_CHILD), scratch, picture, wanted];
}

/** Makes the thumbnail of a picture of a page: a PNG or an SVG of ours, in the scratch directory. */
export async function makeThumbnail({ sandbox, scratch, signal }: Work, picture: string): Promise<Product> {
  const command = pageCommand(scratch, picture, "thumbnail");
  const result = await sandbox.run(command, scratch, PAGE_CHILD_LIMITS, signal);
  const [form] = DERIVATIVE_FORMS.thumbnail;
  if (!result.ok || form === undefined) {
    return { result: "failed", name: "thumbnail", reason: "The first page could not be drawn." };
  }
  const path = join(scratch, "thumbnail.webp");
  return { result: "made", name: "thumbnail", form, path, width: PIXELS, height: PIXELS };
}
