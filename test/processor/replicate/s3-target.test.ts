import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { S3Target } from "../../../processor/replicate/targets/s3/s3-target.ts";
import { startLocalS3 } from "../../../scripts/dev/replicas/local-s3.ts";
import { startMoto } from "../../support/moto.ts";
import { useStarted } from "../../support/started.ts";
import { copyTo, hashOf, newOriginal, PART_BYTES, soon, stateOf } from "./support/copies.ts";
import { startMeddlingProxy } from "./support/meddling-proxy.ts";
import { testTarget } from "./support/target-suite.ts";

const BUCKET = "copies";
const credentials = { accessKeyId: "moto", secretAccessKey: "moto" };

const moto = useStarted(async () => {
  const started = await startMoto(BUCKET);
  const proxy = await startMeddlingProxy(started.endpoint);
  return {
    started,
    proxy,
    create: (endpoint = started.endpoint) => s3Target({ endpoint, credentials }),
    async stop() {
      await proxy.stop();
      await started.stop();
    },
  };
});

function s3Target(given: {
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  bucket?: string;
}): S3Target {
  return new S3Target({ name: "s3", bucket: BUCKET, region: "us-east-1", forcePathStyle: true, ...given });
}

testTarget({
  create: () => moto.create(),
  countLeftovers: () => moto.started.countUploads(),
});

test.each([PART_BYTES, PART_BYTES + 1])(
  "a bit that turns on the way is found: %d bytes",
  async (sizeBytes) => {
    const original = newOriginal(sizeBytes);
    moto.proxy.meddle = ({ method }) => ({ kind: method === "PUT" ? "flip" : "pass" });
    expect(stateOf(await copyTo(moto.create(moto.proxy.url), original))).toBe("mismatch");
    expect(await moto.create().find(original.facts.key, soon())).toBeUndefined();
    moto.proxy.meddle = () => ({ kind: "pass" });
    expect(stateOf(await copyTo(moto.create(moto.proxy.url), original))).toBe("stored");
    expect(await hashOf(moto.create(), original.facts.key)).toBe(original.facts.sha256);
  },
);

test("a bucket that isn't there is told as that", async () => {
  const target = s3Target({ endpoint: moto.started.endpoint, credentials, bucket: "nobodys" });
  for (const sizeBytes of [1, PART_BYTES + 1]) {
    expect(stateOf(await copyTo(target, newOriginal(sizeBytes)))).toBe("missing-bucket");
  }
});

test("where signatures are checked a copy is stored, and wrong credentials are told as that", async () => {
  const directory = await mkdtemp(join(tmpdir(), "causeway-s3-"));
  const local = await startLocalS3(directory, BUCKET);
  try {
    const { endpoint, accessKeyId, secretAccessKey } = local;
    const target = s3Target({ endpoint, credentials: { accessKeyId, secretAccessKey } });
    expect(stateOf(await copyTo(target, newOriginal(PART_BYTES + 1)))).toBe("stored");
    const stranger = s3Target({ endpoint, credentials: { accessKeyId, secretAccessKey: "wrong" } });
    expect(stateOf(await copyTo(stranger, newOriginal(1)))).toBe("credentials");
  } finally {
    await local.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
