import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { append, createUpload, fileIdOf, getRecord, newCaller, TUS } from "../support/api.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { expectRefusal } from "../support/tus.ts";

const stack = useFaultyStack();

function remove(caller: Caller, location: string): Promise<Response> {
  return caller.fetch(location, { method: "DELETE", headers: TUS });
}

test("an upload that can't be finished now is deleted later, and finished first", async () => {
  const caller = await newCaller({ stack });
  const location = await createUpload(caller, 5);
  await stack.control({ database: { kind: "fail", atCall: "every" } });
  expect((await append(caller, location, 0, "hello")).status).toBe(204);
  const answer = await remove(caller, location);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  await expectRefusal(answer, 503, "SERVICE_UNAVAILABLE");

  await stack.control({ database: null });
  expect((await remove(caller, location)).status).toBe(204);
  expect(await getRecord(caller, fileIdOf(location))).toMatchObject({ state: "deleted", sizeBytes: 5 });
});

test("what is in the trash keeps its bytes when its upload is forgotten", async () => {
  const caller = await newCaller({ stack });
  const location = await createUpload(caller, 5);
  expect((await append(caller, location, 0, "hello")).status).toBe(204);
  expect((await remove(caller, location)).status).toBe(204);
  const ref = { tenantId: caller.tenantId, fileId: fileIdOf(location) };
  const keysOf = () => stack.listKeys(`t/${ref.tenantId}/${ref.fileId}/`);
  const [kept] = await keysOf();
  expect(kept).toBeDefined();

  // Longer than anything is remembered.
  await stack.control({ clockAheadMs: 10 * 24 * 3_600_000 });
  await stack.control({ ringAlarm: ref });
  expect(await keysOf()).toEqual([kept]);
  await stack.control({ clockAheadMs: 0 });
  expect((await caller.fetch(`/v1/files/${ref.fileId}/restore`, { method: "POST" })).status).toBe(200);
});
