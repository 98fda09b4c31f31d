import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSha256 } from "../../client/core/sha256.ts";
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

test("a creation that is still being carried out is waited for, and no refusal", async () => {
  const problem = { code: "IDEMPOTENCY_KEY_IN_USE", title: "Under way" };
  endpoint.next("POST", { status: 409, headers: { "Retry-After": "0" }, problem });
  const upload = makeUploader(endpoint).add(makeFile(10));
  upload.start();
  expect(await reached(upload, "uploaded", "refused")).toMatchObject({ kind: "uploaded" });
});

test("a token that has ended isn't sent; one that was just made is, whatever this device's clock says", async () => {
  const ended = `x.${btoa(JSON.stringify({ exp: 1 }))}.x`;
  let renewals = 0;
  const getToken = ({ refresh }: { readonly refresh: boolean }) => {
    if (refresh) renewals += 1;
    return renewals === 0 ? ended : `${ended}${renewals}`;
  };
  const upload = makeUploader(endpoint, { getToken }).add(makeFile(2 * CHUNK));
  upload.start();
  await reached(upload, "uploaded");
  expect(new Set(endpoint.seen.map(({ authorization }) => authorization))).toEqual(
    new Set([`Bearer ${ended}1`]),
  );
  expect(renewals).toBe(1);
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
  expect(await reached(upload, "failed")).toMatchObject({ problem: { code: "HTTP_400", status: 400 } });
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

test("requests are no longer than the server takes, and shorter where something in between refuses them", async () => {
  endpoint.maxAppendBytes = 50_000;
  const file = makeFile(120_000);
  const upload = makeUploader(endpoint, { chunkSizeBytes: undefined }).add(file);
  endpoint.next("PATCH", { status: 413 });
  upload.start();
  expect(await reached(upload, "retrying")).toMatchObject({ problem: { code: "REQUEST_TOO_LONG" } });
  await reached(upload, "uploaded");
  const lengths = endpoint.seen.flatMap(({ method, contentLength }) =>
    method === "PATCH" ? [contentLength] : [],
  );
  expect(lengths).toEqual(["50000", "50000", "50000", "20000"]);
  await expectStored("file1", file);
});

const RULES = {
  types: [{ mimeType: "application/pdf", fileClass: "document", extensions: ["pdf"] }],
  blockedExtensions: ["exe"],
  maxBytes: { document: 100, image: 100, video: 100, audio: 100, other: 100 },
  maxAppendBytes: null,
  availableBytes: 50,
};

test("what breaks the server's rules isn't sent, and says what is accepted; they are asked for once", async () => {
  endpoint.answers.set("/v1/upload-rules", RULES);
  const uploader = makeUploader(endpoint, { checkRules: true });
  const files = [makeFile(10), makeFile(10, "run.exe"), makeFile(101), makeFile(60)];
  const checked = await uploader.check(files);
  expect(checked.map(({ file, problem }) => [files.indexOf(file), problem.code])).toEqual([
    [1, "FILE_TYPE_REFUSED"],
    [2, "FILE_TOO_LARGE"],
    [3, "QUOTA_EXCEEDED"],
  ]);
  expect(checked[0]?.problem.detail).toBe('Files ending in ".exe" are not accepted. Accepted are .pdf.');
  const uploads = files.map((file) => uploader.add(file));
  for (const upload of uploads) upload.start();
  const ends = await Promise.all(uploads.map((upload) => reached(upload, "uploaded", "refused", "failed")));
  // Of the quota the server knows better.
  expect(ends.map(({ kind }) => kind)).toEqual(["uploaded", "refused", "refused", "uploaded"]);
  expect(endpoint.seen.map(({ method }) => method).filter((method) => method === "GET")).toEqual(["GET"]);
  expect(endpoint.uploads.size).toBe(2);
});

test.each([
  ["the same", 0, { kind: "uploaded", fileId: "file1", version: 1 }],
  ["another", 1, { kind: "failed", problem: { code: "DIGEST_MISMATCH" } }],
])("an upload that is to be verified is over when the server's digest is %s", async (_what, added, end) => {
  // Two blocks of SHA-256's padding, and none of a whole number of its own.
  const file = makeFile(64 * 3 + 57);
  const sha256 = createHash("sha256")
    .update(await contentOf(file))
    .update(Buffer.alloc(added))
    .digest("hex");
  const version = { state: "quarantined", sha256: null as string | null };
  endpoint.answers.set("/v1/files/file1/versions/1", version);
  const upload = makeUploader(endpoint).add(file, {}, { verify: true });
  upload.start();
  expect(await reached(upload, "verifying")).toMatchObject({ fileId: "file1", version: 1 });
  Object.assign(version, { state: "clean", sha256 });
  expect(await reached(upload, "uploaded", "failed")).toMatchObject(end);
});

test.each([0, 1, 55, 56, 63, 64, 65, 1000])("SHA-256 of %i bytes in uneven pieces", (length) => {
  const bytes = Buffer.alloc(length, "digest me");
  const hash = createSha256();
  for (let at = 0; at < length; at += 37) hash.update(bytes.subarray(at, at + 37));
  expect(hash.hex()).toBe(createHash("sha256").update(bytes).digest("hex"));
});
