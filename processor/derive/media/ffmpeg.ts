import { spawn } from "node:child_process";
import { once } from "node:events";
import { findProgram } from "../programs.ts";

/** What ffmpeg said of how it went. */
export interface FfmpegEnd {
  readonly isWhole: boolean;
}

/**
 * Runs ffmpeg and hands over what it writes to its output, as it comes. For the child, in its sandbox: it ends with all
 * that it started.
 * @param timeMs it is killed then
 */
export async function runFfmpeg(
  args: readonly string[],
  timeMs: number,
  take: (chunk: Buffer) => void,
): Promise<FfmpegEnd> {
  const path = findProgram("ffmpeg") ?? "ffmpeg";
  // What it says of a damaged file is as long as the file.
  const child = spawn(path, ["-nostdin", ...args, "pipe:1"], {
    stdio: ["ignore", "pipe", "ignore"],
    timeout: timeMs,
    killSignal: "SIGKILL",
  });
  child.stdout.on("data", take);
  const [code] = (await once(child, "close")) as [number | null];
  return { isWhole: code === 0 };
}
