import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createUploader } from "../../client/index.ts";
import { contentOf, KIB, makeFile, makeUploader, reached, trace } from "./support/harness.ts";
import { startTusEndpoint, type TusEndpoint } from "./support/tus-endpoint.ts";

let endpoint: TusEndpoint;

beforeEach(async () => {
  endpoint = await startTusEndpoint();
});

afterEach(async () => {
  vi.useRealTimers();
  await endpoint.close();
});

const META = { entityType: "contact", entityId: "c-1" };
const MIB = 1024 * KIB;

async function searchOf(file: File): Promise<{ readonly sha256: string; readonly path: string }> {
  const sha256 = createHash("sha256")
    .update(await contentOf(file))
    .digest("hex");
  return { sha256, path: `/v1/files?sha256=${sha256}&scope=visible&state=clean&limit=5` };
}

async function answerWith(file: File, ...records: readonly object[]): Promise<void> {
  const { sha256, path } = await searchOf(file);
  endpoint.answers.set(path, { items: records.map((record) => ({ sha256, ...record })), nextCursor: null });
}

const methods = () => endpoint.seen.map(({ method }) => method);

test("bytes that are there already wait to be confirmed, and are sent when they are", async () => {
  const file = makeFile(3 * KIB);
  await answerWith(
    file,
    { id: "loose", entityType: null, entityId: null },
    { id: "elsewhere", entityType: "deal", entityId: "7" },
    { id: "here", ...META },
  );
  const uploader = makeUploader(endpoint, { findDuplicates: true });
  const upload = uploader.add(file, META);
  const states = trace(upload);
  upload.start();
  expect(await reached(upload, "duplicate", "uploaded")).toMatchObject({
    kind: "duplicate",
    of: { id: "here" },
  });
  expect(methods()).toEqual(["GET"]);
  expect(uploader.totals).toMatchObject({ totalBytes: 0, running: 0, waiting: 0, failed: 0 });
  // What stands still is gone on with; this has to be wanted.
  uploader.resumeAll();
  expect(upload.state.kind).toBe("duplicate");
  upload.resume();
  await reached(upload, "uploaded");
  expect(states).toEqual([
    ...["waiting", "hashing", "duplicate"],
    ...["waiting", "hashing", "uploading", "uploaded"],
  ]);
  expect(methods()).toEqual(["GET", "POST", "PATCH"]);
});

test("one that is left out was never begun", async () => {
  const file = makeFile(3 * KIB);
  await answerWith(file, { id: "elsewhere", entityType: "deal", entityId: "7" });
  const uploader = makeUploader(endpoint);
  const upload = uploader.add(file, META, { findDuplicates: true });
  upload.start();
  expect(await reached(upload, "duplicate")).toMatchObject({ of: { id: "elsewhere" } });
  await upload.abort();
  expect(upload.state.kind).toBe("aborted");
  uploader.remove(upload);
  expect(methods()).toEqual(["GET"]);
});

test.each([
  ["nobody asked for it", makeFile(KIB), META, {}],
  ["it isn't to be", makeFile(KIB), META, { uploader: true, upload: false }],
  ["it is empty", makeFile(0), META, { uploader: true }],
  ["it becomes a new version", makeFile(KIB), { ...META, replaces: "file0" }, { uploader: true }],
] as const)("nothing is asked of a file where %s", async (_why, file, meta, asked) => {
  await answerWith(file, { id: "here", ...META });
  const uploader = makeUploader(endpoint, "uploader" in asked ? { findDuplicates: true } : {});
  const upload = uploader.add(file, meta, "upload" in asked ? { findDuplicates: false } : {});
  upload.start();
  await reached(upload, "uploaded");
  expect(methods()).not.toContain("GET");
});

test("nor of one of more than 64 MiB, nor with an upload's grant", async () => {
  // What it says of its size is enough: nothing of it may be read.
  const large = Object.defineProperty(makeFile(KIB), "size", { value: 64 * MIB + 1 });
  const held = makeUploader(endpoint, { findDuplicates: true }).add(large, META);
  held.start();
  await reached(held, "uploading");
  held.pause();
  const file = makeFile(KIB);
  await answerWith(file, { id: "here", ...META });
  const getGrant = async () => ({ token: "grant", expiresAt: new Date(Date.now() + 60_000).toISOString() });
  const uploader = createUploader({ endpoint: endpoint.url, getGrant, findDuplicates: true });
  const granted = uploader.add(file, META);
  granted.start();
  await reached(granted, "uploaded");
  expect(methods()).not.toContain("GET");
});

test("bytes above 4 MiB are hashed piece by piece, and found too", async () => {
  const file = makeFile(4 * MIB + 1);
  await answerWith(file, { id: "here", ...META });
  const upload = makeUploader(endpoint, { findDuplicates: true }).add(file, META);
  upload.start();
  expect(await reached(upload, "duplicate")).toMatchObject({ of: { id: "here" } });
});

test("what fails is sent, and the others aren't asked for meanwhile", async () => {
  const uploader = makeUploader(endpoint, { findDuplicates: true });
  endpoint.next("GET", { status: 500 });
  const upload = uploader.add(makeFile(KIB), META);
  upload.start();
  await reached(upload, "uploaded");
  const file = makeFile(2 * KIB);
  await answerWith(file, { id: "here", ...META });
  const other = uploader.add(file, META);
  other.start();
  await reached(other, "uploaded");
  expect(methods().filter((method) => method === "GET")).toHaveLength(1);
});

test("a file that can't be read, is read slowly or may not be asked for keeps none of the others from being found", async () => {
  const uploader = makeUploader(endpoint, { findDuplicates: true });
  const unreadable = Object.assign(makeFile(KIB, "gone.pdf"), {
    arrayBuffer: () => Promise.reject(new Error("gone")),
  });
  endpoint.next("GET", { status: 403, problem: { code: "FORBIDDEN", title: "Not yours" } });
  for (const each of [unreadable, makeFile(KIB, "forbidden.pdf")]) {
    const upload = uploader.add(each, META);
    upload.start();
    await reached(upload, "uploaded", "failed");
  }
  const file = makeFile(2 * KIB);
  const bytes = await contentOf(file);
  await answerWith(file, { id: "here", ...META });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  const reading = Promise.withResolvers<ArrayBuffer>();
  const slow = Object.assign(makeFile(2 * KIB), { arrayBuffer: () => reading.promise });
  const stuck = Object.assign(makeFile(KIB, "stuck.pdf"), { arrayBuffer: () => new Promise(() => {}) });
  const uploads = [slow, stuck].map((each) => uploader.add(each, META));
  for (const upload of uploads) upload.start();
  await vi.advanceTimersByTimeAsync(9_999);
  expect(uploads.map(({ state }) => state.kind)).toEqual(["hashing", "hashing"]);
  reading.resolve(new Uint8Array(bytes).buffer);
  const [found, sent] = uploads;
  if (found === undefined || sent === undefined) throw new Error("There are two.");
  expect(await reached(found, "duplicate", "uploaded")).toMatchObject({ kind: "duplicate" });
  await vi.advanceTimersByTimeAsync(1);
  expect(await reached(sent, "uploaded")).toMatchObject({ kind: "uploaded" });
});

test("of a file that is to be attached to nothing, the one that is on nothing is told", async () => {
  const file = makeFile(KIB);
  await answerWith(file, { id: "elsewhere", ...META }, { id: "loose", entityType: null, entityId: null });
  const upload = makeUploader(endpoint, { findDuplicates: true }).add(file);
  upload.start();
  expect(await reached(upload, "duplicate", "uploaded")).toMatchObject({ of: { id: "loose" } });
});

test("what isn't said to be the same isn't taken to be", async () => {
  const file = makeFile(KIB);
  const { path } = await searchOf(file);
  endpoint.answers.set(path, { items: [{ id: "another", sha256: "0".repeat(64), ...META }] });
  const upload = makeUploader(endpoint, { findDuplicates: true }).add(file, META);
  upload.start();
  expect(await reached(upload, "duplicate", "uploaded")).toMatchObject({ kind: "uploaded" });
});

test("nobody waits longer than 3 s for an answer", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  const asked = Promise.withResolvers<void>();
  const getToken = () => {
    asked.resolve();
    return "token";
  };
  // A GET whose answer never comes.
  endpoint.next("GET", { stallAfterBytes: 0 });
  const upload = makeUploader(endpoint, { findDuplicates: true, getToken }).add(makeFile(KIB), META);
  upload.start();
  await asked.promise;
  await vi.advanceTimersByTimeAsync(2_999);
  expect(upload.state.kind).toBe("hashing");
  await vi.advanceTimersByTimeAsync(1);
  await reached(upload, "uploaded");
});

test("a pause ends the search, and it is made again", async () => {
  const file = makeFile(KIB);
  await answerWith(file, { id: "here", ...META });
  const upload = makeUploader(endpoint, { findDuplicates: true }).add(file, META);
  upload.start();
  upload.pause();
  expect(upload.state.kind).toBe("paused");
  upload.resume();
  expect(await reached(upload, "duplicate", "uploaded")).toMatchObject({ kind: "duplicate" });
});
