import { z } from "zod";

/**
 * What a job commonly needs beside its scan: reading an image again, deriving, writing, reporting. One that needs more
 * may be given out a second time, which costs work but changes nothing.
 */
const JOB_MARGIN_SECONDS = 60;

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const Port = z.coerce.number().int().min(1).max(65_535);
const Seconds = z.coerce.number().int().min(1);
const Flag = z.stringbool({ truthy: ["true", "1"], falsy: ["false", "0"] });
const Required = z.string().min(1);

/** The first plan had a second one; a scanner that isn't there must not look like one that found nothing. */
const ScanProvider = z.literal("clamav", 'must be "clamav": there is no other scanner yet');

const Environment = z
  .object({
    CAUSEWAY_WORKER_URL: z.url({ protocol: /^https?$/ }),
    CAUSEWAY_REPORT_SECRET: z.string().min(32),
    S3_ENDPOINT: z.url({ protocol: /^https?$/ }),
    S3_BUCKET: Required,
    S3_REGION: z.string().min(1).default("auto"),
    S3_ACCESS_KEY_ID: Required,
    S3_SECRET_ACCESS_KEY: Required,
    S3_FORCE_PATH_STYLE: Flag.default(true),
    QUEUES_BASE_URL: z.url({ protocol: /^https?$/ }).default("https://api.cloudflare.com/client/v4"),
    QUEUES_ACCOUNT_ID: Required,
    QUEUES_QUEUE_ID: Required,
    QUEUES_TOKEN: Required,
    VIRUS_SCAN_PROVIDER: ScanProvider.default("clamav"),
    CLAMAV_HOST: z.string().min(1).default("127.0.0.1"),
    CLAMAV_PORT: Port.default(3310),
    CONCURRENCY: z.coerce.number().int().min(1).max(100).default(2),
    /** The queue takes 12 hours at most. */
    VISIBILITY_TIMEOUT_SECONDS: Seconds.max(43_200).default(600),
    POLL_MAX_SECONDS: z.coerce.number().min(0.05).max(60).default(1),
    SCAN_DEADLINE_SECONDS: Seconds.default(300),
    DRAIN_SECONDS: Seconds.default(5),
    /** The operator's word that tools may read uploads where the machine can't isolate them. */
    TOOLS_WITHOUT_ISOLATION: Flag.default(false),
    LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
    METRICS_HOST: z.string().min(1).default("127.0.0.1"),
    /** 0 takes a free one; the log tells which. */
    METRICS_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
    /** Set by a development stack: the processor ends when this process does. */
    CAUSEWAY_PARENT_PID: z.coerce.number().int().min(1).optional(),
  })
  .refine((env) => env.SCAN_DEADLINE_SECONDS + JOB_MARGIN_SECONDS <= env.VISIBILITY_TIMEOUT_SECONDS, {
    path: ["VISIBILITY_TIMEOUT_SECONDS"],
    message: `must be at least ${JOB_MARGIN_SECONDS} more than SCAN_DEADLINE_SECONDS, or jobs would be given out twice`,
    // Without this, zod keeps the rule back while any other key is wrong, and it would come as a second surprise.
    when: ({ value }) => DeadlinesOnly.safeParse(value).success,
  });

const DeadlinesOnly = z.object({ SCAN_DEADLINE_SECONDS: z.number(), VISIBILITY_TIMEOUT_SECONDS: z.number() });

export type Config = z.infer<typeof Environment>;

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * The first plan's names for what has another one now. `AWS_REGION` counts beside `AWS_S3_BUCKET` alone: AWS sets it in
 * all of its containers, and the bucket may be elsewhere.
 */
function withFirstPlanNames(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { AWS_S3_BUCKET: bucket, AWS_REGION: region } = env;
  if (bucket === undefined) return env;
  return { S3_BUCKET: bucket, ...(region === undefined ? {} : { S3_REGION: region }), ...env };
}

/** Throws a sentence for people where `VIRUS_SCAN_PROVIDER` names a scanner that there isn't. */
export function requireScanProvider(env: NodeJS.ProcessEnv): void {
  const parsed = ScanProvider.optional().safeParse(env["VIRUS_SCAN_PROVIDER"] || undefined);
  if (!parsed.success) throw new Error(`VIRUS_SCAN_PROVIDER ${parsed.error.issues[0]?.message}.`);
}

const SECRETS = [
  "CAUSEWAY_REPORT_SECRET",
  "S3_ACCESS_KEY_ID",
  "S3_SECRET_ACCESS_KEY",
  "QUEUES_TOKEN",
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
  const given = withFirstPlanNames(
    Object.fromEntries(Object.entries(env).filter(([, value]) => value !== "")),
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
