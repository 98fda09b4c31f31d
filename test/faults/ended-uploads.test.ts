import { beforeEach, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { fileIdOf, headOffset, newCaller } from "../support/api.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { appendAt, begin } from "../support/ietf.ts";

const TEXT = "All that there is.";
const DAY_MS = 24 * 3_600_000;

const stack = useFaultyStack();
let caller: Caller;
beforeEach(async () => {
  caller = await newCaller({ stack });
});

const objects = () => stack.listKeys(`t/${caller.tenantId}/`);

/** An upload whose last append is taken over while the store has no answer for it: that attempt may land yet. */
async function giveAttemptUp(): Promise<string> {
  const location = await begin(caller);
  await stack.control({ plan: { operation: "put", faults: [{ kind: "hold" }] } });
  const appending = appendAt(caller, location, 0, TEXT, { "upload-complete": "?1" });
  await expect.poll(async () => (await stack.control({})).held, { interval: 20, timeout: 10_000 }).toBe(1);
  expect(await headOffset(caller, location)).toBe(TEXT.length);
  await appending;
  expect(await objects()).toEqual([]);
  return location;
}

const terminate = (location: string) => caller.fetch(location, { method: "DELETE" });

test("what a given-up attempt has stored goes with an upload that ends", async () => {
  const location = await giveAttemptUp();
  await stack.control({ release: true });
  expect(await objects()).toHaveLength(1);
  expect((await terminate(location)).status).toBe(204);
  expect(await objects()).toEqual([]);
});

test("what it stores after the end goes when the upload is forgotten", async () => {
  const location = await giveAttemptUp();
  expect((await terminate(location)).status).toBe(204);
  await stack.control({ release: true });
  expect(await objects()).toHaveLength(1);
  const ringAlarm = { tenantId: caller.tenantId, fileId: fileIdOf(location) };
  // A bucket that fails is asked again.
  await stack.control({ plan: { operation: "list", faults: [{ kind: "fail" }] } });
  await stack.control({ clockAheadMs: DAY_MS, ringAlarm });
  expect(await objects()).toHaveLength(1);
  expect((await stack.control({ alarmOf: ringAlarm })).alarmAtMs).toBeGreaterThan(0);
  await stack.control({ clockAheadMs: DAY_MS + 60_000, ringAlarm });
  expect(await objects()).toEqual([]);
  // Nothing is left of the object either, which an alarm would wake.
  expect((await stack.control({ alarmOf: ringAlarm })).alarmAtMs).toBeNull();
});

test("an end that fails is tried again, each time after a longer wait", async () => {
  const location = await begin(caller);
  const faults = Array.from({ length: 5 }, () => ({ kind: "fail" }) as const);
  await stack.control({ plan: { operation: "list", faults } });
  expect((await terminate(location)).status).toBe(503);
  const ringAlarm = { tenantId: caller.tenantId, fileId: fileIdOf(location) };
  const waits: number[] = [];
  let clockAheadMs = 0;
  for (let tries = 1; tries < faults.length; tries += 1) {
    const { alarmAtMs } = await stack.control({ alarmOf: ringAlarm });
    const waitMs = (alarmAtMs ?? 0) - (Date.now() + clockAheadMs);
    waits.push(Math.ceil(waitMs / 60_000));
    clockAheadMs += waitMs + 1_000;
    await stack.control({ clockAheadMs, ringAlarm });
  }
  expect(waits).toEqual([1, 2, 4, 5]);
  clockAheadMs += 6 * 60_000;
  await stack.control({ clockAheadMs, ringAlarm });
  expect((await stack.control({ inspect: ringAlarm })).rows).toMatchObject({ phase: "terminated" });
  const { alarmAtMs } = await stack.control({ alarmOf: ringAlarm });
  expect(alarmAtMs).toBeGreaterThan(Date.now() + clockAheadMs + DAY_MS / 2);
});
