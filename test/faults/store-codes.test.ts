import { beforeEach, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { append, createUpload, fileIdOf, headOffset, newCaller, readProblem, TUS } from "../support/api.ts";
import type { Fault, Operation } from "../support/faulty/faults.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { textOf } from "../support/tus.ts";

const PART = 5 * 1024 * 1024;
/** A file of one put, and one of two parts. */
const SMALL = 1_000;
const LARGE = PART + SMALL;

const stack = useFaultyStack();
let caller: Caller;
beforeEach(async () => {
  caller = await newCaller({ stack });
});

function refuse(operation: Operation, code: number) {
  const faults: readonly Fault[] = [{ kind: "refuse", code }];
  return stack.control({ plan: { operation, faults } });
}

/** Sends a file whose last append meets a bucket that refuses one call; returns the answer to that append. */
async function finishRefused(operation: Operation, code: number, sizeBytes: number) {
  const bytes = textOf(sizeBytes);
  const location = await createUpload(caller, sizeBytes);
  const before = sizeBytes - SMALL;
  if (before > 0) expect((await append(caller, location, 0, bytes.subarray(0, before))).status).toBe(204);
  await refuse(operation, code);
  return { location, answer: await append(caller, location, before, bytes.subarray(before)) };
}

// Codes of https://developers.cloudflare.com/r2/api/error-codes/ that say that no other try can succeed.
test.each([
  ["complete", 10025, LARGE],
  ["complete", 10048, LARGE],
  ["complete", 10011, LARGE],
  ["uploadPart", 10024, LARGE],
  ["put", 10020, SMALL],
  ["put", 100100, SMALL],
] as const)("%s refused for good (%d) ends the upload, and says why", async (operation, code, sizeBytes) => {
  const { location, answer } = await finishRefused(operation, code, sizeBytes);
  const problem = { status: 410, code: "UPLOAD_LOST", detail: expect.any(String) };
  expect(await readProblem(answer)).toMatchObject(problem);
  const asked = await caller.fetch(location, { method: "HEAD", headers: TUS });
  expect(asked.status).toBe(410);
  const left =
    "SELECT 1 FROM quota_reservations WHERE tenant_id = ? UNION SELECT 1 FROM files WHERE tenant_id = ?";
  expect(await stack.query(left, caller.tenantId, caller.tenantId)).toEqual([]);
  expect(await stack.listKeys(`t/${caller.tenantId}/`)).toEqual([]);
});

/** The store knows no such parts: a completion before may have taken them, whose object comes when it comes. */
const UNKNOWN: Fault = { kind: "refuse", code: 10024 };
const MINUTES_MS = 11 * 60_000;

test("parts that a store doesn't know once, nor their object, may be there at the next look", async () => {
  const { location, answer } = await finishRefused("complete", 10024, LARGE);
  expect(answer.status).toBe(204);
  const sent = async () => (await stack.control({})).sentJobs.map(({ fileId }) => fileId);
  await expect.poll(sent, { interval: 20, timeout: 20_000 }).toContain(fileIdOf(location));
});

test("parts that a store hasn't known for minutes, at look after look, are lost", async () => {
  const faults = Array.from({ length: 20 }, () => UNKNOWN);
  const bytes = textOf(LARGE);
  const location = await createUpload(caller, LARGE);
  expect((await append(caller, location, 0, bytes.subarray(0, PART))).status).toBe(204);
  await stack.control({ plan: { operation: "complete", faults } });
  expect((await append(caller, location, PART, bytes.subarray(PART))).status).toBe(204);
  const statusOf = async () => (await caller.fetch(location, { method: "HEAD", headers: TUS })).status;
  expect(await statusOf()).toBe(200);
  const ringAlarm = { tenantId: caller.tenantId, fileId: fileIdOf(location) };
  // Its being unavailable in between says that an attempt may be on its way.
  const unavailable: Fault = { kind: "fail" };
  await stack.control({ plan: { operation: "complete", faults: [unavailable, ...faults] } });
  await stack.control({ clockAheadMs: MINUTES_MS, ringAlarm });
  await stack.control({ clockAheadMs: 2 * MINUTES_MS, ringAlarm });
  expect(await statusOf()).toBe(200);
  await stack.control({ clockAheadMs: 3 * MINUTES_MS, ringAlarm });
  expect(await statusOf()).toBe(410);
});

test.each([
  ["complete", 10001, LARGE],
  ["complete", 10043, LARGE],
  ["uploadPart", 10054, LARGE],
  ["put", 10058, SMALL],
  ["put", 10003, SMALL],
  ["put", 99999, SMALL],
] as const)("%s refused for now (%d) is tried again", async (operation, code, sizeBytes) => {
  const { location, answer } = await finishRefused(operation, code, sizeBytes);
  expect(answer.status).toBe(204);
  expect(await headOffset(caller, location)).toBe(sizeBytes);
  const sent = async () => (await stack.control({})).sentJobs.map(({ fileId }) => fileId);
  await expect.poll(sent, { interval: 20, timeout: 20_000 }).toContain(fileIdOf(location));
});
