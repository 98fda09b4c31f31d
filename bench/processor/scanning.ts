import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { inspectObject } from "../../processor/inspect.ts";
import { ClamdScanner } from "../../processor/scan/clamd-scanner.ts";
import { findsTestFile } from "../../processor/scan/clamd.ts";
import { writeTestSignature } from "../../processor/scan/test-signature.ts";
import { startClamd } from "../../scripts/dev/clamd.ts";
import { findFreePort } from "../../scripts/dev/ports.ts";
import { findProgram } from "../../scripts/find-program.mjs";
import { median } from "../lanes.ts";
import type { Row } from "../section.ts";
import { atLeast } from "../targets.ts";
import type { ProcessorLoad } from "./load.ts";

const run = promisify(execFile);
const RATIO = 0.9;
const READY_POLL_MS = 50;
const FIGURE = "scan and hash of a file, over `clamdscan --stream` of one as large";

/** Our pass over a file, and clamd's own client on another (clamd remembers what it found clean), by turns. */
export async function measureScanning({ scanBytes, runs }: ProcessorLoad): Promise<readonly Row[]> {
  if (findProgram("clamdscan") === undefined) {
    return [{ figure: FIGURE, measured: "clamdscan is not installed" }];
  }
  const directory = await mkdtemp(join(tmpdir(), "causeway-scan-"));
  const databaseDirectory = join(directory, "signatures");
  await writeTestSignature(databaseDirectory);
  const address = { host: "127.0.0.1", port: await findFreePort() };
  const clamd = await startClamd({
    ...{ stateDirectory: directory, port: address.port, databaseDirectory, onOutput: () => {} },
  });
  try {
    while (!(await findsTestFile(address).catch(() => false))) await pause();
    const samples: { readonly ours: number; readonly theirs: number }[] = [];
    for (let index = 0; index < runs; index += 1) {
      const ours = await timeOf(directory, scanBytes, (path) => inspectFile(address, path, scanBytes));
      const theirs = await timeOf(directory, scanBytes, (path) => streamByClient(directory, path));
      samples.push({ ours, theirs });
    }
    return [summarise(scanBytes, samples)];
  } finally {
    await clamd.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
}

function summarise(
  scanBytes: number,
  samples: readonly { readonly ours: number; readonly theirs: number }[],
): Row {
  const rate = (seconds: number): string => `${(scanBytes / 1e6 / seconds).toFixed(0)} MB/s`;
  const ratio = median(samples.map(({ ours, theirs }) => theirs / ours));
  const ours = rate(median(samples.map((sample) => sample.ours)));
  const theirs = rate(median(samples.map((sample) => sample.theirs)));
  return {
    figure: FIGURE,
    measured: `${ours} of ${theirs}`,
    target: atLeast({ figure: FIGURE, unit: "×", limit: RATIO, measured: ratio }),
  };
}

/** Seconds that `use` takes for a new file of noise. */
async function timeOf(
  directory: string,
  sizeBytes: number,
  use: (path: string) => Promise<unknown>,
): Promise<number> {
  const path = join(directory, "file");
  await writeFile(path, randomBytes(sizeBytes));
  const startedAtMs = performance.now();
  await use(path);
  return (performance.now() - startedAtMs) / 1000;
}

async function inspectFile(
  address: { readonly host: string; readonly port: number },
  path: string,
  sizeBytes: number,
): Promise<void> {
  const scanner = new ClamdScanner(address);
  const signal = new AbortController().signal;
  const open = (bytes: number) => scanner.open(bytes, signal);
  const { verdict } = await inspectObject({ sizeBytes, body: createReadStream(path) }, open, signal);
  if (verdict !== "clean") throw new Error(`Noise was found to be ${verdict}.`);
}

async function streamByClient(directory: string, path: string): Promise<void> {
  const config = join(directory, "clamd", "clamd.conf");
  await run("clamdscan", ["--stream", "--no-summary", "--config-file", config, path]);
}
