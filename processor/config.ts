import { z } from "zod";
import { JURISDICTIONS } from "#contract/jurisdictions.ts";
import { amazonEndpoint, hasStrayKey, ObjectVariables, STRAY_KEY } from "#contract/object-settings.ts";
import { ScanProvider } from "#contract/wishes.ts";
import { MAX_ALONE_WAIT_MS } from "./death-guard.ts";
import { DERIVE_SECONDS } from "./derive/deadline.ts";
import { chooseConcurrency, chooseToolMemoryMb, type Machine, readMachine } from "./lane-limits.ts";
import type { LaneName } from "./lanes.ts";
import { MAX_LINE_WAIT_MS } from "./line.ts";
import { SETTLE_SECONDS } from "./queue-calls.ts";
import { REPORT_SECONDS } from "./report.ts";
import { ServiceUrl } from "./service-url.ts";

/** Of one delivery, outside of the scan's and the derivation's own deadlines: how it stands, its verdict, that it is given up. */
const REPORTS = 3;
/**
 * What a lease has to cover beside the scan: a job is pulled when a hand for its scan is free, may wait in one line before
 * the scan (for a file that has to be alone in the scanner) and in one before the derivation, then derives, reports, and is
 * settled. Before either it may wait for a file that the processor has died of. 2 × (60 + 5) + 300 + 3 × 45.2 + 30 s, rounded
 * up: 596 s; with the scan's own 300 s 896 s. A much longer lease isn't free:
 * so long waits what a processor that was killed was at.
 */
const JOB_MARGIN_SECONDS = Math.ceil(
  2 * ((MAX_LINE_WAIT_MS + MAX_ALONE_WAIT_MS) / 1000) +
    DERIVE_SECONDS +
    REPORTS * REPORT_SECONDS +
    SETTLE_SECONDS,
);

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const Port = z.coerce.number().int().min(1).max(65_535);
const Hands = z.coerce.number().int().min(1).max(100);
const Seconds = z.coerce.number().int().min(1);
const Flag = z.stringbool({ truthy: ["true", "1"], falsy: ["false", "0"] });
const Required = z.string().min(1);

const Environment = z
  .object({
    CAUSEWAY_WORKER_URL: ServiceUrl,
    CAUSEWAY_REPORT_SECRET: z.string().min(32),
    /** Without it Amazon's, of the region. */
    S3_ENDPOINT: ServiceUrl,
    S3_BUCKET: Required,
    S3_REGION: z.string().min(1).default("auto"),
    S3_ACCESS_KEY_ID: Required,
    S3_SECRET_ACCESS_KEY: Required,
    S3_FORCE_PATH_STYLE: Flag.default(true),
    ...ObjectVariables.shape,
    QUEUES_BASE_URL: ServiceUrl.default("https://api.cloudflare.com/client/v4"),
    QUEUES_ACCOUNT_ID: Required,
    QUEUES_QUEUE_ID: Required,
    QUEUES_TOKEN: Required,
    /** For tenants that have chosen none. A scanner that isn't there must not look like one that found nothing. */
    VIRUS_SCAN_PROVIDER: ScanProvider.default("clamav"),
    /** A public key is for private use only, by VirusTotal's terms. */
    VIRUSTOTAL_API_KEY: Required.optional(),
    VIRUSTOTAL_BASE_URL: ServiceUrl.default("https://www.virustotal.com/api/v3/"),
    VIRUSTOTAL_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).max(100_000).default(4),
    CLAMAV_HOST: z.string().min(1).default("127.0.0.1"),
    CLAMAV_PORT: Port.default(3310),
    /** How much is done at a time, by kind; what isn't set is chosen by the machine (lane-limits.ts). */
    SCAN_CONCURRENCY: Hands.optional(),
    IMAGE_CONCURRENCY: Hands.optional(),
    DOCUMENT_CONCURRENCY: Hands.optional(),
    MEDIA_CONCURRENCY: Hands.optional(),
    REPLICA_CONCURRENCY: Hands.optional(),
    /** For all programs together that are run on files at a time. One alone is run even where this is too little. */
    TOOL_MEMORY_MB: z.coerce.number().int().min(1).optional(),
    /** The queue takes 12 hours at most. */
    VISIBILITY_TIMEOUT_SECONDS: Seconds.max(43_200).default(900),
    POLL_MAX_SECONDS: z.coerce.number().min(0.05).max(60).default(1),
    /** Nothing is called clean by signatures that are older. */
    SIGNATURES_MAX_AGE_DAYS: z.coerce.number().min(1).max(365).default(7),
    /** For a development stack's test signature, which has no date. */
    ALLOW_UNDATED_SIGNATURES: Flag.default(false),
    SCAN_DEADLINE_SECONDS: Seconds.default(300),
    DRAIN_SECONDS: Seconds.default(5),
    /** The operator's word that tools may read uploads where the machine can't isolate them. */
    TOOLS_WITHOUT_ISOLATION: Flag.default(false),
    /** Outlives the processor, and is its own: what it is at is noted there, so that what it dies of is known. Else nobody counts. */
    STATE_DIRECTORY: Required.optional(),
    LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
    METRICS_HOST: z.string().min(1).default("127.0.0.1"),
    /** 0 takes a free one; the log tells which. */
    METRICS_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
    /** Where this processor is, with its queue, its bucket and its targets: it does the work of that jurisdiction's tenants. */
    JURISDICTION: z.enum(JURISDICTIONS).optional(),
    /** What the worker signs reads of copies by. Without it none are served (replicate/read-gateway.ts). */
    REPLICA_READS_SECRET: z.string().min(32).optional(),
    REPLICA_READS_HOST: z.string().min(1).default("127.0.0.1"),
    /** 0 takes a free one; the log tells which. */
    REPLICA_READS_PORT: z.coerce.number().int().min(0).max(65_535).default(3412),
    /** Set by a development stack: the processor ends when this process does. */
    CAUSEWAY_PARENT_PID: z.coerce.number().int().min(1).optional(),
    /** Set by a development stack that installs programs while it runs: where it tells how far that is. */
    CAUSEWAY_TOOL_STATUS: z.string().min(1).optional(),
  })
  .refine((env) => env.SCAN_DEADLINE_SECONDS + JOB_MARGIN_SECONDS <= env.VISIBILITY_TIMEOUT_SECONDS, {
    path: ["VISIBILITY_TIMEOUT_SECONDS"],
    message: `must be at least ${JOB_MARGIN_SECONDS} more than SCAN_DEADLINE_SECONDS, or jobs would be given out twice`,
    // Without this, zod keeps the rule back while any other key is wrong, and it would come as a second surprise.
    when: ({ value }) => DeadlinesOnly.safeParse(value).success,
  })
  .refine((env) => env.VIRUS_SCAN_PROVIDER === "clamav" || env.VIRUSTOTAL_API_KEY !== undefined, {
    path: ["VIRUSTOTAL_API_KEY"],
    message: "is missing, and VIRUS_SCAN_PROVIDER asks for it",
    when: ({ value }) => ProviderOnly.safeParse(value).success,
  })

  .refine((env) => !hasStrayKey(env), {
    path: ["S3_KMS_KEY_ID"],
    message: STRAY_KEY,
    when: ({ value }) => ObjectVariables.safeParse(value).success,
  });

const ProviderOnly = z.object({ VIRUS_SCAN_PROVIDER: ScanProvider });
const DeadlinesOnly = z.object({ SCAN_DEADLINE_SECONDS: z.number(), VISIBILITY_TIMEOUT_SECONDS: z.number() });

/** All that the processor reads of its environment, older names apart. */
export const CONFIG_NAMES: readonly string[] = Object.keys(Environment.shape);

export type Config = z.infer<typeof Environment>;

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

/** What lanes do at a time: as configured, or as fits the machine. */
export function readConcurrency(config: Config, machine: Machine = readMachine()): Record<LaneName, number> {
  const chosen = chooseConcurrency(machine);
  return {
    scan: config.SCAN_CONCURRENCY ?? chosen.scan,
    look: config.SCAN_CONCURRENCY ?? chosen.look,
    image: config.IMAGE_CONCURRENCY ?? chosen.image,
    document: config.DOCUMENT_CONCURRENCY ?? chosen.document,
    media: config.MEDIA_CONCURRENCY ?? chosen.media,
    replica: config.REPLICA_CONCURRENCY ?? chosen.replica,
  };
}

/** Beside a copy's own time in a lease: the wait for its lane, the reports before and after, and the settling. */
const COPY_MARGIN_SECONDS = Math.ceil(MAX_LINE_WAIT_MS / 1000 + 2 * REPORT_SECONDS + SETTLE_SECONDS);
/** Shorter than the worker's lease by more than a report takes (worker/services/replica-reports.ts). */
const COPY_MAX_SECONDS = 600;

/** For how long one job may copy; what isn't finished then goes on in the next. */
export function readCopyDeadlineMs({ VISIBILITY_TIMEOUT_SECONDS: leaseSeconds }: Config): number {
  return Math.min(leaseSeconds - COPY_MARGIN_SECONDS, COPY_MAX_SECONDS) * 1000;
}

/** What programs that are run on files may need together. */
export function readToolMemoryBytes(config: Config, machine: Machine = readMachine()): number {
  return (config.TOOL_MEMORY_MB ?? chooseToolMemoryMb(machine)) * 1024 * 1024;
}

/**
 * Earlier names, the first plan's too, for what has another one now. `AWS_REGION` counts beside `AWS_S3_BUCKET` alone: AWS sets it in
 * all of its containers, and the bucket may be elsewhere. `CONCURRENCY` was that of whole jobs, of which the scan is what
 * they are pulled for.
 */
function withOlderNames(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { AWS_S3_BUCKET: bucket, AWS_REGION: region, CONCURRENCY: concurrency } = env;
  return {
    ...(bucket === undefined ? {} : { S3_BUCKET: bucket }),
    ...(bucket === undefined || region === undefined ? {} : { S3_REGION: region }),
    ...(concurrency === undefined ? {} : { SCAN_CONCURRENCY: concurrency }),
    ...env,
  };
}

/** A region says where Amazon's bucket is; R2's is `auto`, and nowhere without its endpoint. */
function withAmazon(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { S3_ENDPOINT: endpoint, S3_REGION: region } = env;
  if (endpoint !== undefined || region === undefined || region === "auto") return env;
  return { ...env, S3_ENDPOINT: amazonEndpoint(region) };
}

/** Throws a sentence for people where `VIRUS_SCAN_PROVIDER` names a scanner that `npm start` doesn't bring. */
export function requireScanProvider(env: NodeJS.ProcessEnv): void {
  if (!env["VIRUS_SCAN_PROVIDER"] || env["VIRUS_SCAN_PROVIDER"] === "clamav") return;
  throw new Error('VIRUS_SCAN_PROVIDER must be "clamav", or not set: npm start runs a clamd of its own.');
}

const SECRETS = [
  "CAUSEWAY_REPORT_SECRET",
  "S3_ACCESS_KEY_ID",
  "S3_SECRET_ACCESS_KEY",
  "QUEUES_TOKEN",
  "VIRUSTOTAL_API_KEY",
  "REPLICA_READS_SECRET",
] as const;

/**
 * For an environment that has been read: nothing that is started later, nor what prints it, has the secrets then. The
 * kernel keeps what the process was started with (/proc/<pid>/environ); from there the sandbox keeps tools away.
 */
export function removeSecrets(env: NodeJS.ProcessEnv): void {
  for (const key of SECRETS) delete env[key];
}

/** Reads the environment once, at start. Every wrong key is named at once; no value is repeated. */
export function parseConfig(env: NodeJS.ProcessEnv): ConfigResult {
  // `KEY=` in an env file means "not set" to the person who wrote it.
  const given = withAmazon(
    withOlderNames(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""))),
  );
  const parsed = Environment.safeParse(given);
  if (parsed.success) return { ok: true, config: parsed.data };
  return { ok: false, problems: parsed.error.issues.map((issue) => formatProblem(given, issue)) };
}

function formatProblem(env: NodeJS.ProcessEnv, { code, path, message }: z.core.$ZodIssue): string {
  const key = path.join(".");
  // Of our own rules (`custom`) the message is what matters, also where a default is what breaks one.
  const missing = env[key] === undefined && code !== "custom";
  return `${key}: ${missing ? "is missing" : message}`;
}
