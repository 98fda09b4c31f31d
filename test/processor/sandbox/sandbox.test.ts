import { spawnSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS_RUNG } from "../../../processor/sandbox/limits-rung.ts";
import { Sandbox } from "../../../processor/sandbox/sandbox.ts";
import { createLifeline, createSandboxes, createScratch, LIMITS } from "../support/sandboxes.ts";

const never = new AbortController().signal;
const sandboxes = (await createSandboxes()).map((sandbox) => ({ rung: sandbox.rung, sandbox }));

describe.each(sandboxes)("with $rung", ({ sandbox }) => {
  let scratch: Awaited<ReturnType<typeof createScratch>>;

  beforeEach(async () => {
    scratch = await createScratch();
  });

  afterEach(() => scratch[Symbol.asyncDispose]());

  function run(script: string, limits = LIMITS, signal = never) {
    return sandbox.run([process.execPath, "-e", script], scratch.path, limits, signal);
  }

  function runShell(script: string, limits = LIMITS, signal = never) {
    return sandbox.run(["/bin/sh", "-c", script], scratch.path, limits, signal);
  }

  test("a tool reads its inputs, and what it writes is there afterwards", async () => {
    await writeFile(join(scratch.path, "original"), "input");
    expect(await runShell("cat original; pwd; echo output > made")).toEqual({
      ok: true,
      stdout: `input${scratch.path}\n`,
    });
    expect(await readFile(join(scratch.path, "made"), "utf8")).toBe("output\n");
    expect(await readFile(join(scratch.path, "original"), "utf8")).toBe("input");
  });

  test("a tool has its scratch directory for a home, and nothing of our environment", async () => {
    const result = await run("console.log(JSON.stringify({ env: process.env, cwd: process.cwd() }))");
    const { env, cwd } = JSON.parse(result.ok ? result.stdout : "{}") as { env: object; cwd: string };
    expect(cwd).toBe(scratch.path);
    expect(env).toMatchObject({ HOME: scratch.path, TMPDIR: scratch.path });
    expect(
      Object.keys(env).filter((key) => !["HOME", "TMPDIR", "PATH", "LANG", "PWD"].includes(key)),
    ).toEqual([]);
  });

  test("a tool steps back as far as it is told to, and no further", async () => {
    const session = "cat /proc/self/autogroup 2> /dev/null | sed 's/.*nice //'";
    expect(await runShell("nice")).toEqual({ ok: true, stdout: "0\n" });
    const told = await runShell(`nice; ${session}`, { ...LIMITS, niceness: 15 });
    expect(told).toMatchObject({ ok: true, stdout: expect.stringMatching(/^15\n(?:15\n)?$/) });
  });

  test("a tool that fails says so", async () => {
    const result = await run("process.stderr.write('no'); process.exit(3)");
    expect(result).toEqual({ ok: false, reason: "failed", detail: "exit 3: no" });
  });

  test("a tool that isn't there fails", async () => {
    const result = await sandbox.run(["/nonexistent"], scratch.path, LIMITS, never);
    expect(result).toMatchObject({ ok: false, reason: "failed" });
  });

  test("a tool that hangs is killed at its deadline", async () => {
    const result = await run("for (;;);", { ...LIMITS, timeMs: 500 });
    expect(result).toMatchObject({ ok: false, reason: "deadline" });
  });

  test("a tool that wants too much memory is stopped", async () => {
    const result = await run("const all = []; for (;;) all.push(Buffer.alloc(2 ** 26, 1));");
    expect(result).toMatchObject({ ok: false, reason: "failed" });
  });

  test("a file that gets too large is stopped", async () => {
    const write = (bytes: number) => run(`require('fs').writeFileSync('out', Buffer.alloc(${bytes}, 1))`);
    expect(await write(LIMITS.fileBytes + 1)).toMatchObject({ ok: false, reason: "failed" });
    expect(await write(LIMITS.fileBytes)).toMatchObject({ ok: true });
  });

  test("many files that are too large together are stopped", async () => {
    const writing = (end: string) =>
      `for (let i = 0; ${end}; i++) require('fs').writeFileSync('f' + i, Buffer.alloc(2 ** 20, 1))`;
    expect(await run(writing("true"))).toMatchObject({ ok: false, reason: "failed" });
    const sizes = spawnSync("du", ["-sk", scratch.path], { encoding: "utf8" }).stdout;
    // Where nothing but looking bounds it, it is more, and not without end.
    expect(Number.parseInt(sizes, 10)).toBeLessThan(1024 * 1024);
  });

  test("a tool that says a lot is not listened to after a while", async () => {
    const result = await run("process.stdout.write('x'.repeat(2 ** 19))");
    expect(result.ok && result.stdout.length).toBe(16 * 1024);
  });

  test("a tool that never stops talking is killed", async () => {
    expect(await runShell("while :; do echo talk; done")).toMatchObject({
      ok: false,
      reason: "failed",
      detail: expect.stringContaining("output"),
    });
  });

  test("a stop kills the tool", async () => {
    const stop = new AbortController();
    const { running, gone } = createLifeline(scratch.path);
    const result = runShell("exec 9> lifeline; echo >&9; sleep 1000", LIMITS, stop.signal);
    await running;
    stop.abort();
    await expect(result).rejects.toThrow(/abort/i);
    await gone;
  });

  test("a tool that ended is over, and so is its child, which held its output", async () => {
    const { gone } = createLifeline(scratch.path);
    expect(await runShell("exec 9> lifeline; sleep 1000 & echo done")).toEqual({
      ok: true,
      stdout: "done\n",
    });
    await gone;
  });

  test("killAll ends what runs, and what that started, whoever holds the output", async () => {
    const { running, gone } = createLifeline(scratch.path);
    const result = runShell("exec 9> lifeline; sleep 1000 & echo >&9; sleep 1000");
    await running;
    sandbox.killAll();
    expect(await result).toMatchObject({ ok: false, reason: "failed" });
    await gone;
  });

  test("a tool that somebody else kills, as a kernel without memory does, is told from one that failed", async () => {
    const { running } = createLifeline(scratch.path);
    const result = runShell(`exec 9> lifeline; echo >&9; read line # ${basename(scratch.path)}`);
    await running;
    process.kill(Math.max(...(await findProcesses(basename(scratch.path)))), "SIGKILL");
    expect(await result).toMatchObject({ ok: false, reason: "broken-off" });
    expect(await runShell("exit 1")).toMatchObject({ ok: false, reason: "failed" });
  });

  test("the next tool runs after one that broke everything", async () => {
    // Its command and its inputs are gone, its output is closed, and so is the way back.
    await runShell("exec >&- 2>&-; rm -rf -- * .[!.]*; chmod 0 .; ulimit -n 0; cd /; kill -9 $$");
    await using other = await createScratch();
    const next = sandbox.run(["/bin/sh", "-c", "echo still here"], other.path, LIMITS, never);
    expect(await next).toEqual({ ok: true, stdout: "still here\n" });
  });
});

/** Those whose command has a word in it: the innermost began last. */
async function findProcesses(word: string): Promise<readonly number[]> {
  const ids = (await readdir("/proc")).map(Number).filter(Boolean);
  const has = async (id: number) =>
    (await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")).includes(word) ? [id] : [];
  return (await Promise.all(ids.map(has))).flat();
}

test("a tool is over, though a child that left its group, which limits alone can't hinder, holds its output", async () => {
  const sandbox = sandboxes.find(({ rung }) => rung === "limits")?.sandbox;
  await using scratch = await createScratch();
  const result = await sandbox?.run(
    ["/bin/sh", "-c", "setsid sleep 1000 & echo $!"],
    scratch.path,
    LIMITS,
    never,
  );
  expect(process.kill(Number(result?.ok && result.stdout), "SIGKILL")).toBe(true);
});

test("this machine isolates tools, if it is a Linux", () => {
  const isolating = sandboxes.filter(({ rung }) => rung !== "limits");
  expect(isolating.length > 0 || process.platform !== "linux").toBe(true);
});

test("whose tool fails, and how, is told by its program", async () => {
  const failures: string[] = [];
  const noteFailure = (program: string, reason: string) => void failures.push(`${program} ${reason}`);
  const sandbox = await Sandbox.create({ withoutIsolation: true, rungs: [LIMITS_RUNG], noteFailure });
  await using scratch = await createScratch();
  const run = (command: readonly string[], timeMs = 10_000) =>
    sandbox.run(command, scratch.path, { ...LIMITS, timeMs }, never);
  await run(["/bin/sh", "-c", "exit 1", "soffice"]);
  await run(["/usr/bin/false"]);
  await run(["/usr/bin/sleep", "10"], 100);
  await run([process.execPath, "/nonexistent/image-child.ts"]);
  await run(["/bin/sh", "-c", "exit 0", "soffice"]);
  expect(failures).toEqual(["soffice failed", "false failed", "sleep deadline", "image-child failed"]);
});

// bubblewrap hands over two hundred.
describe.each(sandboxes.filter(({ rung }) => rung !== "bubblewrap"))("with $rung", ({ sandbox }) => {
  test("too many files are stopped, though they are empty", async () => {
    await using scratch = await createScratch();
    const script =
      "for (let i = 0; ; i++) if (i < 5_000) require('fs').closeSync(require('fs').openSync('f' + i, 'w'))";
    expect(await sandbox.run([process.execPath, "-e", script], scratch.path, LIMITS, never)).toMatchObject({
      ok: false,
      reason: "failed",
      detail: expect.stringContaining("too many files"),
    });
  });
});
