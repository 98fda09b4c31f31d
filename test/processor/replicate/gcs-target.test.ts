import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Storage } from "@google-cloud/storage";
import { expect, test } from "vitest";
import { GcsTarget } from "../../../processor/replicate/targets/gcs/gcs-target.ts";
import { startGcsDouble } from "../../../scripts/dev/replicas/gcs-double/server.ts";
import { sha256Of } from "../../support/sha256.ts";
import { useStarted } from "../../support/started.ts";
import { startHttpDouble } from "../support/http-double.ts";
import { copyTo, hashOf, newOriginal, PART_BYTES, soon, stateOf } from "./support/copies.ts";
import { countSessions } from "./support/leftovers.ts";
import { startMeddlingProxy } from "./support/meddling-proxy.ts";
import { testTarget } from "./support/target-suite.ts";

const BUCKET = "copies";

const double = useStarted(async () => {
  const directory = await mkdtemp(join(tmpdir(), "causeway-gcs-"));
  const started = await startGcsDouble({ directory, bucket: BUCKET });
  const proxy = await startMeddlingProxy(started.url);
  return {
    started,
    proxy,
    create: (apiEndpoint = started.url, bucket = BUCKET) =>
      new GcsTarget({ name: "gcs", bucket, apiEndpoint }),
    async stop() {
      await proxy.stop();
      await started.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

testTarget({
  create: () => double.create(),
  countLeftovers: () => countSessions(double.started, BUCKET),
});

test.each([PART_BYTES, PART_BYTES + 1])(
  "a bit that turns on the way is found: %d bytes",
  async (sizeBytes) => {
    const original = newOriginal(sizeBytes);
    const target = double.create(double.proxy.url);
    // Of bytes, not of what is said about them.
    double.proxy.meddle = ({ method, url }) => ({
      kind: method === "PUT" || url?.includes("uploadType=multipart&name=Acme") === true ? "flip" : "pass",
    });
    expect(stateOf(await copyTo(target, original))).not.toBe("stored");
    double.proxy.meddle = () => ({ kind: "pass" });
    expect(await target.find(original.facts.key, soon())).toBeUndefined();
    expect(stateOf(await copyTo(target, original))).toBe("stored");
    expect(await hashOf(target, original.facts.key)).toBe(original.facts.sha256);
  },
);

test("a part that was cut on the way is sent on from where it came to", async () => {
  const original = newOriginal(2 * PART_BYTES);
  const target = double.create(double.proxy.url);
  let isCut = false;
  double.proxy.meddle = (request) => {
    if (request.method !== "PUT" || isCut) return { kind: "pass" };
    isCut = true;
    let seen = 0;
    request.on("data", ({ byteLength }: Buffer) => {
      seen += byteLength;
      if (seen > PART_BYTES / 2) request.destroy();
    });
    return { kind: "pass" };
  };
  expect(stateOf(await copyTo(target, original))).toBe("stored");
  expect(isCut).toBe(true);
  expect(await hashOf(target, original.facts.key)).toBe(original.facts.sha256);
});

test("a session that others have put into the bucket is asked nothing, and goes", async () => {
  const asked: string[] = [];
  const inside = await startHttpDouble(({ path }) => {
    asked.push(path);
    return { status: 200 };
  });
  const bucket = new Storage({ apiEndpoint: double.started.url, projectId: "p" }).bucket(BUCKET);
  const target = double.create();
  const original = newOriginal(PART_BYTES + 1);
  const { key, sha256, sizeBytes } = original.facts;
  const name = `.causeway-sessions/${sha256Of(Buffer.from(key))}`;
  const ofUpload = `upload/storage/v1/b/${BUCKET}/o?upload_id=1`;
  const uris = [`${inside.url}/${ofUpload}`, `${double.started.url}/storage/v1/b/${BUCKET}/o`];
  const planted = [...uris.map((uri) => JSON.stringify({ uri, sha256, sizeBytes })), "no JSON"];
  for (const text of planted) {
    await bucket.file(name).save(text, { resumable: false, validation: false });
    expect(stateOf(await copyTo(target, original))).toBe("stored");
    await bucket.file(name).save(text, { resumable: false, validation: false });
    await target.remove([key], soon());
    expect(await countSessions(double.started, BUCKET)).toBe(0);
  }
  expect(asked).toEqual([]);
  await inside.stop();
});

test("a bucket that isn't there is told as that", async () => {
  const target = double.create(double.started.url, "nobodys");
  for (const sizeBytes of [1, PART_BYTES + 1]) {
    expect(stateOf(await copyTo(target, newOriginal(sizeBytes)))).toBe("missing-bucket");
  }
});
