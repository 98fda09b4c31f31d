import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { renderClamdConfig } from "../../processor/scan/clamd-config.ts";
import { writeTestSignature } from "../../processor/scan/test-signature.ts";
import { findFreePort } from "../../scripts/dev/ports.ts";
import { findProgram } from "../../scripts/find-program.mjs";

const CLAMD = findProgram("clamd") ?? "clamd";

export interface RunningClamd {
  readonly host: string;
  readonly port: number;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Ends it and removes what it had. */
  stop(): Promise<void>;
}

interface ClamdOptions {
  /** A free one by default; another clamd's to take its place after it was killed. */
  readonly port?: number;
  readonly editConfig?: (config: string) => string;
}

/** A real clamd with the product's own configuration, on loopback, knowing the test signature only. */
export async function startClamd({
  port,
  editConfig = (config) => config,
}: ClamdOptions = {}): Promise<RunningClamd> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-clamd-"));
  const address = { host: "127.0.0.1", port: port ?? (await findFreePort()) };
  await writeTestSignature(join(directory, "db"));
  const config = renderClamdConfig({
    ...address,
    databaseDirectory: join(directory, "db"),
    temporaryDirectory: directory,
  });
  await writeFile(join(directory, "clamd.conf"), editConfig(config));
  const child = spawn(CLAMD, ["--config-file", join(directory, "clamd.conf")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  await waitUntilReady(child);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return {
    ...address,
    kill: () => end("SIGKILL"),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) await end("SIGTERM");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** clamd's last line before it takes connections is about its self checks. */
async function waitUntilReady(child: ChildProcess): Promise<void> {
  if (child.stdout === null || child.stderr === null) throw new Error("clamd has no output");
  child.stderr.resume();
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith("Self checking")) {
      child.stdout.resume();
      return;
    }
  }
  throw new Error("clamd ended before it was ready");
}
