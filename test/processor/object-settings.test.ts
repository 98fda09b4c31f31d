import { expect, onTestFinished, test } from "vitest";
import type { ObjectSettings } from "#contract/object-settings.ts";
import { ObjectStore } from "../../processor/object-store.ts";
import { startScriptedS3 } from "../support/stores/scripted-s3.ts";

/** Headers of S3's own with which a derivative is put. */
async function headersOfPut(object: ObjectSettings): Promise<Record<string, unknown>> {
  const s3 = await startScriptedS3();
  s3.play({ status: 200, headers: { ETag: '"e"' } });
  const store = new ObjectStore({
    ...{ endpoint: s3.vars["S3_ENDPOINT"] ?? "", bucket: "files", region: "eu-central-1" },
    ...{ accessKeyId: "id", secretAccessKey: "secret", forcePathStyle: true, object },
  });
  onTestFinished(async () => {
    store.close();
    await s3.stop();
  });
  await store.put("t/acme/f/1/thumbnail.webp", new Uint8Array(3), "image/webp", new AbortController().signal);
  const ours = /^x-amz-(server-side|storage|tagging)/;
  return Object.fromEntries(Object.entries(s3.asked[0]?.headers ?? {}).filter(([name]) => ours.test(name)));
}

test("derivatives are put with what is said of objects", async () => {
  const settings: ObjectSettings = {
    encryption: { algorithm: "aws:kms", keyId: "key-1" },
    storageClass: "STANDARD_IA",
    tagging: "app=causeway&team=crm%20eu",
  };
  expect(await headersOfPut(settings)).toEqual({
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
    "x-amz-storage-class": "STANDARD_IA",
    "x-amz-tagging": "app=causeway&team=crm%20eu",
  });
});

test("nothing is said where nothing is configured", async () => {
  expect(await headersOfPut({})).toEqual({});
});
