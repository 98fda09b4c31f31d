import { childScript } from "../sandbox/child-script.ts";
import { type Sandbox, type SandboxLimits, NEXT } from "../sandbox/sandbox.ts";
import type { ScratchCopy } from "../scratch-copy.ts";
import { type ReadKind, ToldFindings } from "./content-protocol.ts";
import { type Findings, NOT_LOOKED_AT, NOT_LOOKED_THROUGH } from "./findings.ts";

const CHILD = new URL("./content-child.ts", import.meta.url).href;
const MIB = 2 ** 20;
/** A document of 256 MiB, which is as much as is read of one, takes 6 s; a part is 32 MiB at most, and in memory a few times. */
export const LOOK_LIMITS: SandboxLimits = {
  ...{ timeMs: 20_000, memoryBytes: 1.5 * 2 ** 30 },
  ...{ fileBytes: MIB, scratchBytes: MIB, processes: 64, niceness: NEXT },
};

/**
 * Has content-child.ts look into a file. One that ends it, or isn't done when its time is over, wasn't looked through.
 * Throws what `Sandbox.run` throws.
 */
export async function lookInSandbox(
  kind: ReadKind,
  { path, scratch }: ScratchCopy,
  sandbox: Pick<Sandbox, "run" | "mayRun">,
  signal: AbortSignal,
  limits: SandboxLimits = LOOK_LIMITS,
): Promise<Findings> {
  if (!sandbox.mayRun) return NOT_LOOKED_AT;
  const command = [process.execPath, childScript(CHILD), kind, path];
  const result = await sandbox.run(command, scratch, limits, signal);
  return result.ok ? parseFindings(result.stdout) : NOT_LOOKED_THROUGH;
}

function parseFindings(output: string): Findings {
  try {
    return ToldFindings.parse(JSON.parse(output));
  } catch {
    return NOT_LOOKED_THROUGH;
  }
}
