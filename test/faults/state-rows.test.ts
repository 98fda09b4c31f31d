import { beforeEach, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { append, createUpload, fileIdOf, newCaller, TUS } from "../support/api.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { textOf } from "../support/tus.ts";

const PART = 5 * 1024 * 1024;
const REST = 1_000;

const stack = useFaultyStack();
let caller: Caller;
beforeEach(async () => {
  caller = await newCaller({ stack });
});

const refOf = (location: string) => ({ tenantId: caller.tenantId, fileId: fileIdOf(location) });

test("what an upload was declared to be isn't written again with its progress", async () => {
  const metadata = { filename: "notes.txt", note: "x".repeat(4_000) };
  const location = await createUpload(caller, 2 * PART, metadata);
  await append(caller, location, 0, textOf(PART));
  const { rows } = await stack.control({ inspect: refOf(location) });
  expect(rows?.storedBytes).toBe(PART);
  expect(rows?.declarationRowBytes).toBeGreaterThan(4_000);
  expect(rows?.progressRowBytes).toBeLessThan(1_000);
});

test("an upload whose state is in one row, as it was before, goes on where it was", async () => {
  const bytes = textOf(PART + REST);
  const metadata = { filename: "notes.txt", note: "kept" };
  const location = await createUpload(caller, bytes.byteLength, metadata);
  await append(caller, location, 0, bytes.subarray(0, PART + 10));
  const head = async () => {
    const answer = await caller.fetch(location, { method: "HEAD", headers: TUS });
    const fields = ["upload-offset", "upload-length", "upload-metadata", "upload-expires"];
    return fields.map((name) => answer.headers.get(name));
  };
  const before = await head();
  await stack.control({ joinRows: refOf(location) });
  await stack.evict(caller.tenantId, fileIdOf(location));
  expect(await head()).toEqual(before);
  expect(before[0]).toBe(String(PART + 10));
  await stack.evict(caller.tenantId, fileIdOf(location));
  expect((await append(caller, location, PART + 10, bytes.subarray(PART + 10))).status).toBe(204);
  const { sentJobs } = await stack.control({});
  expect(sentJobs).toMatchObject([{ fileId: fileIdOf(location), sizeBytes: bytes.byteLength }]);
  expect((await stack.readObject(sentJobs[0]?.objectKey ?? ""))?.equals(bytes)).toBe(true);
});
