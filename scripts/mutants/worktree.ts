import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Mutant } from "./mutants.ts";
import { applyMutant } from "./mutants.ts";
import type { Result } from "./outcomes.ts";

const run = promisify(execFile);

export type Outcome = Pick<Result, "outcome" | "by">;

/** A copy of what is committed, in which mutants live and die. */
export interface Worktree {
  /** Has the change checked, then runs the tests with it; it is undone however they end. */
  test(mutant: Mutant, tests: readonly string[], limitMs: number): Promise<Outcome>;
  /** Runs the tests with nothing changed, and shows what they say. Returns whether all of them pass. */
  testUnchanged(tests: readonly string[]): Promise<boolean>;
  remove(): Promise<void>;
}

export async function readCommit(root: string): Promise<string> {
  return (await run("git", ["rev-parse", "HEAD"], { cwd: root })).stdout.trim();
}

/** Whether those places are the same in two commits. */
export async function isSameIn(
  root: string,
  commits: readonly [string, string],
  places: readonly string[],
): Promise<boolean> {
  const { stdout } = await run("git", ["diff", "--name-only", ...commits, "--", ...places], { cwd: root });
  return stdout === "";
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
        if (await isRefused(directory, mutant)) return { outcome: "refused", by: "the check" };
        return await runInStages(directory, tests, limitMs);
      } finally {
        await writeFile(path, source);
      }
    },
    async testUnchanged(tests) {
      const child = startVitest(directory, tests, "inherit");
      await once(child, "close");
      return child.exitCode === 0;
    },
    async remove() {
      await run("git", ["worktree", "remove", "--force", directory], { cwd: root });
      await rm(join(directory, ".."), { recursive: true, force: true });
    },
  };
}

/** What `npm run check` would never let through: wrong types, and a promise that nobody waits for. */
async function isRefused(directory: string, { file, operator }: Mutant): Promise<boolean> {
  const [project = ""] = file.split("/");
  // Remembers what hasn't changed since the last mutant.
  const memory = ["--incremental", "--tsBuildInfoFile", join(directory, "..", `${project}.tsbuildinfo`)];
  if (await fails(directory, "tsc", ["-p", project, ...memory])) return true;
  if (operator !== "don't wait") return false;
  return fails(directory, "oxlint", ["-A", "all", "-D", "typescript/no-floating-promises", file]);
}

async function fails(directory: string, program: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(join(directory, "node_modules", ".bin", program), [...args], { cwd: directory });
    return false;
  } catch (error) {
    // An exit code is an answer; without one it couldn't be asked.
    if (error instanceof Error && "code" in error && typeof error.code === "number") return true;
    throw error;
  }
}

function startVitest(directory: string, args: readonly string[], output: "inherit" | "pipe") {
  const vitest = join(directory, "node_modules", "vitest", "vitest.mjs");
  return spawn(process.execPath, [vitest, "run", ...args], {
    cwd: directory,
    env: { ...process.env, NO_COLOR: "1" },
    // A group of its own: what hangs is ended with all that it has started.
    detached: true,
    stdio: ["ignore", output, "ignore"],
  });
}

/** First what needs no stack: that is over in seconds. */
async function runInStages(directory: string, tests: readonly string[], limitMs: number): Promise<Outcome> {
  const isQuick = (test: string) => /^test\/(?:worker\/unit|records|processor)\//.test(test);
  for (const stage of [tests.filter(isQuick), tests.filter((test) => !isQuick(test))]) {
    if (stage.length === 0) continue;
    const outcome = await runTests(directory, stage, limitMs);
    if (outcome.outcome !== "survived") return outcome;
  }
  return { outcome: "survived", by: "" };
}

async function runTests(directory: string, tests: readonly string[], limitMs: number): Promise<Outcome> {
  const child = startVitest(directory, ["--bail", "1", "--reporter", "tap-flat", ...tests], "pipe");
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
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
  return child.exitCode === 0
    ? { outcome: "survived", by: "" }
    : { outcome: "killed", by: findFailure(output) ?? "what all tests start" };
}

/** The first failed test and what it says. Tests that the failure of another kept from running are "not ok" too. */
export function findFailure(tap: string): string | undefined {
  const [, name, message] =
    /^not ok \d+ - (.*?)(?: # time=.*)?\n(?: +# .*\n)* +---\n +error:\n +name: .*\n +message: (.*)$/m.exec(
      tap,
    ) ?? [];
  return name === undefined ? undefined : `${name}: ${message?.slice(0, 200)}`;
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}
