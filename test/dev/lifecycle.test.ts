import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { PutBucketLifecycleConfigurationCommand } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { openBucket } from "../../scripts/doctor/bucket.ts";
import type { Bucket } from "../../scripts/lifecycle/rules.ts";
import {
  applyRules,
  findDifferences,
  findRules,
  readRules,
  RULE_SETS,
  ruleSetFor,
} from "../../scripts/lifecycle/rules.ts";
import { useStarted } from "../support/started.ts";

/** A bucket that has its lifecycle and nothing else. */
async function startBucket() {
  let document: string | undefined;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      if (request.method === "PUT") document = body;
      const missing = "<Error><Code>NoSuchLifecycleConfiguration</Code></Error>";
      response.writeHead(document === undefined ? 404 : 200, { "Content-Type": "application/xml" });
      response.end(request.method === "PUT" ? "" : (document ?? missing));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const client = openBucket({
    ...{
      endpoint: `http://127.0.0.1:${port}`,
      bucket: "files",
      region: "eu-central-1",
      forcePathStyle: true,
    },
    ...{ accessKeyId: "id", secretAccessKey: "secret", object: {} },
  });
  return {
    client,
    name: "files",
    async stop() {
      client.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const bucket: Bucket = useStarted(startBucket);

test("rules are applied and verified, and others' stay", async () => {
  const rules = readRules("s3");
  expect(await findDifferences(bucket, rules)).toHaveLength(rules.length);
  const [first] = rules;
  const theirs = {
    ID: "theirs",
    Status: "Enabled",
    Filter: { Prefix: "logs/" },
    Expiration: { Days: 9 },
  } as const;
  const changed = { ...first, ID: first?.ID, Status: "Disabled" } as const;
  const stale = { ...theirs, ID: "causeway-older" };
  const Rules = [theirs, changed, stale];
  await bucket.client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: bucket.name, LifecycleConfiguration: { Rules } }),
  );
  expect(await findDifferences(bucket, rules)).toEqual(
    expect.arrayContaining([`${first?.ID}: is another rule.`, "causeway-older: is there, and shouldn't be."]),
  );
  await applyRules(bucket, rules);
  expect(await findDifferences(bucket, rules)).toEqual([]);
  expect((await findRules(bucket)).map(({ ID }) => ID)).toEqual(["theirs", ...rules.map(({ ID }) => ID)]);
});

test.each(RULE_SETS)(
  "no rule of %s ends an object of the product's, or an upload that may still go on",
  (set) => {
    const ofFiles = readRules(set).filter(({ Filter }) => Filter?.Prefix !== "doctor/");
    expect(ofFiles.length).toBeGreaterThan(1);
    for (const { Filter, Expiration, AbortIncompleteMultipartUpload } of ofFiles) {
      expect(Filter?.Prefix).toBe("t/");
      expect(Expiration?.Days).toBeUndefined();
      // An upload lives six days at most (worker/config.ts).
      expect(AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? 7).toBeGreaterThan(6);
    }
  },
);

test("an endpoint of R2's has R2's rules", () => {
  expect(ruleSetFor("https://abc.eu.r2.cloudflarestorage.com")).toBe("r2");
  expect(ruleSetFor("https://s3.eu-central-1.amazonaws.com")).toBe("s3");
});
