import { z } from "zod";
import type { ObjectSettings } from "#contract/object-settings.ts";
import {
  amazonEndpoint,
  hasStrayKey,
  objectSettingsOf,
  ObjectVariables,
  STRAY_KEY,
} from "#contract/object-settings.ts";
import { isSafeUrl } from "#contract/safe-urls.ts";

/** Which store holds the objects (R8): R2 by its binding, or whatever speaks S3 (docs/decisions/0023-s3.md). */

/** How a bucket of S3's is reached, and what is said of each object. */
export interface S3Config {
  /** Without a slash at its end; the local one has a path. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The bucket in the path, and not in the name of the host. */
  readonly forcePathStyle: boolean;
  readonly object: ObjectSettings;
}

export type StoreConfig = { readonly kind: "r2" } | { readonly kind: "s3"; readonly s3: S3Config };

/** What is stored is other people's files, and the signature doesn't hide them: so it is https, but on loopback. */
function isPrivate(text: string): boolean {
  const { search, hash } = new URL(text);
  return isSafeUrl(text) && search === "" && hash === "";
}

const Endpoint = z
  .url({ abort: true })
  .refine(isPrivate, "must be https, without a user's name and without a query")
  .transform((text) => text.replace(/\/+$/, ""));

const Given = z.string().min(1);

/** Variables and secrets by which the store is chosen and reached; the processor's have the same names. */
export const StoreVariables = ObjectVariables.extend({
  OBJECT_STORE: z.enum(["r2", "s3"]).default("r2"),
  /** Without it Amazon's, of the region. */
  S3_ENDPOINT: Endpoint.optional(),
  S3_BUCKET: Given.optional(),
  S3_REGION: z
    .string()
    .regex(/^[\w-]+$/, "must be a region, as eu-central-1, or auto")
    .default("auto"),
  S3_ACCESS_KEY_ID: Given.optional(),
  S3_SECRET_ACCESS_KEY: Given.optional(),
  S3_FORCE_PATH_STYLE: z.enum(["true", "false", "1", "0"]).default("true"),
});
type StoreVariables = z.infer<typeof StoreVariables>;

const NEEDED = ["S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"] as const;

/** What is wrong with variables that are each right by themselves, by the key to change. */
export function findStoreProblems(vars: StoreVariables): string[] {
  if (vars.OBJECT_STORE === "r2") return [];
  const missing = NEEDED.filter((name) => vars[name] === undefined).map(
    (name) => `${name}: is missing, and OBJECT_STORE asks for it`,
  );
  const isNowhere = vars.S3_ENDPOINT === undefined && vars.S3_REGION === "auto";
  const nowhere = isNowhere ? ["S3_ENDPOINT: is missing, and so is S3_REGION: one of them is needed"] : [];
  return [...missing, ...nowhere, ...(hasStrayKey(vars) ? [`S3_KMS_KEY_ID: ${STRAY_KEY}`] : [])];
}

/** Of variables without problems. */
export function storeConfigOf(vars: StoreVariables): StoreConfig {
  if (vars.OBJECT_STORE === "r2") return { kind: "r2" };
  const endpoint = vars.S3_ENDPOINT ?? amazonEndpoint(vars.S3_REGION);
  return {
    kind: "s3",
    s3: {
      endpoint,
      bucket: vars.S3_BUCKET ?? "",
      region: vars.S3_REGION,
      accessKeyId: vars.S3_ACCESS_KEY_ID ?? "",
      secretAccessKey: vars.S3_SECRET_ACCESS_KEY ?? "",
      forcePathStyle: vars.S3_FORCE_PATH_STYLE === "true" || vars.S3_FORCE_PATH_STYLE === "1",
      object: objectSettingsOf(vars, endpoint),
    },
  };
}

/** The first plan's names (docs/first-plan.md). `AWS_REGION` counts beside `AWS_S3_BUCKET` alone. */
export function withOlderStoreNames(env: Record<string, unknown>): Record<string, unknown> {
  const { AWS_S3_BUCKET: bucket, AWS_REGION: region } = env;
  if (bucket === undefined) return env;
  return { S3_BUCKET: bucket, ...(region === undefined ? {} : { S3_REGION: region }), ...env };
}
