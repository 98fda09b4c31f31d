import { expect, test } from "vitest";
import { splitPieces } from "../../../worker/uploads/object-parts.ts";
import { choosePartSize, MAX_FILE_BYTES } from "../../../worker/uploads/part-size.ts";
import { nextSlabBytes, SLAB_BYTES, SlabBudget } from "../../../worker/uploads/slabs.ts";

const MIB = 1024 * 1024;

test.each([
  ["an append that suits", 6 * MIB, 100 * MIB, 6 * MIB],
  ["the least that suits", 5 * MIB, 100 * MIB, 5 * MIB],
  ["less than that", 5 * MIB - 1, 100 * MIB, 8 * MIB],
  ["the most that suits", 16 * MIB, 100 * MIB, 16 * MIB],
  ["more than that", 16 * MIB + 1, 100 * MIB, 8 * MIB],
  ["an append of unknown size", null, 100 * MIB, 8 * MIB],
  ["no length yet", 6 * MIB, null, 6 * MIB],
  ["a file too large for the append's size", 5 * MIB, 9_000 * 5 * MIB + 1, 8 * MIB],
  ["a file too large for 8 MiB", null, 9_000 * 8 * MIB + 1, 9 * MIB],
  ["the largest file", null, MAX_FILE_BYTES, 16 * MIB],
])("part size: %s", (_what, appendBytes, lengthBytes, expected) => {
  expect(choosePartSize(appendBytes, lengthBytes)).toBe(expected);
});

test.each([
  [[], 4, []],
  [[3], 4, [[3]]],
  [[4], 4, [[4]]],
  [[5], 4, [[4], [1]]],
  [[1, 2, 3, 4], 4, [[1, 2, 1], [2, 2], [2]]],
  [[9], 4, [[4], [4], [1]]],
])("pieces of %j bytes by %d", (sizes, by, expected) => {
  let next = 0;
  const pieces = sizes.map((size) => Uint8Array.from({ length: size }, () => next++));
  const bodies = splitPieces(pieces, by);
  expect(bodies.map((body) => body.pieces.map((piece) => piece.byteLength))).toEqual(expected);
  expect(bodies.flatMap((body) => body.pieces.flatMap((piece) => [...piece]))).toEqual([
    ...Array(next).keys(),
  ]);
});

test("a budget gives no more than it has, and the next in line gets what comes back", async () => {
  const budget = new SlabBudget(2 * SLAB_BYTES, 10_000);
  const first = await budget.take(SLAB_BYTES);
  await budget.take(SLAB_BYTES);
  const order: string[] = [];
  const third = budget.take(SLAB_BYTES).then(() => order.push("third"));
  const fourth = budget.take(1).then(() => order.push("fourth"));
  expect(budget.takenBytes).toBe(2 * SLAB_BYTES);
  budget.give([first], true);
  await third;
  // The small one came later: it may not overtake, and there is no room now.
  expect(order).toEqual(["third"]);
  budget.give([new Uint8Array(1)], true);
  await fourth;
  expect(order).toEqual(["third", "fourth"]);
});

test("who waits too long for memory is told to come again", async () => {
  const budget = new SlabBudget(SLAB_BYTES, 5);
  const held = await budget.take(SLAB_BYTES);
  await expect(budget.take(1)).rejects.toMatchObject({
    code: "UPLOAD_BUSY",
    headers: { "Retry-After": "2" },
  });
  budget.give([held], true);
  expect((await budget.take(1)).byteLength).toBe(1);
});

test.each([
  ["the first is small", 0, 100 * MIB, MIB],
  ["the second is too", MIB, 100 * MIB, MIB],
  ["then they double", 2 * MIB, 100 * MIB, 2 * MIB],
  ["to a limit", 16 * MIB, 100 * MIB, 4 * MIB],
  ["and no more than can come", 4 * MIB, 1000, 1000],
])("slabs of a part: %s", (_what, filledBytes, expectedBytes, slabBytes) => {
  expect(nextSlabBytes(filledBytes, expectedBytes)).toBe(slabBytes);
});

test("memory that comes back is used again", async () => {
  const budget = new SlabBudget(8 * SLAB_BYTES);
  const first = await budget.take(2 * SLAB_BYTES);
  budget.give([first], true);
  expect(await budget.take(2 * SLAB_BYTES)).toBe(first);
  budget.give([first], false);
  expect(await budget.take(2 * SLAB_BYTES)).not.toBe(first);
});
