import { resolveObjectURL } from "node:buffer";
import { createHash } from "node:crypto";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { nextStep } from "../../client/core/failure.ts";
import { hashFile } from "../../client/core/hash-worker.ts";
import { localProblem } from "../../client/core/problem.ts";
import { createSha256 } from "../../client/core/sha256.ts";
import type { Upload } from "../../client/index.ts";
import { contentOf, KIB, makeFile, makeUploader, reached } from "./support/harness.ts";
import { startTusEndpoint, type TusEndpoint } from "./support/tus-endpoint.ts";

const CHUNK = 64 * KIB;
let endpoint: TusEndpoint;

beforeEach(async () => {
  endpoint = await startTusEndpoint();
});

afterEach(() => endpoint.close());

test.each([
  ["PATCH", 511, "uploaded"],
  ["PATCH", 501, "uploaded"],
  ["PATCH", 507, "uploaded"],
  ["PATCH", 400, "failed"],
  ["PATCH", 451, "failed"],
  ["HEAD", 404, "failed"],
])("%s answered %i by something in between keeps the upload, and ends %s", async (method, status, end) => {
  endpoint.next("PATCH", { cutAfterBytes: 5_000 });
  endpoint.next(method, { status, headers: { "Tus-Resumable": "" } });
  const upload = makeUploader(endpoint).add(makeFile(CHUNK));
  upload.start();
  expect(await reached(upload, "uploaded", "failed", "refused")).toMatchObject({ kind: end });
  if (end === "failed") upload.resume();
  expect(await reached(upload, "uploaded")).toMatchObject({ fileId: "file1" });
});

test("a fault of the server's that lasts is waited out for hours, ever longer", () => {
  const failure = { kind: "temporary", problem: localProblem("TOKEN_UNAVAILABLE") } as const;
  const steps = Array.from({ length: 60 }, (_, index) => nextStep(failure, index + 1, 1000));
  const delays = steps.map((step) => (step.kind === "retry" ? step.delayMs : 0));
  expect(delays[0]).toBeLessThanOrEqual(1200);
  expect(delays.at(-1)).toBeGreaterThanOrEqual(600_000);
  expect(delays.reduce((sum, delayMs) => sum + delayMs)).toBeGreaterThan(8 * 3600 * 1000);
  expect(nextStep(failure, 61, 1000).kind).toBe("fail");
});

test("rules that can't be had aren't asked for by each file", async () => {
  const uploader = makeUploader(endpoint, { checkRules: true });
  for (const name of ["a.pdf", "b.pdf"]) {
    const upload = uploader.add(makeFile(10, name));
    upload.start();
    await reached(upload, "uploaded");
  }
  expect(endpoint.seen.filter(({ method }) => method === "GET")).toHaveLength(1);
});

/** A browser's worker as far as hashing uses it: its text runs apart from the page's names. */
class TextWorker extends EventTarget {
  readonly #scope: { onmessage?: (event: { data: unknown }) => void; postMessage(data: unknown): void } = {
    postMessage: (data) => this.dispatchEvent(new MessageEvent("message", { data })),
  };
  readonly #started: Promise<unknown>;

  constructor(url: string) {
    super();
    const source = resolveObjectURL(url)?.text() ?? Promise.resolve("");
    this.#started = source.then((text) => runInNewContext(text, this.#scope));
  }

  postMessage(data: unknown): void {
    void this.#started.then(() => this.#scope.onmessage?.({ data }));
  }

  terminate(): void {}
}

test("a worker whose text misses names of the bundle leaves hashing to the page; one that can't read doesn't", async () => {
  vi.stubGlobal("Worker", TextWorker);
  onTestFinished(() => void vi.unstubAllGlobals());
  const file = makeFile(100);
  const { signal } = new AbortController();
  const sha256 = createHash("sha256")
    .update(await contentOf(file))
    .digest("hex");
  expect(await hashFile(file, signal)).toBe(sha256);
  const text = { value: () => "() => __name(() => {})", configurable: true };
  Object.defineProperty(createSha256, "toString", text);
  expect(await hashFile(file, signal)).toBe(sha256);
  Reflect.deleteProperty(createSha256, "toString");
  vi.spyOn(file, "slice").mockReturnValue({ arrayBuffer: () => Promise.reject(new Error("gone")) } as Blob);
  await expect(hashFile(file, signal)).rejects.toThrow("unreadable");
});

/** What is read of its file to be verified comes when it is resolved. */
function holdHashing(upload: Upload): PromiseWithResolvers<ArrayBuffer> {
  const read = Promise.withResolvers<ArrayBuffer>();
  const stop = upload.subscribe(({ state, file }) => {
    if (state.kind !== "verifying") return;
    stop();
    vi.spyOn(file, "slice").mockReturnValueOnce({ arrayBuffer: () => read.promise } as Blob);
  });
  return read;
}

test("uploads are hashed one at a time to be verified, and one that the server hasn't hashed holds up no other", async () => {
  const uploader = makeUploader(endpoint);
  const version = { state: "quarantined", sha256: null as string | null };
  const content = await contentOf(makeFile(10));
  const sha256 = createHash("sha256").update(content).digest("hex");
  endpoint.answers.set("/v1/files/file1/versions/1", version);
  endpoint.answers.set("/v1/files/file2/versions/1", { state: "clean", sha256 });
  const asked = () => new Set(endpoint.seen.flatMap(({ method, path }) => (method === "GET" ? [path] : [])));
  const first = uploader.add(makeFile(10, "a.pdf"), {}, { verify: true });
  const read = holdHashing(first);
  first.start();
  await reached(first, "verifying");
  const second = uploader.add(makeFile(10, "b.pdf"), {}, { verify: true });
  second.start();
  await reached(second, "verifying");
  const unverified = uploader.add(makeFile(10, "c.pdf"));
  unverified.start();
  await reached(unverified, "uploaded");
  expect(asked().size).toBe(0);
  read.resolve(new Uint8Array(content).buffer);
  await reached(second, "uploaded");
  expect([first.state.kind, asked().size]).toEqual(["verifying", 2]);
  // What is all sent is a file, which giving up leaves.
  await first.abort();
  expect([first.state.kind, endpoint.uploads.size]).toEqual(["verifying", 3]);
  Object.assign(version, { state: "clean", sha256 });
  await reached(first, "uploaded");
});

test("the server's digests are asked for ten times a second at most and when it says, and past a request that hangs", async () => {
  const askedAtMs: number[] = [];
  const getToken = () => {
    askedAtMs.push(performance.now());
    return "token";
  };
  const uploader = makeUploader(endpoint, { getToken });
  const uploads = ["a.pdf", "b.pdf", "c.pdf", "d.pdf"].map((name) =>
    uploader.add(makeFile(10, name), {}, { verify: true }),
  );
  const [hanging] = uploads as [Upload];
  const read = holdHashing(hanging);
  for (const upload of uploads) {
    upload.start();
    await reached(upload, "verifying");
  }
  askedAtMs.length = 0;
  endpoint.next("GET", { stallAfterBytes: 0 });
  endpoint.next("GET", { status: 429, headers: { "Retry-After": "1" } });
  const content = await contentOf(makeFile(10));
  const version = { state: "clean", sha256: createHash("sha256").update(content).digest("hex") };
  for (const id of ["file3", "file4"]) endpoint.answers.set(`/v1/files/${id}/versions/1`, version);
  read.resolve(new Uint8Array(content).buffer);
  await expect.poll(() => endpoint.seen.filter(({ method }) => method === "GET").length).toBeGreaterThan(1);
  endpoint.answers.set("/v1/files/file2/versions/1", version);
  await Promise.all(uploads.slice(1).map((upload) => reached(upload, "uploaded")));
  expect(hanging.state.kind).toBe("verifying");
  uploader.dispose();
  const [, second = 0] = askedAtMs;
  const pausesMs = askedAtMs.slice(1, 4).map((atMs, index) => atMs - (askedAtMs[index] ?? 0));
  expect(Math.min(...pausesMs)).toBeGreaterThan(90);
  expect((askedAtMs[4] ?? 0) - second).toBeGreaterThan(990);
});

test("giving up what is all sent deletes nothing, whether its verification was paused, failed or begun again", async () => {
  const uploader = makeUploader(endpoint);
  const uploads = ["a.pdf", "b.pdf", "c.pdf"].map((name) =>
    uploader.add(makeFile(10, name), {}, { verify: true }),
  );
  for (const upload of uploads) {
    upload.start();
    await reached(upload, "verifying");
    upload.pause();
  }
  const [, failed, resumed] = uploads;
  endpoint.answers.set("/v1/files/file2/versions/1", { state: "infected", sha256: null });
  failed?.resume();
  if (failed !== undefined) await reached(failed, "failed");
  resumed?.resume();
  await Promise.all(uploads.map((upload) => upload.abort()));
  expect(uploads.map(({ state }) => state.kind)).toEqual(["aborted", "aborted", "aborted"]);
  expect(endpoint.uploads.size).toBe(3);
  expect(endpoint.seen.map(({ method }) => method)).not.toContain("DELETE");
});
