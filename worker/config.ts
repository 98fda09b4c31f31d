import { z } from "zod";
import type { SigningKey } from "#contract/hmac.ts";
import { TenantId } from "#contract/ids.ts";
import { jurisdictionsIn, nameIn, parseTenantJurisdictions } from "#contract/jurisdictions.ts";
import { ONE_DATABASE, parseTenantBuckets } from "./db/tenant-buckets.ts";
import type { ReplicaReadsConfig } from "./replica-reads-config.ts";
import {
  findReplicaReadsProblems,
  ReplicaReadsVariables,
  replicaReadsConfigOf,
} from "./replica-reads-config.ts";
import { findStoreProblems, StoreVariables, withOlderStoreNames } from "./storage/store-config.ts";
import type { TokenConfig } from "./token-config.ts";
import { findTokenProblems, TokenVariables, tokenConfigOf } from "./token-config.ts";
import { MAX_FILE_BYTES } from "./uploads/writing/part-size.ts";

const Seconds = z.coerce.number().int().min(0);
const Secret = z.string().min(32, "must have 32 characters or more");

/** `kid:secret` pairs, comma-separated; the first signs, all verify, so that keys can be rotated. */
const SigningKeys = z
  .string()
  .transform((text) => text.split(",").map((pair) => pair.trim().split(":")))
  .pipe(z.array(z.tuple([z.string().regex(/^[\w-]{1,32}$/), Secret])).min(1))
  // The second would verify nothing: what is signed says its key by the name alone.
  .refine((pairs) => new Set(pairs.map(([kid]) => kid)).size === pairs.length, "names a key twice")
  .transform((pairs) => pairs.map(([kid, secret]) => ({ kid, secret })));

/** What a local stack calls the key that it signs URLs with; no deployment's is called so. */
export const DEVELOPMENT_KEY = "local";

/** A scheme and a host, and nothing behind it. */
const Origin = z
  .url({ abort: true })
  .refine((text) => new URL(text).origin === text, "must be an origin, as https://crm.example");

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const DAY_SECONDS = 86_400;
const MAX_IDLE_SECONDS = 6 * DAY_SECONDS;

/** Which database holds which tenants (db/tenant-buckets.ts), as the names of the bindings there are to be. */
const TenantBuckets = z
  .string()
  .default(ONE_DATABASE)
  .transform((text, context): readonly string[] => {
    try {
      return [...new Set(parseTenantBuckets(text))];
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });

const Variables = TokenVariables.extend({
  ...StoreVariables.shape,
  ...ReplicaReadsVariables.shape,
  REPORT_SECRET: Secret,
  SIGNED_URL_KEYS: SigningKeys,
  /**
   * Where people and programs reach the API: what addresses that are given out begin with, whatever a request says of its
   * host. Only on loopback can it be left out (middleware/configuration.ts).
   */
  PUBLIC_ORIGIN: Origin.optional(),
  /** Where signed and public URLs point; the API's own origin when it is not set. */
  DELIVERY_ORIGIN: Origin.optional(),
  /** A quarantined version is announced again when nothing was heard of it for so long. */
  REANNOUNCE_AFTER_SECONDS: Seconds.default(900),
  /** Hard limit of one upload whatever its class; advertised as Tus-Max-Size. No more than a store's parts can hold. */
  MAX_UPLOAD_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_FILE_BYTES)
    .default(500 * MIB),
  /** An upload without progress ends after this; R2 drops multipart uploads after seven days. */
  UPLOAD_IDLE_SECONDS: Seconds.min(1)
    .max(MAX_IDLE_SECONDS)
    .default(3 * DAY_SECONDS),
  /** An upload whose creation's client went away before it was told the address ends after this, unless it is asked for. */
  CREATION_GRACE_SECONDS: Seconds.default(300),
  /** Most bytes of one request: Cloudflare itself takes 100 MB on most plans ("Request body size"), 500 MB on the largest. */
  MAX_APPEND_BYTES: z.coerce
    .number()
    .int()
    .min(5 * MIB)
    .default(100_000_000),
  /** The quota of a tenant that was given none of its own. */
  DEFAULT_QUOTA_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(100 * GIB),
  /** How old a tenant's settings may be; what is changed holds everywhere when they are. */
  TENANT_CACHE_SECONDS: Seconds.max(300).default(30),
  TENANT_BUCKETS: TenantBuckets,
  /** Admins of this tenant are the deployment's operators. Without it there are none. */
  OPERATOR_TENANT: TenantId.optional(),
  /**
   * How long an erasure waits for what may still land late before it is finished: longer than any request lives, and than
   * the day for which an upload that has ended is remembered.
   */
  ERASURE_SETTLE_SECONDS: Seconds.min(1).default(25 * 3600),
  /** So long the oldest copy, or removal, at a replica target may wait before that is told as an error. */
  REPLICA_LAG_ALERT_SECONDS: Seconds.min(1).default(3600),
  DATABASE_ALERT_SHARE: z.coerce.number().gt(0).max(1).default(0.8),
  VERSION: z.string().default("0.1.0"),
  /** A stack for trying things out. Set by the development stack alone, whose keys are called `DEVELOPMENT_KEY`. */
  DEVELOPMENT: z.enum(["true", "false"]).default("false"),
  /** Whether that signs: by the stack's own secret, and never by one that somebody else's tokens are signed by. */
  DEVELOPMENT_TOKENS: z.enum(["true", "false"]).default("false"),
});

export interface Config {
  readonly jwt: TokenConfig;
  readonly reportSecret: string;
  readonly signingKeys: readonly SigningKey[];
  readonly publicOrigin: string | undefined;
  readonly deliveryOrigin: string | undefined;
  readonly reannounceAfterSeconds: number;
  readonly maxUploadBytes: number;
  readonly uploadIdleMs: number;
  readonly creationGraceMs: number;
  readonly maxAppendBytes: number;
  readonly defaultQuotaBytes: number;
  readonly tenantCacheMs: number;
  readonly operatorTenant: TenantId | undefined;
  readonly erasureSettleMs: number;
  readonly replicaLagAlertSeconds: number;
  /** Of what a database may hold: one that holds more is told in the log and by `/health`. */
  readonly databaseAlertShare: number;
  readonly replicaReads: ReplicaReadsConfig | undefined;
  readonly version: string;
  readonly development: boolean;
  /** Serves `POST /v1/dev/token`. */
  readonly signsTokens: boolean;
}

/** A variable that is there and empty isn't set: a deployment can't take one of wrangler.toml away otherwise. */
function withoutEmpty(env: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
}

/** Every wrong key once, by its name: what is further in is a part of a value. */
function formatProblems(issues: readonly z.core.$ZodIssue[]): string[] {
  return issues.map(({ path: [key], message }) => `${String(key)}: ${message}`);
}

/** A deployment that gave tokens away would be everybody's: it is known by its keys. */
function findDevelopmentProblems({ DEVELOPMENT, SIGNED_URL_KEYS }: z.infer<typeof Variables>): string[] {
  if (DEVELOPMENT === "false" || SIGNED_URL_KEYS.every(({ kid }) => kid === DEVELOPMENT_KEY)) return [];
  return [
    `DEVELOPMENT: is for a local stack, whose keys are called "${DEVELOPMENT_KEY}": SIGNED_URL_KEYS has a deployment's`,
  ];
}

/** Whatever a jurisdiction's tenants have needs a place there. */
function findJurisdictionProblems(given: Readonly<Record<string, unknown>>): string[] {
  const text = given["TENANT_JURISDICTIONS"];
  if (typeof text !== "string") return [];
  try {
    const jurisdictions = jurisdictionsIn(parseTenantJurisdictions(text));
    const places = jurisdictions.flatMap((each) =>
      ["DB", "BUCKET", "JOBS"].map((name) => nameIn(name, each)),
    );
    const missing = places.filter((name) => given[name] === undefined);
    const onS3 = given["OBJECT_STORE"] === "s3" && jurisdictions.length > 0;
    return [
      ...missing.map((name) => `TENANT_JURISDICTIONS: there is no binding ${name}`),
      ...(onS3 ? ["TENANT_JURISDICTIONS: is for R2's buckets, and OBJECT_STORE is s3"] : []),
    ];
  } catch (error) {
    return [`TENANT_JURISDICTIONS: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Throws as `parseConfig`. */
function parseVariables(env: object): z.infer<typeof Variables> {
  const given = withOlderStoreNames(withoutEmpty(env));
  const parsed = Variables.safeParse(given);
  const problems = [
    ...formatProblems(parsed.error?.issues ?? []),
    ...findTokenProblems(given),
    ...findReplicaReadsProblems(given),
    ...findJurisdictionProblems(given),
  ];
  for (const name of parsed.data?.TENANT_BUCKETS ?? []) {
    if (given[name] === undefined) problems.push(`TENANT_BUCKETS: there is no binding ${name}`);
  }
  if (parsed.success)
    problems.push(...findDevelopmentProblems(parsed.data), ...findStoreProblems(parsed.data));
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new Error(`Configuration is not valid:\n${problems.join("\n")}`);
}

/** Parses variables and secrets. Throws one Error that names every bad key, and no value. */
export function parseConfig(env: object): Config {
  const vars = parseVariables(env);
  return {
    jwt: tokenConfigOf(vars),
    reportSecret: vars.REPORT_SECRET,
    signingKeys: vars.SIGNED_URL_KEYS,
    publicOrigin: vars.PUBLIC_ORIGIN,
    deliveryOrigin: vars.DELIVERY_ORIGIN,
    reannounceAfterSeconds: vars.REANNOUNCE_AFTER_SECONDS,
    maxUploadBytes: vars.MAX_UPLOAD_BYTES,
    uploadIdleMs: vars.UPLOAD_IDLE_SECONDS * 1_000,
    creationGraceMs: vars.CREATION_GRACE_SECONDS * 1_000,
    maxAppendBytes: vars.MAX_APPEND_BYTES,
    defaultQuotaBytes: vars.DEFAULT_QUOTA_BYTES,
    tenantCacheMs: vars.TENANT_CACHE_SECONDS * 1_000,
    operatorTenant: vars.OPERATOR_TENANT,
    erasureSettleMs: vars.ERASURE_SETTLE_SECONDS * 1_000,
    replicaLagAlertSeconds: vars.REPLICA_LAG_ALERT_SECONDS,
    databaseAlertShare: vars.DATABASE_ALERT_SHARE,
    replicaReads: replicaReadsConfigOf(vars),
    version: vars.VERSION,
    development: vars.DEVELOPMENT === "true",
    signsTokens: vars.DEVELOPMENT === "true" && vars.DEVELOPMENT_TOKENS === "true",
  };
}

const parsedConfigs = new WeakMap<object, Config>();

/** The configuration of this isolate, parsed at its first request. */
export function configOf(env: object): Config {
  const known = parsedConfigs.get(env);
  if (known !== undefined) return known;
  const config = parseConfig(env);
  parsedConfigs.set(env, config);
  return config;
}
