import { beforeEach, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { append, createUpload, fileIdOf, metadataHeader, newCaller, TUS } from "../support/api.ts";
import type { Fault, Operation } from "../support/faulty/faults.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { textOf } from "../support/tus.ts";

const PART = 5 * 1024 * 1024;
/** Size of the parts of a final upload. */
const FINAL_PART = 8 * 1024 * 1024;
/** Longer than what is copied in one go. */
const MINUTES_MS = 3 * 60_000;
const MANY_FAILURES = Array.from({ length: 50 }, (): Fault => ({ kind: "fail" }));

const stack = useFaultyStack();
let caller: Caller;
beforeEach(async () => {
  caller = await newCaller({ stack });
});

function plan(operation: Operation, ...faults: readonly Fault[]) {
  return stack.control({ plan: { operation, faults } });
}

function refOf(location: string) {
  return { tenantId: caller.tenantId, fileId: fileIdOf(location) };
}

async function rowsOf(ref: ReturnType<typeof refOf>) {
  const { rows } = await stack.control({ inspect: ref });
  if (rows === null) throw new Error("Nothing was looked at.");
  return rows;
}

async function held(): Promise<number> {
  return (await stack.control({})).held;
}

/** Waits for the job of a file, and compares what is stored under the key it names. */
async function expectFinished(fileId: string, bytes: Buffer): Promise<void> {
  const jobs = async () => (await stack.control({})).sentJobs.filter((job) => job.fileId === fileId);
  await expect.poll(jobs, { interval: 20, timeout: 20_000 }).toHaveLength(1);
  const [job] = await jobs();
  expect((await stack.readObject(job?.objectKey ?? ""))?.equals(bytes)).toBe(true);
}

/** An upload that has all of its bytes, and a store that doesn't take them. */
async function completeUnstored(bytes: Buffer<ArrayBuffer>): Promise<string> {
  const location = await createUpload(caller, bytes.byteLength);
  await plan("put", ...MANY_FAILURES);
  expect((await append(caller, location, 0, bytes)).status).toBe(204);
  return location;
}

test("while finalising is at work by the alarm, another alarm is set", async () => {
  const bytes = textOf(1000);
  const location = await completeUnstored(bytes);
  await plan("put", { kind: "hold" });
  await expect.poll(held, { interval: 20, timeout: 20_000 }).toBe(1);
  expect(await rowsOf(refOf(location))).toMatchObject({ phase: "storing", alarmAtMs: expect.any(Number) });
  await stack.control({ release: true });
  await expectFinished(fileIdOf(location), bytes);
});

test("an alarm that was lost is set again by the cron that asks whether the upload still stands", async () => {
  const bytes = textOf(1000);
  const location = await completeUnstored(bytes);
  const ref = refOf(location);
  const alarmAfterLoss = async () => {
    await stack.control({ loseAlarm: ref });
    return (await rowsOf(ref)).alarmAtMs;
  };
  await expect.poll(alarmAfterLoss, { interval: 20, timeout: 20_000 }).toBeNull();
  await plan("put");
  await stack.query("UPDATE quota_reservations SET check_at_ms = 0 WHERE tenant_id = ?", caller.tenantId);
  await stack.runScheduled();
  await expectFinished(ref.fileId, bytes);
});

async function uploadPartial(bytes: Buffer<ArrayBuffer>): Promise<string> {
  const headers = { ...TUS, "upload-concat": "partial", "upload-length": String(bytes.byteLength) };
  const created = await caller.fetch("/v1/uploads", { method: "POST", headers });
  const location = created.headers.get("location") ?? "";
  expect((await append(caller, location, 0, bytes)).status).toBe(204);
  return location;
}

test("a copy that takes longer than an alarm may is gone on with by the next, from where it has got to", async () => {
  const bytes = textOf(4 * PART);
  const partials = [
    await uploadPartial(bytes.subarray(0, 2 * PART)),
    await uploadPartial(bytes.subarray(2 * PART)),
  ];
  await stack.control({ reset: true });
  await plan("uploadPart", { kind: "hold" });
  const joining = caller.fetch("/v1/uploads", {
    method: "POST",
    headers: {
      ...TUS,
      "upload-concat": `final;${partials.join(" ")}`,
      "upload-metadata": metadataHeader({ filename: "notes.txt" }),
    },
  });
  await expect.poll(held, { interval: 20, timeout: 20_000 }).toBe(1);
  await stack.control({ clockAheadMs: MINUTES_MS });
  await stack.control({ release: true });
  const location = (await joining).headers.get("location") ?? "";
  expect(await rowsOf(refOf(location))).toMatchObject({
    phase: "copying",
    storedBytes: expect.toBeOneOf([FINAL_PART, 2 * FINAL_PART]),
    alarmAtMs: expect.any(Number),
  });
  expect((await stack.control({})).sentJobs).toEqual([]);
  await stack.control({ ringAlarm: refOf(location) });
  await expectFinished(fileIdOf(location), bytes);
  // None of what was stored was copied again.
  expect((await stack.control({})).counts.uploadPart).toBe(Math.ceil(bytes.byteLength / FINAL_PART));
});
