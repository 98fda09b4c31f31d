import { afterEach, beforeEach, expect, test } from "vitest";
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

test.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])("sends a file of %i bytes", async (sizeBytes) => {
  const file = makeFile(sizeBytes);
  const upload = makeUploader(endpoint).add(file);
  const states = trace(upload);
  upload.start();
  expect(await reached(upload, "uploaded")).toEqual({ kind: "uploaded", fileId: "file1", version: 1 });
  expect(states).toEqual(["waiting", "hashing", "uploading", "uploaded"]);
  expect(upload.id).toBe("file1");
  expect(upload.progress.sentBytes).toBe(sizeBytes);
  await expectStored("file1", file);
  const patches = endpoint.seen.filter((request) => request.method === "PATCH");
  expect(patches.map((request) => Number(request.contentLength))).toEqual(
    Array.from({ length: Math.ceil(sizeBytes / CHUNK) }, (_, i) => Math.min(CHUNK, sizeBytes - i * CHUNK)),
  );
});

test("sends name, type, entity, tags and the replaced file as metadata", async () => {
  const meta = { entityType: "contact", entityId: "c-1", tags: ["offer", "2026"], replaces: "old" };
  const upload = makeUploader(endpoint).add(makeFile(1, "Ärger & Söhne, 日本.pdf"), meta);
  upload.start();
  await reached(upload, "uploaded");
  const pairs = endpoint.uploads.get("file1")?.metadata.split(",") ?? [];
  const decoded = pairs
    .map((pair) => pair.split(" "))
    .map(([k, v = ""]) => [k, Buffer.from(v, "base64").toString()]);
  expect(Object.fromEntries(decoded)).toEqual({
    filename: "Ärger & Söhne, 日本.pdf",
    filetype: "application/pdf",
    entityType: "contact",
    entityId: "c-1",
    tags: "offer,2026",
    replaces: "old",
  });
});

test("goes on from the durable offset after a socket cut, without an error state", async () => {
  endpoint.next("PATCH", { cutAfterBytes: 10_000 });
  const file = makeFile(3 * CHUNK);
  const upload = makeUploader(endpoint).add(file);
  const states = trace(upload);
  upload.start();
  await reached(upload, "uploaded");
  expect(states).toEqual(["waiting", "hashing", "uploading", "retrying", "uploading", "uploaded"]);
  expect(endpoint.seen.filter((r) => r.method === "PATCH")[1]?.offset).toBe("10000");
  await expectStored("file1", file);
});

test("takes a request that moves nothing for a lost connection", async () => {
  endpoint.next("PATCH", { stallAfterBytes: 10_000 });
  const upload = makeUploader(endpoint, { stallTimeoutMs: 150 }).add(makeFile(CHUNK));
  upload.start();
  expect(await reached(upload, "retrying")).not.toHaveProperty("problem");
  await reached(upload, "uploaded");
});

test("asks for a token before each request", async () => {
  let count = 0;
  const upload = makeUploader(endpoint, { getToken: () => `token-${++count}` }).add(makeFile(2 * CHUNK));
  upload.start();
  await reached(upload, "uploaded");
  expect(endpoint.seen.map((request) => request.authorization)).toEqual([
    "Bearer token-1",
    "Bearer token-2",
    "Bearer token-3",
  ]);
});

test.each(["POST", "PATCH", "HEAD"])(
  "renews the token once after a 401 to %s and goes on",
  async (method) => {
    if (method === "HEAD") endpoint.next("PATCH", { cutAfterBytes: 100 });
    endpoint.next(method, { status: 401 });
    const refreshes: boolean[] = [];
    const getToken = ({ refresh }: { refresh: boolean }) => {
      refreshes.push(refresh);
      return refresh ? "new" : "old";
    };
    const file = makeFile(2 * CHUNK);
    const upload = makeUploader(endpoint, { getToken }).add(file);
    upload.start();
    await reached(upload, "uploaded");
    expect(refreshes.filter(Boolean)).toHaveLength(1);
    expect(endpoint.uploads.size).toBe(1);
    await expectStored("file1", file);
  },
);

test("keeps the resume point when even a new token is refused", async () => {
  endpoint.next("PATCH", { cutAfterBytes: 5_000 });
  endpoint.next("HEAD", { status: 401 });
  endpoint.next("HEAD", { status: 401 });
  const file = makeFile(2 * CHUNK);
  const upload = makeUploader(endpoint).add(file);
  upload.start();
  expect(await reached(upload, "failed")).toMatchObject({ problem: { status: 401 } });
  upload.resume();
  await reached(upload, "uploaded");
  expect(endpoint.seen.filter((r) => r.method === "PATCH")[1]?.offset).toBe("5000");
  expect(endpoint.uploads.size).toBe(1);
  await expectStored("file1", file);
});

test.each([
  ["HEAD", 429],
  ["PATCH", 429],
  ["POST", 429],
  ["HEAD", 503],
  ["HEAD", 500],
  ["HEAD", 423],
  ["PATCH", 409],
])("%s answered %i: retries and keeps the resume point", async (method, status) => {
  if (method === "HEAD") endpoint.next("PATCH", { cutAfterBytes: 100 });
  endpoint.next(method, { status });
  const file = makeFile(2 * CHUNK);
  const upload = makeUploader(endpoint).add(file);
  upload.start();
  await reached(upload, "uploaded");
  expect(endpoint.uploads.size).toBe(1);
  await expectStored("file1", file);
});

test("waits as long as Retry-After says", async () => {
  endpoint.next("PATCH", {
    status: 429,
    headers: { "Retry-After": "1" },
    problem: { code: "RATE_LIMITED", title: "Too many requests" },
  });
  const upload = makeUploader(endpoint).add(makeFile(10));
  upload.start();
  const state = await reached(upload, "retrying");
  const seenAtMs = Date.now();
  expect(state).toMatchObject({ attempt: 1, problem: { code: "RATE_LIMITED", status: 429 } });
  await reached(upload, "uploaded");
  expect(Date.now() - seenAtMs).toBeGreaterThan(900);
});

test.each(["POST", "PATCH"])("a refusal of %s is final and carries the problem", async (method) => {
  const problem = {
    type: "urn:causeway:error:file-type-refused",
    title: "Files of this type are not accepted",
    status: 415,
    code: "FILE_TYPE_REFUSED",
    detail: "Files of type x are not accepted.",
  };
  endpoint.next(method, { status: 415, problem });
  const uploader = makeUploader(endpoint);
  const upload = uploader.add(makeFile(10));
  upload.start();
  expect(await reached(upload, "refused")).toEqual({ kind: "refused", problem });
  expect(await uploader.findPrevious()).toEqual([]);
});

test("tells an error without a problem document by its status", async () => {
  endpoint.next("POST", { status: 400 });
  const upload = makeUploader(endpoint).add(makeFile(10));
  upload.start();
  expect(await reached(upload, "refused")).toMatchObject({ problem: { code: "HTTP_400", status: 400 } });
});

test("an upload that vanished while it was sent fails, and starts anew on resume", async () => {
  endpoint.next("PATCH", { status: 404, problem: { code: "UPLOAD_NOT_FOUND", title: "No such upload" } });
  const file = makeFile(CHUNK);
  const upload = makeUploader(endpoint).add(file);
  upload.start();
  expect(await reached(upload, "failed")).toMatchObject({ problem: { code: "UPLOAD_NOT_FOUND" } });
  upload.resume();
  expect(await reached(upload, "uploaded")).toMatchObject({ fileId: "file2" });
  await expectStored("file2", file);
});
