import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Sandbox, type SandboxLimits, type SandboxResult, NEXT } from "../../sandbox/sandbox.ts";
import { findProgram } from "../programs.ts";

/** A file that is worked on, in its scratch directory. */
export interface Work {
  readonly sandbox: Pick<Sandbox, "run">;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

const MIB = 2 ** 20;

/** Of tools that read a PDF: a page, its text, its properties. */
export const READING_LIMITS: SandboxLimits = {
  timeMs: 60_000,
  memoryBytes: 1024 * MIB,
  fileBytes: 16 * MIB,
  scratchBytes: 32 * MIB,
  processes: 16,
  niceness: NEXT,
};

/** Runs a program of this machine in the sandbox, by its name. Throws what `Sandbox.run` throws. */
export async function runTool(
  { sandbox, scratch, signal }: Work,
  program: string,
  args: readonly string[],
  limits: SandboxLimits = READING_LIMITS,
): Promise<SandboxResult> {
  const path = findProgram(program);
  if (path === undefined) return { ok: false, reason: "failed", detail: `there is no ${program}` };
  return sandbox.run([path, ...args], scratch, limits, signal);
}

/**
 * Puts a file of ours into the scratch directory. A tool that ran before may have left something of that name, where it
 * isn't isolated even a link to a file of ours: that is taken away, and never written through.
 */
export async function writeScratch(
  scratch: string,
  name: string,
  data: string | Uint8Array,
): Promise<string> {
  const path = join(scratch, name);
  await rm(path, { recursive: true, force: true });
  await writeFile(path, data, { flag: "wx" });
  return path;
}

const PROTECTED = "The document is protected by a password.";
const SLOW = "Reading the document took too long.";
export const UNREADABLE = "The document could not be read: it may be damaged.";

/** Why a tool could not read a document, for people. */
export function reasonOf(result: SandboxResult): string {
  if (result.ok) return UNREADABLE;
  if (result.reason === "deadline") return SLOW;
  return /incorrect password|invalid password/i.test(result.detail) ? PROTECTED : UNREADABLE;
}
