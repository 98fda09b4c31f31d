import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** One second of a moving picture of 320 × 180, and of a tone. */
export const PICTURE = ["-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=1"];
export const TONE = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=1"];
export const H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];

/**
 * Makes a file by ffmpeg.
 * @param ending tells the format
 * @param inputs written beside it before, under these names
 */
export async function makeMedia(
  ending: string,
  args: readonly string[],
  inputs: Readonly<Record<string, Uint8Array>> = {},
): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-media-"));
  try {
    for (const [name, bytes] of Object.entries(inputs)) await writeFile(join(directory, name), bytes);
    const file = `made.${ending}`;
    await run("ffmpeg", ["-v", "error", "-nostdin", ...args, file], { cwd: directory });
    return await readFile(join(directory, file));
  } finally {
    await rm(directory, { recursive: true });
  }
}
