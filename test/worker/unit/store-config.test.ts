import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../worker/config.ts";
import { storeConfigOf, StoreVariables, withOlderStoreNames } from "../../../worker/storage/store-config.ts";

const SECRET = "a-secret-of-forty-characters-or-so-000000";

const WORKER: Readonly<Record<string, unknown>> = {
  DB: {},
  ...{ JWT_ISSUER: "https://issuer.example/", JWT_AUDIENCE: "crm", JWT_SECRET: SECRET },
  ...{ REPORT_SECRET: SECRET, SIGNED_URL_KEYS: `a:${SECRET}` },
};

const S3 = {
  ...{ OBJECT_STORE: "s3", S3_REGION: "eu-central-1", S3_BUCKET: "files" },
  ...{ S3_ACCESS_KEY_ID: "id", S3_SECRET_ACCESS_KEY: "hidden" },
};

type Change = Readonly<Record<string, string>>;

function problemsOf(change: Change): string[] {
  try {
    parseConfig({ ...WORKER, ...S3, ...change });
    return [];
  } catch (error) {
    return error instanceof Error ? error.message.split("\n").slice(1) : [];
  }
}

function storeOf(change: Change) {
  const config = storeConfigOf(StoreVariables.parse(withOlderStoreNames({ ...S3, ...change })));
  if (config.kind !== "s3") throw new Error("That is R2.");
  return config.s3;
}

test("R2 it is where nothing is said, and it needs nothing", () => {
  expect(storeConfigOf(StoreVariables.parse({}))).toEqual({ kind: "r2" });
  expect(parseConfig(WORKER)).toBeDefined();
});

test("of S3 every missing key is named at once, and no value is shown", () => {
  expect(problemsOf({ S3_BUCKET: "", S3_ACCESS_KEY_ID: "", S3_REGION: "" })).toEqual([
    "S3_BUCKET: is missing, and OBJECT_STORE asks for it",
    "S3_ACCESS_KEY_ID: is missing, and OBJECT_STORE asks for it",
    "S3_ENDPOINT: is missing, and so is S3_REGION: one of them is needed",
  ]);
  expect(problemsOf({ OBJECT_STORE: "gcs", S3_SECRET_ACCESS_KEY: "hidden" }).join()).not.toContain("hidden");
});

test.each([
  ["OBJECT_STORE", "gcs"],
  ["S3_ENDPOINT", "http://s3.example"],
  ["S3_ENDPOINT", "http://127.0.0.1.example"],
  ["S3_ENDPOINT", "https://me:secret@s3.example"],
  ["S3_ENDPOINT", "https://s3.example/?a"],
  ["S3_REGION", "eu central"],
  ["S3_SERVER_SIDE_ENCRYPTION", "aes"],
  ["S3_KMS_KEY_ID", "key"],
  ["S3_STORAGE_CLASS", "standard"],
  ["S3_OBJECT_TAGS", "=value"],
  ["S3_OBJECT_TAGS", "aws:mine=1"],
  ["S3_OBJECT_TAGS", "a=1&a=2"],
  ["S3_OBJECT_TAGS", Array.from({ length: 11 }, (_, index) => `k${index}=v`).join("&")],
])("%s=%s is refused", (key, value) => {
  expect(problemsOf({ [key]: value })).toEqual([expect.stringMatching(new RegExp(`^${key}: `))]);
});

test.each([
  ["S3_ENDPOINT", "http://127.0.0.1:9000"],
  ["S3_ENDPOINT", "https://s3.example/with/path/"],
  ["S3_SERVER_SIDE_ENCRYPTION", "aws:kms"],
  ["S3_OBJECT_TAGS", "app=causeway&empty="],
])("%s=%s is taken", (key, value) => {
  expect(problemsOf({ [key]: value })).toEqual([]);
});

describe("of a region without an endpoint", () => {
  test.each([
    ["eu-central-1", "https://s3.eu-central-1.amazonaws.com"],
    ["cn-north-1", "https://s3.cn-north-1.amazonaws.com.cn"],
  ])("%s is Amazon's, where objects find their tier themselves", (region, endpoint) => {
    expect(storeOf({ S3_REGION: region })).toMatchObject({
      ...{ endpoint, region, object: { storageClass: "INTELLIGENT_TIERING" } },
    });
  });

  test("the tier may be another", () => {
    expect(storeOf({ S3_STORAGE_CLASS: "STANDARD" }).object).toEqual({ storageClass: "STANDARD" });
  });
});

test("elsewhere nothing is said of objects but what is configured", () => {
  const elsewhere = { S3_ENDPOINT: "https://s3.example/" };
  expect(storeOf(elsewhere)).toMatchObject({ endpoint: "https://s3.example", object: {} });
  const encrypted = { ...elsewhere, S3_SERVER_SIDE_ENCRYPTION: "aws:kms", S3_KMS_KEY_ID: "k" };
  expect(storeOf(encrypted).object).toEqual({ encryption: { algorithm: "aws:kms", keyId: "k" } });
});

test("the first plan's names stand in for ours", () => {
  const { S3_BUCKET: _bucket, S3_REGION: _region, ...others } = S3;
  const older = withOlderStoreNames({ ...others, AWS_S3_BUCKET: "old", AWS_REGION: "us-west-2" });
  expect(older).toMatchObject({ S3_BUCKET: "old", S3_REGION: "us-west-2" });
  expect(withOlderStoreNames({ ...S3, AWS_REGION: "us-west-2" })).toMatchObject({
    S3_REGION: "eu-central-1",
  });
});
