import { S3Client } from "@aws-sdk/client-s3";
import { storeConfigOf, StoreVariables, withOlderStoreNames } from "../../worker/storage/store-config.ts";
import { findStoreProblems } from "../../worker/storage/store-config.ts";
import type { S3Config } from "../../worker/storage/store-config.ts";

/** The bucket of an environment, by the product's own variables. Throws a sentence for people that names what is wrong. */
export function readBucket(env: NodeJS.ProcessEnv): S3Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = StoreVariables.safeParse({ ...withOlderStoreNames(given), OBJECT_STORE: "s3" });
  const wrong = parsed.error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
  const problems = parsed.success ? findStoreProblems(parsed.data) : wrong;
  if (!parsed.success || problems.length > 0) {
    throw new Error(`The bucket is named by the environment (docs/operations.md):\n${problems.join("\n")}`);
  }
  const config = storeConfigOf(parsed.data);
  if (config.kind !== "s3") throw new Error("OBJECT_STORE must be s3.");
  return config.s3;
}

export function openBucket(config: S3Config): S3Client {
  const { endpoint, region, forcePathStyle, accessKeyId, secretAccessKey } = config;
  return new S3Client({
    ...{ endpoint, region, forcePathStyle, credentials: { accessKeyId, secretAccessKey } },
    ...{ requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" },
  });
}
