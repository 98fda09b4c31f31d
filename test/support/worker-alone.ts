import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import { findFreePort } from "../../scripts/dev/ports.ts";
import { readOrCreateSecrets } from "../../scripts/dev/state.ts";
import type { RunningWorkers } from "../../scripts/dev/workers.ts";
import { startWorkers } from "../../scripts/dev/workers.ts";
import type { StackAccess } from "./api.ts";

/** What an upload may leave in a bucket. */
export interface StoredBytes {
  readonly objects: number;
  /** Multipart uploads that are neither complete nor aborted. */
  readonly openMultiparts: number;
}

/** The worker with its stores, without scanner and processor: for tests that set it up differently or break it. */
export interface WorkerAlone extends StackAccess {
  readonly miniflare: RunningWorkers["miniflare"];
  readonly queues: RunningWorkers["queues"];
  /** Runs the worker's cron handler. */
  runScheduled(): Promise<void>;
  storedBytes(): StoredBytes;
}

/** Starts one for this test. */
export async function startWorkerAlone(vars: Readonly<Record<string, string>> = {}): Promise<WorkerAlone> {
  const stack = await launchWorkerAlone(vars);
  onTestFinished(() => stack.stop());
  return stack;
}

/** Starts one that whoever starts it stops: for all tests of a file. */
export async function launchWorkerAlone(
  vars: Readonly<Record<string, string>> = {},
): Promise<WorkerAlone & { stop(): Promise<void> }> {
  const stateDirectory = await mkdtemp(join(tmpdir(), "causeway-worker-"));
  const secrets = readOrCreateSecrets(stateDirectory);
  const workers = await startWorkers({
    ...{ stateDirectory, secrets, vars, port: await findFreePort() },
    assetsDirectory: stateDirectory,
    onLog: () => {},
  });
  return {
    async stop() {
      await workers.stop();
      await rm(stateDirectory, { recursive: true, force: true });
    },
    url: workers.url,
    jwtSecret: secrets.jwtSecret,
    miniflare: workers.miniflare,
    queues: workers.queues,
    runScheduled: () => workers.runScheduled(),
    storedBytes: () => countStored(join(stateDirectory, "cloudflare", "r2")),
  };
}

/** Read from the local bucket's own tables: R2's API can't list multipart uploads. */
function countStored(directory: string): StoredBytes {
  const found = readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".sqlite") && !name.endsWith("metadata.sqlite"))
    .map((name) => countIn(join(directory, name)));
  return {
    objects: found.reduce((sum, { objects }) => sum + objects, 0),
    openMultiparts: found.reduce((sum, { openMultiparts }) => sum + openMultiparts, 0),
  };
}

function countIn(path: string): StoredBytes {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const count = (query: string): number => Number(Object.values(database.prepare(query).get() ?? {})[0]);
    return {
      objects: count("SELECT count(*) FROM _mf_objects"),
      openMultiparts: count("SELECT count(*) FROM _mf_multipart_uploads WHERE state = 0"),
    };
  } finally {
    database.close();
  }
}
