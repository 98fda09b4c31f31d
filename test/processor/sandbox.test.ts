import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Sandbox } from "../../processor/derive/sandbox.ts";

const LIMITS = { timeMs: 10_000, memoryBytes: 1.5 * 2 ** 30, fileBytes: 1024 };
const never = new AbortController().signal;
let scratch: string;
let sandbox: Sandbox;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "causeway-sandbox-"));
  sandbox = await Sandbox.create();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(scratch, { recursive: true });
});

function run(script: string, limits = LIMITS, signal = never) {
  return sandbox.run([process.execPath, "-e", script], scratch, limits, signal);
}

test("a tool sees its scratch directory and none of our secrets", async () => {
  vi.stubEnv("S3_SECRET_ACCESS_KEY", "secret");
  const result = await run("console.log(JSON.stringify({ env: process.env, cwd: process.cwd() }))");
  const { env, cwd } = JSON.parse(result.ok ? result.stdout : "{}") as { env: object; cwd: string };
  expect(cwd).toBe(scratch);
  expect(env).toMatchObject({ HOME: scratch, TMPDIR: scratch });
  expect(Object.keys(env).filter((key) => /S3|SECRET|TOKEN|CAUSEWAY|VITEST/.test(key))).toEqual([]);
});

test("a tool that fails says so", async () => {
  const result = await run("process.stderr.write('no'); process.exit(3)");
  expect(result).toEqual({ ok: false, reason: "failed", detail: "exit 3: no" });
});

test("a tool that isn't there fails", async () => {
  expect(await sandbox.run(["/nonexistent"], scratch, LIMITS, never)).toMatchObject({
    ok: false,
    reason: "failed",
  });
});

test("a tool that hangs is killed at its deadline", async () => {
  const result = await run("for (;;);", { ...LIMITS, timeMs: 300 });
  expect(result).toMatchObject({ ok: false, reason: "deadline" });
});

test("a tool that wants too much memory is stopped", async () => {
  const result = await run("const all = []; for (;;) all.push(Buffer.alloc(2 ** 26, 1));");
  expect(result).toMatchObject({ ok: false, reason: "failed" });
});

test("a tool that writes too much is stopped", async () => {
  const result = await run("require('fs').writeFileSync('out', Buffer.alloc(1025))");
  expect(result).toMatchObject({ ok: false, reason: "failed" });
  expect(await run("require('fs').writeFileSync('out', Buffer.alloc(1024))")).toMatchObject({ ok: true });
});

test("a tool that talks too much is not listened to", async () => {
  const result = await run("process.stdout.write('x'.repeat(2 ** 22))");
  expect(result.ok && result.stdout.length).toBe(16 * 1024);
});

test("a stop kills the tool", async () => {
  const stop = new AbortController();
  const running = run("for (;;);", LIMITS, stop.signal);
  stop.abort();
  await expect(running).rejects.toThrow(/abort/i);
});

test("a tool reaches no network, where the system allows to take it away", async () => {
  const result = await run("console.log(Object.keys(require('os').networkInterfaces()).length)");
  expect(sandbox.hasNoNetwork ? result : "not possible here").toEqual(
    sandbox.hasNoNetwork ? { ok: true, stdout: "0\n" } : "not possible here",
  );
});
