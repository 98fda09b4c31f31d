import { expect, test, vi } from "vitest";
import { checkLength } from "../../../worker/uploads/state/append-length.ts";
import { rowSpans } from "../../../worker/uploads/state/byte-rows.ts";
import type { UploadState } from "../../../worker/uploads/state/upload-state.ts";
import type { UploadStore } from "../../../worker/uploads/state/upload-store.ts";
import type { AppendRequest } from "../../../worker/uploads/writing/append.ts";
import { PartAssembly } from "../../../worker/uploads/writing/part-assembly.ts";
import { PartBuffer } from "../../../worker/uploads/writing/part-buffer.ts";
import { choosePartSize, MAX_FILE_BYTES, mostBytesOf } from "../../../worker/uploads/writing/part-size.ts";
import { SlabBudget } from "../../../worker/uploads/writing/slabs.ts";
import { SLOW_PART_MS } from "../../../worker/uploads/writing/times.ts";

const MIB = 1024 * 1024;

test.each([
  ["an append that suits", 6 * MIB, 100 * MIB, 6 * MIB],
  ["the least that suits", 5 * MIB, 100 * MIB, 5 * MIB],
  ["less than that", 5 * MIB - 1, 100 * MIB, 8 * MIB],
  ["the most that suits", 16 * MIB, 100 * MIB, 16 * MIB],
  ["more than that", 16 * MIB + 1, 100 * MIB, 8 * MIB],
  ["an append of unknown size", null, 100 * MIB, 8 * MIB],
  ["a limit too large for the append's size, and no length yet", 5 * MIB, 100_000 * MIB, 12 * MIB],
  ["a file too large for the append's size", 5 * MIB, 9_000 * 5 * MIB + 1, 8 * MIB],
  ["a file too large for 8 MiB", null, 9_000 * 8 * MIB + 1, 9 * MIB],
  ["the largest file", null, MAX_FILE_BYTES, 16 * MIB],
])("part size: %s", (_what, appendBytes, lengthBytes, expected) => {
  expect(choosePartSize(appendBytes, lengthBytes)).toBe(expected);
});

test.each([
  ["nothing of nothing", [], 0, 0, []],
  ["a row", [3], 0, 3, [[1, 0, 3]]],
  ["the end of a row", [5], 4, 5, [[1, 4, 5]]],
  [
    "across rows",
    [1, 2, 3, 4],
    2,
    7,
    [
      [2, 1, 2],
      [3, 0, 3],
      [4, 0, 1],
    ],
  ],
  ["from a row's beginning", [4, 4], 4, 8, [[2, 0, 4]]],
  ["no further than there is", [4], 2, 100, [[1, 2, 4]]],
])("bytes of rows: %s", (_what, sizes, from, to, expected) => {
  const rows = sizes.map((sizeBytes, index) => ({ seq: index + 1, sizeBytes }));
  expect(rowSpans(rows, from, to).map((span) => [span.seq, span.from, span.to])).toEqual(expected);
});

test("a budget gives no more than it has, and the next in line gets what comes back", async () => {
  const budget = new SlabBudget({ limitBytes: 2 * MIB, smallLimitBytes: 0, waitLimitMs: 10_000 });
  const first = await budget.take(MIB);
  const second = await budget.take(MIB);
  const order: string[] = [];
  const third = budget.take(MIB).then(() => order.push("third"));
  const fourth = budget.take(1).then(() => order.push("fourth"));
  expect(budget.takenBytes).toBe(2 * MIB);
  if (first !== undefined) budget.give([first]);
  await third;
  // The small one came later: it may not overtake, and there is no room now.
  expect(order).toEqual(["third"]);
  if (second !== undefined) budget.give([second]);
  await fourth;
  expect(order).toEqual(["third", "fourth"]);
});

test("who waits too long for memory goes without, and keeps nobody behind it waiting", async () => {
  const budget = new SlabBudget({ limitBytes: 2 * MIB, smallLimitBytes: 0, waitLimitMs: 5 });
  const held = await budget.take(MIB);
  expect(await budget.take(2 * MIB)).toBeUndefined();
  expect(budget.isWanted).toBe(false);
  if (held !== undefined) budget.give([held]);
  expect((await budget.take(2 * MIB))?.byteLength).toBe(2 * MIB);
});

test("who has no time waits for memory no more", async () => {
  const budget = new SlabBudget({ limitBytes: MIB, smallLimitBytes: 0, waitLimitMs: 60_000 });
  budget.tryTake(MIB);
  expect(await budget.take(1, Promise.resolve())).toBeUndefined();
  expect(budget.isWanted).toBe(false);
});

test("a buffer takes what there is memory for, and gives all of it back", async () => {
  const budget = new SlabBudget({ limitBytes: 2 * MIB, smallLimitBytes: 0, waitLimitMs: 5 });
  const buffer = new PartBuffer(budget);
  const bytes = Uint8Array.from({ length: MIB + 1000 }, (_, index) => index);
  expect(buffer.fill(bytes)).toBe(0);
  expect(buffer.tryGrow(MIB)).toBe(true);
  expect(buffer.fill(bytes)).toBe(MIB);
  expect(await buffer.grow(1000)).toBe(true);
  expect(buffer.fill(bytes.subarray(MIB))).toBe(1000);
  expect(buffer.tryGrow(MIB)).toBe(false);
  expect(await buffer.grow(MIB)).toBe(false);
  buffer.keepByte(Uint8Array.of(7));
  const { pieces, sizeBytes } = buffer.body();
  expect([...pieces].flatMap((piece) => [...piece])).toEqual([...bytes, 7]);
  expect(sizeBytes).toBe(bytes.byteLength + 1);
  buffer.release();
  expect(budget.takenBytes).toBe(0);
  expect(buffer.body()).toMatchObject({ pieces: [], sizeBytes: 0 });
});

test("a part that fills for long is in the way of those who wait for memory, and no other is", async () => {
  vi.useFakeTimers();
  try {
    const slabs = new SlabBudget({ limitBytes: MIB, smallLimitBytes: 0, waitLimitMs: 60_000 });
    const store = { tail: { sizeBytes: 0 } } as unknown as UploadStore;
    const assembly = new PartAssembly({
      ...{ store, slabs, partSizeBytes: MIB, holdsBack: false },
      fence: () => {},
    });
    assembly.tryGrow(MIB);
    assembly.fill(new Uint8Array(1_000));
    const waiting = slabs.take(MIB);
    vi.advanceTimersByTime(SLOW_PART_MS);
    expect(assembly.isInTheWay).toBe(false);
    vi.advanceTimersByTime(1);
    expect(assembly.isInTheWay).toBe(true);
    assembly.release();
    expect(await waiting).toBeDefined();
    expect(assembly.isInTheWay).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});

test("a buffer that begins small goes on in one piece of a usual size", () => {
  const budget = new SlabBudget();
  const buffer = new PartBuffer(budget);
  const bytes = Uint8Array.from({ length: 17_000 }, (_, index) => index);
  buffer.tryGrow(16_384);
  buffer.fill(bytes);
  expect(buffer.tryGrow(MIB - 16_384)).toBe(true);
  expect(budget.takenBytes).toBe(MIB);
  expect(buffer.roomBytes).toBe(MIB - 16_384);
  buffer.fill(bytes.subarray(16_384));
  expect([...buffer.body().pieces].map((piece) => piece.byteLength)).toEqual([17_000]);
  expect([...buffer.body().pieces].flatMap((piece) => [...piece])).toEqual([...bytes]);
  buffer.release();
  expect(budget.takenBytes).toBe(0);
  expect(budget.residentBytes).toBe(MIB);
});

test("memory that comes back is used again", async () => {
  const budget = new SlabBudget({ limitBytes: 8 * MIB });
  const first = budget.tryTake(2 * MIB) ?? new Uint8Array();
  budget.give([first]);
  expect(budget.tryTake(2 * MIB)).toBe(first);
});

test("what is kept makes room for other sizes: there is never more than the budget in memory", () => {
  const budget = new SlabBudget({ limitBytes: 8 * MIB });
  const small = [budget.tryTake(3 * MIB), budget.tryTake(5 * MIB)].filter((slab) => slab !== undefined);
  budget.give(small);
  expect(budget.residentBytes).toBe(8 * MIB);
  // Whoever goes first makes enough room: the one of 3 MiB, and then the one of 5 too.
  budget.tryTake(4 * MIB);
  expect(budget.residentBytes).toBe(4 * MIB);
  expect(small.map(({ byteLength }) => byteLength)).toEqual([0, 0]);
  budget.tryTake(4 * MIB);
  expect(budget.residentBytes).toBe(8 * MIB);
});

const GIB = 1024 * MIB;

test.each([
  ["before the size of its parts is settled", null, 100 * GIB, 100 * GIB],
  ["with parts that hold its limit", 16 * MIB, 100 * GIB, 100 * GIB],
  ["with parts that don't", 5 * MIB, 100 * GIB, 9_000 * 5 * MIB],
])("the most that an upload may become %s", (_what, partSizeBytes, maxBytes, expected) => {
  expect(mostBytesOf({ maxBytes, partSizeBytes })).toBe(expected);
});

/** An upload without a length, whose first append had 5 MiB. */
const LENGTHLESS = {
  lengthBytes: null,
  maxBytes: 100 * GIB,
  partSizeBytes: 5 * MIB,
} as unknown as UploadState;
const MOST = 9_000 * 5 * MIB;

function appendOf(told: Partial<AppendRequest>): AppendRequest {
  return { bodyBytes: 5 * MIB, completion: "at-length", ...told } as unknown as AppendRequest;
}

test("an upload without a length is refused what its parts can't hold, and told why", () => {
  const { offset, append } = { offset: MOST - 5 * MIB, append: appendOf({}) };
  expect(() => checkLength(LENGTHLESS, offset, append)).not.toThrow();
  const refusal = { code: "FILE_TOO_LARGE", detail: expect.stringContaining(String(MOST)) };
  expect(() => checkLength(LENGTHLESS, offset + 1, append)).toThrow(expect.objectContaining(refusal));
});

test("… and so is a length that is told late", () => {
  expect(() => checkLength(LENGTHLESS, 0, appendOf({ lengthBytes: MOST }))).not.toThrow();
  const refusal = { code: "FILE_TOO_LARGE", detail: expect.stringContaining(String(MOST)) };
  expect(() => checkLength(LENGTHLESS, 0, appendOf({ lengthBytes: MOST + 1 }))).toThrow(
    expect.objectContaining(refusal),
  );
});
