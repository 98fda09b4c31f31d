import { afterEach, beforeEach, expect, test } from "vitest";
import { contentOf, KIB, makeFile, makeUploader, memoryStorage, reached } from "./support/harness.ts";
import { startTusEndpoint, type TusEndpoint } from "./support/tus-endpoint.ts";

const SIZE = 200 * KIB;
const META = { entityType: "contact", entityId: "c-1" };
let endpoint: TusEndpoint;

beforeEach(async () => {
  endpoint = await startTusEndpoint();
});

afterEach(() => endpoint.close());

/** Leaves an upload of 30,000 bytes behind, as a closed tab does. */
async function leaveUnfinished(storage = memoryStorage()) {
  endpoint.next("PATCH", { stallAfterBytes: 30_000 });
  const uploader = makeUploader(endpoint, { storage });
  uploader.add(makeFile(SIZE), META).start();
  await expect.poll(() => endpoint.uploads.get("file1")?.bytes.length).toBe(30_000);
  uploader.dispose();
  return storage;
}

test("the same file goes on after a reload", async () => {
  const storage = await leaveUnfinished();
  const file = makeFile(SIZE);
  const upload = makeUploader(endpoint, { storage }).add(file, META);
  upload.start();
  expect(await reached(upload, "uploaded")).toMatchObject({ fileId: "file1" });
  expect(endpoint.seen.filter((r) => r.method === "PATCH")[1]?.offset).toBe("30000");
  expect(endpoint.uploads.get("file1")?.bytes.equals(await contentOf(file))).toBe(true);
  expect(await makeUploader(endpoint, { storage }).findPrevious()).toEqual([]);
});

test.each([
  ["tenant", { tenantId: "globex" }, META, makeFile(SIZE)],
  ["user", { userId: "bob" }, META, makeFile(SIZE)],
  ["entity", {}, { ...META, entityId: "c-2" }, makeFile(SIZE)],
  [
    "content",
    {},
    META,
    new File([new Uint8Array(SIZE)], "contract.pdf", { lastModified: 1_700_000_000_000 }),
  ],
  ["name", {}, META, makeFile(SIZE, "other.pdf")],
])("another %s starts an upload of its own", async (_what, options, meta, file) => {
  const storage = await leaveUnfinished();
  const upload = makeUploader(endpoint, { storage, ...options }).add(file, meta);
  upload.start();
  expect(await reached(upload, "uploaded")).toMatchObject({ fileId: "file2" });
});

test("lists what is unfinished to its user only, and discards it", async () => {
  const storage = await leaveUnfinished();
  const uploader = makeUploader(endpoint, { storage });
  await expect.poll(() => uploader.findPrevious()).toHaveLength(1);
  const [unfinished] = await uploader.findPrevious();
  expect(unfinished).toMatchObject({ id: "file1", filename: "contract.pdf", sizeBytes: SIZE, ...META });
  expect(await makeUploader(endpoint, { storage, userId: "bob" }).findPrevious()).toEqual([]);
  await unfinished?.discard();
  expect(await uploader.findPrevious()).toEqual([]);
  expect(endpoint.uploads.size).toBe(0);
});

test("an upload that is on its way is not listed, and the same file again doesn't disturb it", async () => {
  const storage = memoryStorage();
  endpoint.next("PATCH", { stallAfterBytes: 30_000 });
  const uploader = makeUploader(endpoint, { storage });
  const first = uploader.add(makeFile(SIZE), META);
  first.start();
  await expect.poll(() => endpoint.uploads.get("file1")?.bytes.length).toBe(30_000);
  const second = makeUploader(endpoint, { storage }).add(makeFile(SIZE), META);
  expect(await uploader.findPrevious()).toEqual([]);
  second.start();
  expect(await reached(second, "uploaded")).toMatchObject({ fileId: "file2" });
  first.pause();
  first.resume();
  expect(await reached(first, "uploaded")).toMatchObject({ fileId: "file1" });
});

test("starts anew when the server has forgotten the upload", async () => {
  const storage = await leaveUnfinished();
  endpoint.uploads.delete("file1");
  endpoint.uploads.set("another", { lengthBytes: 0, metadata: "", bytes: Buffer.alloc(0) });
  const upload = makeUploader(endpoint, { storage }).add(makeFile(SIZE), META);
  upload.start();
  expect(await reached(upload, "uploaded")).toMatchObject({ fileId: "file2" });
});

test("a storage that takes nothing costs only the reload", async () => {
  const storage = { ...memoryStorage(), addUpload: () => Promise.reject(new Error("full")) };
  endpoint.next("PATCH", { cutAfterBytes: 30_000 });
  const upload = makeUploader(endpoint, { storage }).add(makeFile(SIZE), META);
  upload.start();
  expect(await reached(upload, "uploaded")).toMatchObject({ fileId: "file1" });
});
