import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { APPEND, append, createUpload, fileIdOf, newCaller, TUS } from "../support/api.ts";
import { distinctBytes } from "../support/distinct-bytes.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { openRequest } from "../support/raw-request.ts";

const MIB = 1024 * 1024;
const PART = 8 * MIB;
/** As many parts as the memory of all uploads holds. */
const HOLDERS = 3;
/** How long whoever finds no memory waits for it. */
const WAIT_LIMIT_MS = 1_500;
/** Made beforehand: a client that makes it while it sends has stalled. */
const WHOLE_PART = distinctBytes(PART);
const POLLING = { interval: 20, timeout: 30_000 } as const;

const stack = useFaultyStack();

/** A part whose store has no answer: its memory is taken until it is released. */
interface HeldPart extends RawRequest {
  readonly location: string;
}

async function holdPart(caller: Caller): Promise<HeldPart> {
  const location = await createUpload(caller, 3 * PART);
  const request = await openRequest(new URL(location, stack.url), "PATCH", {
    ...APPEND,
    authorization: `Bearer ${caller.token}`,
    "upload-offset": "0",
    "content-length": String(PART),
  });
  await request.write(WHOLE_PART);
  return { ...request, location };
}

async function holdAllMemory(caller: Caller): Promise<readonly HeldPart[]> {
  const faults = Array.from({ length: HOLDERS }, () => ({ kind: "hold" }) as const);
  await stack.control({ plan: { operation: "uploadPart", faults } });
  const holders = await Promise.all(faults.map(() => holdPart(caller)));
  await expect.poll(async () => (await stack.control({})).held, POLLING).toBe(HOLDERS);
  return holders;
}

async function expectStored(location: string, bytes: Buffer): Promise<void> {
  const jobs = async () =>
    (await stack.control({})).sentJobs.filter(({ fileId }) => fileId === fileIdOf(location));
  await expect.poll(jobs, POLLING).toHaveLength(1);
  const [job] = await jobs();
  expect((await stack.readObject(job?.objectKey ?? ""))?.equals(bytes)).toBe(true);
}

test("an upload that finds no memory is taken all the same, on disk, byte for byte", async () => {
  const caller = await newCaller({ stack });
  const holders = await holdAllMemory(caller);
  const bytes = distinctBytes(2 * PART + 1000);
  const location = await createUpload(caller, bytes.byteLength);
  expect((await append(caller, location, 0, bytes)).status).toBe(204);
  await expectStored(location, bytes);
  await stack.control({ release: true });
  for (const holder of holders) await holder.cut();
});

test("a copy that found no memory and then failed goes on behind what it has, and doubles nothing", async () => {
  const caller = await newCaller({ stack });
  const partials = [
    Buffer.from(randomBytes(MIB).toString("hex")),
    Buffer.from(randomBytes(MIB).toString("hex")),
  ];
  const locations = [];
  for (const bytes of partials) {
    const headers = { ...TUS, "upload-concat": "partial", "upload-length": String(bytes.byteLength) };
    const created = await caller.fetch("/v1/uploads", { method: "POST", headers });
    const location = created.headers.get("location") ?? "";
    expect((await append(caller, location, 0, bytes)).status).toBe(204);
    locations.push(location);
  }
  const holders = await holdAllMemory(caller);
  // The first read is for the file's type, the second is the first partial's, the third the other's.
  const faults = [{ kind: "none" }, { kind: "none" }, { kind: "fail" }] as const;
  await stack.control({ plan: { operation: "get", faults } });
  const joined = await caller.fetch("/v1/uploads", {
    method: "POST",
    headers: {
      ...TUS,
      "upload-concat": `final;${locations.join(" ")}`,
      "upload-metadata": `filename ${btoa("notes.txt")},filetype ${btoa("text/plain")}`,
    },
  });
  expect(joined.status).toBe(201);
  const location = joined.headers.get("location") ?? "";
  const inspect = { tenantId: caller.tenantId, fileId: fileIdOf(location) };
  expect((await stack.control({ inspect })).rows?.asideBytes).toBe(partials[0]?.byteLength);
  await stack.control({ release: true });
  await expectStored(location, Buffer.concat(partials));
  for (const holder of holders) await holder.cut();
});

// The last of this file: what was taken by objects that are gone comes back minutes later.
test("a small append waits for nobody's whole parts, nor for what objects had that were reset", async () => {
  const caller = await newCaller({ stack });
  const holders = await holdAllMemory(caller);
  for (const { location } of holders) {
    await stack.control({ breakObject: { tenantId: caller.tenantId, fileId: fileIdOf(location) } });
  }
  const location = await createUpload(caller, 1000);
  const startedAtMs = performance.now();
  expect((await append(caller, location, 0, distinctBytes(1000))).status).toBe(204);
  expect(performance.now() - startedAtMs).toBeLessThan(WAIT_LIMIT_MS);
  for (const holder of holders) await holder.cut();
});
