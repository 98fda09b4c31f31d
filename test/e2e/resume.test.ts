import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import * as tus from "tus-js-client";
import { expect, onTestFinished, test } from "vitest";
import { fileIdOf, newCaller, sharedStack, signUrl, waitForVerdict } from "../support/api.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { runs } from "../support/runs.ts";
import { makeVideo } from "../support/video.ts";

const MIB = 1024 * 1024;

interface Progress {
  readonly location: string;
  readonly retries: number;
}

/** Uploads with the stock client, as its documentation shows. */
function uploadWithTus(endpoint: string, token: string, bytes: Buffer, chunkSize: number): Promise<Progress> {
  let retries = 0;
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(bytes, {
      endpoint,
      chunkSize,
      headers: { Authorization: `Bearer ${token}` },
      metadata: { filename: "film.mp4", filetype: "video/mp4" },
      retryDelays: Array.from({ length: 20 }, () => 20),
      onShouldRetry: () => {
        retries += 1;
        return true;
      },
      onError: reject,
      onSuccess: () => resolve({ location: upload.url ?? "", retries }),
    });
    upload.start();
  });
}

/** Places to cut at, anywhere in the upload but not before its creation was answered. */
function randomCuts(number: number, sizeBytes: number): number[] {
  return Array.from({ length: number }, () => 10_000 + Math.floor(Math.random() * (sizeBytes - 20_000)));
}

test.each([
  ["8 MiB at a time", runs(64_000_000, 200_000_000), 8 * MIB],
  ["in one request", runs(24_000_000, 50_000_000), Number.POSITIVE_INFINITY],
] as const)(
  "a video over a line that breaks five times, sent %s (%d bytes), arrives as it is",
  async (_how, sizeBytes, chunkSize) => {
    const caller = await newCaller();
    const bytes = makeVideo(sizeBytes);
    const cuts = randomCuts(5, bytes.byteLength);
    const proxy = await startCuttingProxy(new URL(sharedStack().url), cuts);
    onTestFinished(() => proxy.close());

    const { location, retries } = await uploadWithTus(
      `${proxy.url}/v1/uploads`,
      caller.token,
      bytes,
      chunkSize,
    );
    expect({ cuts: proxy.cuts, atLeast: retries >= 5 }, `cut at ${cuts.join(", ")}`).toEqual({
      cuts: 5,
      atLeast: true,
    });

    const record = await waitForVerdict(caller, fileIdOf(location));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(record).toMatchObject({
      state: "clean",
      sizeBytes: bytes.byteLength,
      sha256,
      mimeType: "video/mp4",
    });

    const url = await signUrl(caller, record.id);
    const range = await fetch(url, { headers: { range: "bytes=12345678-12445677" } });
    expect(range.status).toBe(206);
    expect(range.headers.get("content-range")).toBe(`bytes 12345678-12445677/${sizeBytes}`);
    expect(Buffer.from(await range.arrayBuffer()).equals(bytes.subarray(12_345_678, 12_445_678))).toBe(true);

    const whole = createHash("sha256");
    const answer = await fetch(url);
    if (answer.body === null) throw new Error("The download has no body.");
    for await (const chunk of Readable.fromWeb(answer.body as never)) whole.update(chunk as Uint8Array);
    expect(whole.digest("hex")).toBe(sha256);
  },
  // The long one goes six times over a disk: half a minute alone, and a machine may be busy.
  180_000,
);
