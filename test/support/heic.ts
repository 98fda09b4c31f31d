import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const DEADLINE_MS = 60_000;

/** A HEIC photo, or an AVIF by `-A`, of PNGs or JPEGs: the first is the one that is shown. */
export async function heic(pictures: Buffer | readonly Buffer[], args: readonly string[] = []) {
  const directory = await mkdtemp(join(tmpdir(), "causeway-heic-"));
  try {
    const inputs = [pictures]
      .flat()
      .map((bytes, index) => ({ bytes, name: `${index}.${extensionOf(bytes)}` }));
    await Promise.all(inputs.map(({ bytes, name }) => writeFile(join(directory, name), bytes)));
    const names = inputs.map(({ name }) => name);
    const options = { cwd: directory, timeout: DEADLINE_MS };
    await promisify(execFile)("heif-enc", [...args, ...names, "-o", "made.heic"], options);
    return await readFile(join(directory, "made.heic"));
  } finally {
    await rm(directory, { recursive: true });
  }
}

function extensionOf(bytes: Buffer): "png" | "jpg" {
  return bytes[0] === 0x89 ? "png" : "jpg";
}
