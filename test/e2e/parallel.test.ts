import { createHash } from "node:crypto";
import * as tus from "tus-js-client";
import { expect, onTestFinished, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { fileIdOf, newCaller, sharedStack, waitForVerdict } from "../support/api.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { makeVideo } from "../support/video.ts";

const SIZE_BYTES = 30_000_000;

/** What the stock client sends for one file in three parts; resolves with the final upload's address. */
function uploadInParallel(url: string, token: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(bytes, {
      endpoint: `${url}/v1/uploads`,
      headers: { Authorization: `Bearer ${token}` },
      metadata: { filename: "film.mp4", filetype: "video/mp4" },
      parallelUploads: 3,
      retryDelays: Array.from({ length: 20 }, () => 20),
      onError: reject,
      onSuccess: () => resolve(upload.url ?? ""),
    });
    upload.start();
  });
}

async function expectWhole(caller: Caller, location: string, bytes: Buffer): Promise<void> {
  const record = await waitForVerdict(caller, fileIdOf(location));
  expect(record).toMatchObject({
    state: "clean",
    sizeBytes: bytes.byteLength,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    filename: "film.mp4",
    mimeType: "video/mp4",
  });
  // The three parts are no files.
  const { items } = (await (await caller.fetch("/v1/files")).json()) as { items: unknown[] };
  expect(items).toHaveLength(1);
}

test("a video that the stock client sends in three parallel parts arrives as it is", async () => {
  const caller = await newCaller();
  const bytes = makeVideo(SIZE_BYTES);
  const location = await uploadInParallel(sharedStack().url, caller.token, bytes);
  await expectWhole(caller, location, bytes);
});

test("so does one whose connections break", async () => {
  const caller = await newCaller();
  const bytes = makeVideo(SIZE_BYTES);
  const proxy = await startCuttingProxy(new URL(sharedStack().url), [2_000_000, 11_000_000, 23_000_000]);
  onTestFinished(() => proxy.close());
  const location = await uploadInParallel(proxy.url, caller.token, bytes);
  expect(proxy.cuts).toBe(3);
  await expectWhole(caller, location, bytes);
});
