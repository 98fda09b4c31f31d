import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isIsolated } from "../../../processor/sandbox/ladder.ts";
import { LIMITS_RUNG } from "../../../processor/sandbox/limits-rung.ts";
import { LINUX_RUNGS, Sandbox, type SandboxLimits } from "../../../processor/sandbox/sandbox.ts";

export const LIMITS: SandboxLimits = {
  ...{ timeMs: 20_000, memoryBytes: 1.5 * 2 ** 30, fileBytes: 2 ** 20 },
  ...{ scratchBytes: 4 * 2 ** 20, processes: 64 },
};

/** One sandbox for each rung that this machine has; which ones it hasn't is said. */
export async function createSandboxes(): Promise<readonly Sandbox[]> {
  const rungs = process.platform === "linux" ? LINUX_RUNGS : [LIMITS_RUNG];
  const options = rungs.map((rung) => ({ rungs: [rung, LIMITS_RUNG], withoutIsolation: true }));
  const sandboxes = await Promise.all(options.map((each) => Sandbox.create(each)));
  const missing = rungs.filter(({ name }, index) => sandboxes[index]?.rung !== name);
  if (missing.length > 0)
    process.stderr.write(
      `Not tried, for this machine hasn't got it: ${missing.map(({ name }) => name).join()}\n`,
    );
  return sandboxes.filter(({ rung }, index) => rung === rungs[index]?.name);
}

export async function createIsolatingSandboxes(): Promise<readonly Sandbox[]> {
  return (await createSandboxes()).filter(({ isolation }) => isIsolated(isolation));
}

export async function createScratch() {
  const path = await mkdtemp(join(tmpdir(), "causeway-sandbox-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A named pipe among the inputs: tools that open it for writing tell by it that they run, and that they are gone. */
export function createLifeline(scratch: string) {
  const path = join(scratch, "lifeline");
  execFileSync("mkfifo", [path]);
  const stream = createReadStream(path);
  return { running: once(stream, "data"), gone: once(stream, "close") };
}
