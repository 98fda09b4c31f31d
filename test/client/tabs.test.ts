import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { memoryStorage, type Upload, type UploadStorage } from "../../client/index.ts";
import { contentOf, KIB, makeFile, makeUploader, reached } from "./support/harness.ts";
import { startTusEndpoint, type TusEndpoint } from "./support/tus-endpoint.ts";

const MIB = 1024 * KIB;
const SIZE = 200 * KIB;
let endpoint: TusEndpoint;

beforeEach(async () => {
  endpoint = await startTusEndpoint();
});

afterEach(() => endpoint.close());

/** A scan that differs from another's in the middle of its second MiB alone. */
function makeScan(middle: number): File {
  const bytes = new Uint8Array(2 * MIB).fill(middle, 1.1 * MIB, 1.9 * MIB);
  return new File([bytes], "scan.pdf", { type: "application/pdf", lastModified: 1 });
}

const forgetful: UploadStorage = {
  get: async () => undefined,
  set: async () => {},
  remove: async () => {},
  list: async () => [],
};

function storedBytes(id = "file1"): number | undefined {
  return endpoint.uploads.get(id)?.bytes.length;
}

/** The same file added in as many tabs; the first has sent 30,000 bytes, and the others wait for it. */
async function openTabs(count: number) {
  const storage = memoryStorage();
  const uploaders = Array.from({ length: count }, () => makeUploader(endpoint, { storage }));
  const uploads = uploaders.map((uploader) => uploader.add(makeFile(SIZE)));
  endpoint.next("PATCH", { stallAfterBytes: 30_000 });
  for (const [index, upload] of uploads.entries()) {
    upload.start();
    if (index === 0) await expect.poll(() => storedBytes()).toBe(30_000);
    else await reached(upload, "elsewhere");
  }
  return { storage, uploaders, uploads: uploads as [Upload, Upload] };
}

test.each([
  ["one storage", memoryStorage()],
  ["a storage that keeps nothing", forgetful],
])("what another file was sent to meanwhile isn't gone on with: by %s", async (_by, storage) => {
  const options = { storage, chunkSizeBytes: MIB };
  const [scan, other] = [makeScan(1), makeScan(2)];
  const [first, second] = [scan, other].map((file) => makeUploader(endpoint, options).add(file)) as [
    Upload,
    Upload,
  ];
  endpoint.next("PATCH", { stallAfterBytes: 600 * KIB });
  first.start();
  await expect.poll(() => storedBytes()).toBe(600 * KIB);
  second.start();
  await reached(second, "elsewhere");
  endpoint.next("PATCH", { stallAfterBytes: 1000 * KIB });
  // Their first MiB is the same: the second goes on with it.
  first.pause();
  await expect.poll(() => storedBytes()).toBe(1600 * KIB);
  second.pause();
  first.resume();
  expect(await reached(first, "uploaded")).toMatchObject({ fileId: "file2" });
  expect(endpoint.uploads.get("file2")?.bytes.equals(await contentOf(scan))).toBe(true);
  second.resume();
  expect(await reached(second, "uploaded")).toMatchObject({ fileId: "file1" });
  expect(endpoint.uploads.get("file1")?.bytes.equals(await contentOf(other))).toBe(true);
});

test("the same content in two folders is two files", async () => {
  const uploader = makeUploader(endpoint);
  const uploads = ["north", "south"].map((folder) => uploader.add(makeFile(10), { folder }));
  for (const upload of uploads) upload.start();
  await Promise.all(uploads.map((upload) => reached(upload, "uploaded")));
  expect(endpoint.uploads.size).toBe(2);
});

test("cancelling what was paused leaves what another tab sends on", async () => {
  const { uploads } = await openTabs(2);
  const [first, second] = uploads;
  endpoint.next("PATCH", { stallAfterBytes: 10_000 });
  first.pause();
  await expect.poll(() => storedBytes()).toBe(40_000);
  await first.abort();
  expect([first.state.kind, second.state.kind, storedBytes()]).toEqual(["aborted", "uploading", 40_000]);
  second.pause();
});

test("cancelling what was only shown here, and then paused, leaves the sender's", async () => {
  const { uploads } = await openTabs(2);
  const [first, second] = uploads;
  second.pause();
  await second.abort();
  expect([first.state.kind, second.state.kind, storedBytes()]).toEqual(["uploading", "aborted", 30_000]);
  first.pause();
});

test("what another tab finished meanwhile is uploaded here too, and isn't deleted by cancelling", async () => {
  const { storage, uploaders, uploads } = await openTabs(3);
  const [first, second, third] = uploads as [Upload, Upload, Upload?];
  first.pause();
  await reached(second, "uploaded");
  third?.pause();
  const sent = endpoint.seen.length;
  first.resume();
  expect(await reached(first, "uploaded")).toMatchObject({ fileId: "file1" });
  expect(endpoint.seen.slice(sent).map(({ method }) => method)).toEqual(["HEAD"]);
  expect(await uploaders[0]?.findPrevious()).toEqual([]);
  await third?.abort();
  expect(endpoint.uploads.size).toBe(1);
  // The same file once more is another file.
  const again = makeUploader(endpoint, { storage }).add(makeFile(SIZE));
  again.start();
  expect(await reached(again, "uploaded")).toMatchObject({ fileId: "file2" });
});

test("where the browser refuses its locks and has no channels, files are sent all the same", async () => {
  const refuse = () => Promise.reject(new DOMException("denied", "SecurityError"));
  vi.stubGlobal("navigator", { locks: { request: refuse, query: refuse } });
  vi.stubGlobal("BroadcastChannel", undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  const uploader = makeUploader(endpoint);
  const upload = uploader.add(makeFile(10));
  upload.start();
  await reached(upload, "uploaded");
  expect(await uploader.findPrevious()).toEqual([]);
});

/** A storage that writes when it is let. */
function slowStorage() {
  const kept = memoryStorage();
  const writing = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  const storage: UploadStorage = {
    ...kept,
    async set(key, value) {
      writing.resolve();
      await written.promise;
      await kept.set(key, value);
    },
  };
  return { kept, writing: writing.promise, written, storage };
}

test("what is cancelled while its resume point is written leaves none", async () => {
  const { kept, writing, written, storage } = slowStorage();
  const upload = makeUploader(endpoint, { storage }).add(makeFile(10));
  upload.start();
  await writing;
  const over = upload.abort();
  written.resolve();
  await over;
  expect(await kept.list()).toEqual([]);
  expect(endpoint.uploads.size).toBe(0);
});

test("what is cancelled while the storage says nothing leaves no resume point, and may be a file of another tab's", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { kept, writing, written, storage } = slowStorage();
  const upload = makeUploader(endpoint, { storage }).add(makeFile(10));
  upload.start();
  await writing;
  const over = upload.abort();
  await vi.advanceTimersByTimeAsync(5_000);
  await vi.advanceTimersByTimeAsync(10);
  await over;
  written.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(await kept.list()).toEqual([]);
  expect(endpoint.seen.map(({ method }) => method)).toEqual(["POST"]);
});

test("what is paused while it is created is found by resuming", async () => {
  const upload = makeUploader(endpoint).add(makeFile(10));
  vi.spyOn(endpoint.uploads, "set").mockImplementationOnce((id, stored) => {
    // The server has it, and hasn't answered yet.
    upload.pause();
    upload.resume();
    return endpoint.uploads.set(id, stored);
  });
  upload.start();
  expect(await reached(upload, "uploaded")).toMatchObject({ fileId: "file1" });
  expect(endpoint.uploads.size).toBe(1);
});
