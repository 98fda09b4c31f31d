import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import type { FileId } from "#contract/ids.ts";
import type { BulkInput } from "#contract/inputs.ts";
import { ApiError, parseProblem } from "../../../client/core/problem.ts";
import { createFileStore } from "../../../client/react/files/file-store.ts";
import type { FilesApi } from "../../../client/react/files/files-api.ts";
import { Refresher } from "../../../client/react/files/refresher.ts";
import { onceASecond } from "../../../client/react/once-a-second.ts";
import { manyFiles } from "./files/stored-files.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A list of the server's, which answers after a while, and what it was asked. */
function startList(count: number, delayMs: number) {
  const all = manyFiles(count) as unknown as FileRecord[];
  const server = { files: all, lists: 0, gets: 0, changeMs: 0 };
  const wait = () => new Promise((resolve) => setTimeout(resolve, delayMs));
  const changes: BulkInput[] = [];
  const api: Pick<FilesApi, "get" | "list" | "change"> = {
    async list({ limit = 50, cursor } = {}) {
      server.lists += 1;
      const start = cursor === undefined ? 0 : server.files.findIndex(({ id }) => id === cursor) + 1;
      const items = server.files.slice(start, start + limit);
      const nextCursor = start + limit < server.files.length ? (items.at(-1)?.id ?? null) : null;
      await wait();
      return { items, nextCursor };
    },
    async get(id) {
      server.gets += 1;
      const file = server.files.find((each) => each.id === id);
      await wait();
      if (file === undefined) throw new ApiError(parseProblem(404, ""));
      return file;
    },
    /** By default done at once, and answered so. */
    async change(input) {
      changes.push(input);
      if (server.changeMs > 0) await new Promise((resolve) => setTimeout(resolve, server.changeMs));
      const others = server.files.filter(({ id }) => !input.fileIds.includes(id));
      const restored = input.action === "restore" ? all.filter(({ id }) => input.fileIds.includes(id)) : [];
      server.files = [...restored, ...others];
      return input.fileIds.map((fileId) => ({ fileId: fileId as FileId, ok: true }));
    },
  };
  return { server, changes, store: createFileStore(api as FilesApi, {}) };
}

/** The list with so many pages loaded. */
async function loadPages(count: number, delayMs: number, pages: number) {
  const list = startList(count, delayMs);
  list.store.open();
  await vi.advanceTimersByTimeAsync(delayMs);
  for (let page = 1; page < pages; page += 1) {
    void list.store.loadMore();
    await vi.advanceTimersByTimeAsync(delayMs);
  }
  return list;
}

const idsOf = (files: readonly FileRecord[]): readonly string[] => files.map(({ id }) => id);
const newFiles = (count: number) =>
  manyFiles(count).map((file) => ({ ...file, id: `new ${file.id}` })) as unknown as FileRecord[];

test.each([
  ["ten come", (files: FileRecord[]) => [...newFiles(10), ...files], 510],
  ["ten go", (files: FileRecord[]) => files.slice(10), 490],
  [
    "one comes to the page's last place",
    (files: FileRecord[]) => files.toSpliced(199, 0, ...newFiles(1)),
    501,
  ],
  ["more come than a page has", (files: FileRecord[]) => [...newFiles(250), ...files], 200],
])("a list whose beginning is asked for anew has all that it had when %s", async (_, change, shown) => {
  const { server, store } = await loadPages(1_000, 1, 3);
  expect(store.state.files).toHaveLength(500);
  server.files = change(server.files);
  void store.refresh();
  await vi.advanceTimersByTimeAsync(1);
  expect(idsOf(store.state.files)).toEqual(idsOf(server.files.slice(0, shown)));
  void store.loadMore();
  await vi.advanceTimersByTimeAsync(1);
  expect(idsOf(store.state.files)).toEqual(idsOf(server.files.slice(0, shown + 200)));
});

test("what happens all the time is shown once a second", async () => {
  const { server, store } = await loadPages(150, 300, 1);
  const refresher = new Refresher(store, new AbortController().signal);
  let shown = 0;
  let last = store.state.files;
  store.subscribe(() => {
    if (store.state.files !== last) shown += 1;
    last = store.state.files;
  });
  server.lists = 0;
  for (let ms = 0; ms < 5_200; ms += 100) {
    void store.refresh();
    refresher.list();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(shown).toBeGreaterThan(12);
  expect(server.lists).toBeLessThan(20);
  await vi.advanceTimersByTimeAsync(3_000);
  server.lists = 0;
  shown = 0;
  for (let ms = 0; ms < 5_000; ms += 100) {
    refresher.list();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect([shown, server.lists]).toEqual([4, 4]);
});

test("many changes are asked for by one list, few by their files, and what is gone by nothing", async () => {
  const { server, store } = await loadPages(150, 10, 1);
  const life = new AbortController();
  const refresher = new Refresher(store, life.signal);
  server.lists = 0;
  for (const { id } of server.files.slice(0, 100)) refresher.changed(id);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(server).toMatchObject({ gets: 1, lists: 1 });
  for (const id of ["m1", "m2", "m1", "m2", "m2"]) refresher.changed(id);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(server).toMatchObject({ gets: 4, lists: 1 });
  for (const { id } of server.files.slice(0, 50)) refresher.gone(id);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(server).toMatchObject({ gets: 4, lists: 1 });
  expect(idsOf(store.state.files)).toEqual(idsOf(server.files.slice(50, 100)));
  life.abort();
  refresher.list();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(server.lists).toBe(1);
});

test("what is gone doesn't come back by an answer that was on its way", async () => {
  const { server, store } = await loadPages(20, 300, 1);
  void store.refresh();
  await vi.advanceTimersByTimeAsync(100);
  const [first] = server.files.splice(0, 1);
  store.drop(new Set([first?.id ?? ""]));
  await vi.advanceTimersByTimeAsync(600);
  expect(idsOf(store.state.files)).toEqual(idsOf(server.files));
});

test("what was deleted isn't shown again by an answer that was on its way, and never for a moment", async () => {
  const { server, store } = await loadPages(20, 300, 1);
  let wasBack = false;
  void store.refresh();
  await vi.advanceTimersByTimeAsync(100);
  await store.take("delete", ["m3"]);
  store.subscribe(() => {
    wasBack ||= idsOf(store.state.files).includes("m3");
  });
  await vi.advanceTimersByTimeAsync(900);
  expect([wasBack, idsOf(store.state.files)]).toEqual([false, idsOf(server.files)]);
  // From then on the server is believed again.
  server.files = [...newFiles(1), ...(manyFiles(4) as unknown as FileRecord[])];
  void store.refresh();
  await vi.advanceTimersByTimeAsync(300);
  expect(idsOf(store.state.files)).toContain("m3");
});

test("what is behind the last that was shown comes when all of that is deleted", async () => {
  const { server, store } = await loadPages(150, 1, 1);
  await store.take("delete", idsOf(store.state.files));
  await vi.advanceTimersByTimeAsync(10);
  expect(idsOf(store.state.files)).toEqual(idsOf(server.files));
  expect(server.files).toHaveLength(50);
});

test("what is behind the last that was shown comes when that one isn't there any more", async () => {
  const { server, store } = await loadPages(150, 1, 1);
  const [last = "", ...others] = idsOf(store.state.files);
  store.drop(new Set(others));
  server.files = server.files.slice(100);
  void store.update(last);
  await vi.advanceTimersByTimeAsync(10);
  expect(idsOf(store.state.files)).toEqual(idsOf(server.files));
});

test("what is deleted, put back and deleted again stays away, whatever is answered meanwhile", async () => {
  const { server, store } = await loadPages(20, 300, 1);
  void store.refresh();
  await vi.advanceTimersByTimeAsync(100);
  await store.take("delete", ["m3"]);
  await store.putBack(["m3"]);
  server.changeMs = 300;
  void store.take("delete", ["m3"]);
  // The first list is answered, and the one that is asked for by then has it still.
  await vi.advanceTimersByTimeAsync(900);
  expect(idsOf(server.files)).not.toContain("m3");
  expect(idsOf(store.state.files)).toEqual(idsOf(server.files));
});

test("what is put back is there, also after an answer that was asked for before it was done", async () => {
  const { server, store } = await loadPages(20, 100, 1);
  await store.take("delete", ["m3"]);
  server.changeMs = 300;
  const isDone = store.putBack(["m3"]);
  void store.refresh();
  await vi.advanceTimersByTimeAsync(600);
  await isDone;
  expect(idsOf(store.state.files)).toEqual(idsOf(server.files));
  expect(idsOf(store.state.files)).toContain("m3");
});

test("what is put back stands there once, where somebody else's restoring has listed it by then", async () => {
  const { server, store } = await loadPages(20, 100, 1);
  const before = server.files;
  await store.take("delete", ["m3"]);
  server.files = before;
  void store.refresh();
  await vi.advanceTimersByTimeAsync(100);
  void store.putBack(["m3"]);
  expect(idsOf(store.state.files)).toEqual(idsOf(before));
});

test("only what is in the trash is deleted for good", async () => {
  const { changes, store } = await loadPages(3, 1, 1);
  await store.take("purge", ["m1"]);
  await store.take("delete", ["m2"]);
  expect(changes).toEqual([
    { action: "purge", fileIds: ["m1"], onlyTrash: true },
    { action: "delete", fileIds: ["m2"] },
  ]);
});

test("what happens again and again leaves nothing behind where it is asked when to end", async () => {
  const life = new AbortController();
  const listen = vi.spyOn(life.signal, "addEventListener");
  const ask = onceASecond(async () => {}, life.signal);
  for (let second = 0; second < 5; second += 1) {
    ask();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(listen).toHaveBeenCalledTimes(1);
  ask();
  life.abort();
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
});
