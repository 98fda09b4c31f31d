import { randomBytes } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  APPEND,
  append,
  createUpload,
  creationHeaders,
  fileIdOf,
  getRecord,
  headOffset,
  newCaller,
  readProblem,
  TUS,
} from "../support/api.ts";
import type { Fault, Operation } from "../support/faulty/faults.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { openRequest } from "../support/raw-request.ts";
import { expectReceived } from "../support/tus.ts";

const MIB = 1024 * 1024;
const PART = 5 * MIB;

const stack = useFaultyStack();
let caller: Caller;
beforeEach(async () => {
  caller = await newCaller({ stack });
});

const FAIL: Fault = { kind: "fail" };
const LOSE: Fault = { kind: "lose-answer" };
const HOLD: Fault = { kind: "hold" };

function textOf(sizeBytes: number): Buffer<ArrayBuffer> {
  return Buffer.from(randomBytes(sizeBytes / 2).toString("hex"), "latin1");
}

function plan(operation: Operation, ...faults: readonly Fault[]) {
  return stack.control({ plan: { operation, faults } });
}

/** Waits for the job of a file, and compares what is stored under the key it names. */
async function expectFinished(location: string, bytes: Buffer): Promise<void> {
  const fileId = fileIdOf(location);
  const jobs = async () => (await stack.control({})).sentJobs.filter((job) => job.fileId === fileId);
  await expect.poll(jobs, { interval: 50, timeout: 30_000 }).toHaveLength(1);
  const [job] = await jobs();
  expect(await getRecord(caller, fileId)).toMatchObject({
    state: "quarantined",
    sizeBytes: bytes.byteLength,
  });
  expect((await stack.readObject(job?.objectKey ?? ""))?.equals(bytes)).toBe(true);
}

/** What an attempt that was given up left behind would be counted by nobody. */
async function expectStoredOnce(location: string): Promise<void> {
  const stored = () => stack.listKeys(`t/${caller.tenantId}/${fileIdOf(location)}/`);
  await expect.poll(stored, { interval: 50, timeout: 10_000 }).toHaveLength(1);
}

async function appendAll(
  location: string,
  bytes: Buffer<ArrayBuffer>,
  chunkBytes: number,
  from = 0,
): Promise<void> {
  for (let offset = from; offset < bytes.byteLength; offset += chunkBytes) {
    const answer = await append(caller, location, offset, bytes.subarray(offset, offset + chunkBytes));
    expect(answer.status).toBe(204);
  }
}

test("an upload costs what it must: a multipart upload, its parts, its completion", async () => {
  const bytes = textOf(3 * PART);
  const location = await createUpload(caller, bytes.byteLength);
  await appendAll(location, bytes, PART);
  await expectFinished(location, bytes);
  const { counts } = await stack.control({});
  expect(counts).toEqual({ createMultipartUpload: 1, uploadPart: 3, complete: 1 });
});

/** Sends half of an upload's first part, while the store has no answer to the beginning of the whole. */
async function beginHeld(bytes: Buffer): Promise<{ location: string; request: RawRequest }> {
  const location = await createUpload(caller, bytes.byteLength);
  await plan("createMultipartUpload", HOLD);
  const request = await openRequest(new URL(location, stack.url), "PATCH", {
    ...APPEND,
    authorization: `Bearer ${caller.token}`,
    "upload-offset": "0",
    "content-length": String(PART),
  });
  await request.write(bytes.subarray(0, PART / 2));
  await expect.poll(async () => (await stack.control({})).held, { interval: 20 }).toBe(1);
  const readBytes = async () => (await stack.control({})).bodies[fileIdOf(location)]?.readBytes;
  await expect.poll(readBytes, { interval: 20 }).toBe(PART / 2);
  return { location, request };
}

test("the store is asked to begin while the first part still comes, and once", async () => {
  const bytes = textOf(2 * PART);
  const { location, request } = await beginHeld(bytes);
  await stack.control({ release: true });
  await request.write(bytes.subarray(PART / 2, PART));
  await expectReceived(request, /204/);
  await request.cut();
  await appendAll(location, bytes, PART, PART);
  await expectFinished(location, bytes);
  const { counts } = await stack.control({});
  expect(counts).toEqual({ createMultipartUpload: 1, uploadPart: 2, complete: 1 });
});

test.each(["answers", "is given up"])(
  "a client that leaves while the store is asked to begin, which then %s, loses nothing",
  async (outcome) => {
    const bytes = textOf(2 * PART);
    const { location, request } = await beginHeld(bytes);
    await request.cut();
    if (outcome === "answers") await stack.control({ release: true });
    expect(await headOffset(caller, location)).toBe(PART / 2);
    await stack.control({ release: true });
    await appendAll(location, bytes, PART, PART / 2);
    await expectFinished(location, bytes);
  },
);

test("a file of one part is a single put", async () => {
  const bytes = textOf(1000);
  const location = await createUpload(caller, bytes.byteLength);
  await appendAll(location, bytes, 1000);
  await expectFinished(location, bytes);
  expect((await stack.control({})).counts).toEqual({ put: 1 });
});

test.each([
  ["createMultipartUpload", FAIL],
  ["createMultipartUpload", LOSE],
  ["uploadPart", FAIL],
  ["uploadPart", LOSE],
] as const)("bytes are kept when %s comes to grief (%j)", async (operation, fault) => {
  const bytes = textOf(2 * PART + 1000);
  const location = await createUpload(caller, bytes.byteLength);
  await plan(operation, fault);
  const first = await append(caller, location, 0, bytes.subarray(0, PART + 500));
  expect(first.status).toBe(204);
  expect((await stack.control({})).counts[operation]).toBeGreaterThan(0);
  expect(await headOffset(caller, location)).toBe(PART + 500);
  await appendAll(location, bytes, PART, PART + 500);
  await expectFinished(location, bytes);
});

test.each([FAIL, LOSE])(
  "a part that comes to grief once is sent again, under another number, while its body goes on (%j)",
  async (fault) => {
    const bytes = textOf(20 * MIB);
    const location = await createUpload(caller, bytes.byteLength);
    await plan("uploadPart", { kind: "none" }, fault);
    expect((await append(caller, location, 0, bytes)).status).toBe(204);
    await expectFinished(location, bytes);
    // Three parts of 8 MiB at most, and the one that was sent twice: the bucket refuses a number that was used.
    expect((await stack.control({})).counts).toEqual({
      createMultipartUpload: 1,
      uploadPart: 4,
      complete: 1,
    });
  },
);

test("a part that comes to grief again is the end of its append, and what came is kept", async () => {
  const bytes = textOf(20 * MIB);
  const location = await createUpload(caller, bytes.byteLength);
  await plan("uploadPart", FAIL, FAIL);
  const answer = await append(caller, location, 0, bytes);
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(await readProblem(answer)).toMatchObject({ status: 503, code: "STORE_UNAVAILABLE" });
  expect((await stack.control({})).counts).toEqual({ createMultipartUpload: 1, uploadPart: 2 });
  const offset = await headOffset(caller, location);
  expect(offset).toBeGreaterThanOrEqual(8 * MIB);
  expect((await append(caller, location, offset, bytes.subarray(offset))).status).toBe(204);
  await expectFinished(location, bytes);
});

test.each([
  ["put", FAIL, 1000],
  ["put", LOSE, 1000],
  ["uploadPart", FAIL, PART + 1000],
  ["complete", FAIL, PART + 1000],
  ["complete", LOSE, PART + 1000],
] as const)(
  "the last byte's finalise goes on by itself after %s failed (%j)",
  async (operation, fault, sizeBytes) => {
    const bytes = textOf(sizeBytes);
    const location = await createUpload(caller, sizeBytes);
    const from = sizeBytes > PART ? PART : 0;
    if (from > 0) await append(caller, location, 0, bytes.subarray(0, from));
    const before = (await stack.control({})).counts[operation] ?? 0;
    await plan(operation, fault, fault);
    const answer = await append(caller, location, from, bytes.subarray(from));
    // Every byte is durable, so the client is done, whatever the store says.
    expect(answer.status).toBe(204);
    expect(await headOffset(caller, location)).toBe(sizeBytes);
    await expectFinished(location, bytes);
    await expectStoredOnce(location);
    // Both went wrong. What is complete, though its answer was lost twice, isn't completed once more.
    expect((await stack.control({})).counts[operation]).toBeGreaterThanOrEqual(before + 2);
  },
);

test("a queue that is out of order is asked until it takes the job", async () => {
  const bytes = textOf(1000);
  const location = await createUpload(caller, bytes.byteLength);
  await stack.control({ failingSends: 2 });
  await appendAll(location, bytes, 1000);
  await expectFinished(location, bytes);
});

test("a part that lands after its writer was taken over harms nothing", async () => {
  const bytes = textOf(3 * PART);
  const sent = bytes.subarray(PART, 2 * PART + 1000);
  const location = await createUpload(caller, bytes.byteLength);
  await append(caller, location, 0, bytes.subarray(0, PART));
  await plan("uploadPart", HOLD);
  const stalled = await openRequest(new URL(location, stack.url), "PATCH", {
    ...APPEND,
    authorization: `Bearer ${caller.token}`,
    "upload-offset": String(PART),
    "content-length": String(2 * PART),
  });
  await stalled.write(sent);
  await expect.poll(async () => (await stack.control({})).held, { interval: 20 }).toBe(1);
  // What it had received is kept, though the store hasn't answered yet.
  expect(await headOffset(caller, location)).toBe(PART + sent.byteLength);
  const rest = PART + sent.byteLength;
  await append(caller, location, rest, bytes.subarray(rest, rest + 1000));
  await stack.control({ release: true });
  await append(caller, location, rest + 1000, bytes.subarray(rest + 1000));
  await stalled.cut();
  await expectFinished(location, bytes);
});

test("a HEAD while the last byte's store is slow costs nothing: the upload is complete", async () => {
  const bytes = textOf(100_000);
  const location = await createUpload(caller, bytes.byteLength);
  await plan("put", HOLD);
  const answering = append(caller, location, 0, bytes);
  await expect.poll(async () => (await stack.control({})).held, { interval: 20 }).toBe(1);
  expect(await headOffset(caller, location)).toBe(bytes.byteLength);
  await stack.control({ release: true });
  expect((await answering).status).toBe(204);
  await expectFinished(location, bytes);
});

test("a file that lands again when it is stored long since is removed when its upload is forgotten", async () => {
  const bytes = textOf(1000);
  const location = await createUpload(caller, bytes.byteLength);
  await plan("put", LOSE);
  await appendAll(location, bytes, 1000);
  await expectFinished(location, bytes);
  await expectStoredOnce(location);
  const fileId = fileIdOf(location);
  const [kept = ""] = await stack.listKeys(`t/${caller.tenantId}/${fileId}/`);
  const late = kept.replace(/\d+$/, "1");
  expect(late).not.toBe(kept);
  await stack.putObject(late, "late");
  await stack.control({ clockAheadMs: 10 * 24 * 3_600_000 });
  await stack.control({ ringAlarm: { tenantId: caller.tenantId, fileId } });
  expect(await stack.listKeys(`t/${caller.tenantId}/${fileId}/`)).toEqual([kept]);
});

test("an object that is evicted at any moment between requests goes on where it was", async () => {
  const bytes = textOf(2 * PART + 3000);
  const location = await createUpload(caller, bytes.byteLength);
  const evict = () => stack.evict(caller.tenantId, fileIdOf(location));
  const cuts = [0, 100, PART - 1, PART + 50, 2 * PART, bytes.byteLength];
  for (const [index, from] of cuts.slice(0, -1).entries()) {
    await append(caller, location, from, bytes.subarray(from, cuts[index + 1]));
    await evict();
    expect(await headOffset(caller, location)).toBe(cuts[index + 1]);
  }
  await expectFinished(location, bytes);
});

test("an upload whose store stays broken tells its clients so, and where to go on", async () => {
  const bytes = textOf(3 * PART);
  const location = await createUpload(caller, bytes.byteLength);
  await plan("uploadPart", FAIL, FAIL, FAIL, FAIL, FAIL, FAIL);
  expect((await append(caller, location, 0, bytes.subarray(0, PART))).status).toBe(204);
  const answer = await append(caller, location, PART, bytes.subarray(PART));
  expect(answer.headers.get("upload-offset")).toBe(String(await headOffset(caller, location)));
  expect(await readProblem(answer)).toMatchObject({ status: 503, code: "STORE_UNAVAILABLE" });
  await stack.control({ plan: { operation: "uploadPart", faults: [] } });
  await appendAll(location, bytes, PART, await headOffset(caller, location));
  await expectFinished(location, bytes);
});

test("while the database is out of order, uploads that were begun go on and can be asked about", async () => {
  const bytes = textOf(2 * PART);
  const location = await createUpload(caller, bytes.byteLength);
  // One that this isolate has heard nothing of.
  const newcomer = await newCaller({ stack });
  const nowhere = `/v1/uploads/${"0".repeat(26)}`;
  await stack.control({ database: { kind: "fail", atCall: "every" } });
  expect((await newcomer.fetch(nowhere, { method: "HEAD", headers: TUS })).status).toBe(404);
  expect((await append(newcomer, nowhere, 0, "x")).status).toBe(404);
  expect((await newcomer.fetch("/v1/uploads", { method: "POST", headers: creationHeaders(1) })).status).toBe(
    503,
  );
  expect((await append(caller, location, 0, bytes.subarray(0, PART))).status).toBe(204);
  expect(await headOffset(caller, location)).toBe(PART);
  expect((await append(caller, location, PART, bytes.subarray(PART))).status).toBe(204);
  await stack.control({ database: null });
  await expectFinished(location, bytes);
});

test("the bytes of a file that was erased while they came are kept by nobody", async () => {
  const before = await stack.countObjects();
  const bytes = textOf(1000);
  const location = await createUpload(caller, bytes.byteLength);
  await stack.eraseRecord(fileIdOf(location));
  expect((await append(caller, location, 0, bytes)).status).toBe(404);
  expect(await stack.countObjects()).toBe(before);
  expect((await stack.control({})).sentJobs).toEqual([]);
  expect((await caller.fetch(`/v1/files/${fileIdOf(location)}`)).status).toBe(404);
});
