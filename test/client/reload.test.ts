import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { ResumeStore } from "../../client/core/resume-store.ts";
import { memoryStorage, pickFiles } from "../../client/index.ts";
import { findPreviousOf } from "../../client/react/uploader/earlier.ts";
import { chooseFiles } from "../../client/react/uploader/picked.ts";
import { contentOf, KIB, makeFile, makeUploader, reached } from "./support/harness.ts";
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
  // The claim is given back a moment later.
  await expect.poll(() => makeUploader(endpoint, { storage }).findPrevious()).toHaveLength(1);
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
  const [unfinished] = await uploader.findPrevious();
  expect(unfinished).toMatchObject({ id: "file1", filename: "contract.pdf", sizeBytes: SIZE, ...META });
  // The server has not said so far that it has anything.
  expect(unfinished?.arrivedBytes).toBe(0);
  expect(await makeUploader(endpoint, { storage, userId: "bob" }).findPrevious()).toEqual([]);
  await unfinished?.discard();
  expect(await uploader.findPrevious()).toEqual([]);
  expect(endpoint.uploads.size).toBe(0);
});

test("what the server has dropped by now is forgotten, whoever's it was", async () => {
  const storage = await leaveUnfinished();
  const [point] = (await storage.list()) as { scope: object; startedAtMs: number }[];
  if (point === undefined) throw new Error("There is one.");
  const ofBob = (url: string, days: number) => ({
    ...{ ...point, url, scope: { ...point.scope, userId: "bob" } },
    startedAtMs: point.startedAtMs - days * 24 * 3_600_000,
  });
  await storage.set("dropped", ofBob("dropped", 7));
  await storage.set("there", ofBob("there", 5));
  expect(await makeUploader(endpoint, { storage }).findPrevious()).toHaveLength(1);
  expect(await Promise.all(["dropped", "there"].map((url) => storage.get(url)))).toMatchObject([
    undefined,
    { url: "there" },
  ]);
});

test.each([
  ["the browser's locks", () => {}],
  ["an uploader's own, where there are none", () => vi.stubGlobal("navigator", undefined)],
])(
  "the same file again waits for the one that is on its way, and goes on when that stops: by %s",
  async (_by, prepare) => {
    prepare();
    onTestFinished(() => void vi.unstubAllGlobals());
    const storage = memoryStorage();
    endpoint.next("PATCH", { stallAfterBytes: 30_000 });
    const uploader = makeUploader(endpoint, { storage });
    const first = uploader.add(makeFile(SIZE), META);
    first.start();
    await expect.poll(() => endpoint.uploads.get("file1")?.bytes.length).toBe(30_000);
    const second = uploader.add(makeFile(SIZE), META);
    expect(await uploader.findPrevious()).toEqual([]);
    second.start();
    await reached(second, "elsewhere");
    const sent = endpoint.seen.length;
    first.pause();
    await reached(second, "uploading");
    first.resume();
    await reached(first, "elsewhere", "uploaded");
    expect(await reached(second, "uploaded")).toMatchObject({ fileId: "file1" });
    expect(await reached(first, "uploaded")).toMatchObject({ fileId: "file1" });
    expect(endpoint.uploads.size).toBe(1);
    const patches = endpoint.seen.slice(sent).filter(({ method }) => method === "PATCH");
    expect(patches.reduce((sum, { contentLength }) => sum + Number(contentLength), 0)).toBe(SIZE - 30_000);
  },
);

test("what is cancelled where it is sent is cancelled where it is shown", async () => {
  endpoint.next("PATCH", { stallAfterBytes: 30_000 });
  const storage = memoryStorage();
  const added = [1, 2, 3].map(() => makeUploader(endpoint, { storage }).add(makeFile(SIZE), META));
  const [first, second, third] = added;
  first?.start();
  await expect.poll(() => endpoint.uploads.get("file1")?.bytes.length).toBe(30_000);
  second?.start();
  third?.start();
  if (first === undefined || second === undefined || third === undefined) throw new Error("There are three.");
  await Promise.all([reached(second, "elsewhere"), reached(third, "elsewhere")]);
  // Where it is only shown, nothing but the showing ends.
  await third.abort();
  expect([first.state.kind, endpoint.uploads.size]).toEqual(["uploading", 1]);
  await first.abort();
  await reached(second, "aborted");
  expect(endpoint.uploads.size).toBe(0);
});

test("a file that differs in the middle alone is not joined to what was sent of the other", async () => {
  const storage = memoryStorage();
  const MIB = 1024 * KIB;
  const before = makeFile(3 * MIB);
  const bytes = new Uint8Array(await before.arrayBuffer());
  bytes[100 * KIB] = 255;
  const after = new File([bytes], before.name, { type: before.type, lastModified: before.lastModified });
  const options = { storage, chunkSizeBytes: MIB };
  endpoint.next("PATCH", { stallAfterBytes: 500 * KIB });
  const left = makeUploader(endpoint, options);
  left.add(before, META).start();
  await expect.poll(() => endpoint.uploads.get("file1")?.bytes.length).toBe(500 * KIB);
  left.dispose();
  const other = makeUploader(endpoint, options).add(after, META);
  other.start();
  expect(await reached(other, "uploaded")).toMatchObject({ fileId: "file2" });
  expect(endpoint.uploads.get("file2")?.bytes.equals(await contentOf(after))).toBe(true);
  const same = makeUploader(endpoint, options).add(before, META);
  same.start();
  expect(await reached(same, "uploaded")).toMatchObject({ fileId: "file1" });
  expect(endpoint.uploads.get("file1")?.bytes.equals(await contentOf(before))).toBe(true);
});

test("starts anew when the server has forgotten the upload", async () => {
  const storage = await leaveUnfinished();
  endpoint.uploads.delete("file1");
  endpoint.uploads.set("another", { lengthBytes: 0, metadata: "", bytes: Buffer.alloc(0) });
  vi.stubGlobal("location", new URL("http://localhost/"));
  vi.stubGlobal("navigator", { onLine: true });
  onTestFinished(() => void vi.unstubAllGlobals());
  const told = vi.spyOn(console, "warn");
  const upload = makeUploader(endpoint, { storage }).add(makeFile(SIZE), META);
  upload.start();
  expect(await reached(upload, "uploaded")).toMatchObject({ fileId: "file2" });
  // A developer isn't told of it as of something that isn't the API.
  expect(told).not.toHaveBeenCalled();
});

test.each(["set", "list", "remove"])("a storage whose %s fails costs only the reload", async (method) => {
  const storage = { ...memoryStorage(), [method]: () => Promise.reject(new Error("broken")) };
  endpoint.next("PATCH", { cutAfterBytes: 30_000 });
  const upload = makeUploader(endpoint, { storage }).add(makeFile(SIZE), META);
  upload.start();
  expect(await reached(upload, "uploaded")).toMatchObject({ fileId: "file1" });
});

test("a storage that never answers is waited for once, and asked again when it has answered after all", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const answer = Promise.withResolvers<void>();
  const set = vi.fn<() => Promise<void>>(() => answer.promise);
  const scope = { endpoint: endpoint.url, tenantId: "acme", userId: "ann" };
  const store = new ResumeStore({ ...memoryStorage(), set }, scope);
  const covered = { bytes: 0, digest: "" };
  const file = { url: "u", scope, fingerprint: "f", filename: "a.pdf", sizeBytes: 1, meta: {} };
  let saves = 0;
  const save = async () => {
    await store.save({ ...file, startedAtMs: 0, covered });
    saves += 1;
  };
  void save();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(saves).toBe(1);
  void save();
  await vi.advanceTimersByTimeAsync(0);
  expect([saves, set.mock.calls.length]).toEqual([2, 1]);
  answer.resolve();
  await vi.advanceTimersByTimeAsync(0);
  await save();
  expect(set).toHaveBeenCalledTimes(2);
});

test("what is removed while the storage says nothing is when it answers, but for what another has finished by then", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const answer = Promise.withResolvers<void>();
  const kept = memoryStorage();
  const set = async (key: string, value: unknown) => {
    await answer.promise;
    await kept.set(key, value);
  };
  const scope = { endpoint: endpoint.url, tenantId: "acme", userId: "ann" };
  const store = new ResumeStore({ ...kept, set }, scope);
  const file = { scope, fingerprint: "f", filename: "a.pdf", sizeBytes: 1, meta: {} };
  const points = ["given-up", "finished", "kept"].map((url) => ({
    ...file,
    ...{ url, startedAtMs: Date.now(), covered: { bytes: 0, digest: "" } },
  }));
  expect(await store.isDone("given-up")).toBe(false);
  const saved = Promise.all(points.map((point) => store.save(point)));
  await vi.advanceTimersByTimeAsync(5_000);
  await saved;
  await Promise.all(["given-up", "finished"].map((url) => store.remove(url)));
  expect(await store.isDone("given-up")).toBeNull();
  Object.assign(points[1] ?? {}, { doneAtMs: Date.now() });
  answer.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect((await store.find("f")).map(({ url }) => url)).toEqual(["finished", "kept"]);
  expect(await store.isDone("given-up")).toBe(false);
});

const unreadable = { getFile: () => Promise.reject(new DOMException("gone", "NotFoundError")) };

test.each([
  ["nothing where the user picks none", "AbortError", []],
  ["left to an input where the browser won't let it", "SecurityError", undefined],
  ["left to an input where the click is too long ago", "NotAllowedError", undefined],
])("what is picked is %s", async (_what, name, picked) => {
  vi.stubGlobal("showOpenFilePicker", () => Promise.reject(new DOMException("", name)));
  onTestFinished(() => void vi.unstubAllGlobals());
  expect(await pickFiles()).toEqual(picked);
  expect((await chooseFiles(true)) === undefined).toBe(picked === undefined);
});

test("who clicks twice has one picker, and no input beside it", async () => {
  const picking = Promise.withResolvers<unknown[]>();
  const picker = vi.fn<() => Promise<unknown[]>>(() => picking.promise);
  vi.stubGlobal("showOpenFilePicker", picker);
  onTestFinished(() => void vi.unstubAllGlobals());
  const [first, second] = [chooseFiles(true), chooseFiles(true)];
  expect(await second).toEqual([]);
  picking.resolve([]);
  expect(await first).not.toBe(undefined);
  expect(picker).toHaveBeenCalledOnce();
});

test("a picked file that can't be read keeps none of the others, and isn't passed over in silence", async () => {
  const [a, b] = ["a.pdf", "b.pdf"].map((name) => ({ getFile: async () => makeFile(1, name) }));
  const picker = vi.fn<() => Promise<unknown[]>>(async () => [a, unreadable, b]);
  vi.stubGlobal("showOpenFilePicker", picker);
  onTestFinished(() => void vi.unstubAllGlobals());
  expect((await pickFiles())?.map(({ file }) => file.name)).toEqual(["a.pdf", "b.pdf"]);
  const chosen: string[] = [];
  const take = async () => {
    for await (const { file } of (await chooseFiles(true)) ?? []) chosen.push(file.name);
  };
  await expect(take()).rejects.toThrow("not all");
  expect(chosen).toEqual(["a.pdf", "b.pdf"]);
  picker.mockResolvedValue([unreadable]);
  await expect(pickFiles()).rejects.toMatchObject({ problem: { code: "FILE_UNREADABLE" } });
});

test("a picked file is matched by its content, whatever it is called now, and goes on; another's isn't", async () => {
  const storage = await leaveUnfinished();
  const uploader = makeUploader(endpoint, { storage });
  const renamed = new File([makeFile(SIZE)], "renamed.pdf", { lastModified: 5 });
  const zeros = new File([new Uint8Array(SIZE)], "contract.pdf", { lastModified: 1_700_000_000_000 });
  const matches = await uploader.match([zeros, makeFile(10), renamed, makeFile(SIZE)]);
  expect(matches.map(({ file }) => file)).toEqual([renamed]);
  expect(matches[0]?.previous).toMatchObject({ id: "file1", canResume: true });
  const upload = await matches[0]?.previous.resume();
  if (upload === undefined) throw new Error("There is one.");
  expect(await reached(upload, "uploaded")).toMatchObject({ fileId: "file1" });
  expect(upload.meta).toEqual(META);
  expect(endpoint.uploads.get("file1")?.bytes.equals(await contentOf(renamed))).toBe(true);
});

test("what is chosen again goes on by itself under its own name and folder alone", async () => {
  const storage = await leaveUnfinished();
  const uploader = makeUploader(endpoint, { storage });
  const earlier = await findPreviousOf(uploader, META);
  const renamed = new File([makeFile(SIZE)], "tuesday.pdf");
  expect(await earlier.resume({ file: renamed, folder: "" }, false)).toBe(false);
  expect(await earlier.resume({ file: makeFile(SIZE), folder: "north" }, false)).toBe(false);
  expect(await earlier.resume({ file: makeFile(SIZE), folder: "" }, false)).toBe(true);
});

test("what goes on and waits for its turn isn't of an earlier visit any more, nor to be discarded", async () => {
  const storage = await leaveUnfinished();
  const uploader = makeUploader(endpoint, { storage, maxConcurrent: 1 });
  const [previous] = await uploader.findPrevious();
  endpoint.next("PATCH", { stallAfterBytes: 1 });
  uploader.add(makeFile(10, "first.pdf")).start();
  await previous?.resume(makeFile(SIZE));
  expect(await uploader.findPrevious()).toEqual([]);
  await expect(previous?.discard()).rejects.toMatchObject({ problem: { code: "UPLOAD_ELSEWHERE" } });
  expect(endpoint.uploads.has("file1")).toBe(true);
});

test("without a handle the file has to be chosen again, and one that isn't the same begins anew", async () => {
  const storage = await leaveUnfinished();
  const [previous] = await makeUploader(endpoint, { storage }).findPrevious();
  expect(previous?.canResume).toBe(false);
  await expect(previous?.resume()).rejects.toMatchObject({ problem: { code: "FILE_NEEDED" } });
  const upload = await previous?.resume(new File([new Uint8Array(SIZE)], "contract.pdf"));
  if (upload === undefined) throw new Error("There is one.");
  expect(await reached(upload, "uploaded")).toMatchObject({ fileId: "file2" });
  expect(endpoint.uploads.get("file1")?.bytes.length).toBe(30_000);
});

test("what another sends can't be discarded", async () => {
  const storage = await leaveUnfinished();
  const uploader = makeUploader(endpoint, { storage });
  const [previous] = await uploader.findPrevious();
  endpoint.next("PATCH", { stallAfterBytes: 10_000 });
  makeUploader(endpoint, { storage }).add(makeFile(SIZE), META).start();
  await expect.poll(() => endpoint.uploads.get("file1")?.bytes.length).toBe(40_000);
  expect((await storage.list())[0]).toMatchObject({ arrivedBytes: 30_000 });
  await expect(previous?.discard()).rejects.toMatchObject({ problem: { code: "UPLOAD_ELSEWHERE" } });
  expect(endpoint.uploads.has("file1")).toBe(true);
});

test("uploads of other devices are listed, and can be deleted alone", async () => {
  const storage = await leaveUnfinished();
  const record = {
    filename: "a.pdf",
    sizeBytes: 7,
    createdAt: "2026-11-12T09:30:00Z",
    entityType: null,
    entityId: null,
  };
  const items = ["file1", "elsewhere"].map((id) => ({ id, ...record }));
  endpoint.answers.set("/v1/files?state=uploading&scope=own&limit=200", { items, nextCursor: null });
  endpoint.uploads.set("elsewhere", { lengthBytes: 7, metadata: "", bytes: Buffer.alloc(0) });
  const found = await makeUploader(endpoint, { storage }).findOnOtherDevices();
  expect(found).toMatchObject([{ id: "elsewhere", filename: "a.pdf", sizeBytes: 7, entityType: undefined }]);
  await found[0]?.discard();
  expect([...endpoint.uploads.keys()]).toEqual(["file1"]);
});
