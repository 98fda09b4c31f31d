import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";

/** Where a local stack keeps everything: `CAUSEWAY_STATE` (the first plan's `STORAGE_PATH`), or `.causeway` here. */
export function stateDirectory(env: NodeJS.ProcessEnv): string {
  return resolve(env["CAUSEWAY_STATE"] || env["STORAGE_PATH"] || ".causeway");
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

/** Throws a sentence that says what to do where the file isn't whole. */
function readSecrets(path: string): Secrets {
  const parsed = Secrets.safeParse(readJson(path));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ");
  throw new Error(
    `${path} has no valid ${wrong || "JSON"}: put it back, or remove the file to have new secrets made, which ends ` +
      "tokens and signed URLs that were given out.",
  );
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const secretsPathOf = (directory: string): string => join(directory, "secrets.json");

/** Whether there are secrets of a stack: one has been started on that state, or a token was made for it. */
export function hasSecrets(directory: string): boolean {
  return existsSync(secretsPathOf(directory));
}

/** The stack's own secrets, made at its first start and readable by its user alone. */
export function readOrCreateSecrets(directory: string): Secrets {
  const path = secretsPathOf(directory);
  mkdirSync(directory, { recursive: true });
  if (existsSync(path)) return readSecrets(path);
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

const pidPathOf = (directory: string): string => join(directory, "stack.pid");

/** Whether the stack of a state runs, by the process that it has written down there. */
export function isStackRunning(directory: string): boolean {
  const path = pidPathOf(directory);
  const pid = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    // Signal 0 is none: it only asks whether there is such a process.
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Takes the state directory for this process: two stacks on one state would destroy it. Throws when another stack has
 * it. The lock is one of SQLite's, so the kernel's: taken by one of many at once, and gone with a process that is killed.
 * @returns gives the directory back
 */
export function lockState(directory: string): () => void {
  mkdirSync(directory, { recursive: true });
  const pidPath = pidPathOf(directory);
  const lock = new DatabaseSync(join(directory, "stack-lock.sqlite"));
  try {
    // Never ended: what is held is the one right to write.
    lock.exec("BEGIN IMMEDIATE");
  } catch (cause) {
    lock.close();
    // Nothing there yet if that one has just begun.
    const pid = existsSync(pidPath) ? readFileSync(pidPath, "utf8") : "";
    const name = pid === "" ? "Another stack" : `Another stack (process ${pid})`;
    throw new Error(`${name} uses ${directory}. Stop it, or set CAUSEWAY_STATE.`, { cause });
  }
  writeFileSync(pidPath, String(process.pid));
  return () => {
    rmSync(pidPath, { force: true });
    lock.close();
  };
}
