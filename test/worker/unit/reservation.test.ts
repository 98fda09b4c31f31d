import { expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import { Reservation } from "../../../worker/uploads/state/reservation.ts";
import type { UploadState } from "../../../worker/uploads/state/upload-state.ts";

/** The least that anything counts. */
const U = MINIMUM_CHARGE_BYTES;
const STEP = 64 * 1024 * 1024;
const MAX = 100 * 1024 * 1024;

/**
 * A reservation of so much, of which everything that is asked for is granted, and what was asked.
 * @param lostAnswers how many times nobody hears that something was given back
 */
function reservationOf(reservedBytes: number | null, lostAnswers = 0) {
  let leftToLose = lostAnswers;
  const state = { maxBytes: MAX, reservedBytes } as UploadState;
  const asked: unknown[] = [];
  const store = {
    state,
    requireState: () => state,
    note: (change: Partial<UploadState>) => void Object.assign(state, change),
    update: (change: Partial<UploadState>) => Object.assign(state, change),
  };
  const reservation = new Reservation(store, {
    extend: async (_ref, { atLeastBytes, atMostBytes }) => {
      asked.push([atLeastBytes, atMostBytes]);
      return atMostBytes;
    },
    reduce: async (_ref, fromBytes, toBytes) => {
      asked.push(`${fromBytes} → ${toBytes}`);
      leftToLose -= 1;
      if (leftToLose >= 0) throw new Error("The answer was lost.");
    },
  });
  return { reservation, asked };
}

test.each([
  [10, 0, []],
  [10, 10, []],
  [10, 11, [[11, STEP]]],
  [10, STEP, [[STEP, STEP]]],
  [STEP, STEP, []],
  [STEP, STEP + 1, [[STEP + 1, MAX]]],
  [STEP, MAX, [[MAX, MAX]]],
  [null, MAX, []],
])("with %s bytes reserved, room for %d is made by %j", async (reservedBytes, endBytes, expected) => {
  const { reservation, asked } = reservationOf(reservedBytes);
  await reservation.cover(endBytes);
  expect(asked).toEqual(expected);
  // What was granted isn't asked for again.
  await reservation.cover(endBytes);
  expect(asked).toEqual(expected);
});

test.each([
  [10, 10, false, []],
  [10, 11, false, [[11, 11]]],
  [10, 11, true, [[11, 11]]],
  [10, 9, false, []],
  [U + 2, U + 1, false, [`${U + 2} → ${U + 1}`]],
  [U + 2, U + 1, true, []],
  [U + 2, 9, false, [`${U + 2} → ${U}`]],
  [U, 9, false, []],
  [null, 9, false, []],
])(
  "with %s bytes reserved, a length of %d, all brought: %s, asks for %j",
  async (reserved, length, isAll, expected) => {
    const { reservation, asked } = reservationOf(reserved);
    await reservation.settle(length, isAll);
    expect(asked).toEqual(expected);
  },
);

test("what may have been given back isn't counted on, also when nobody heard of it", async () => {
  const { reservation, asked } = reservationOf(10 * U, 1);
  await reservation.settle(3 * U, false);
  await reservation.cover(4 * U);
  expect(asked).toEqual([`${10 * U} → ${3 * U}`, [4 * U, STEP]]);
});

test("what nobody heard that it was given back is given back again, until somebody does", async () => {
  const { reservation, asked } = reservationOf(10 * U, 2);
  await reservation.giveBack();
  expect(asked).toEqual([]);
  await reservation.settle(3 * U, false);
  await reservation.giveBack();
  expect(asked).toEqual([`${10 * U} → ${3 * U}`, `${10 * U} → ${3 * U}`]);
  await reservation.giveBack();
  await reservation.giveBack();
  expect(asked).toEqual([`${10 * U} → ${3 * U}`, `${10 * U} → ${3 * U}`, `${10 * U} → ${3 * U}`]);
});

test("a still shorter length is given back from where it began", async () => {
  const { reservation, asked } = reservationOf(10 * U, 1);
  await reservation.settle(5 * U, false);
  await reservation.settle(3 * U, false);
  await reservation.giveBack();
  expect(asked).toEqual([`${10 * U} → ${5 * U}`, `${10 * U} → ${3 * U}`]);
});

test("what was reserved again isn't given back any more", async () => {
  const { reservation, asked } = reservationOf(10 * U, 1);
  await reservation.settle(3 * U, false);
  await reservation.cover(4 * U);
  await reservation.giveBack();
  expect(asked).toEqual([`${10 * U} → ${3 * U}`, [4 * U, STEP]]);
});
