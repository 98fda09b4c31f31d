/**
 * Finds out what a sandbox keeps a tool from: it sets things up that a tool must not reach (a file with a secret, a
 * process with one in its environment, a server), lets a tool try, and looks at them.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { access, chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childScript } from "./child-script.ts";
import type { Isolation } from "./ladder.ts";
import { ProbeFindings, type ProbeTargets } from "./probe-protocol.ts";
import type { Sandbox, SandboxLimits } from "./sandbox.ts";

const CHILD = new URL("./probe-child.ts", import.meta.url).href;
const LIMITS: SandboxLimits = {
  timeMs: 10_000,
  memoryBytes: 1.5 * 2 ** 30,
  fileBytes: 1024 * 1024,
  scratchBytes: 1024 * 1024,
  processes: 64,
};

/** What holds; undefined if no tool runs there. Leaves nothing behind. */
export async function probeRung(sandbox: Sandbox): Promise<Isolation | undefined> {
  await using targets = await setUp();
  await using scratch = await temporaryDirectory();
  const command = [process.execPath, childScript(CHILD), JSON.stringify(targets.forChild)];
  const result = await sandbox.run(command, scratch.path, LIMITS, new AbortController().signal);
  if (!result.ok) return undefined;
  const { userId, read } = ProbeFindings.parse(JSON.parse(result.stdout));
  const [readFromFile, readFromProcess] = read.map((text) => text.includes(targets.secret));
  return {
    network: targets.connections() === 0,
    files: readFromFile === false && (await targets.filesAreAsBefore()),
    processes: readFromProcess === false && targets.victimLives(),
    user: userId !== 0,
  };
}

async function setUp() {
  const secret = randomUUID();
  const directory = await temporaryDirectory();
  const secretPath = join(directory.path, "secret");
  const outsidePath = join(directory.path, "outside");
  await writeFile(secretPath, secret);
  // As open as files can be: it isn't their permissions that are tried.
  await chmod(directory.path, 0o777);
  const victim = await startVictim(secret);
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const forChild: ProbeTargets = { secretPath, outsidePath, port, victimPid: victim.pid ?? 0 };
  return {
    secret,
    forChild,
    connections: () => connections,
    victimLives: () => victim.exitCode === null && victim.signalCode === null,
    async filesAreAsBefore() {
      const wasWritten = await access(outsidePath).then(
        () => true,
        () => false,
      );
      return !wasWritten && (await readFile(secretPath, "utf8")) === secret;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      victim.kill("SIGKILL");
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** A process that waits. It has said that it runs, and so has its environment. */
async function startVictim(secret: string): Promise<ChildProcess> {
  const victim = spawn("/bin/sh", ["-c", "echo; read line"], { env: { SECRET: secret } });
  await once(victim.stdout, "data");
  return victim;
}

async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), "causeway-probe-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
