import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { LifecycleRule, S3Client } from "@aws-sdk/client-s3";
import {
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
} from "@aws-sdk/client-s3";
import { z } from "zod";

/** Rules of ours in a bucket that may have others: known by their names. */
const OURS = /^causeway-/;

const RuleFile = z.object({ Rules: z.array(z.looseObject({ ID: z.string().regex(OURS) })).min(1) });

export const RULE_SETS = ["s3", "r2"] as const;
export type RuleSet = (typeof RULE_SETS)[number];

export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
}

const DEADLINE_MS = 30_000;

/** The rules of one of the files, which have the form that `aws s3api put-bucket-lifecycle-configuration` takes too. */
export function readRules(set: RuleSet): readonly LifecycleRule[] {
  const text = readFileSync(new URL(`${set}.json`, import.meta.url), "utf8");
  return RuleFile.parse(JSON.parse(text)).Rules as unknown as LifecycleRule[];
}

/** The set for an endpoint; R2's buckets have no versions, and a class of their own. */
export function ruleSetFor(endpoint: string): RuleSet {
  return new URL(endpoint).hostname.endsWith(".r2.cloudflarestorage.com") ? "r2" : "s3";
}

/** Those of the bucket, ours and others. */
export async function findRules({ client, name }: Bucket): Promise<readonly LifecycleRule[]> {
  try {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: name });
    const { Rules = [] } = await client.send(command, { abortSignal: AbortSignal.timeout(DEADLINE_MS) });
    return Rules;
  } catch (error) {
    if (error instanceof Error && error.name === "NoSuchLifecycleConfiguration") return [];
    throw error;
  }
}

/** Puts ours in the place of what the bucket has of ours. What else it has stays. */
export async function applyRules(bucket: Bucket, rules: readonly LifecycleRule[]): Promise<void> {
  const others = (await findRules(bucket)).filter(({ ID = "" }) => !OURS.test(ID));
  const command = new PutBucketLifecycleConfigurationCommand({
    Bucket: bucket.name,
    LifecycleConfiguration: { Rules: [...others, ...rules] },
  });
  await bucket.client.send(command, { abortSignal: AbortSignal.timeout(DEADLINE_MS) });
}

/** What a bucket's rules lack, as sentences; none where all of ours are there and as they should be. */
export async function findDifferences(bucket: Bucket, rules: readonly LifecycleRule[]): Promise<string[]> {
  const found = await findRules(bucket);
  const ids = new Set(rules.map(({ ID }) => ID));
  const missing = rules.flatMap((rule) => differenceOf(rule, found));
  const stale = found.filter(({ ID = "" }) => OURS.test(ID) && !ids.has(ID));
  return [...missing, ...stale.map(({ ID }) => `${ID}: is there, and shouldn't be.`)];
}

function differenceOf(rule: LifecycleRule, found: readonly LifecycleRule[]): string[] {
  const same = found.find(({ ID }) => ID === rule.ID);
  if (same === undefined) return [`${rule.ID}: is missing.`];
  return isDeepStrictEqual(settled(same), settled(rule)) ? [] : [`${rule.ID}: is another rule.`];
}

/** Without what a store adds of its own: empty fields, the older place of a prefix. */
function settled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(settled);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(
    ([key, field]) => field !== undefined && !(key === "Prefix" && field === ""),
  );
  return Object.fromEntries(fields.map(([key, field]) => [key, settled(field)]));
}
