import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import { createFileStore } from "../../../client/react/files/file-store.ts";
import type { FilesApi } from "../../../client/react/files/files-api.ts";
import { Refresher } from "../../../client/react/files/refresher.ts";
import { manyFiles } from "./files/stored-files.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A list of the server's, which answers after a while, and what it was asked. */
function startList(count: number, delayMs: number) {
  const server = { files: manyFiles(count) as unknown as FileRecord[], lists: 0, gets: 0 };
  const wait = () => new Promise((resolve) => setTimeout(resolve, delayMs));
  const api: Pick<FilesApi, "get" | "list"> = {
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
      if (file === undefined) throw new Error("no such file");
      return file;
    },
  };
  return { server, store: createFileStore(api as FilesApi, {}) };
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

const idsOf = (files: readonly FileRecord[]) => files.map(({ id }) => id);
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
