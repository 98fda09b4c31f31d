import { existsSync } from "node:fs";
import { join } from "node:path";
import { type SandboxLimits, SOON } from "../../sandbox/sandbox.ts";
import { findProgram } from "../programs.ts";
import type { ImageWork, Undecoded } from "./drawing.ts";

const MIB = 2 ** 20;
/** A tenth of it for the 12 megapixels of an ordinary photo. PNG without compression takes 4 bytes a pixel. */
const LIMITS: SandboxLimits = {
  timeMs: 60_000,
  memoryBytes: 1024 * MIB,
  fileBytes: 512 * MIB,
  scratchBytes: 512 * MIB,
  processes: 32,
  niceness: SOON,
};
const JPEG_QUALITY = "95";

/**
 * Decodes a HEIC photo, which sharp doesn't, to a file in the scratch directory: upright, cropped as it is to be shown,
 * with its colour profile. As JPEG, which is small and which sharp reads at a fraction of its size; as PNG where it is
 * transparent. Its name, or undefined if it can't be decoded.
 */
export async function decodeHeif(
  { sandbox, scratch, signal }: ImageWork,
  file: string,
  { hasAlpha, primary }: Undecoded,
): Promise<string | undefined> {
  const program = findProgram("heif-dec");
  if (program === undefined) return undefined;
  const extension = hasAlpha ? "png" : "jpg";
  const args = ["--quiet", "-q", JPEG_QUALITY, "--png-compression-level", "0", file];
  const command = [program, ...args, `decoded.${extension}`];
  const result = await sandbox.run(command, scratch, LIMITS, signal);
  if (!result.ok) return undefined;
  // Of several pictures in one file each has a number.
  return [`decoded.${extension}`, `decoded-${primary + 1}.${extension}`].find((name) =>
    existsSync(join(scratch, name)),
  );
}
