import { isAbsolute } from "node:path";
import { StorageClass } from "@aws-sdk/client-s3";
import { z } from "zod";
import { ServiceUrl } from "../service-url.ts";
import { ConnectionString } from "./azure-connection.ts";

const Text = z.string().min(1);
const Flag = z.stringbool({ truthy: ["true", "1"], falsy: ["false", "0"] });
const S3_CLASSES = Object.values(StorageClass);

/** Only classes and tiers that can be read at once: a copy is of use when the primary is away. */
const READABLE_S3_CLASSES = S3_CLASSES.filter((name) => !["GLACIER", "DEEP_ARCHIVE"].includes(name));

/** A key file of a service account, as one line of JSON. */
const ServiceAccount = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue("is no JSON");
      return z.NEVER;
    }
  })
  .pipe(z.object({ client_email: Text, private_key: Text }));

const S3 = z
  .strictObject({
    KIND: z.literal("s3"),
    BUCKET: Text,
    REGION: Text.default("auto"),
    ENDPOINT: ServiceUrl.optional(),
    FORCE_PATH_STYLE: Flag.default(true),
    ACCESS_KEY_ID: Text.optional(),
    SECRET_ACCESS_KEY: Text.optional(),
    SESSION_TOKEN: Text.optional(),
    ENCRYPTION: z.enum(["AES256", "aws:kms"]).optional(),
    KMS_KEY_ID: Text.optional(),
    STORAGE_CLASS: z.enum(READABLE_S3_CLASSES).optional(),
  })
  .refine((each) => (each.ACCESS_KEY_ID === undefined) === (each.SECRET_ACCESS_KEY === undefined), {
    path: ["SECRET_ACCESS_KEY"],
    message: "goes with ACCESS_KEY_ID: both, or neither",
  })
  .refine((each) => each.KMS_KEY_ID === undefined || each.ENCRYPTION === "aws:kms", {
    path: ["KMS_KEY_ID"],
    message: "needs ENCRYPTION to be aws:kms",
  });

const Azure = z
  .strictObject({
    KIND: z.literal("azure"),
    CONTAINER: Text,
    CONNECTION_STRING: ConnectionString.optional(),
    SAS_URL: ServiceUrl.optional(),
    ACCOUNT_URL: ServiceUrl.optional(),
    TIER: z.enum(["Hot", "Cool", "Cold"]).optional(),
    ENCRYPTION_SCOPE: Text.optional(),
  })
  .refine((each) => [each.CONNECTION_STRING, each.SAS_URL, each.ACCOUNT_URL].filter(Boolean).length === 1, {
    path: ["CONNECTION_STRING"],
    message:
      "is needed, or SAS_URL (of the container), or ACCOUNT_URL (with the machine's identity): one of the three",
  });

const Gcs = z.strictObject({
  KIND: z.literal("gcs"),
  BUCKET: Text,
  PROJECT_ID: Text.optional(),
  CREDENTIALS: ServiceAccount.optional(),
  API_ENDPOINT: ServiceUrl.optional(),
  STORAGE_CLASS: z.enum(["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"]).optional(),
  KMS_KEY_NAME: Text.optional(),
});

const Directory = z.strictObject({
  KIND: z.literal("directory"),
  PATH: z.string().refine(isAbsolute, "is no absolute path"),
});

/** What one target's `REPLICA_<NAME>_…` may say, and nothing else: what is misspelt isn't left out in silence. */
export const ReplicaSettings = z.discriminatedUnion("KIND", [S3, Azure, Gcs, Directory]);
export type ReplicaSettings = z.infer<typeof ReplicaSettings>;

/** Settings that no log, and nothing that is started later, gets. */
export const SECRET_SETTINGS: readonly string[] = [
  "ACCESS_KEY_ID",
  "SECRET_ACCESS_KEY",
  "SESSION_TOKEN",
  "CONNECTION_STRING",
  "SAS_URL",
  "CREDENTIALS",
];
