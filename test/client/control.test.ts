import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTokenSource } from "../../client/core/tokens.ts";
import { contentOf, KIB, makeFile, makeUploader, reached, trace } from "./support/harness.ts";
import { startTusEndpoint, type TusEndpoint } from "./support/tus-endpoint.ts";

let endpoint: TusEndpoint;

beforeEach(async () => {
  endpoint = await startTusEndpoint();
});

afterEach(() => endpoint.close());

async function expectStored(id: string, file: File): Promise<void> {
  expect(endpoint.uploads.get(id)?.bytes.equals(await contentOf(file))).toBe(true);
}

const CHUNK = 64 * KIB;

test("pauses, and resumes where it stopped", async () => {
  endpoint.next("PATCH", { stallAfterBytes: 20_000 });
  const file = makeFile(2 * CHUNK);
  const upload = makeUploader(endpoint).add(file);
  upload.start();
  await expect.poll(() => endpoint.uploads.get("file1")?.bytes.length).toBe(20_000);
  upload.pause();
  expect(upload.state.kind).toBe("paused");
  const requests = endpoint.seen.length;
  upload.resume();
  await reached(upload, "uploaded");
  expect(endpoint.seen.slice(requests).map((r) => r.method)).toEqual(["HEAD", "PATCH", "PATCH"]);
  expect(endpoint.seen[requests + 1]?.offset).toBe("20000");
  await expectStored("file1", file);
});

test("a pause while the token is being fetched sends nothing", async () => {
  const token = Promise.withResolvers<string>();
  const upload = makeUploader(endpoint, { getToken: () => token.promise }).add(makeFile(10));
  upload.start();
  await reached(upload, "uploading");
  upload.pause();
  token.resolve("late");
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(endpoint.seen).toEqual([]);
});

test("a getToken that never settles holds nobody up for ever", async () => {
  let asked = 0;
  const getToken = () => (++asked === 1 ? new Promise<string>(() => {}) : "token");
  const uploader = makeUploader(endpoint, { getToken, stallTimeoutMs: 1000, maxConcurrent: 1 });
  const [first, second] = ["a.pdf", "b.pdf"].map((name) => uploader.add(makeFile(10, name)));
  first?.start();
  second?.start();
  if (first === undefined || second === undefined) throw new Error("There are two.");
  expect(await reached(first, "uploaded")).toMatchObject({ fileId: "file1" });
  expect(await reached(second, "uploaded")).toMatchObject({ fileId: "file2" });
});

test("a refresh that never settles is given up, and isn't what others wait for after it", async () => {
  const tokens = createTokenSource(({ refresh }) => (refresh ? new Promise<string>(() => {}) : "token"), 10);
  const waiting = tokens.renewed();
  const sharing = tokens.current();
  await expect(waiting).rejects.toThrow("not settled");
  await expect(sharing).rejects.toThrow("not settled");
  expect(await tokens.current()).toBe("token");
});

const ENDED = `x.${btoa(JSON.stringify({ exp: 1 }))}.x`;

test("a token that seems to have ended is sent where no other can be had, but not again once it was refused", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  const tokens = createTokenSource(({ refresh }) => {
    if (!refresh) return ENDED;
    asked.resolve();
    return answer.promise;
  });
  const first = tokens.current();
  await asked.promise;
  const taken = Promise.allSettled([first, tokens.current(), tokens.renewed()]);
  answer.reject(new Error("no refresh"));
  const sent = { status: "fulfilled", value: ENDED };
  expect(await taken).toMatchObject([sent, sent, { status: "rejected" }]);
});

test("once a token that was just made seems to have ended, the host is asked once per request", async () => {
  const asked: boolean[] = [];
  const tokens = createTokenSource(({ refresh }) => `${ENDED}${asked.push(refresh)}`);
  const taken = [await tokens.current(), await tokens.current(), await tokens.current()];
  expect(asked).toEqual([false, true, false, false]);
  expect(taken).toEqual([2, 3, 4].map((count) => `${ENDED}${count}`));
});

test("abort deletes what the server has", async () => {
  endpoint.next("PATCH", { stallAfterBytes: 20_000 });
  const uploader = makeUploader(endpoint);
  const upload = uploader.add(makeFile(2 * CHUNK));
  upload.start();
  await expect.poll(() => endpoint.uploads.get("file1")?.bytes.length).toBe(20_000);
  await upload.abort();
  expect(upload.state.kind).toBe("aborted");
  expect(endpoint.uploads.size).toBe(0);
  expect(await uploader.findPrevious()).toEqual([]);
});

test("abort deletes what is just being made, though it was paused and resumed while the rules were asked for", async () => {
  const token = Promise.withResolvers<string>();
  const getToken = vi.fn<() => Promise<string>>(() => token.promise);
  const upload = makeUploader(endpoint, { checkRules: true, getToken }).add(makeFile(10));
  const created = vi.spyOn(endpoint.uploads, "set");
  const over = new Promise<void>((resolve) => {
    created.mockImplementationOnce((...entry) => {
      resolve(upload.abort());
      return Map.prototype.set.apply(endpoint.uploads, entry) as typeof endpoint.uploads;
    });
  });
  upload.start();
  await expect.poll(() => getToken.mock.calls.length).toBe(1);
  upload.pause();
  upload.resume();
  await reached(upload, "uploading");
  token.resolve("token");
  await over;
  expect(endpoint.seen.map(({ method }) => method)).toEqual(["GET", "POST", "DELETE"]);
  expect(endpoint.uploads.size).toBe(0);
});

test("sends few at a time; a paused one gives its turn away", async () => {
  endpoint.next("PATCH", { stallAfterBytes: 1 });
  const uploader = makeUploader(endpoint, { maxConcurrent: 1 });
  const [first, second] = [uploader.add(makeFile(100, "a.pdf")), uploader.add(makeFile(100, "b.pdf"))];
  first.start();
  second.start();
  await reached(first, "uploading");
  expect(second.state.kind).toBe("waiting");
  await expect.poll(() => endpoint.uploads.get("file1")?.bytes.length).toBe(1);
  first.pause();
  await reached(second, "uploaded");
  expect(first.state.kind).toBe("paused");
});

test("those of a higher priority get their turn first, then those that came first", async () => {
  const uploader = makeUploader(endpoint, { maxConcurrent: 1 });
  const names = ["first.pdf", "second.pdf", "third.pdf", "urgent.pdf"];
  const uploads = names.map((name) =>
    uploader.add(makeFile(10, name), {}, { priority: name === "urgent.pdf" ? 1 : 0 }),
  );
  for (const upload of uploads) upload.start();
  await Promise.all(uploads.map((upload) => reached(upload, "uploaded")));
  const sent = [...endpoint.uploads.values()].map(({ metadata }) => metadata.split(/[ ,]/, 2)[1] ?? "");
  expect(sent.map((name) => Buffer.from(name, "base64").toString())).toEqual([
    "first.pdf",
    "urgent.pdf",
    "second.pdf",
    "third.pdf",
  ]);
});

test("all are paused, resumed and aborted at once; who watches the list is told, and of many changes once", async () => {
  for (const _ of [1, 2]) endpoint.next("PATCH", { stallAfterBytes: 20_000 });
  const uploader = makeUploader(endpoint, { maxConcurrent: 2 });
  let told = 0;
  uploader.subscribe(() => {
    told += 1;
  });
  const uploads = [1, 2, 3].map((index) => uploader.add(makeFile(CHUNK, `${index}.pdf`)));
  expect(uploader.totals).toMatchObject({ totalBytes: 3 * CHUNK, sentBytes: 0, waiting: 3, running: 0 });
  await Promise.resolve();
  expect(told).toBe(1);
  for (const upload of uploads) upload.start();
  await expect
    .poll(() => [...endpoint.uploads.values()].map(({ bytes }) => bytes.length))
    .toEqual([20_000, 20_000]);
  expect(uploader.totals).toMatchObject({ waiting: 1, running: 2 });
  uploader.pauseAll();
  expect(uploads.map(({ state }) => state.kind)).toEqual(["paused", "paused", "paused"]);
  expect(uploader.totals).toMatchObject({ waiting: 0, running: 0, bytesPerSecond: undefined });
  uploader.resumeAll();
  await Promise.all(uploads.map((upload) => reached(upload, "uploaded")));
  expect(uploader.totals).toMatchObject({ sentBytes: 3 * CHUNK, done: 3, failed: 0, secondsLeft: undefined });
  const before = uploader.uploads;
  uploader.add(makeFile(10, "4.pdf"));
  expect(uploader.uploads).not.toBe(before);
  await uploader.abortAll();
  expect(uploader.uploads.map(({ state }) => state.kind)).toEqual([
    "uploaded",
    "uploaded",
    "uploaded",
    "aborted",
  ]);
});

test("many that wait are stopped without one of them getting its turn", async () => {
  endpoint.next("PATCH", { stallAfterBytes: 1 });
  const uploader = makeUploader(endpoint, { maxConcurrent: 1 });
  const files = Array.from({ length: 3 }, (_, index) => makeFile(10, `${index}.pdf`));
  const reads = files.map((file) => vi.spyOn(file, "slice"));
  for (const file of files) uploader.add(file).start();
  await expect.poll(() => endpoint.uploads.get("file1")?.bytes.length).toBe(1);
  uploader.pauseAll();
  await uploader.findPrevious();
  expect(reads.slice(1).map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
});

test("an aborted upload gives its turn away before it is deleted", async () => {
  endpoint.next("PATCH", { stallAfterBytes: 1 });
  const uploader = makeUploader(endpoint, { maxConcurrent: 1 });
  const [first, second] = [uploader.add(makeFile(100, "a.pdf")), uploader.add(makeFile(100, "b.pdf"))];
  first.start();
  second.start();
  await expect.poll(() => endpoint.uploads.get("file1")?.bytes.length).toBe(1);
  endpoint.next("DELETE", { status: 503 });
  const over = first.abort();
  await reached(second, "uploaded");
  // The first was refused once, and waits.
  expect(endpoint.seen.filter(({ method }) => method === "DELETE")).toHaveLength(1);
  await over;
  expect(endpoint.uploads.size).toBe(1);
});

test("while the device is offline it waits, and goes on by itself", async () => {
  let online = true;
  let tell: (online: boolean) => void = () => {};
  const connection = {
    isOnline: () => online,
    watch: (listener: (online: boolean) => void) => {
      tell = listener;
    },
  };
  endpoint.next("PATCH", { stallAfterBytes: 9_000 });
  const file = makeFile(2 * CHUNK);
  const upload = makeUploader(endpoint, { connection }).add(file);
  const states = trace(upload);
  upload.start();
  await expect.poll(() => endpoint.uploads.get("file1")?.bytes.length).toBe(9_000);
  online = false;
  tell(false);
  expect(upload.state.kind).toBe("offline");
  online = true;
  tell(true);
  await reached(upload, "uploaded");
  expect(states).toEqual(["waiting", "hashing", "uploading", "offline", "uploading", "uploaded"]);
  await expectStored("file1", file);
});

test("refuses a chunk size that isn't finite", () => {
  expect(() => makeUploader(endpoint, { chunkSizeBytes: Number.POSITIVE_INFINITY })).toThrow(RangeError);
});

test("sends on where a function gives no chunk size", async () => {
  const upload = makeUploader(endpoint, { chunkSizeBytes: () => 0.5 }).add(makeFile(2 * CHUNK));
  endpoint.maxAppendBytes = CHUNK;
  upload.start();
  expect(await reached(upload, "uploaded", "failed", "retrying")).toMatchObject({ kind: "uploaded" });
});
