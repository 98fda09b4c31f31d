import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";

/** Where a local stack keeps everything: `CAUSEWAY_STATE`, or `.causeway` in the project. */
export function stateDirectory(env: NodeJS.ProcessEnv): string {
  return resolve(env["CAUSEWAY_STATE"] || ".causeway");
}

const Secrets = z.object({
  jwtSecret: z.string().min(32),
  reportSecret: z.string().min(32),
  signedUrlSecret: z.string().min(32),
  queuesToken: z.string().min(32),
});
export type Secrets = z.infer<typeof Secrets>;

function newSecret(): string {
  return randomBytes(32).toString("hex");
}

/** The stack's own secrets, made at its first start and readable by its user alone. */
export function readOrCreateSecrets(directory: string): Secrets {
  const path = join(directory, "secrets.json");
  mkdirSync(directory, { recursive: true });
  if (existsSync(path)) return Secrets.parse(JSON.parse(readFileSync(path, "utf8")));
  const secrets: Secrets = {
    jwtSecret: newSecret(),
    reportSecret: newSecret(),
    signedUrlSecret: newSecret(),
    queuesToken: newSecret(),
  };
  // Renamed into place: a second process that starts now finds all of it or nothing.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(secrets, undefined, 2), { mode: 0o600 });
  renameSync(draft, path);
  return secrets;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What tells a process from a later one that got the same number. */
function startTimeOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/**
 * Takes the state directory for this process: two stacks on one state would destroy it. Throws when another stack that
 * still runs has it; one that was killed leaves nothing that matters.
 * @returns gives the directory back
 */
export function lockState(directory: string): () => void {
  const path = join(directory, "stack.lock");
  mkdirSync(directory, { recursive: true });
  if (existsSync(path)) {
    const [pid = "", startTime = ""] = readFileSync(path, "utf8").split(" ");
    if (isRunning(Number(pid)) && startTimeOf(Number(pid)) === startTime) {
      throw new Error(`Another stack (process ${pid}) uses ${directory}. Stop it, or set CAUSEWAY_STATE.`);
    }
  }
  writeFileSync(path, `${process.pid} ${startTimeOf(process.pid)}`);
  return () => rmSync(path, { force: true });
}
