import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { D1Database } from "@cloudflare/workers-types";
import { onTestFinished } from "vitest";
import { findFreePort } from "../../scripts/dev/ports.ts";
import type { Bucket } from "../../scripts/dev/side-door/bucket.ts";
import { readOrCreateSecrets } from "../../scripts/dev/state.ts";
import type { RunningWorkers } from "../../scripts/dev/workers.ts";
import { RUNTIME_STATE, startWorkers } from "../../scripts/dev/workers.ts";
import type { StackAccess } from "./api.ts";
import { newStateDirectory } from "./migrated-state.ts";
import { useStarted } from "./started.ts";

const UPLOAD_OBJECTS = "causeway-UploadObject";

/** What an upload may leave in a bucket. */
export interface StoredBytes {
  readonly objects: number;
  /** Multipart uploads that are neither complete nor aborted. */
  readonly openMultiparts: number;
}

/** The worker with its stores, without scanner and processor: for tests that set it up differently or break it. */
export interface WorkerAlone extends StackAccess {
  readonly miniflare: RunningWorkers["miniflare"];
  readonly openDatabase: RunningWorkers["openDatabase"];
  /** What it stores, behind the product's back. */
  readonly bucket: Bucket;
  readonly queues: RunningWorkers["queues"];
  /** For whoever reads and writes its objects as a processor does. */
  readonly s3: RunningWorkers["s3"];
  /** Of the key by which URLs are signed; its id is "local". */
  readonly signedUrlSecret: string;
  readonly reportSecret: string;
  /** Asks the database, or changes it. */
  query(
    sql: string,
    ...values: readonly (string | number | null)[]
  ): Promise<readonly Record<string, unknown>[]>;
  /** Keys of what is stored, all of them or those that begin with a prefix. */
  objectKeys(prefix?: string): Promise<readonly string[]>;
  /** Runs the worker's cron handler. */
  runScheduled(): Promise<void>;
  storedBytes(): StoredBytes;
  /** The first line of its log with this in it, as soon as there is one. */
  logLine(part: string): Promise<string>;
  /** How many uploads' objects keep anything. */
  countUploadObjects(): number;
  stop(): Promise<void>;
}

/** Tests ask as fast as they can, and each of them is one user. */
const GENEROUS = 1_000;

/** Starts one for this test. */
export async function startWorkerAlone(
  vars: Readonly<Record<string, string>> = {},
  rateLimitFactor = GENEROUS,
): Promise<WorkerAlone> {
  const worker = await launchWorkerAlone(vars, rateLimitFactor);
  onTestFinished(worker.stop);
  return worker;
}

/** One for all tests of a file. */
export function useWorkerAlone(
  vars: Readonly<Record<string, string>> = {},
  rateLimitFactor = GENEROUS,
): WorkerAlone {
  return useStarted(() => launchWorkerAlone(vars, rateLimitFactor));
}

/** Starts one that whoever called stops. */
export async function launchWorkerAlone(
  vars: Readonly<Record<string, string>> = {},
  rateLimitFactor = GENEROUS,
): Promise<WorkerAlone> {
  const stateDirectory = await newStateDirectory("causeway-worker-", RUNTIME_STATE);
  const secrets = readOrCreateSecrets(stateDirectory);
  const log = new LogLines();
  const workers = await startWorkers({
    ...{ stateDirectory, secrets, vars, port: await findFreePort() },
    withDemo: false,
    rateLimitFactor,
    onLog: (_level, message) => log.add(message),
  });
  const bucket = workers.openBucket("BUCKET");
  return {
    url: workers.url,
    jwtSecret: secrets.jwtSecret,
    signedUrlSecret: secrets.signedUrlSecret,
    reportSecret: secrets.reportSecret,
    miniflare: workers.miniflare,
    openDatabase: (name) => workers.openDatabase(name),
    query: queryOf(workers.openDatabase("DB")),
    bucket,
    objectKeys: (prefix) => bucket.list(prefix),
    queues: workers.queues,
    s3: workers.s3,
    runScheduled: () => workers.runScheduled(),
    logLine: (part) => log.find(part),
    storedBytes: () => countStored(join(stateDirectory, RUNTIME_STATE, "r2")),
    countUploadObjects: () =>
      countObjectsWithTables(join(stateDirectory, RUNTIME_STATE, "do", UPLOAD_OBJECTS)),
    stop: async () => {
      await workers.stop();
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}

export function queryOf(database: D1Database): WorkerAlone["query"] {
  return async (sql, ...values) => {
    const { results } = await database
      .prepare(sql)
      .bind(...values)
      .all<Record<string, unknown>>();
    return results;
  };
}

class LogLines {
  readonly #lines: string[] = [];
  readonly #waiting: { readonly part: string; readonly resolve: (line: string) => void }[] = [];

  add(line: string): void {
    this.#lines.push(line);
    for (const { part, resolve } of this.#waiting) if (line.includes(part)) resolve(line);
  }

  async find(part: string): Promise<string> {
    const known = this.#lines.find((line) => line.includes(part));
    return known ?? new Promise((resolve) => this.#waiting.push({ part, resolve }));
  }
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

/** Each object has a file of its own, which is there as soon as somebody looks into it. */
function countObjectsWithTables(directory: string): number {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")
    .filter((name) => hasTables(join(directory, name))).length;
}

function hasTables(path: string): boolean {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare("SELECT 1 FROM sqlite_master").get() !== undefined;
  } finally {
    database.close();
  }
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
