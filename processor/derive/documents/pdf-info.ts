import type { Properties } from "#contract/properties.ts";
import { reasonOf, runTool, type Work } from "./run-tool.ts";

export type PdfInfo =
  | { readonly ok: true; readonly properties: Properties }
  | { readonly ok: false; readonly reason: string };

const MAX_WORDS = 200;

/** What a PDF tells of itself; or a sentence why it can't be read. */
export async function readPdfInfo(work: Work, file: string): Promise<PdfInfo> {
  const result = await runTool(work, "pdfinfo", ["-enc", "UTF-8", file]);
  if (!result.ok) return { ok: false, reason: reasonOf(result) };
  return { ok: true, properties: parsePdfInfo(result.stdout) };
}

/**
 * Lines like `Pages:           10`. What the document's author wrote comes first, and may have lines of its own: of pages
 * the last such line is the tool's.
 */
export function parsePdfInfo(output: string): Properties {
  const pages = findValues(output, "Pages").at(-1);
  const title = tidy(findValues(output, "Title")[0]);
  const author = tidy(findValues(output, "Author")[0]);
  return {
    ...(pages !== undefined && /^\d{1,9}$/.test(pages) ? { pages: Number(pages) } : {}),
    ...(title === "" ? {} : { title }),
    ...(author === "" ? {} : { author }),
  };
}

function findValues(output: string, name: string): readonly string[] {
  const lines = output.split("\n").filter((line) => line.startsWith(`${name}:`));
  return lines.map((line) => line.slice(name.length + 1).trim());
}

/** Without what isn't to be seen, and not longer than a line. */
export function tidy(words = ""): string {
  const visible = words.replaceAll(/[\p{C}\s]+/gu, " ").trim();
  return visible.length <= MAX_WORDS ? visible : visible.slice(0, MAX_WORDS).toWellFormed();
}
