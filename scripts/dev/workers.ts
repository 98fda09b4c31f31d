import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import type { D1Database } from "@cloudflare/workers-types";
import { z } from "zod";
import type { Build } from "./build.ts";
import { build } from "./build.ts";
import { COMPATIBILITY } from "./compatibility.ts";
import { miniflare } from "./from-wrangler.ts";
import type { LocalStore, S3Access } from "./local-store.ts";
import { readLocalStore, storeSettings } from "./local-store.ts";
import { applyMigrations } from "./migrations.ts";
import { findFreePort } from "./ports.ts";
import { localQueueBinding, QUEUE_BRIDGE_NAME, queueBridgeWorker } from "./queue-bridge/options.ts";
import { localRateLimits, rateLimiterWorker } from "./rate-limiter/options.ts";
import type { Bucket } from "./side-door/bucket.ts";
import { openBucket } from "./side-door/bucket.ts";
import type { SideDoor } from "./side-door/client.ts";
import { openDatabase, runCron } from "./side-door/client.ts";
import { SIDE_DOOR_NAME, sideDoorWorker } from "./side-door/options.ts";
import { withoutSignalHandlers } from "./signals.ts";
import type { Secrets } from "./state.ts";

const WORKER_NAME = "causeway";
const HOST = "127.0.0.1";
const JOBS_QUEUE = "causeway-jobs";
/** Where in a state directory the runtime keeps its own. */
export const RUNTIME_STATE = "cloudflare";
/** Of a state that has many files already; `fetch` itself waits no longer. */
const MIGRATION_PATIENCE_MS = 300_000;
const { compatibilityDate } = COMPATIBILITY;

export interface WorkersOptions {
  readonly stateDirectory: string;
  readonly port: number;
  readonly secrets: Secrets;
  /** Whether the demo page is wanted. */
  readonly withDemo: boolean;
  /** The environment's choice (`OBJECT_STORE`) where it isn't said. */
  readonly store?: LocalStore;
  /** Settings of the worker beside those of wrangler.toml. */
  readonly vars: Readonly<Record<string, string>>;
  /** How many times as generous as in wrangler.toml the rate limits are. */
  readonly rateLimitFactor: number;
  /** How long a pull of the empty queue waits for a job: for processors that nobody kills. */
  readonly pullHoldMs?: number;
  readonly onLog: (level: string, message: string) => void;
}

export interface RunningWorkers {
  readonly url: string;
  /** S3's side of the bucket, as variables of the processor. */
  readonly s3: Readonly<Record<string, string>>;
  readonly queues: { readonly baseUrl: string; readonly queueId: string; readonly token: string };
  /** Makes leased jobs available at once: for when their consumer is known to be dead. */
  releaseLeases(): Promise<void>;
  /** What opens its databases and buckets to other processes. */
  readonly sideDoor: SideDoor;
  /** The database of a binding of the worker's. */
  openDatabase(name: string): D1Database;
  /** The same of a bucket. */
  openBucket(name: string): Bucket;
  /** Runs the worker's cron handler. */
  runScheduled(): Promise<void>;
  readonly miniflare: InstanceType<typeof miniflare.Miniflare>;
  stop(): Promise<void>;
}

/** What opens the local bucket's S3 endpoint, which is on loopback. */
const S3_CREDENTIALS = { accessKeyId: "causeway-local", secretAccessKey: "causeway-local-secret" };

/** The buckets in wrangler.toml. */
const Buckets = z.looseObject({ BUCKET: z.looseObject({ id: z.string() }) });

/** Databases of records, by the names of their bindings: each has all of the tables. */
const Databases = z.record(z.string(), z.unknown());

const WorkerVars = z.record(z.string(), z.unknown());

function mainWorker(
  { workerPath, workerOptions }: Build,
  options: WorkersOptions,
  storeVars: Readonly<Record<string, string>>,
) {
  // Rules are for bundling, which is done; the queue is the bridge's, whose `send` is durable as the real one's is; rate
  // limits are counted in memory, as the real ones are.
  const { modulesRules: _rules, queueProducers: _producers, ratelimits, ...fromConfig } = workerOptions;
  const buckets = Buckets.parse(fromConfig["r2Buckets"]);
  const { secrets } = options;
  const worker = {
    ...fromConfig,
    name: WORKER_NAME,
    modules: true as const,
    modulesRoot: dirname(workerPath),
    scriptPath: workerPath,
    bindings: {
      ...WorkerVars.parse(fromConfig["bindings"]),
      JWT_SECRET: secrets.jwtSecret,
      REPORT_SECRET: secrets.reportSecret,
      SIGNED_URL_KEYS: `local:${secrets.signedUrlSecret}`,
      PUBLIC_ORIGIN: `http://${HOST}:${options.port}`,
      OPERATOR_TENANT: "operator",
      DEVELOPMENT: "true",
      // A secret that was given is somebody else's: what it signs may be believed elsewhere.
      DEVELOPMENT_TOKENS: String(options.vars["JWT_SECRET"] === undefined),
      ...storeVars,
      ...options.vars,
    },
    r2Buckets: { ...buckets, BUCKET: { ...buckets.BUCKET, s3Credentials: S3_CREDENTIALS } },
    serviceBindings: {
      JOBS: localQueueBinding(JOBS_QUEUE),
      ...localRateLimits(ratelimits, options.rateLimitFactor),
    },
    // A socket of its own: miniflare's own routes, the bucket's S3 side among them, aren't on the public port.
    unsafeDirectSockets: [{ host: HOST, port: options.port }],
  };
  return { worker, d1Databases: Databases.parse(fromConfig["d1Databases"]) };
}

/** S3's side of the bucket of wrangler.toml, on the runtime's own port. */
function localAccess({ workerOptions }: Build, runtimePort: number): S3Access {
  const { id } = Buckets.parse(workerOptions["r2Buckets"]).BUCKET;
  return {
    S3_ENDPOINT: `http://${HOST}:${runtimePort}/cdn-cgi/local/r2/s3`,
    S3_BUCKET: id,
    S3_ACCESS_KEY_ID: S3_CREDENTIALS.accessKeyId,
    S3_SECRET_ACCESS_KEY: S3_CREDENTIALS.secretAccessKey,
  };
}

function bridgeWorker({ queueBridge }: Build, { secrets, pullHoldMs }: WorkersOptions) {
  return queueBridgeWorker({
    script: queueBridge,
    compatibilityDate,
    queues: [JOBS_QUEUE],
    token: secrets.queuesToken,
    host: HOST,
    port: 0,
    ...(pullHoldMs === undefined ? {} : { pullHoldMs }),
  });
}

/** Starts the worker of wrangler.toml and the queue's stand-in in one workerd, without wrangler's development proxy. */
export async function startWorkers(options: WorkersOptions): Promise<RunningWorkers> {
  const built = await build(join(options.stateDirectory, "build"), options.withDemo);
  const { store = readLocalStore(process.env) } = options;
  const runtimePort = await findFreePort();
  const s3 = storeSettings(store, localAccess(built, runtimePort));
  const storeVars = store.kind === "s3" ? { OBJECT_STORE: "s3", ...s3 } : {};
  const { worker, d1Databases } = mainWorker(built, options, storeVars);
  const bridge = bridgeWorker(built, options);
  const limiter = rateLimiterWorker(built.rateLimiter, compatibilityDate);
  // Its own, of this run: the queue's is the processor's too, which has no business with the database.
  const doorToken = randomBytes(32).toString("hex");
  const sideDoor = sideDoorWorker({
    ...{ script: built.sideDoor, compatibilityDate, token: doorToken },
    ...{ d1Databases, r2Buckets: built.workerOptions["r2Buckets"], main: WORKER_NAME },
  });
  const runtime = withoutSignalHandlers(
    () =>
      new miniflare.Miniflare(
        miniflare.convertV4MiniflareOptions({
          host: HOST,
          port: runtimePort,
          resourcePersistencePath: join(options.stateDirectory, RUNTIME_STATE),
          // The options as wrangler gives them are miniflare's V4 options by another declaration of the same types.
          workers: [worker as never, bridge as never, limiter as never, sideDoor as never],
          handleStructuredLogs: ({ level, message }) => options.onLog(level, message),
        }),
      ),
  );
  await runtime.ready;
  const door: SideDoor = { url: await runtime.unsafeGetDirectURL(SIDE_DOOR_NAME), token: doorToken };
  for (const name of Object.keys(d1Databases)) {
    const database = openDatabase({ ...door, patienceMs: MIGRATION_PATIENCE_MS }, name);
    await applyMigrations(database);
    // Nothing of an earlier run is alive on this state: or the stack would be called healthy before its processor is.
    await database.prepare("DELETE FROM processor_heartbeats").run();
  }
  const bridgeUrl = await runtime.unsafeGetDirectURL(QUEUE_BRIDGE_NAME);
  const queue = { token: options.secrets.queuesToken, url: bridgeUrl };
  return {
    url: `http://${HOST}:${options.port}`,
    s3,
    queues: { baseUrl: new URL("/client/v4", bridgeUrl).href, queueId: JOBS_QUEUE, token: queue.token },
    releaseLeases: () => releaseLeases(queue.url, queue.token),
    sideDoor: door,
    openDatabase: (name) => openDatabase(door, name),
    openBucket: (name) => openBucket(door, name),
    runScheduled: () => runCron(door),
    miniflare: runtime,
    stop: () => runtime.dispose(),
  };
}

async function releaseLeases(bridgeUrl: URL, token: string): Promise<void> {
  const url = new URL(`/dev/queues/${JOBS_QUEUE}/release`, bridgeUrl);
  const answer = await fetch(url, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(5_000),
  });
  if (!answer.ok) throw new Error(`The queue bridge answered ${answer.status}.`);
}
