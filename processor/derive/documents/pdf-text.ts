import { join } from "node:path";
import { DERIVATIVE_FORMS } from "#contract/derivatives.ts";
import { readProduct } from "../../sandbox/scratch.ts";
import type { Product } from "../deriver.ts";
import { READING_LIMITS, reasonOf, runTool, type Work, writeScratch } from "./run-tool.ts";

/** Commonly more text than is kept; and a document of thousands of pages isn't read to its end for that. */
const PAGES = 50;

/** Takes the text of a PDF's first pages. */
export async function extractText(work: Work, file: string): Promise<Product> {
  const result = await runTool(work, "pdftotext", [
    ...["-enc", "UTF-8", "-l", String(PAGES), "-nopgbrk", file, "words"],
  ]);
  if (!result.ok) return { result: "failed", name: "text", reason: reasonOf(result) };
  // Nothing is left where there were no words.
  const words = await readProduct(join(work.scratch, "words"), READING_LIMITS.fileBytes);
  return bringText(work, words ?? Buffer.of());
}

/** Text in UTF-8 as a product, cut where it is too long. */
export async function bringText({ scratch }: Pick<Work, "scratch">, words: Buffer): Promise<Product> {
  const [form] = DERIVATIVE_FORMS.text;
  if (form === undefined || words.toString("utf8").trim() === "") {
    return { result: "none", name: "text", reason: "The document has no text: its pages may be pictures." };
  }
  const path = await writeScratch(scratch, "text.txt", cutUtf8(words, form.maxBytes));
  return { result: "made", name: "text", form, path, width: null, height: null };
}

/** At most so many bytes, without a part of a character at the end. */
export function cutUtf8(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.byteLength <= maxBytes) return bytes;
  let end = maxBytes;
  // RFC 3629: what follows the first byte of a character begins with the bits 10.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}
