import { expect, test } from "vitest";
import { readBucket } from "../../scripts/doctor/bucket.ts";
import type { CheckedStore } from "../../scripts/doctor/store.ts";
import { examineStore, STORE_CHECKS } from "../../scripts/doctor/store.ts";
import { useStarted } from "../support/started.ts";
import { useStoreHost } from "../support/stores/host.ts";
import { startScriptedS3 } from "../support/stores/scripted-s3.ts";

const host = useStoreHost();
const lying = useStarted(startScriptedS3);

async function examine(vars: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, CheckedStore>> {
  const all = await examineStore(readBucket(vars), () => {});
  expect(all).toHaveLength(STORE_CHECKS.length);
  return new Map(all.map((each) => [each.name, each]));
}

test("the local bucket's S3 side can be used, and nothing is left in it", async () => {
  const found = [...(await examine(host.s3)).values()];
  expect(found.filter(({ finding }) => finding.level === "don't use")).toEqual([]);
  // It has no list of parts, and R2 none of some characters.
  expect(found.filter(({ finding }) => finding.level === "fine").length).toBeGreaterThan(25);
  expect(await host.call(host.s3, { call: "list", prefix: "doctor/" })).toMatchObject({ keys: [] });
});

test("what takes everything and keeps nothing can't", async () => {
  lying.play({ status: 200, body: "<R/>", headers: { ETag: '"e"' } });
  const found = await examine(lying.vars);
  for (const name of ["signatures are checked", "what was written is read", "a range", "If-Match"]) {
    expect(found.get(name)?.finding.level, name).toBe("don't use");
  }
  expect(found.get("parts of several sizes")?.finding.level).toBe("works around");
});

test("objects are tried with what the worker says of them, and others' are left alone", async () => {
  const entry = "<Contents><Key>backup/db.sql</Key><Size>1</Size></Contents>";
  lying.play({ status: 200, body: `<R>${entry}<UploadId>u</UploadId></R>`, headers: { ETag: '"e"' } });
  await examine({ ...lying.vars, S3_OBJECT_TAGS: "app=causeway", S3_STORAGE_CLASS: "STANDARD_IA" });
  const isMaking = (line: string) => /^PUT \S+doctor\/[^?]+$|^POST \S+[?&]uploads/.test(line);
  const making = lying.asked.filter(({ line }) => isMaking(line));
  expect(new Set(making.map(({ line }) => line.slice(0, 4).trim()))).toEqual(new Set(["PUT", "POST"]));
  for (const { line, headers } of making) {
    expect(headers, line).toMatchObject({
      "x-amz-tagging": "app=causeway",
      "x-amz-storage-class": "STANDARD_IA",
    });
  }
  expect(lying.asked.filter(({ line }) => line.includes("backup"))).toEqual([]);
});

test("a bucket that isn't named is asked for by its variables", () => {
  expect(() => readBucket({ S3_REGION: "eu-central-1", S3_BUCKET: "" })).toThrow("S3_BUCKET: is missing");
});
