import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { newFileId, UserId } from "#contract/ids.ts";
import type { LiveFact } from "#contract/live.ts";
import { KEPT_MS, LiveStore, MAX_KEPT } from "../../../worker/live/live-store.ts";

const NOW_MS = Date.UTC(2026, 10, 27);

/** An object's storage, as far as a channel needs it. */
function newStorage(): DurableObjectStorage {
  const database = new DatabaseSync(":memory:");
  onTestFinished(() => database.close());
  const exec = (query: string, ...values: (string | number)[]) => {
    const found = database.prepare(query).all(...values);
    return { toArray: () => found, one: () => found[0] };
  };
  const deleteAll = async () => database.exec("DROP TABLE events; DROP TABLE standing; DROP TABLE listeners");
  const transactionSync = (change: () => void) => change();
  return { sql: { exec }, transactionSync, deleteAll } as unknown as DurableObjectStorage;
}

const ready = (): LiveFact => ({ type: "file.ready", data: { fileId: newFileId(), version: 1 } });
const progress: LiveFact = {
  type: "upload.progress",
  data: { fileId: newFileId(), version: 1, offsetBytes: 1, lengthBytes: null },
};

test("nothing is kept until somebody listens, and all of it from then on", () => {
  const storage = newStorage();
  const store = new LiveStore(storage);
  expect(store.append([ready()], NOW_MS)).toEqual([]);
  expect(new LiveStore(storage).isHeard).toBe(false);
  store.hear(NOW_MS);
  const begun = store.last;
  const told = [...store.append([ready(), ready()], NOW_MS), ...store.append([progress, ready()], NOW_MS)];
  const kept = told.filter(({ type }) => type === "file.ready");
  expect(kept.map(({ sequence }) => sequence - begun)).toEqual([1, 2, 3]);
  // Progress says where whoever hears it is.
  expect(told[2]).toMatchObject({ type: "upload.progress", sequence: begun + 2 });
  for (const each of [store, new LiveStore(storage)]) {
    expect(each.since(begun)).toEqual(kept);
    expect(each.since(begun + 2)).toEqual(kept.slice(2));
    expect(each.since(begun + 3)).toEqual([]);
    expect(each.since(begun - 1)).toBeUndefined();
    expect(each.since(begun + 4)).toBeUndefined();
  }
});

test("of more than is kept the oldest go, and who missed those is told so", () => {
  const store = new LiveStore(newStorage());
  store.hear(NOW_MS);
  const told = Array.from({ length: 3 * MAX_KEPT }, () => store.append([ready()], NOW_MS)).flat();
  expect(store.since(told.at(-MAX_KEPT)?.sequence ?? 0)).toHaveLength(MAX_KEPT - 1);
  expect(store.since(told[0]?.sequence ?? 0)).toBeUndefined();
});

test("what is old goes, and sequences rise though all was forgotten", async () => {
  const storage = newStorage();
  const store = new LiveStore(storage);
  store.hear(NOW_MS);
  const [old] = store.append([ready()], NOW_MS);
  const [newer] = store.append([ready()], NOW_MS + KEPT_MS);
  store.pruneOld(NOW_MS + KEPT_MS);
  expect(store.since(old?.sequence ?? 0)).toEqual([newer]);
  expect(store.since((old?.sequence ?? 0) - 1)).toBeUndefined();
  await store.forget();
  expect(new LiveStore(storage).isHeard).toBe(false);
  store.hear(NOW_MS + 2 * KEPT_MS);
  expect(store.last).toBeGreaterThan(newer?.sequence ?? 0);
  expect(store.since(newer?.sequence ?? 0)).toBeUndefined();
});

test("a user may be told what they miss from where they first listened, as long as that is known", () => {
  const store = new LiveStore(newStorage());
  const [ann, bob] = [UserId.parse("ann"), UserId.parse("bob")];
  const anns = store.listen(ann, NOW_MS);
  store.append([ready()], NOW_MS);
  const bobs = store.listen(bob, NOW_MS);
  expect(bobs).toBeGreaterThan(anns);
  store.append([ready()], NOW_MS);
  const laterMs = NOW_MS + 2 * KEPT_MS - 1;
  expect([store.listen(ann, laterMs), store.listen(bob, laterMs)]).toEqual([anns, bobs]);
  store.pruneOld(laterMs + 2 * KEPT_MS - 1);
  expect(store.listen(ann, laterMs + 2 * KEPT_MS - 1)).toBe(anns);
  expect(store.listen(bob, laterMs + 2 * KEPT_MS)).toBe(store.last);
});
