import { join } from "node:path";
import type { PageImageName } from "#contract/page-images.ts";
import { PAGE_IMAGE_FORM, parsePageImage } from "#contract/page-images.ts";
import type { SandboxResult } from "../../sandbox/sandbox.ts";
import type { MadeDerivative, MissingDerivative } from "../deriver.ts";
import { reasonOf, runTool, type Work } from "./run-tool.ts";
import { PAGE_CHILD_LIMITS, pageCommand } from "./thumbnail.ts";

const NO_PAGE = "The document has no such page.";
const NOT_DRAWN = "The page could not be drawn: it may be damaged, or too long.";

/** Draws one page of a PDF as wide as its name says, and as long as that makes it. */
export async function drawPage(
  work: Work,
  file: string,
  name: PageImageName,
): Promise<MadeDerivative<PageImageName> | MissingDerivative<PageImageName>> {
  const { page, widthPixels } = parsePageImage(name);
  const range = ["-f", String(page), "-l", String(page), "-singlefile"];
  const scale = ["-scale-to-x", String(widthPixels), "-scale-to-y", "-1", "-png"];
  const drawn = await runTool(work, "pdftoppm", [...range, ...scale, file, "page"]);
  if (!drawn.ok) return missingPage(name, drawn);
  const command = pageCommand(work.scratch, "page.png", "page");
  const packed = await work.sandbox.run(command, work.scratch, PAGE_CHILD_LIMITS, work.signal);
  const size = packed.ok ? parseSize(packed.stdout) : undefined;
  if (size === undefined) return { result: "failed", name, reason: NOT_DRAWN };
  const path = join(work.scratch, "page.webp");
  return { result: "made", name, form: PAGE_IMAGE_FORM, path, ...size };
}

/** The word of a process that read a hostile picture. */
function parseSize(line: string): { readonly width: number; readonly height: number } | undefined {
  const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(line) ?? [];
  if (width === undefined || height === undefined) return undefined;
  return { width: Number(width), height: Number(height) };
}

function missingPage(name: PageImageName, drawn: SandboxResult): MissingDerivative<PageImageName> {
  if (!drawn.ok && /wrong page range/i.test(drawn.detail)) return { result: "none", name, reason: NO_PAGE };
  return { result: "failed", name, reason: reasonOf(drawn) };
}
