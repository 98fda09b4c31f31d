import { mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
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

/** An account's connection string, in place of its address. */
function by(connection: string) {
  const text = `${connection};AccountName=a;AccountKey=c2VjcmV0;`;
  return { REPLICA_AZURE_ACCOUNT_URL: "", REPLICA_AZURE_CONNECTION_STRING: text };
}

test("targets come as they are named; none is configured where none is named", async () => {
  const result = await createReplicaTargets(ALL);
  expect(result.ok && result.targets.map(({ name, kind }) => [name, kind])).toEqual([
    ["s3-eu", "s3"],
    ["azure", "azure"],
    ["gcs", "gcs"],
    ["disk", "directory"],
  ]);
  for (const REPLICAS of [undefined, ""]) {
    expect(await createReplicaTargets({ ...ALL, REPLICAS })).toEqual({ ok: true, targets: [] });
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
  [{ REPLICA_DISK_PAHT: "/secret" }, "REPLICA_DISK_PAHT: is no setting of such a target"],
  [{ REPLICAS: "s3-eu,azure,gcs,disk,s3", REPLICA_S3_KIND: "s3" }, "REPLICA_S3_BUCKET: is missing"],
  [by("DefaultEndpointsProtocol=http;EndpointSuffix=example.com"), "CONNECTION_STRING: has an endpoint"],
  [by("DefaultEndpointsProtocol=https;BlobEndpoint=http://example.com/a"), "CONNECTION_STRING: has an endp"],
  [by("UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://example.com"), "has a proxy"],
  [by("secret"), "REPLICA_AZURE_CONNECTION_STRING: is no connection string"],
])("%j is named, and no value is repeated", async (changed, problem) => {
  const result = await createReplicaTargets({ ...ALL, ...changed });
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

test.each([
  "BlobEndpoint=http://127.0.0.1:10000/a",
  "BlobEndpoint=http://azurite:10000/a",
  "EndpointSuffix=core.windows.net",
])("an account by %s is one", async (connection) => {
  const given = by(`DefaultEndpointsProtocol=https;${connection}`);
  expect(await createReplicaTargets({ ...ALL, ...given })).toMatchObject({ ok: true });
});

const SECOND = { REPLICAS: "s3-eu,azure,gcs,disk,second" };
const DISK = { ...SECOND, REPLICA_SECOND_KIND: "directory" };
const S3 = { ...SECOND, REPLICA_SECOND_KIND: "s3", REPLICA_SECOND_BUCKET: "b" };
const AZURE = { ...SECOND, REPLICA_SECOND_KIND: "azure", REPLICA_SECOND_CONTAINER: "c" };

test("two names of one place are refused, whatever it is called there", async () => {
  const root = await realpath(await mkdtemp(join(tmpdir(), "causeway-places-")));
  onTestFinished(() => rm(root, { recursive: true }));
  const [disk, link] = [join(root, "disk"), join(root, "link")];
  await mkdir(disk);
  await symlink(disk, link);
  const at = (path: string) => ({ ...DISK, REPLICA_DISK_PATH: disk, REPLICA_SECOND_PATH: path });
  const account = "DefaultEndpointsProtocol=https;AccountName=A;AccountKey=YQ==";
  const problemsOf = async (changed: object): Promise<readonly string[]> => {
    const result = await createReplicaTargets({ ...ALL, ...changed });
    return result.ok ? [] : result.problems;
  };
  const shared: readonly [string, object][] = [
    ["disk", at(`${disk}/`)],
    ["disk", at(link)],
    ["disk", at(join(disk, "within"))],
    ["disk", at(root)],
    ["s3-eu", S3],
    ["s3-eu", { ...S3, REPLICA_SECOND_ENDPOINT: "https://s3.eu-central-1.amazonaws.com" }],
    ["azure", { ...AZURE, REPLICA_SECOND_SAS_URL: "https://a.blob.core.windows.net/c?sig=s" }],
    ["azure", { ...AZURE, REPLICA_SECOND_CONNECTION_STRING: `${account};EndpointSuffix=core.windows.net` }],
    ["gcs", { ...SECOND, REPLICA_SECOND_KIND: "gcs", REPLICA_SECOND_BUCKET: "b" }],
  ];
  for (const [name, changed] of shared) {
    const problem = `REPLICAS: ${name} and second are one place, or one is inside the other`;
    expect(await problemsOf(changed), JSON.stringify(changed)).toEqual([problem]);
  }
  const apart = [
    at(`${disk}-2`),
    { ...S3, REPLICA_SECOND_ENDPOINT: "https://other.example.com" },
    { ...AZURE, REPLICA_SECOND_SAS_URL: "https://a.blob.core.windows.net/c2?sig=s" },
  ];
  for (const changed of apart) expect(await problemsOf(changed)).toEqual([]);
});
