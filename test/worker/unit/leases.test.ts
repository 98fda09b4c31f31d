import { expect, test, vi } from "vitest";
import { r2Store } from "../../../worker/storage/r2.ts";
import { PartBuffer } from "../../../worker/uploads/writing/part-buffer.ts";
import {
  FIRST_BYTES,
  FULL_BYTES,
  MIDDLE_BYTES,
  ReadingBuffers,
} from "../../../worker/uploads/writing/reading-buffers.ts";
import type { Slab } from "../../../worker/uploads/writing/slabs.ts";
import { SlabBudget, SMALL_BYTES } from "../../../worker/uploads/writing/slabs.ts";
import { joinBodies } from "../../../worker/uploads/writing/store-body.ts";
import { LEASE_MS } from "../../../worker/uploads/writing/times.ts";

const MIB = 1024 * 1024;

/** A budget of 2 MiB with a clock that is set by hand. Nobody's own timer fires in the course of a test. */
function makeBudget({ smallLimitBytes = 0 } = {}) {
  const clock = { nowMs: 1_000 };
  const budget = new SlabBudget({
    limitBytes: 2 * MIB,
    smallLimitBytes,
    waitLimitMs: 60_000,
    now: () => clock.nowMs,
  });
  return { clock, budget };
}

function taken(slab: Slab | undefined): Slab {
  if (slab === undefined) throw new Error("There was no memory.");
  return slab;
}

test("a slab that nobody gives back is taken back when its time is over, and not before", () => {
  const { clock, budget } = makeBudget();
  budget.tryTake(2 * MIB);
  clock.nowMs += LEASE_MS - 1;
  expect(budget.tryTake(2 * MIB)).toBeUndefined();
  clock.nowMs += 1;
  expect(budget.tryTake(2 * MIB)).toBeDefined();
});

test("a slab whose holder is at work stays its own", () => {
  const { clock, budget } = makeBudget();
  const buffer = new PartBuffer(budget);
  buffer.tryGrow(2 * MIB);
  clock.nowMs += LEASE_MS - 1;
  buffer.renew();
  clock.nowMs += LEASE_MS - 1;
  expect(budget.tryTake(MIB)).toBeUndefined();
});

test("a slab that is given back when it was taken back already gives nothing, and is nobody's again", () => {
  const { clock, budget } = makeBudget();
  const late = taken(budget.tryTake(MIB));
  clock.nowMs += LEASE_MS;
  budget.tryTake(2 * MIB);
  budget.give([late]);
  expect(budget.takenBytes).toBe(2 * MIB);
  clock.nowMs += LEASE_MS;
  expect([budget.tryTake(MIB), budget.tryTake(MIB)].map((slab) => slab === late)).toEqual([false, false]);
});

test("a slab that is given back twice is counted once", () => {
  const { budget } = makeBudget();
  const slab = taken(budget.tryTake(MIB));
  budget.tryTake(MIB);
  budget.give([slab]);
  budget.give([slab]);
  expect(budget.takenBytes).toBe(MIB);
});

test("somebody in line whose time is over, and who is gone, keeps nobody waiting", async () => {
  const { clock, budget } = makeBudget();
  const held = taken(budget.tryTake(MIB));
  // As a reset object leaves it: its timer doesn't fire, and nothing comes of what it is given.
  const gone = budget.take(2 * MIB);
  expect(budget.tryTake(MIB)).toBeUndefined();
  expect(budget.isWanted).toBe(true);
  clock.nowMs += 60_000;
  expect(budget.isWanted).toBe(false);
  expect(budget.tryTake(MIB)).toBeDefined();
  expect(await gone).toBeUndefined();
  budget.give([held]);
});

test("what somebody in line was given, and who is gone, is soon another's", async () => {
  const { clock, budget } = makeBudget();
  const held = taken(budget.tryTake(2 * MIB));
  const goneWhenServed = budget.take(2 * MIB);
  budget.give([held]);
  // Its object was reset in between: that it picks its slab up is what comes after this.
  clock.nowMs += 10_000;
  expect(budget.tryTake(2 * MIB)).toBeDefined();
  await goneWhenServed;
});

test("who picks up what it was given in line has it for as long as others", async () => {
  const { clock, budget } = makeBudget();
  const held = taken(budget.tryTake(2 * MIB));
  const waiting = budget.take(2 * MIB);
  budget.give([held]);
  expect(await waiting).toBeDefined();
  clock.nowMs += LEASE_MS - 1;
  expect(budget.tryTake(MIB)).toBeUndefined();
});

test("who is in line gets what was taken back when anybody comes by", async () => {
  const { clock, budget } = makeBudget();
  budget.tryTake(2 * MIB);
  const other = budget.takeRegardless(1);
  clock.nowMs += LEASE_MS - 1;
  budget.renew([other]);
  const waiting = budget.take(2 * MIB);
  clock.nowMs += 1;
  budget.give([other]);
  expect((await waiting)?.byteLength).toBe(2 * MIB);
});

test("small slabs have a budget of their own: they neither wait in line nor take from whole parts", () => {
  const { budget } = makeBudget({ smallLimitBytes: 2 * SMALL_BYTES });
  budget.tryTake(2 * MIB);
  void budget.take(2 * MIB);
  expect(budget.tryTake(SMALL_BYTES)).toBeDefined();
  const last = taken(budget.tryTake(SMALL_BYTES));
  expect(budget.tryTake(1)).toBeUndefined();
  budget.give([last]);
  expect(budget.tryTake(SMALL_BYTES)).toBeDefined();
  expect(budget.tryTake(SMALL_BYTES + 1)).toBeUndefined();
});

test("small slabs of a reset object come back too", () => {
  const { clock, budget } = makeBudget({ smallLimitBytes: SMALL_BYTES });
  budget.tryTake(2 * MIB);
  budget.tryTake(SMALL_BYTES);
  clock.nowMs += LEASE_MS - 1;
  expect(budget.tryTake(1)).toBeUndefined();
  clock.nowMs += 1;
  expect(budget.tryTake(SMALL_BYTES)).toBeDefined();
});

test("the bytes of a store that was given up count until it lets go of them", () => {
  const { budget } = makeBudget();
  const buffer = new PartBuffer(budget);
  buffer.tryGrow(2 * MIB);
  const body = joinBodies([{ pieces: [], sizeBytes: 0 }, buffer.body()]);
  const letGoes = [body.hold?.(), body.hold?.()];
  buffer.release();
  expect(budget.takenBytes).toBe(2 * MIB);
  letGoes[0]?.();
  expect(budget.takenBytes).toBe(2 * MIB);
  letGoes[1]?.();
  expect(budget.takenBytes).toBe(0);
});

test("the bytes of a store that never lets go count for as long as a slab is lent", () => {
  const { clock, budget } = makeBudget();
  const buffer = new PartBuffer(budget);
  buffer.tryGrow(2 * MIB);
  clock.nowMs += LEASE_MS - 1;
  buffer.body().hold?.();
  buffer.release();
  clock.nowMs += LEASE_MS - 1;
  expect(budget.tryTake(MIB)).toBeUndefined();
  clock.nowMs += 1;
  expect(budget.tryTake(MIB)).toBeDefined();
});

test("reading buffers are small at first, and never more than their budget but for as good as nothing", () => {
  const clock = { nowMs: 0 };
  const limitBytes = FULL_BYTES + 2 * FIRST_BYTES;
  const buffers = new ReadingBuffers(limitBytes, () => clock.nowMs, 0);
  const [first, second, third] = [{}, {}, {}];
  const small = buffers.take(first);
  expect(small.byteLength).toBe(FIRST_BYTES);
  expect(buffers.grow(first, small).byteLength).toBe(FULL_BYTES);
  const other = buffers.take(second);
  expect(buffers.grow(second, other).byteLength).toBe(FIRST_BYTES);
  buffers.take(third);
  expect(buffers.residentBytes).toBe(limitBytes);
  expect(buffers.take({}).byteLength).toBeLessThanOrEqual(1024);
  // The first reader's object was reset; the others are there.
  clock.nowMs += LEASE_MS - 1;
  buffers.renew(second);
  buffers.renew(third);
  clock.nowMs += 1;
  expect(buffers.grow(second, other).byteLength).toBe(FULL_BYTES);
});

test("who comes when others have all the full reading buffers gets a middle one, as far as there is room for those", () => {
  const limitBytes = FULL_BYTES + FIRST_BYTES;
  const buffers = new ReadingBuffers(limitBytes, () => 0, MIDDLE_BYTES);
  const [first, second, third] = [{}, {}, {}];
  expect(buffers.grow(first, buffers.take(first)).byteLength).toBe(FULL_BYTES);
  expect(buffers.grow(second, buffers.take(second)).byteLength).toBe(MIDDLE_BYTES);
  expect(buffers.grow(third, buffers.take(third)).byteLength).toBeLessThan(MIDDLE_BYTES);
  expect(buffers.residentBytes).toBeLessThanOrEqual(limitBytes + MIDDLE_BYTES);
});

test("reading buffers that come back are used again, and count while they are kept", () => {
  const buffers = new ReadingBuffers(FULL_BYTES + FIRST_BYTES);
  const reader = {};
  const full = buffers.grow(reader, buffers.take(reader));
  buffers.give(reader, full);
  buffers.give(reader, full);
  expect(buffers.residentBytes).toBe(FULL_BYTES + FIRST_BYTES);
  expect(buffers.grow(reader, buffers.take(reader))).toBe(full);
  buffers.give(reader, full);
  for (let taken = 0; taken < 3; taken += 1) buffers.take({});
  expect(buffers.residentBytes).toBeLessThanOrEqual(FULL_BYTES + FIRST_BYTES);
});

test("a store says that it has let go of the bytes of a call when that has settled, however long nobody waits for it", async () => {
  vi.useFakeTimers();
  try {
    const { promise, resolve } = Promise.withResolvers<{ readonly etag: string; readonly size: number }>();
    const objects = r2Store({ put: () => promise } as unknown as R2Bucket);
    const { clock, budget } = makeBudget();
    const buffer = new PartBuffer(budget);
    buffer.tryGrow(2 * MIB);
    const put = objects.put("key", buffer.body(), "text/plain");
    const refusal = put.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await refusal).toMatchObject({ code: "STORE_UNAVAILABLE" });
    buffer.release();
    clock.nowMs += 60_000;
    expect(budget.tryTake(MIB)).toBeUndefined();
    resolve({ etag: "etag", size: 0 });
    await vi.advanceTimersByTimeAsync(0);
    expect(budget.tryTake(MIB)).toBeDefined();
  } finally {
    vi.useRealTimers();
  }
});

test("by the time that a store has answered, it has let go", async () => {
  const objects = r2Store({ put: async () => ({ etag: "etag", size: 1 }) } as unknown as R2Bucket);
  const { budget } = makeBudget();
  const buffer = new PartBuffer(budget);
  buffer.tryGrow(2 * MIB);
  await objects.put("key", buffer.body(), "text/plain");
  buffer.release();
  expect(budget.takenBytes).toBe(0);
});
