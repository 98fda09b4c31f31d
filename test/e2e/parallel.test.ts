import { createHash } from "node:crypto";
import * as tus from "tus-js-client";
import { expect, onTestFinished, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { fileIdOf, newCaller, sharedStack, waitForVerdict } from "../support/api.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { makeVideo } from "../support/video.ts";

const SIZE_BYTES = 30_000_000;

/** What the stock client sends for one file in three parts; resolves with the final upload's address. */
function uploadInParallel(
  url: string,
  token: string,
  bytes: Buffer,
  options: Partial<tus.UploadOptions> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(bytes, {
      endpoint: `${url}/v1/uploads`,
      headers: { Authorization: `Bearer ${token}` },
      metadata: { filename: "film.mp4", filetype: "video/mp4" },
      parallelUploads: 3,
      retryDelays: Array.from({ length: 20 }, () => 20),
      onError: reject,
      onSuccess: () => resolve(upload.url ?? ""),
      ...options,
    });
    void upload.findPreviousUploads().then(([previous]) => {
      if (previous !== undefined) upload.resumeFromPreviousUpload(previous);
      upload.start();
    }, reject);
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

/** Where the client keeps what it needs to go on: for as long as the test runs. */
class KeptUploads implements tus.UrlStorage {
  readonly #kept = new Map<string, tus.PreviousUpload>();

  findAllUploads(): Promise<tus.PreviousUpload[]> {
    return Promise.resolve([...this.#kept.values()]);
  }

  findUploadsByFingerprint(): Promise<tus.PreviousUpload[]> {
    return this.findAllUploads();
  }

  removeUpload(key: string): Promise<void> {
    this.#kept.delete(key);
    return Promise.resolve();
  }

  addUpload(fingerprint: string, upload: tus.PreviousUpload): Promise<string> {
    this.#kept.set(fingerprint, { ...upload, urlStorageKey: fingerprint });
    return Promise.resolve(fingerprint);
  }
}

/** The client's own requests. Of the first final upload the answer is lost on its way; what is sent is counted. */
class LosingHttp implements tus.HttpStack {
  sentBytes = 0;
  answersLost = 0;
  readonly #http = new tus.DefaultHttpStack({});

  getName(): string {
    return "LosingHttp";
  }

  createRequest(method: string, url: string): tus.HttpRequest {
    const request = this.#http.createRequest(method, url);
    const send = request.send.bind(request);
    return Object.assign(request, {
      send: async (body: { size?: number; byteLength?: number } | null) => {
        const answer = await send(body);
        this.sentBytes += body?.byteLength ?? body?.size ?? 0;
        const isFinal = request.getHeader("Upload-Concat")?.startsWith("final") === true;
        if (!isFinal || this.answersLost > 0) return answer;
        this.answersLost += 1;
        throw new Error("The answer was lost.");
      },
    });
  }
}

test("one whose last answer is lost is told of the same file, and sends nothing again", async () => {
  const caller = await newCaller();
  const bytes = makeVideo(SIZE_BYTES);
  const http = new LosingHttp();
  const options = {
    httpStack: http,
    urlStorage: new KeptUploads(),
    fingerprint: () => Promise.resolve("film"),
  };
  const { url } = sharedStack();
  await expect(uploadInParallel(url, caller.token, bytes, options)).rejects.toThrow("The answer was lost.");
  const location = await uploadInParallel(url, caller.token, bytes, options);
  expect(http.answersLost).toBe(1);
  expect(http.sentBytes).toBe(bytes.byteLength);
  await expectWhole(caller, location, bytes);
});
