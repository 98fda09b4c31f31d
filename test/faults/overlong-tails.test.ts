import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { append, createUpload, fileIdOf, headOffset, newCaller } from "../support/api.ts";
import type { Fault } from "../support/faulty/faults.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";

const MIB = 1024 * 1024;

const stack = useFaultyStack();

const FAIL: Fault = { kind: "fail" };
const HOLD: Fault = { kind: "hold" };

test("a part that was left behind is sent once, however many requests come while the store is slow", async () => {
  const caller = await newCaller({ stack });
  const bytes = Buffer.from(randomBytes(5 * MIB).toString("hex"), "latin1");
  const location = await createUpload(caller, bytes.byteLength);
  await stack.control({ plan: { operation: "uploadPart", faults: [FAIL, FAIL] } });
  expect((await append(caller, location, 0, bytes.subarray(0, 9 * MIB))).status).toBe(204);
  expect((await stack.control({})).counts.uploadPart).toBe(2);

  await stack.control({ plan: { operation: "uploadPart", faults: [HOLD, HOLD, HOLD, HOLD] } });
  const rest = bytes.subarray(9 * MIB);
  const first = append(caller, location, 9 * MIB, rest);
  await expect.poll(async () => (await stack.control({})).held, { interval: 20, timeout: 10_000 }).toBe(1);
  // Whoever asks takes the upload over from the request that waits.
  expect(await headOffset(caller, location)).toBe(9 * MIB);
  const second = append(caller, location, 9 * MIB, rest);
  expect(await headOffset(caller, location)).toBe(9 * MIB);
  const last = append(caller, location, 9 * MIB, rest);
  const requests = async () => (await stack.control({})).bodies[fileIdOf(location)]?.requests;
  await expect.poll(requests, { interval: 20, timeout: 10_000 }).toBe(4);
  await stack.control({ plan: { operation: "uploadPart", faults: [] } });
  await stack.control({ release: true });
  expect((await last).status).toBe(204);
  const outrun = await Promise.all([first, second]);
  expect(outrun.map(({ status }) => status)).toEqual([409, 409]);

  // The two that failed, that part, and what comes behind it.
  expect((await stack.control({})).counts).toMatchObject({
    createMultipartUpload: 1,
    uploadPart: 4,
    complete: 1,
  });
  const sent = async () =>
    (await stack.control({})).sentJobs.filter(({ fileId }) => fileId === fileIdOf(location));
  await expect.poll(sent, { interval: 50, timeout: 10_000 }).toHaveLength(1);
  expect((await stack.readObject((await sent())[0]?.objectKey ?? ""))?.equals(bytes)).toBe(true);
});
