import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LIMITS_RUNG } from "../../../processor/sandbox/limits-rung.ts";
import type { Rung } from "../../../processor/sandbox/rung.ts";
import { LINUX_RUNGS, Sandbox, type SandboxLimits } from "../../../processor/sandbox/sandbox.ts";

export const LIMITS: SandboxLimits = {
  ...{ timeMs: 20_000, memoryBytes: 1.5 * 2 ** 30, fileBytes: 2 ** 20 },
  ...{ scratchBytes: 4 * 2 ** 20, processes: 64 },
};

/** What tells, without any of our code, whether the machine could do it. */
const NEEDS: Readonly<Record<Rung["name"], readonly string[]>> = {
  bubblewrap: [
    "bwrap",
    ...(process.getuid?.() === 0 ? [] : ["--unshare-user"]),
    "--dev-bind",
    "/",
    "/",
    "true",
  ],
  landlock: [
    ...["setpriv", "--no-new-privs", "--landlock-access=fs"],
    ...["--landlock-rule=path-beneath:execute,read-file,read-dir:/", "true"],
  ],
  limits: ["true"],
};

/** One sandbox for each rung that this machine has; which ones it hasn't is said. Throws if one runs nothing. */
export async function createSandboxes(): Promise<readonly Sandbox[]> {
  const rungs = process.platform === "linux" ? LINUX_RUNGS : [LIMITS_RUNG];
  const isThere = ({ name }: Rung) => {
    const [program = "", ...args] = NEEDS[name];
    return spawnSync(program, args).status === 0;
  };
  const missing = rungs.filter((rung) => !isThere(rung)).map(({ name }) => name);
  if (missing.length > 0)
    process.stderr.write(`Not tried, for this machine hasn't got it: ${missing.join()}\n`);
  const there = rungs.filter(({ name }) => !missing.includes(name));
  return Promise.all(there.map((rung) => Sandbox.create({ rungs: [rung], withoutIsolation: true })));
}

export async function createIsolatingSandboxes(): Promise<readonly Sandbox[]> {
  return (await createSandboxes()).filter(({ rung }) => rung !== "limits");
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
