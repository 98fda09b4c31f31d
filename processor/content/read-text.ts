import { readFile, stat } from "node:fs/promises";
import { NotLookedThrough } from "./findings.ts";

const MAX_TEXT_BYTES = 32 * 2 ** 20;

/** The bytes of a text. Throws NotLookedThrough for one that is larger than is looked at. */
export async function readText(path: string): Promise<Buffer> {
  const { size } = await stat(path);
  if (size > MAX_TEXT_BYTES) throw new NotLookedThrough("a text that is too large");
  return readFile(path);
}
