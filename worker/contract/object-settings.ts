import { z } from "zod";

/**
 * What is said of every object that is written to S3, by the worker and by the processor alike: both read it of the same
 * variables. R2 has none of it, and answers 501 to some.
 */

/** `key=value` pairs joined by `&` and encoded as a query is: S3's own form of tags (PutObject, "x-amz-tagging"). */
const Tags = z
  .string()
  .refine(
    (text) => isTagging(text),
    'must be 10 tags at most, as app=crm&owner=sales (S3, "Object tagging")',
  );

export const ObjectVariables = z.object({
  /** Who encrypts with which key. Without it the bucket's own setting holds, which on AWS is `AES256`. */
  S3_SERVER_SIDE_ENCRYPTION: z.enum(["AES256", "aws:kms", "aws:kms:dsse"]).optional(),
  /** For `aws:kms` and `aws:kms:dsse`; without it AWS's own key is used. */
  S3_KMS_KEY_ID: z.string().min(1).optional(),
  /** Without it `INTELLIGENT_TIERING` on AWS, and whatever it has elsewhere. */
  S3_STORAGE_CLASS: z
    .string()
    .regex(/^[A-Z][A-Z_]*$/, "must be a storage class, as STANDARD")
    .optional(),
  S3_OBJECT_TAGS: Tags.optional(),
});
export type ObjectVariables = z.infer<typeof ObjectVariables>;

export interface ObjectSettings {
  readonly encryption?: {
    readonly algorithm: "AES256" | "aws:kms" | "aws:kms:dsse";
    readonly keyId?: string;
  };
  readonly storageClass?: string;
  readonly tagging?: string;
}

/** S3, "Object tagging": ten tags, keys of 128 characters that AWS's own don't begin, values of 256. */
function isTagging(text: string): boolean {
  const tags = [...new URLSearchParams(text)];
  const keys = new Set(tags.map(([key]) => key));
  return (
    tags.length > 0 &&
    tags.length <= 10 &&
    keys.size === tags.length &&
    tags.every(([key, value]) => key.length > 0 && key.length <= 128 && value.length <= 256) &&
    tags.every(([key]) => !/^aws:/i.test(key))
  );
}

/** Whether an endpoint is one of Amazon's own. */
export function isAmazon(endpoint: string): boolean {
  return /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}

/** The endpoint of a region of Amazon's ("Amazon S3 endpoints and quotas"). */
export function amazonEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

/** What is wrong with `S3_KMS_KEY_ID` where `hasStrayKey`. */
export const STRAY_KEY = "takes S3_SERVER_SIDE_ENCRYPTION to be aws:kms or aws:kms:dsse";

/** Whether a key is named for an encryption that takes none. */
export function hasStrayKey(vars: ObjectVariables): boolean {
  return vars.S3_KMS_KEY_ID !== undefined && vars.S3_SERVER_SIDE_ENCRYPTION?.startsWith("aws:kms") !== true;
}

export function objectSettingsOf(vars: ObjectVariables, endpoint: string): ObjectSettings {
  const { S3_SERVER_SIDE_ENCRYPTION: algorithm, S3_KMS_KEY_ID: keyId, S3_OBJECT_TAGS: tagging } = vars;
  const storageClass = vars.S3_STORAGE_CLASS ?? (isAmazon(endpoint) ? "INTELLIGENT_TIERING" : undefined);
  return {
    ...(algorithm === undefined
      ? {}
      : { encryption: { algorithm, ...(keyId === undefined ? {} : { keyId }) } }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(tagging === undefined ? {} : { tagging }),
  };
}
