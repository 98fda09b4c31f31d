import { beforeEach, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { append, fileIdOf, newCaller, readProblem, TUS } from "../support/api.ts";
import { loseUpload } from "../support/faulty/lost-upload.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";

const MIB = 1024 * 1024;

const stack = useFaultyStack();
let caller: Caller;
beforeEach(async () => {
  caller = await newCaller({ stack });
});

async function uploadPartial(bytes: Buffer<ArrayBuffer>): Promise<string> {
  const headers = { ...TUS, "upload-concat": "partial", "upload-length": String(bytes.byteLength) };
  const created = await caller.fetch("/v1/uploads", { method: "POST", headers });
  expect(created.status).toBe(201);
  const location = created.headers.get("location") ?? "";
  expect((await append(caller, location, 0, bytes)).status).toBe(204);
  return location;
}

function join(partials: readonly string[]): Promise<Response> {
  const headers = {
    ...TUS,
    "upload-concat": `final;${partials.join(" ")}`,
    "upload-metadata": `filename ${btoa("notes.txt")},filetype ${btoa("text/plain")}`,
  };
  return caller.fetch("/v1/uploads", { method: "POST", headers });
}

test("a final upload whose partial is deleted while it is copied is lost, for good, and leaves nothing behind", async () => {
  const first = await uploadPartial(Buffer.alloc(9 * MIB, "one "));
  const second = await uploadPartial(Buffer.alloc(MIB, "two "));
  // The first read is for the first bytes' type, the second copies the first partial, the third would the second.
  await stack.control({
    plan: { operation: "get", faults: [{ kind: "none" }, { kind: "none" }, { kind: "hold" }] },
  });
  const joining = join([first, second]);
  await expect.poll(async () => (await stack.control({})).held, { interval: 20, timeout: 10_000 }).toBe(1);
  expect((await caller.fetch(second, { method: "DELETE", headers: TUS })).status).toBe(204);
  await stack.control({ release: true });
  expect(await readProblem(await joining)).toMatchObject({ status: 410, code: "UPLOAD_LOST" });
  expect(await (await caller.fetch("/v1/files")).json()).toMatchObject({ items: [] });
  expect((await stack.control({})).sentJobs).toEqual([]);
  expect((await caller.fetch(first, { method: "DELETE", headers: TUS })).status).toBe(204);
  expect(await stack.countObjects()).toBe(0);
});

test("an upload whose parts the store has dropped is lost, and every later request is told so", async () => {
  const { location, sizeBytes, answer: last } = await loseUpload(stack, caller);
  expect(await readProblem(last)).toMatchObject({ status: 410, code: "UPLOAD_LOST" });

  const head = () => caller.fetch(location, { method: "HEAD", headers: TUS });
  expect((await head()).status).toBe(410);
  const again = await append(caller, location, sizeBytes, "x");
  expect(await readProblem(again)).toMatchObject({ status: 410, code: "UPLOAD_LOST" });
  expect((await caller.fetch(`/v1/files/${fileIdOf(location)}`)).status).toBe(404);
  expect((await stack.control({})).sentJobs).toEqual([]);
});
