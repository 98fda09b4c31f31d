import { existsSync, readdirSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderClamdConfig } from "../../processor/scan/clamd-config.ts";
import { writeTestSignature } from "../../processor/scan/test-signature.ts";
import { findProgram } from "../find-program.mjs";
import type { Child } from "./child.ts";
import { keepRunning } from "./child.ts";

const SYSTEM_DATABASES = ["/var/lib/clamav", "/usr/local/var/lib/clamav", "/opt/homebrew/var/lib/clamav"];
const OFFICIAL_FILE = /^(main|daily|bytecode)\.c[vl]d$/;

export interface SignatureDatabase {
  readonly directory: string;
  /** False for the test signature, which protects nobody. */
  readonly official: boolean;
}

function holdsDatabase(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).some((name) => OFFICIAL_FILE.test(name));
}

/** The system's signature database where there is one, else a directory that knows only the EICAR test file. */
export async function findSignatureDatabase(stateDirectory: string): Promise<SignatureDatabase> {
  const system = SYSTEM_DATABASES.find(holdsDatabase);
  if (system !== undefined) return { directory: system, official: true };
  const directory = join(stateDirectory, "clamd", "signatures");
  await writeTestSignature(directory);
  return { directory, official: false };
}

function requireProgram(): string {
  const found = findProgram("clamd");
  if (found === undefined) throw new Error("clamd is not installed: npm start says how.");
  return found;
}

export interface ClamdOptions {
  readonly stateDirectory: string;
  readonly port: number;
  readonly databaseDirectory: string;
  readonly onOutput: (text: string) => void;
}

/** A clamd of the stack's own on loopback, by the project's own configuration. */
export async function startClamd(options: ClamdOptions): Promise<Child> {
  const temporaryDirectory = join(options.stateDirectory, "clamd", "tmp");
  // A clamd that was killed leaves what it was scanning behind.
  await rm(temporaryDirectory, { recursive: true, force: true });
  await mkdir(temporaryDirectory, { recursive: true });
  const configPath = join(options.stateDirectory, "clamd", "clamd.conf");
  const { port, databaseDirectory } = options;
  await writeFile(configPath, renderClamdConfig({ port, databaseDirectory, temporaryDirectory }));
  return keepRunning({
    command: requireProgram(),
    args: ["--config-file", configPath],
    env: process.env,
    onOutput: options.onOutput,
    // Asked to end, it first finishes the scans it is at; nobody waits for those any more.
    stopWithinMs: 1_000,
  });
}
