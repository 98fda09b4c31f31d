import { expect, test } from "vitest";
import { TenantId } from "#contract/ids.ts";
import { parseTenantJurisdictions, residenceOf } from "#contract/jurisdictions.ts";
import { tenantOfKey } from "#contract/keys.ts";
import { parseConfig } from "../../../worker/config.ts";

const SECRET = "x".repeat(32);
const VARIABLES = {
  ...{ JWT_ISSUER: "i", JWT_AUDIENCE: "a", JWT_SECRET: SECRET, REPORT_SECRET: SECRET },
  ...{ SIGNED_URL_KEYS: `k:${SECRET}`, DB: {}, DB_EU: {}, BUCKET_EU: {}, JOBS_EU: {} },
};

const MAP = "acme=eu,eu-*=eu,eu-us-*=us,eu-old=none";

test.each([
  ["acme", "eu"],
  ["acme2", undefined],
  ["Acme", undefined],
  ["eu-globex", "eu"],
  ["eu-us-globex", "us"],
  ["eu-old", undefined],
  ["eu-older", "eu"],
  ["eu", undefined],
])("%s stays in %s", (tenantId, residence) => {
  expect(residenceOf({ TENANT_JURISDICTIONS: MAP }, TenantId.parse(tenantId))).toBe(residence);
  expect(residenceOf({}, TenantId.parse(tenantId))).toBeUndefined();
});

test.each([
  ["", "is like"],
  ["acme", "is like"],
  ["acme=de", "is like"],
  ["*=eu", "is like"],
  ["acme=eu,", "is like"],
  ["acme=eu,acme=us", 'has "acme" twice'],
  ["eu-*=eu,eu-*=none", 'has "eu-*" twice'],
])("%j is no map: %s", (text, message) => {
  expect(() => parseTenantJurisdictions(text)).toThrow(message);
});

test("a map that can't be read, or names what has no place, is refused", () => {
  const parse =
    (map: string, change: object = {}) =>
    () =>
      parseConfig({ ...VARIABLES, TENANT_JURISDICTIONS: map, ...change });
  expect(parse("acme=eu")).not.toThrow();
  expect(parse("acme=none")).not.toThrow();
  expect(parse("acme=de")).toThrow("TENANT_JURISDICTIONS: is like");
  for (const name of ["DB_US", "BUCKET_US", "JOBS_US"]) {
    expect(parse("acme=us")).toThrow(`TENANT_JURISDICTIONS: there is no binding ${name}`);
  }
  const s3 = { OBJECT_STORE: "s3", S3_ENDPOINT: "https://s3.example", S3_BUCKET: "b" };
  const keys = { S3_ACCESS_KEY_ID: "a", S3_SECRET_ACCESS_KEY: "b" };
  expect(parse("acme=eu", { ...s3, ...keys })).toThrow("TENANT_JURISDICTIONS: is for R2's buckets");
});

test("an address of the gateway to replicas and its secret come together", () => {
  const url = { REPLICA_READS_URL: "https://replicas.example" };
  const parse = (change: object) => () => parseConfig({ ...VARIABLES, ...change });
  expect(parse({ ...url, REPLICA_READS_SECRET: SECRET })).not.toThrow();
  expect(parse(url)).toThrow("REPLICA_READS_SECRET: is missing");
  expect(parse({ REPLICA_READS_SECRET: SECRET })).toThrow("REPLICA_READS_URL: is missing");
  const open = { REPLICA_READS_URL: "http://replicas.example", REPLICA_READS_SECRET: SECRET };
  expect(parse(open)).toThrow("REPLICA_READS_URL: must begin with https://");
});

test.each([
  ["t/acme/0/1/original-1", "acme"],
  ["t/acme/", "acme"],
  ["t/acme", undefined],
  ["health/probe", undefined],
  ["t/../x", undefined],
])("the key %s is of %s", (key, tenantId) => {
  expect(tenantOfKey(key)).toBe(tenantId);
});
