import { createHash } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { createUpload, fileIdOf, headOffset, newCaller, readProblem } from "../support/api.ts";
import type { Fault } from "../support/faulty/faults.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { patch } from "../support/tus.ts";

const MIB = 1024 * 1024;

const stack = useFaultyStack();
let caller: Caller;
beforeEach(async () => {
  caller = await newCaller({ stack });
});

const FAIL: Fault = { kind: "fail" };

function checksumOf(bytes: Buffer): Readonly<Record<string, string>> {
  return { "upload-checksum": `sha256 ${createHash("sha256").update(bytes).digest("base64")}` };
}

async function expectFinished(location: string, bytes: Buffer): Promise<void> {
  const fileId = fileIdOf(location);
  const jobs = async () => (await stack.control({})).sentJobs.filter((job) => job.fileId === fileId);
  await expect.poll(jobs, { interval: 50, timeout: 30_000 }).toHaveLength(1);
  const [job] = await jobs();
  expect((await stack.readObject(job?.objectKey ?? ""))?.equals(bytes)).toBe(true);
}

test.each([
  ["a small one", "put", 100_000],
  ["one of several parts", "uploadPart", 20 * MIB],
] as const)(
  "a file whose bytes were verified is complete, though it can't be stored now: %s",
  async (_what, operation, sizeBytes) => {
    const bytes = Buffer.alloc(sizeBytes, "All that there is. ");
    const location = await createUpload(caller, sizeBytes);
    const isPut = operation === "put";
    // Of one of several parts, it is the last that can't be.
    const faults: readonly Fault[] = isPut ? [FAIL] : [{ kind: "none" }, { kind: "none" }, FAIL, FAIL];
    await stack.control({ plan: { operation, faults } });
    const answer = await patch(caller, location, 0, bytes, checksumOf(bytes));
    expect(answer.status).toBe(204);
    expect((await stack.control({})).counts[operation]).toBe(isPut ? 2 : 5);
    expect(await headOffset(caller, location)).toBe(sizeBytes);
    await expectFinished(location, bytes);
  },
);

test("of bytes that aren't as their checksum says nothing is kept, whatever the store does", async () => {
  const bytes = Buffer.alloc(100_000, "All that there is. ");
  const location = await createUpload(caller, bytes.byteLength);
  await stack.control({ plan: { operation: "put", faults: [FAIL] } });
  const wrong = checksumOf(bytes.subarray(1));
  const answer = await patch(caller, location, 0, bytes, wrong);
  expect(await readProblem(answer)).toMatchObject({ status: 460, code: "UPLOAD_CHECKSUM_MISMATCH" });
  expect(await headOffset(caller, location)).toBe(0);
});
