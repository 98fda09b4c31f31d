import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createIsolatingSandboxes, createLifeline, createScratch, LIMITS } from "../support/sandboxes.ts";

const CHECKOUT = fileURLToPath(new URL("../../..", import.meta.url));
const SECRET = "a-secret-of-ours";
const never = new AbortController().signal;
const sandboxes = (await createIsolatingSandboxes()).map((sandbox) => ({ rung: sandbox.rung, sandbox }));

let outside: string;
let server: Server;
let connections: number;
let victim: ChildProcess;

function count(socket: Socket): void {
  connections += 1;
  socket.destroy();
}

beforeAll(async () => {
  outside = await mkdtemp(join(tmpdir(), "causeway-outside-"));
  // As open as files can be: it isn't their permissions that are tried.
  await chmod(outside, 0o777);
  await writeFile(join(outside, "file"), SECRET);
  await chmod(join(outside, "file"), 0o666);
  server = createServer(count).listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterAll(async () => {
  server.close();
  await rm(outside, { recursive: true });
});

describe.each(sandboxes)("with $rung", ({ sandbox }) => {
  let scratch: Awaited<ReturnType<typeof createScratch>>;

  beforeEach(async () => {
    scratch = await createScratch();
    connections = 0;
    victim = spawn("/bin/sh", ["-c", "echo; read line"], { env: { SECRET } });
    await once(victim.stdout ?? victim, "data");
  });

  afterEach(async () => {
    victim.kill("SIGKILL");
    await scratch[Symbol.asyncDispose]();
  });

  /** What a script prints. It may use `fs`, and `attempt`, which gives what a function gave, or the fault's code. */
  async function run(script: string, limits = LIMITS): Promise<unknown> {
    const attempt = `const fs = require("node:fs");
      const attempt = (what) => { try { return String(what()); } catch (error) { return error.code ?? "failed"; } };`;
    const command = [process.execPath, "-e", `${attempt} console.log(JSON.stringify(${script}))`];
    const result = await sandbox.run(command, scratch.path, limits, never);
    if (!result.ok) throw new Error(result.detail);
    return JSON.parse(result.stdout);
  }

  function runShell(script: string, limits = LIMITS) {
    return sandbox.run(["/bin/sh", "-c", script], scratch.path, limits, never);
  }

  test("all holds", () => {
    expect(sandbox.isolation).toEqual({ network: true, files: true, processes: true, user: true });
  });

  const REFUSED = /^(?:EACCES|ENOENT|EPERM|EROFS)$/;

  test.each(["/etc/shadow", "/etc/passwd", `${CHECKOUT}wrangler.toml`])(
    "a tool can't read %s",
    async (path) => {
      expect(existsSync(path)).toBe(true);
      expect(await run(`attempt(() => fs.readFileSync(${JSON.stringify(path)}, "utf8"))`)).toMatch(REFUSED);
    },
  );

  const FOLDERS = ["/root", "/home", homedir(), "/var/log", `${CHECKOUT}docs`, `${CHECKOUT}worker`];
  test.each([...FOLDERS, `${CHECKOUT}test/processor/sandbox`])("a tool can't list %s", async (path) => {
    expect(existsSync(path)).toBe(true);
    const seen = await run(`attempt(() => fs.readdirSync(${JSON.stringify(path)}).join())`);
    // Of a home that our own code or Node is in, only the way there is seen.
    expect(CHECKOUT.startsWith(`${path}/`) && seen !== "EACCES" ? seen : "ENOENT").not.toContain(",");
    if (!CHECKOUT.startsWith(`${path}/`)) expect(seen).toMatch(REFUSED);
  });

  test("a tool reads no other file, though its permissions allow it to, and no other tool's scratch", async () => {
    const path = JSON.stringify(join(outside, "file"));
    expect(await run(`attempt(() => fs.readFileSync(${path}, "utf8"))`)).toMatch(REFUSED);
    await using other = await createScratch();
    await writeFile(join(other.path, "original"), SECRET);
    const original = JSON.stringify(join(other.path, "original"));
    expect(await run(`attempt(() => fs.readFileSync(${original}, "utf8"))`)).toMatch(REFUSED);
  });

  test("a tool writes nowhere else: nor makes, cuts, removes or renames", async () => {
    const [file, made, moved] = ["file", "made", "moved"].map((name) => JSON.stringify(join(outside, name)));
    const attempts = [
      `fs.writeFileSync(${made}, "x")`,
      `fs.writeFileSync(${file}, "x")`,
      `fs.truncateSync(${file})`,
      `fs.rmSync(${file})`,
      `fs.renameSync(${file}, ${moved})`,
      `fs.mkdirSync(${made})`,
      `fs.symlinkSync("x", ${made})`,
      ...["/", "/tmp/", "/dev/", "/usr/", "/var/tmp/", CHECKOUT, `${CHECKOUT}processor/`].map(
        (folder) => `fs.writeFileSync(${JSON.stringify(`${folder}${randomUUID()}`)}, "x")`,
      ),
    ];
    const results = await run(`[${attempts.map((each) => `attempt(() => ${each})`).join()}]`);
    expect(results).toEqual(attempts.map(() => expect.stringMatching(REFUSED)));
    expect(await readdir(outside)).toEqual(["file"]);
    expect(await readFile(join(outside, "file"), "utf8")).toBe(SECRET);
  });

  test("what a link that a tool left points to isn't given to the next tool", async () => {
    await runShell(`ln -s ${outside}/file link`);
    const { uid } = await stat(join(outside, "file"));
    expect(await runShell("echo next")).toMatchObject({ ok: true });
    expect((await stat(join(outside, "file"))).uid).toBe(uid);
  });

  test("a tool sees no process's environment but its own", async () => {
    const found = await run(`{
      all: attempt(() => fs.readdirSync("/proc").filter(Number).map((pid) =>
        attempt(() => fs.readFileSync("/proc/" + pid + "/environ", "utf8"))).join()),
      named: [1, process.ppid, ${process.pid}, ${victim.pid}].map((pid) =>
        attempt(() => fs.readFileSync("/proc/" + pid + "/environ", "utf8"))),
    }`);
    expect(JSON.stringify(found)).not.toContain(SECRET);
    expect(JSON.stringify(found)).not.toMatch(/VITEST|NODE_ENV|USER=/);
  });

  test("a tool can't signal another process", async () => {
    await run(
      `[attempt(() => process.kill(${victim.pid}, "SIGKILL")), attempt(() => process.kill(-1, "SIGKILL"))]`,
    );
    expect(victim.signalCode).toBeNull();
    expect(victim.kill(0)).toBe(true);
  });

  test("a tool has no file send signals to others, and changes nobody's share of the cores", async () => {
    // fcntl F_SETOWN, F_SETSIG, F_SETOWN_EX; ioctl FIOSETOWN, SIOCSPGRP; the calls by their numbers on this machine.
    const [setAffinity, setScheduler] = process.arch === "x64" ? [203, 144] : [122, 119];
    const script = `
      socketpair(my $r, my $w, 1, 1, 0) or die; my $p = getppid();
      my ($pid, $pair, $mask, $idle) = (pack("i", $p), pack("ii", 1, $p), pack("Q", 1), pack("i", 0));
      my @told = (fcntl($r, 8, $p), fcntl($r, 10, 9), fcntl($r, 15, $pair), ioctl($r, 0x8901, $pid), ioctl($r, 0x8902, $pid),
        setpriority(0, $p, 19), syscall(${setAffinity}, $p, 8, $mask) >= 0, syscall(${setScheduler}, $p, 5, $idle) >= 0);
      print join(",", map { $_ ? "done" : "refused" } @told), " ", fcntl($r, 3, 0) ? "reads" : "reads nothing";`;
    const result = await sandbox.run(["/usr/bin/perl", "-e", script], scratch.path, LIMITS, never);
    expect(result).toEqual({ ok: true, stdout: `${Array(8).fill("refused").join()} reads` });
  });

  test("a tool reaches no server, on this host or another, and asks nobody for names", async () => {
    const { port } = server.address() as AddressInfo;
    const script = `
      const { connect } = require("node:net");
      const failed = [[${port}, "127.0.0.1"], [443, "192.0.2.1"]].map(([port, host]) =>
        new Promise((resolve) => connect(port, host).on("error", resolve).on("connect", () => process.exit(7))));
      Promise.all(failed).then(() => process.exit(0));`;
    expect(await sandbox.run([process.execPath, "-e", script], scratch.path, LIMITS, never)).toMatchObject({
      ok: true,
    });
    expect(connections).toBe(0);
  });

  test("a tool makes no namespaces, and is nobody", async () => {
    expect(await runShell("unshare --user --map-root-user true")).toMatchObject({
      ok: false,
      detail: expect.stringContaining("Operation not permitted"),
    });
    const ids = (await run(
      "[process.getuid(), process.geteuid(), process.getgid(), ...process.getgroups()]",
    )) as number[];
    expect(ids.includes(0)).toBe(false);
  });

  test("a fork bomb ends with its tool, and the next one runs", async () => {
    const { gone } = createLifeline(scratch.path);
    const bomb = "exec 9> lifeline; bomb() { bomb | bomb & }; bomb; while :; do :; done";
    await runShell(bomb, { ...LIMITS, timeMs: 1_500 });
    await gone;
    expect(await runShell("echo next")).toEqual({ ok: true, stdout: "next\n" });
  });

  test("a tool has only so many processes", async () => {
    const script = `[...Array(1000)].map(() => require("node:child_process").spawn("sleep", ["1000"], { stdio: "ignore" }).pid)
      .filter((pid) => pid !== undefined).length`;
    const command = [process.execPath, "-e", `console.log(${script}); process.exit(0)`];
    const result = await sandbox.run(command, scratch.path, LIMITS, never);
    // Under Landlock those of the user that we run as count too.
    expect(result.ok && Number(result.stdout)).toBeLessThan(600);
  });

  test("a child in a session of its own ends with its tool", async () => {
    const { gone } = createLifeline(scratch.path);
    const result = await runShell(
      "exec 9> lifeline; setsid --fork sleep 1000; setsid sleep 1000 & echo done",
    );
    expect(result).toMatchObject({ ok: true });
    await gone;
  });

  test("a tool reaches no server that listens at a path", async () => {
    const path = join(outside, "socket");
    const local = createServer(count).listen(path);
    await once(local, "listening");
    await chmod(path, 0o777);
    const script = `require("node:net").connect(${JSON.stringify(path)}).on("error", () => process.exit(0))`;
    const result = await sandbox.run([process.execPath, "-e", script], scratch.path, LIMITS, never);
    local.close();
    expect({ result, connections }).toMatchObject({ result: { ok: true }, connections: 0 });
  });

  test("of what a tool leaves there are plain files afterwards, no links, pipes or directories", async () => {
    const result = await runShell(
      `ln -s ${outside}/file link; mkfifo pipe; mkdir -p a/b; echo x > plain; ln plain b; echo > c`,
    );
    // Landlock gives the tool our directory itself; it makes no pipes there, at least.
    const left = sandbox.rung === "bubblewrap" ? [".space", "c"] : ["a", "b", "c", "link", "plain"];
    expect({ result, names: (await readdir(scratch.path)).sort() }).toMatchObject({
      result: { ok: true },
      names: left,
    });
  });
});
