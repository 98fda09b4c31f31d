import { join } from "node:path";
import { type SandboxLimits, NEXT, type ToolFault } from "../../sandbox/sandbox.ts";
import { readProduct } from "../../sandbox/scratch.ts";
import { runTool, type Work } from "../documents/run-tool.ts";
import { type MediaFacts, Probe, PROBED, readFacts } from "./facts.ts";
import { inputOptions, type MediaType } from "./types.ts";

const MAX_OUTPUT_BYTES = 2 ** 20;
const OUTPUT_FILE = "probe.json";
const LIMITS: SandboxLimits = {
  ...{ timeMs: 20_000, memoryBytes: 2 ** 30, fileBytes: 2 * MAX_OUTPUT_BYTES },
  ...{ scratchBytes: 4 * MAX_OUTPUT_BYTES, processes: 32, niceness: NEXT },
};

/** A day. What is said to be longer is read to its end. */
const MAX_BELIEVED_SECONDS = 86_400;

export type ProbeResult =
  | { readonly ok: true; readonly facts: MediaFacts }
  | { readonly ok: false; readonly reason: ToolFault };

/** What ffprobe tells of a file. Throws what `Sandbox.run` throws. */
export async function probeMedia(work: Work, file: string, type: MediaType): Promise<ProbeResult> {
  const result = await runTool(
    work,
    "ffprobe",
    [
      ...[...inputOptions(type), "-show_entries", PROBED],
      ...["-of", "json=compact=1", "-o", OUTPUT_FILE, "-i", file],
    ],
    LIMITS,
  );
  if (!result.ok) return result;
  const output = await readProduct(join(work.scratch, OUTPUT_FILE), MAX_OUTPUT_BYTES);
  const probe = parseProbe(output);
  if (probe === undefined || probe.streams.length === 0) return { ok: false, reason: "failed" };
  const facts = readFacts(probe);
  const { durationSeconds, ...properties } = facts.properties;
  if (durationSeconds !== undefined && durationSeconds <= MAX_BELIEVED_SECONDS) return { ok: true, facts };
  const measured = await measureDuration(work, file, type);
  return { ok: true, facts: { ...facts, properties: { ...properties, ...measured } } };
}

function parseProbe(output: Buffer | undefined): Probe | undefined {
  try {
    return Probe.parse(JSON.parse(output?.toString("utf8") ?? ""));
  } catch {
    return undefined;
  }
}

/** By reading to the end, where the file doesn't tell: as browsers record, it is written before that is known. */
async function measureDuration(
  work: Work,
  file: string,
  type: MediaType,
): Promise<{ readonly durationSeconds?: number }> {
  const result = await runTool(
    work,
    "ffmpeg",
    [
      ...["-nostdin", ...inputOptions(type), "-i", file, "-map", "0:v?", "-map", "0:a?", "-c", "copy"],
      // Told once, at the end.
      ...["-stats_period", "3600", "-progress", "pipe:1", "-f", "null", "-"],
    ],
    LIMITS,
  );
  const microseconds = result.ok ? /^out_time_us=(\d{1,15})$/m.exec(result.stdout)?.[1] : undefined;
  return microseconds === undefined || Number(microseconds) === 0
    ? {}
    : { durationSeconds: Math.round(Number(microseconds) / 1000) / 1000 };
}
