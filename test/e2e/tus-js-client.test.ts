import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import * as tus from "tus-js-client";
import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { fileIdOf, getRecord, newCaller, sharedStack, waitForVerdict } from "../support/api.ts";
import { makeVideo } from "../support/video.ts";

const MIB = 1024 * 1024;

/** Options as the stock client's documentation shows them. */
function optionsFor(caller: Caller): tus.UploadOptions {
  return {
    endpoint: new URL("/v1/uploads", sharedStack().url).href,
    headers: { Authorization: `Bearer ${caller.token}` },
    metadata: { filename: "film.mp4", filetype: "video/mp4" },
    retryDelays: null,
  };
}

/** Uploads to the end; resolves with the upload's address. */
function run(source: Buffer | Readable, options: tus.UploadOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(source as never, {
      ...options,
      onError: reject,
      onSuccess: () => resolve(upload.url ?? ""),
    });
    upload.start();
  });
}

/** Uploads until `stopAtBytes` are acknowledged, and gives up there. Resolves with the upload's address. */
function runUntil(source: Buffer, options: tus.UploadOptions, stopAtBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(source as never, {
      ...options,
      onError: reject,
      onSuccess: () => reject(new Error("It was to be stopped.")),
      onChunkComplete: (_chunkBytes, acceptedBytes) => {
        if (acceptedBytes < stopAtBytes) return;
        upload.abort().then(() => resolve(upload.url ?? ""), reject);
      },
    });
    upload.start();
  });
}

async function expectWhole(caller: Caller, location: string, bytes: Buffer): Promise<void> {
  expect(await waitForVerdict(caller, fileIdOf(location))).toMatchObject({
    state: "clean",
    sizeBytes: bytes.byteLength,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
}

test.each([1, 5 * MIB, 12_345_678])(
  "a stream of %d bytes whose length the client doesn't know arrives as it is",
  async (sizeBytes) => {
    const caller = await newCaller();
    const bytes = Buffer.from(
      randomBytes(Math.ceil(sizeBytes / 2))
        .toString("hex")
        .slice(0, sizeBytes),
    );
    const location = await run(Readable.from(piecesOf(bytes, 100_000)), {
      ...optionsFor(caller),
      metadata: { filename: "log.txt" },
      chunkSize: 5 * MIB,
      uploadLengthDeferred: true,
    });
    await expectWhole(caller, location, bytes);
  },
);

function* piecesOf(bytes: Buffer, sizeBytes: number): Generator<Buffer> {
  for (let from = 0; from < bytes.byteLength; from += sizeBytes) yield bytes.subarray(from, from + sizeBytes);
}

test("bytes sent with the creation arrive as they are", async () => {
  const caller = await newCaller();
  const bytes = makeVideo(12_000_000);
  const location = await run(bytes, {
    ...optionsFor(caller),
    chunkSize: 5 * MIB,
    uploadDataDuringCreation: true,
  });
  await expectWhole(caller, location, bytes);
});

test("an upload that was stopped goes on at its stored address, and sends nothing twice", async () => {
  const caller = await newCaller();
  const bytes = makeVideo(20_000_000);
  const options = { ...optionsFor(caller), chunkSize: 5 * MIB };
  const location = await runUntil(bytes, options, 10 * MIB);
  expect(await getRecord(caller, fileIdOf(location))).toMatchObject({ state: "uploading" });

  const sent: number[] = [];
  const resumed = await run(bytes, {
    ...options,
    uploadUrl: location,
    onChunkComplete: (_chunkBytes, acceptedBytes) => sent.push(acceptedBytes),
  });
  expect(resumed).toBe(location);
  expect(sent).toEqual([15 * MIB, bytes.byteLength]);
  await expectWhole(caller, location, bytes);
});

test("an upload that is stopped for good is gone", async () => {
  const caller = await newCaller();
  const location = await runUntil(
    makeVideo(20_000_000),
    { ...optionsFor(caller), chunkSize: 5 * MIB },
    5 * MIB,
  );
  await tus.Upload.terminate(location, optionsFor(caller));
  expect((await caller.fetch(`/v1/files/${fileIdOf(location)}`)).status).toBe(404);
});

test.each([true, false])(
  "abort(true) after the end puts the file into the trash (parallel: %s)",
  async (isParallel) => {
    const caller = await newCaller();
    const bytes = makeVideo(100_000);
    const location = await new Promise<string>((resolve, reject) => {
      const upload = new tus.Upload(bytes as never, {
        ...optionsFor(caller),
        parallelUploads: isParallel ? 2 : 1,
        onError: reject,
        onSuccess: () => void upload.abort(true).then(() => resolve(upload.url ?? ""), reject),
      });
      upload.start();
    });
    expect(await getRecord(caller, fileIdOf(location))).toMatchObject({ state: "deleted" });
  },
);
