import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Mutant } from "./mutants.ts";
import { applyMutant } from "./mutants.ts";

const run = promisify(execFile);

export interface Outcome {
  readonly outcome: "killed" | "survived" | "timeout";
  /** The first test that noticed. */
  readonly by: string;
}

/** A copy of what is committed, in which mutants live and die. */
export interface Worktree {
  /** Runs the tests with that one change made, which is undone however they end. */
  test(mutant: Mutant, tests: readonly string[], limitMs: number): Promise<Outcome>;
  remove(): Promise<void>;
}

export async function readCommit(root: string): Promise<string> {
  return (await run("git", ["rev-parse", "HEAD"], { cwd: root })).stdout.trim();
}

/** Makes one beside the project, which shares its packages. */
export async function addWorktree(root: string): Promise<Worktree> {
  const directory = join(await mkdtemp(join(tmpdir(), "causeway-mutants-")), "tree");
  await run("git", ["worktree", "add", "--detach", directory, "HEAD"], { cwd: root });
  await symlink(join(root, "node_modules"), join(directory, "node_modules"));
  return {
    async test(mutant, tests, limitMs) {
      const path = join(directory, mutant.file);
      const source = await readFile(path, "utf8");
      await writeFile(path, applyMutant(source, mutant));
      try {
        return await runTests(directory, tests, limitMs);
      } finally {
        await writeFile(path, source);
      }
    },
    async remove() {
      await run("git", ["worktree", "remove", "--force", directory], { cwd: root });
      await rm(join(directory, ".."), { recursive: true, force: true });
    },
  };
}

async function runTests(directory: string, tests: readonly string[], limitMs: number): Promise<Outcome> {
  const vitest = join(directory, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--bail", "1", "--reporter", "tap-flat", ...tests];
  const child = spawn(process.execPath, args, {
    cwd: directory,
    env: { ...process.env, NO_COLOR: "1" },
    // A group of its own: what hangs is ended with all that it has started.
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child.pid);
  }, limitMs);
  await once(child, "close");
  clearTimeout(timer);
  killGroup(child.pid);
  if (isLate) return { outcome: "timeout", by: "" };
  const by = /^not ok \d+ - (.*?)(?: # time=.*)?$/m.exec(output)?.[1] ?? "what all tests start";
  return child.exitCode === 0 ? { outcome: "survived", by: "" } : { outcome: "killed", by };
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}
