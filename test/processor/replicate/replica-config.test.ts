import { expect, test } from "vitest";
import { createReplicaTargets, removeReplicaSecrets } from "../../../processor/replicate/replica-config.ts";

const ALL = {
  REPLICAS: "s3-eu, azure,gcs,disk",
  REPLICA_S3_EU_KIND: "s3",
  REPLICA_S3_EU_BUCKET: "b",
  REPLICA_S3_EU_ACCESS_KEY_ID: "secret-id",
  REPLICA_S3_EU_SECRET_ACCESS_KEY: "secret-key",
  REPLICA_S3_EU_ENCRYPTION: "aws:kms",
  REPLICA_S3_EU_KMS_KEY_ID: "k",
  REPLICA_S3_EU_STORAGE_CLASS: "STANDARD_IA",
  REPLICA_AZURE_KIND: "azure",
  REPLICA_AZURE_CONTAINER: "c",
  REPLICA_AZURE_ACCOUNT_URL: "https://a.blob.core.windows.net",
  REPLICA_AZURE_TIER: "Cool",
  REPLICA_GCS_KIND: "gcs",
  REPLICA_GCS_BUCKET: "b",
  REPLICA_GCS_CREDENTIALS: JSON.stringify({ client_email: "a@b", private_key: "secret-pem" }),
  REPLICA_GCS_STORAGE_CLASS: "NEARLINE",
  REPLICA_DISK_KIND: "directory",
  REPLICA_DISK_PATH: "/mnt/copies",
};

test("targets come as they are named; none is configured where none is named", () => {
  const result = createReplicaTargets(ALL);
  expect(result.ok && result.targets.map(({ name, kind }) => [name, kind])).toEqual([
    ["s3-eu", "s3"],
    ["azure", "azure"],
    ["gcs", "gcs"],
    ["disk", "directory"],
  ]);
  for (const REPLICAS of [undefined, ""]) {
    expect(createReplicaTargets({ ...ALL, REPLICAS })).toEqual({ ok: true, targets: [] });
  }
});

test.each<[Partial<Record<keyof typeof ALL, string>> & Record<string, string>, string]>([
  [{ REPLICAS: "a,a" }, "REPLICAS: has a name twice"],
  [{ REPLICAS: Array.from({ length: 21 }, (_, index) => `t${index}`).join() }, "REPLICAS: has more than 20"],
  [{ REPLICAS: "../a" }, "REPLICAS: has a name that isn't of small letters, digits and -"],
  [{ REPLICA_S3_EU_KIND: "tape" }, "REPLICA_S3_EU_KIND: "],
  [{ REPLICA_S3_EU_BUCKET: "" }, "REPLICA_S3_EU_BUCKET: is missing"],
  [{ REPLICA_S3_EU_SECRET_ACCESS_KEY: "" }, "REPLICA_S3_EU_SECRET_ACCESS_KEY: goes with ACCESS_KEY_ID"],
  [{ REPLICA_S3_EU_STORAGE_CLASS: "GLACIER" }, "REPLICA_S3_EU_STORAGE_CLASS: "],
  [{ REPLICA_S3_EU_ENCRYPTION: "AES256" }, "REPLICA_S3_EU_KMS_KEY_ID: needs ENCRYPTION"],
  [{ REPLICA_AZURE_ACCOUNT_URL: "" }, "REPLICA_AZURE_CONNECTION_STRING: is needed"],
  [{ REPLICA_AZURE_SAS_URL: "https://secret" }, "REPLICA_AZURE_CONNECTION_STRING: is needed"],
  [{ REPLICA_GCS_CREDENTIALS: "secret{" }, "REPLICA_GCS_CREDENTIALS: is no JSON"],
  [{ REPLICA_DISK_PATH: "copies" }, "REPLICA_DISK_PATH: is no absolute path"],
])("%j is named, and no value is repeated", (changed, problem) => {
  const result = createReplicaTargets({ ...ALL, ...changed });
  expect(result.ok).toBe(false);
  const problems = result.ok ? [] : result.problems;
  expect(problems).toEqual([expect.stringContaining(problem)]);
  expect(problems.join()).not.toContain("secret");
});

test("secrets of targets are taken out of an environment, and nothing else", () => {
  const env: NodeJS.ProcessEnv = { ...ALL, PATH: "/bin" };
  removeReplicaSecrets(env);
  expect(JSON.stringify(env)).not.toContain("secret");
  expect(env).toMatchObject({ PATH: "/bin", REPLICA_S3_EU_BUCKET: "b", REPLICA_DISK_PATH: "/mnt/copies" });
});
