import { randomUUID } from "node:crypto";
import { childrenOf, textOf } from "../../worker/storage/s3/xml.ts";
import type { S3Config } from "../../worker/storage/store-config.ts";
import type { Check, Finding } from "./check.ts";
import { requireOk, TestedBucket, unusable } from "./check.ts";
import { MULTIPART_CHECKS } from "./multipart-checks.ts";
import { OBJECT_CHECKS } from "./object-checks.ts";
import { READING_CHECKS } from "./reading-checks.ts";

export const STORE_CHECKS: readonly Check[] = [...OBJECT_CHECKS, ...READING_CHECKS, ...MULTIPART_CHECKS];

export interface CheckedStore {
  readonly name: string;
  readonly finding: Finding;
}

/**
 * Tries everything that the product relies on, under a prefix of its own, and removes what it made. A check that can't be
 * done is one that isn't passed.
 */
export async function examineStore(
  config: S3Config,
  onChecked: (checked: CheckedStore) => void,
): Promise<readonly CheckedStore[]> {
  const bucket = new TestedBucket(config, `doctor/${randomUUID()}/`);
  const all: CheckedStore[] = [];
  for (const { name, run } of STORE_CHECKS) {
    const finding = await run(bucket).catch((error: unknown) => unusable(sentenceOf(error)));
    all.push({ name, finding });
    onChecked({ name, finding });
  }
  await removeAll(bucket);
  return all;
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

async function removeAll(bucket: TestedBucket): Promise<void> {
  const query = { "list-type": "2", prefix: bucket.prefix };
  const { root } = requireOk(await bucket.ask({ method: "GET", query }), "ListObjectsV2");
  const keys =
    root === undefined ? [] : childrenOf(root, "Contents").map((each) => textOf(each, "Key") ?? "");
  // A service that lists others too was told of above.
  const own = keys.filter((key) => key.startsWith(bucket.prefix));
  for (const key of own) await bucket.ask({ method: "DELETE", key });
}
