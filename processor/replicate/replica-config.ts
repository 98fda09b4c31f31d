import { z } from "zod";
import { MAX_TARGETS, TargetName } from "#contract/replicas.ts";
import { findSharedPlaces, type NamedSettings } from "./replica-places.ts";
import { ReplicaSettings, SECRET_SETTINGS } from "./replica-settings.ts";
import type { ReplicaTarget } from "./target.ts";
import type { AzureAccess } from "./targets/azure/azure-target.ts";

export type ReplicasResult =
  | { readonly ok: true; readonly targets: readonly ReplicaTarget[] }
  | { readonly ok: false; readonly problems: readonly string[] };

type Settings = Readonly<Record<string, string | undefined>>;

const Names = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim()))
  .pipe(
    z
      .array(
        z
          .string()
          .refine(
            (name) => TargetName.safeParse(name).success,
            "has a name that isn't of small letters, digits and -",
          ),
      )
      .max(MAX_TARGETS, `has more than ${MAX_TARGETS} names`)
      .refine((names) => new Set(names).size === names.length, "has a name twice"),
  );

/**
 * Reads `REPLICAS`, names of targets with commas between them, and of each the settings that begin with `REPLICA_<NAME>_`
 * (`-` is `_` there). None is configured where it is missing. Every wrong key is named at once; no value is repeated.
 */
export async function createReplicaTargets(env: NodeJS.ProcessEnv): Promise<ReplicasResult> {
  if (!env["REPLICAS"]) return { ok: true, targets: [] };
  const names = Names.safeParse(env["REPLICAS"]);
  if (!names.success)
    return { ok: false, problems: names.error.issues.map(({ message }) => `REPLICAS: ${message}`) };
  const found: NamedSettings[] = [];
  const problems: string[] = [];
  for (const name of names.data) {
    const given = readSettings(env, name, names.data);
    const settings = ReplicaSettings.safeParse(given);
    if (settings.success) found.push({ name, settings: settings.data });
    else problems.push(...settings.error.issues.flatMap((issue) => formatProblems(given, name, issue)));
  }
  problems.push(...findSharedPlaces(found));
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    targets: await Promise.all(found.map(({ name, settings }) => createTarget(name, settings))),
  };
}

/** For an environment that has been read: nothing that is started later, nor what prints it, has the secrets then. */
export function removeReplicaSecrets(env: NodeJS.ProcessEnv): void {
  for (const key of Object.keys(env)) {
    if (key.startsWith("REPLICA_") && SECRET_SETTINGS.some((name) => key.endsWith(`_${name}`)))
      delete env[key];
  }
}

function prefixOf(name: string): string {
  return `REPLICA_${name.toUpperCase().replaceAll("-", "_")}_`;
}

/**
 * `KEY=` in an env file means "not set" to the person who wrote it.
 * @param names of all targets: `REPLICA_S3_EU_KIND` is of `s3-eu`, where there is one, and not of `s3`
 */
function readSettings(env: NodeJS.ProcessEnv, name: string, names: readonly string[]): Settings {
  const prefix = prefixOf(name);
  const longer = names.map(prefixOf).filter((other) => other !== prefix && other.startsWith(prefix));
  const isOwn = (key: string): boolean =>
    key.startsWith(prefix) && !longer.some((other) => key.startsWith(other));
  const own = Object.entries(env).filter(([key, value]) => isOwn(key) && value !== "");
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
}

function formatProblems(given: Settings, name: string, issue: z.core.$ZodIssue): readonly string[] {
  const { code, path, message } = issue;
  if (code === "unrecognized_keys") {
    return issue.keys.map((key) => `${prefixOf(name)}${key}: is no setting of such a target`);
  }
  const key = path.join(".");
  const isMissing = given[key] === undefined && code !== "custom";
  return [`${prefixOf(name)}${key}: ${isMissing ? "is missing" : message}`];
}

/** A kind's package is loaded where it is configured: the two largest are 75 MB and half a second of CPU. */
async function createTarget(name: string, settings: ReplicaSettings): Promise<ReplicaTarget> {
  switch (settings.KIND) {
    case "s3":
      return createS3Target(name, settings);
    case "azure": {
      const { AzureTarget } = await import("./targets/azure/azure-target.ts");
      return new AzureTarget({
        name,
        access: readAzureAccess(settings),
        container: settings.CONTAINER,
        tier: settings.TIER,
        encryptionScope: settings.ENCRYPTION_SCOPE,
      });
    }
    case "gcs": {
      const { GcsTarget } = await import("./targets/gcs/gcs-target.ts");
      return new GcsTarget({
        name,
        bucket: settings.BUCKET,
        projectId: settings.PROJECT_ID,
        credentials: settings.CREDENTIALS,
        apiEndpoint: settings.API_ENDPOINT,
        storageClass: settings.STORAGE_CLASS,
        kmsKeyName: settings.KMS_KEY_NAME,
      });
    }
    case "directory": {
      const { DirectoryTarget } = await import("./targets/directory/directory-target.ts");
      return new DirectoryTarget({ name, path: settings.PATH });
    }
  }
}

async function createS3Target(
  name: string,
  settings: Extract<ReplicaSettings, { KIND: "s3" }>,
): Promise<ReplicaTarget> {
  const { S3Target } = await import("./targets/s3/s3-target.ts");
  const {
    ACCESS_KEY_ID: accessKeyId,
    SECRET_ACCESS_KEY: secretAccessKey,
    SESSION_TOKEN: sessionToken,
  } = settings;
  const isGiven = accessKeyId !== undefined && secretAccessKey !== undefined;
  const token = sessionToken === undefined ? {} : { sessionToken };
  return new S3Target({
    name,
    bucket: settings.BUCKET,
    region: settings.REGION,
    endpoint: settings.ENDPOINT,
    forcePathStyle: settings.FORCE_PATH_STYLE,
    credentials: isGiven ? { accessKeyId, secretAccessKey, ...token } : undefined,
    serverSideEncryption: settings.ENCRYPTION,
    kmsKeyId: settings.KMS_KEY_ID,
    storageClass: settings.STORAGE_CLASS,
  });
}

function readAzureAccess(settings: Extract<ReplicaSettings, { KIND: "azure" }>): AzureAccess {
  const { CONNECTION_STRING, SAS_URL, ACCOUNT_URL } = settings;
  if (CONNECTION_STRING !== undefined)
    return { by: "connection-string", connectionString: CONNECTION_STRING };
  if (SAS_URL !== undefined) return { by: "sas", containerUrl: SAS_URL };
  return { by: "identity", accountUrl: ACCOUNT_URL ?? "" };
}
