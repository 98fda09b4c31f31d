import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  APPEND,
  append,
  createUpload,
  fileIdOf,
  getRecord,
  headOffset,
  newCaller,
  TUS,
} from "../support/api.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { openRequest } from "../support/raw-request.ts";
import { chunkOf, expectReceived, LAST_CHUNK, listedFiles } from "../support/tus.ts";

const MIB = 1024 * 1024;
const STALLED = 64;
/** It is to cost others two seconds at most, beside their own time; a busy machine takes more. Without a bound it is minutes. */
const MOST_DELAY_MS = 6_000;

const stack = useFaultyStack();

function textOf(sizeBytes: number, seed: string): Buffer<ArrayBuffer> {
  return Buffer.alloc(sizeBytes, `${seed} `);
}

interface Stalled {
  readonly caller: Caller;
  readonly location: string;
  readonly bytes: Buffer<ArrayBuffer>;
  readonly request: RawRequest;
}

/** A client that announces 6 MiB, sends one and falls silent. */
async function stall(index: number): Promise<Stalled> {
  const caller = await newCaller({ stack });
  const bytes = textOf(6 * MIB, `client ${index}`);
  const location = await createUpload(caller, bytes.byteLength);
  const request = await openRequest(new URL(location, stack.url), "PATCH", {
    ...APPEND,
    authorization: `Bearer ${caller.token}`,
    "upload-offset": "0",
    "content-length": String(bytes.byteLength),
  });
  await request.write(bytes.subarray(0, MIB));
  return { caller, location, bytes, request };
}

/** Uploads in one request, and how long that took. */
async function uploadInOne(caller: Caller, bytes: Buffer<ArrayBuffer>) {
  const location = await createUpload(caller, bytes.byteLength);
  const beganAtMs = performance.now();
  expect((await append(caller, location, 0, bytes)).status).toBe(204);
  return { location, tookMs: performance.now() - beganAtMs };
}

test("64 clients that stall keep nobody from uploading, and lose nothing themselves", async () => {
  const caller = await newCaller({ stack });
  const bytes = textOf(9 * MIB, "one more");
  const undisturbed = await uploadInOne(caller, bytes);
  const stalled = await Promise.all(Array.from({ length: STALLED }, (_, index) => stall(index)));
  const { location, tookMs } = await uploadInOne(caller, bytes);
  expect(tookMs).toBeLessThan(undisturbed.tookMs + MOST_DELAY_MS);

  // One goes on in its own time, another comes back on a new connection.
  const [patient, impatient] = stalled;
  if (patient === undefined || impatient === undefined) throw new Error("Nobody stalled.");
  await patient.request.write(patient.bytes.subarray(MIB));
  await expect.poll(patient.request.received, { timeout: 20_000 }).toContain("204");
  expect(await headOffset(impatient.caller, impatient.location)).toBe(MIB);
  expect(
    (await append(impatient.caller, impatient.location, MIB, impatient.bytes.subarray(MIB))).status,
  ).toBe(204);

  for (const { location: finished, bytes: sent } of [{ location, bytes }, patient, impatient]) {
    const { sentJobs } = await stack.control({});
    const job = sentJobs.find(({ fileId }) => fileId === fileIdOf(finished));
    expect((await stack.readObject(job?.objectKey ?? ""))?.equals(sent)).toBe(true);
  }
  for (const { request } of stalled) await request.cut();
});

test("tus 67: termination stops the PATCH at work", async () => {
  const { caller, location, request } = await stall(0);
  const readBytes = async () => (await stack.control({})).bodies[fileIdOf(location)]?.readBytes;
  await expect.poll(readBytes, { interval: 20, timeout: 10_000 }).toBe(MIB);
  const headers = { ...TUS, authorization: `Bearer ${caller.token}` };
  expect((await caller.fetch(location, { method: "DELETE", headers })).status).toBe(204);
  // It was told to go, and went: nobody else would end a body that stalls.
  await expectReceived(request, "UPLOAD_SUPERSEDED");
  await request.cut();
  expect((await caller.fetch(location, { method: "HEAD", headers })).status).toBe(404);
  expect(await listedFiles(caller)).toEqual([]);
});

/** A chunked PATCH of `sentBytes` that stalls before its last chunk. */
async function stallInChunks(caller: Caller, sizeBytes: number, sent: Buffer<ArrayBuffer>): Promise<Chunked> {
  const location = await createUpload(caller, sizeBytes);
  const request = await openRequest(new URL(location, stack.url), "PATCH", {
    ...APPEND,
    authorization: `Bearer ${caller.token}`,
    "upload-offset": "0",
    "transfer-encoding": "chunked",
  });
  await request.write(chunkOf(sent));
  const fileId = fileIdOf(location);
  const readBytes = async () => (await stack.control({})).bodies[fileId]?.readBytes;
  await expect.poll(readBytes, { interval: 20, timeout: 10_000 }).toBe(sent.byteLength);
  const inspect = { tenantId: caller.tenantId, fileId };
  const asideBytes = async () => (await stack.control({ inspect })).rows?.asideBytes ?? 0;
  return { request, fileId, asideBytes };
}

interface Chunked {
  readonly request: RawRequest;
  readonly fileId: string;
  asideBytes(): Promise<number>;
}

test("a PATCH with all of an upload's bytes that stalls before its end doesn't make the upload look complete", async () => {
  const caller = await newCaller({ stack });
  const bytes = textOf(MIB, "all but the end");
  const whole = await stallInChunks(caller, bytes.byteLength, bytes);
  // Begun later, so its stall is noticed later: by then the other one's was.
  const half = await stallInChunks(caller, bytes.byteLength, bytes.subarray(0, MIB / 2));
  await expect.poll(half.asideBytes, { interval: 20, timeout: 20_000 }).toBe(MIB / 2);
  expect(await whole.asideBytes()).toBe(bytes.byteLength - 1);
  // The size of its parts has to last as long as what lies aside of one.
  const inspect = { tenantId: caller.tenantId, fileId: half.fileId };
  expect((await stack.control({ inspect })).rows?.partBytes).toBe(8 * MIB);

  await whole.request.write(LAST_CHUNK);
  await expect.poll(whole.request.received, { timeout: 20_000 }).toContain("204");
  expect(await getRecord(caller, whole.fileId)).toMatchObject({ state: "quarantined" });
  for (const { request } of [whole, half]) await request.cut();
});
