import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ObjectReader } from "../../../worker/storage/object-store.ts";
import { copySources, sniffSources } from "../../../worker/uploads/joining/copy-sources.ts";
import type { UploadState } from "../../../worker/uploads/state/upload-state.ts";
import type { UploadStore } from "../../../worker/uploads/state/upload-store.ts";
import { BodySource } from "../../../worker/uploads/writing/body-source.ts";
import type { ObjectParts } from "../../../worker/uploads/writing/object-parts.ts";
import { SlabBudget } from "../../../worker/uploads/writing/slabs.ts";
import { CLIENT_SILENCE_MS } from "../../../worker/uploads/writing/times.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A body whose bytes come when they are sent. */
function makeBody() {
  const { promise, resolve } = Promise.withResolvers<ReadableByteStreamController>();
  const body = new ReadableStream({ type: "bytes", start: (controller) => resolve(controller) });
  const send = async (sizeBytes: number): Promise<void> => (await promise).enqueue(new Uint8Array(sizeBytes));
  const end = async (): Promise<void> => {
    const controller = await promise;
    controller.close();
    controller.byobRequest?.respond(0);
  };
  return { body, send, end };
}

test("a client that sends nothing for a minute and a half is cut, one that sends a byte in time isn't", async () => {
  const { body, send } = makeBody();
  const source = new BodySource(body);
  const first = source.read();
  await vi.advanceTimersByTimeAsync(CLIENT_SILENCE_MS - 1_000);
  await send(1);
  expect(await first).toMatchObject({ kind: "bytes" });
  const second = source.read();
  await vi.advanceTimersByTimeAsync(CLIENT_SILENCE_MS - 1_000);
  expect([source.wasCut, source.wasSilent]).toEqual([false, false]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await second).toEqual({ kind: "cut" });
  expect([source.wasCut, source.wasSilent]).toEqual([true, true]);
  expect(CLIENT_SILENCE_MS).toBeGreaterThanOrEqual(60_000);
  expect(CLIENT_SILENCE_MS).toBeLessThanOrEqual(120_000);
});

test("the time that bytes take to be dealt with isn't the client's silence", async () => {
  const { body, send, end } = makeBody();
  const source = new BodySource(body);
  await send(1);
  await source.read();
  await vi.advanceTimersByTimeAsync(2 * CLIENT_SILENCE_MS);
  await end();
  expect(await source.read()).toEqual({ kind: "end" });
  expect(source.wasCut).toBe(false);
});

test("a body that has ended isn't cut by whoever comes for its upload then", async () => {
  const { body, end } = makeBody();
  const source = new BodySource(body);
  await end();
  expect(await source.read()).toEqual({ kind: "end" });
  source.cutWhenIdle();
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(source.wasCut).toBe(false);
});

const PART_BYTES = 1_000;

/** A final upload of one partial, as far as copying looks at it. */
function makeCopy(partCount: number, failures: number) {
  const lengthBytes = partCount * PART_BYTES;
  const source = { fileId: "partial", objectKey: "key", etag: "etag", sizeBytes: lengthBytes };
  let state = {
    sources: [source],
    lengthBytes,
    partSizeBytes: PART_BYTES,
    failures,
  } as unknown as UploadState;
  const rows = { sizeBytes: 0, body: () => ({ pieces: [], sizeBytes: 0 }), clear() {}, append() {} };
  const failuresAtParts: number[] = [];
  const store = {
    tail: rows,
    held: rows,
    offsetBytes: 0,
    requireState: () => state,
    transaction: (change: () => void) => change(),
    update: (change: Partial<UploadState>) => {
      state = { ...state, ...change };
    },
  } as unknown as UploadStore;
  const parts = {
    sendPart: async () => {
      failuresAtParts.push(state.failures);
      return { partNumber: 1, etag: "etag", sizeBytes: PART_BYTES };
    },
    sendRest: async () => ({ kind: "parts", parts: [] }),
    commitParts() {},
    commitRest() {},
    numberAhead() {},
    storeOverlongTail: async () => {},
  } as unknown as ObjectParts;
  const stored = makeBody();
  const objects = { get: async () => ({ body: stored.body }) } as unknown as ObjectReader;
  const done = vi.fn<() => void>();
  const options = { store, parts, objects, slabs: new SlabBudget(), now: () => 0 };
  const copying = copySources(options, Number.MAX_SAFE_INTEGER, done);
  copying.catch(() => {});
  return { copying, stored, done, failuresAtParts };
}

test("a store that is silent for some seconds in the midst of a copy is waited for", async () => {
  const { copying, stored, done } = makeCopy(1, 0);
  await stored.send(PART_BYTES / 2);
  await vi.advanceTimersByTimeAsync(14_000);
  await stored.send(PART_BYTES / 2);
  await stored.end();
  await copying;
  expect(done).toHaveBeenCalledOnce();
});

test("a store that is silent for longer is a copy's failure", async () => {
  const { copying, stored, done } = makeCopy(1, 0);
  await stored.send(PART_BYTES / 2);
  await vi.advanceTimersByTimeAsync(16_000);
  await expect(copying).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(done).not.toHaveBeenCalled();
});

test("a store that is silent before the first bytes are there, which are looked at, isn't waited for any longer", async () => {
  const stored = makeBody();
  const objects = { get: async () => ({ body: stored.body }) } as unknown as ObjectReader;
  const sources = [{ fileId: "partial", objectKey: "key", etag: "etag", sizeBytes: 10 }] as never;
  const sniff = vi.fn<() => Promise<undefined>>();
  const sniffing = sniffSources({ objects, sniff }, { sources, declaredType: "text/plain" });
  sniffing.catch(() => {});
  await stored.send(9);
  await vi.advanceTimersByTimeAsync(16_000);
  await expect(sniffing).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(sniff).not.toHaveBeenCalled();
});

test("a copy that gets on has not failed before", async () => {
  const { copying, stored, failuresAtParts } = makeCopy(3, 5);
  for (let sent = 0; sent < 3; sent += 1) await stored.send(PART_BYTES);
  await stored.end();
  await vi.advanceTimersByTimeAsync(1_000);
  await copying;
  expect(failuresAtParts).toEqual([5, 0]);
});
