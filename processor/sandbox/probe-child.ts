/**
 * Tries, in a sandbox, all that a tool must not be able to do, and prints what it got hold of. Started by probe.ts, with
 * what to try it on as its only argument.
 */
import { once } from "node:events";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { ProbeTargets } from "./probe-protocol.ts";

const { secretPath, outsidePath, port, victimPid } = ProbeTargets.parse(JSON.parse(process.argv[2] ?? ""));

/** What an attempt gave; nothing where it failed. */
async function attempt(what: () => unknown): Promise<string> {
  try {
    return String(await what());
  } catch {
    return "";
  }
}

const read = [
  await attempt(() => readFile(secretPath, "utf8")),
  await attempt(() => readFile(`/proc/${victimPid}/environ`, "utf8")),
];
await attempt(() => writeFile(outsidePath, "written"));
await attempt(() => truncate(secretPath));
await attempt(() => once(connect(port, "127.0.0.1"), "connect"));
await attempt(() => process.kill(victimPid, "SIGKILL"));
process.stdout.write(JSON.stringify({ userId: process.getuid?.() ?? 0, read }));
process.exit(0);
