import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Health } from "#contract/api.ts";
import { PROJECT_ROOT } from "./bundle.ts";
import type { Child } from "./child.ts";
import { keepRunning } from "./child.ts";
import { findSignatureDatabase, startClamd } from "./clamd.ts";
import type { LocalStore } from "./local-store.ts";
import { findFreePort, requireFreePort } from "./ports.ts";
import { LOCAL_RATE_LIMIT_FACTOR } from "./rate-limiter/options.ts";
import { startLocalReplicas } from "./replicas/local-replicas.ts";
import { keepLocalSettings } from "./replicas/local-settings.ts";
import { onEndingSignal } from "./signals.ts";
import type { Secrets } from "./state.ts";
import { lockState, readOrCreateSecrets } from "./state.ts";
import type { RunningWorkers } from "./workers.ts";
import { startWorkers } from "./workers.ts";

export interface StackOptions {
  readonly port: number;
  readonly stateDirectory: string;
  /** Settings of the worker and of the processor beside the stack's own; tests shorten times with them. */
  readonly workerVars?: Readonly<Record<string, string>>;
  readonly processorEnv?: Readonly<Record<string, string>>;
  /** The environment's choice (`OBJECT_STORE`) where it isn't said. */
  readonly store?: LocalStore;
  /** How many times as generous as in wrangler.toml the rate limits are. */
  readonly rateLimitFactor?: number;
  /** How long a pull of the empty queue waits for a job: for processors that nobody kills. */
  readonly pullHoldMs?: number;
  /** Whether clean files are copied to four local targets, one of each kind. */
  readonly withReplicas?: boolean;
  /** Tests of the API need no page. */
  readonly withDemo?: boolean;
  readonly onLog: (source: string, text: string) => void;
}

export interface Stack {
  readonly url: string;
  readonly stateDirectory: string;
  readonly secrets: Secrets;
  readonly officialSignatures: boolean;
  readonly workers: RunningWorkers;
  readonly processor: Child;
  /** Ends clamd, or starts it again on the same port. */
  readonly clamd: { stop(): Promise<void>; start(): Promise<void> };
  /** Resolves when every part answers. Throws after `withinMs` with what is missing. */
  waitUntilHealthy(withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

const CRON_INTERVAL_MS = 60_000;

/** The whole system on loopback: worker, stores and queue in one workerd, clamd, processor. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { stateDirectory } = options;
  await requireFreePort(options.port);
  const unlock = lockState(stateDirectory);
  const stops: (() => Promise<void>)[] = [async () => unlock()];
  const stop = stopper(stops);
  // Whoever handles the signal too waits for the same end.
  const unwatch = onEndingSignal(() => void stop());
  stops.unshift(async () => unwatch());
  try {
    const secrets = readOrCreateSecrets(stateDirectory);
    const [clamd, replicas] = await Promise.all([
      prepareClamd(options, stops),
      prepareReplicas(options, stops),
    ]);
    const workers = await prepareWorkers(options, secrets, replicas.workerVars, stops);
    // Nothing of an earlier run is alive on this state, so what it had leased waits for nobody.
    await workers.releaseLeases();
    const processor = startProcessor(options, workers, secrets, clamd, replicas.processorEnv);
    if (options.withReplicas === true) {
      keepLocalSettings(stateDirectory, { url: workers.url, env: { ...workers.s3, ...replicas.targetsEnv } });
    }
    stops.push(() => processor.stop());
    stops.push(startCron(workers, options));
    return {
      url: workers.url,
      stateDirectory,
      secrets,
      officialSignatures: clamd.official,
      workers,
      processor,
      clamd,
      waitUntilHealthy: (withinMs) => waitUntilHealthy(workers.url, withinMs),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs what is in `stops`, the last first; called again, it waits for that and runs what has come since. */
function stopper(stops: (() => Promise<void>)[]): () => Promise<void> {
  let stopping = Promise.resolve();
  return () => {
    stopping = stopping.then(async () => {
      for (let last = stops.pop(); last !== undefined; last = stops.pop()) await last();
    });
    return stopping;
  };
}

async function prepareWorkers(
  options: StackOptions,
  secrets: Secrets,
  replicaVars: Readonly<Record<string, string>>,
  stops: (() => Promise<void>)[],
) {
  const workers = await startWorkers({
    stateDirectory: options.stateDirectory,
    port: options.port,
    secrets,
    withDemo: options.withDemo ?? true,
    ...(options.store === undefined ? {} : { store: options.store }),
    ...(options.pullHoldMs === undefined ? {} : { pullHoldMs: options.pullHoldMs }),
    rateLimitFactor: options.rateLimitFactor ?? LOCAL_RATE_LIMIT_FACTOR,
    vars: { REANNOUNCE_AFTER_SECONDS: "300", ...replicaVars, ...options.workerVars },
    onLog: (level, message) => options.onLog(`worker ${level}`, message),
  });
  stops.push(() => workers.stop());
  return workers;
}

async function prepareClamd(options: StackOptions, stops: (() => Promise<void>)[]) {
  const port = await findFreePort();
  const database = await findSignatureDatabase(options.stateDirectory);
  const launch = () =>
    startClamd({
      stateDirectory: options.stateDirectory,
      port,
      databaseDirectory: database.directory,
      onOutput: (text) => options.onLog("clamd", text),
    });
  let running = await launch();
  stops.push(() => running.stop());
  return {
    port,
    official: database.official,
    stop: () => running.stop(),
    start: async () => {
      running = await launch();
    },
  };
}

/** What the two sides have to know of the local targets: nothing where there are none. */
async function prepareReplicas(
  { withReplicas, stateDirectory, onLog }: StackOptions,
  stops: (() => Promise<void>)[],
): Promise<Readonly<Record<"targetsEnv" | "processorEnv" | "workerVars", Readonly<Record<string, string>>>>> {
  if (withReplicas !== true) return { targetsEnv: {}, processorEnv: {}, workerVars: {} };
  const replicas = await startLocalReplicas(join(stateDirectory, "replicas"), (text) =>
    onLog("replicas", text),
  );
  stops.push(() => replicas.stop());
  const port = await findFreePort();
  // Good for this run: nothing that it signs lives longer.
  const REPLICA_READS_SECRET = randomBytes(32).toString("hex");
  return {
    targetsEnv: replicas.env,
    processorEnv: { ...replicas.env, REPLICA_READS_SECRET, REPLICA_READS_PORT: String(port) },
    workerVars: { REPLICA_READS_SECRET, REPLICA_READS_URL: `http://127.0.0.1:${port}` },
  };
}

function startProcessor(
  options: StackOptions,
  { url, s3, queues, releaseLeases }: RunningWorkers,
  secrets: Secrets,
  clamd: { readonly port: number; readonly official: boolean },
  replicas: Readonly<Record<string, string>>,
): Child {
  return keepRunning({
    command: process.execPath,
    // A small heap for what is young: it is idle for most of the time, on somebody's laptop.
    args: ["--max-semi-space-size=2", join(PROJECT_ROOT, "processor", "main.ts")],
    env: {
      PATH: process.env["PATH"],
      // Where Node keeps what it has compiled, for whoever starts one stack after the other.
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
      CAUSEWAY_WORKER_URL: url,
      CAUSEWAY_REPORT_SECRET: secrets.reportSecret,
      CAUSEWAY_PARENT_PID: String(process.pid),
      ...s3,
      QUEUES_BASE_URL: queues.baseUrl,
      QUEUES_ACCOUNT_ID: "local",
      QUEUES_QUEUE_ID: queues.queueId,
      QUEUES_TOKEN: queues.token,
      CLAMAV_PORT: String(clamd.port),
      // The test signature has no date.
      ALLOW_UNDATED_SIGNATURES: String(!clamd.official),
      // People are watching; and whoever leaves the stack on all day pays for each time it asks.
      POLL_MAX_SECONDS: "0.5",
      STATE_DIRECTORY: join(options.stateDirectory, "processor"),
      ...replicas,
      ...options.processorEnv,
    },
    beforeRestart: releaseLeases,
    onOutput: (text) => options.onLog("processor", text),
    stopWithinMs: 10_000,
  });
}

/** Runs the worker's cron as Cloudflare would, every minute. Returns what ends it. */
function startCron(workers: RunningWorkers, { onLog }: StackOptions): () => Promise<void> {
  const timer = setInterval(() => {
    workers.runScheduled().catch((error: unknown) => onLog("cron", String(error)));
  }, CRON_INTERVAL_MS);
  return async () => clearInterval(timer);
}

async function waitUntilHealthy(url: string, withinMs: number): Promise<void> {
  const giveUpAt = Date.now() + withinMs;
  for (;;) {
    const health = await readHealth(url);
    if (health?.status === "ok") return;
    if (Date.now() > giveUpAt) throw new Error(`Not every part answers: ${JSON.stringify(health?.parts)}`);
    await wait(50);
  }
}

async function readHealth(url: string): Promise<Health | undefined> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) });
    return Health.parse(await answer.json());
  } catch {
    return undefined;
  }
}
