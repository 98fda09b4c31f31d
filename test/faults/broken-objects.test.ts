import { beforeEach, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  append,
  createUpload,
  fileIdOf,
  getRecord,
  headOffset,
  newCaller,
  readProblem,
} from "../support/api.ts";
import { postFinal, uploadPartials } from "../support/concatenation.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";

const TEXT = "All that there is.";

const stack = useFaultyStack();
let caller: Caller;
beforeEach(async () => {
  caller = await newCaller({ stack });
});

/** Breaks the object of an upload when the answer to `asked` waits for the bucket. */
async function breakAt(asked: () => Promise<Response>, fileId: () => Promise<string>): Promise<Response> {
  await stack.control({ plan: { operation: "put", faults: [{ kind: "hold" }] } });
  const answering = asked();
  await expect.poll(async () => (await stack.control({})).held, { interval: 20, timeout: 10_000 }).toBe(1);
  await stack.control({ breakObject: { tenantId: caller.tenantId, fileId: await fileId() } });
  return answering;
}

async function expectUnavailable(answer: Response): Promise<void> {
  expect(answer.headers.get("retry-after")).toBe("2");
  expect(answer.headers.get("access-control-expose-headers")).toContain("Retry-After");
  expect(await readProblem(answer)).toMatchObject({ status: 503, code: "SERVICE_UNAVAILABLE" });
}

test("an append whose object breaks is told to come again, and can", async () => {
  const location = await createUpload(caller, TEXT.length);
  await expectUnavailable(
    await breakAt(
      () => append(caller, location, 0, TEXT),
      () => Promise.resolve(fileIdOf(location)),
    ),
  );
  const offset = await headOffset(caller, location);
  expect((await append(caller, location, offset, TEXT.slice(offset))).status).toBe(204);
  expect(await headOffset(caller, location)).toBe(TEXT.length);
});

test("a plain upload whose object breaks is told to come again, and can", async () => {
  const headers = { "content-type": "text/plain" };
  const post = () => caller.fetch("/v1/files?filename=a.txt", { method: "POST", headers, body: TEXT });
  const newest = async (): Promise<string> => {
    const [row] = await stack.query("SELECT id FROM files WHERE tenant_id = ?", caller.tenantId);
    return String(row?.["id"]);
  };
  await expectUnavailable(await breakAt(post, newest));
  expect((await post()).status).toBe(201);
});

test("a final upload whose object breaks while it copies is there for whoever asks again, and goes on", async () => {
  const partials = await uploadPartials(caller, ["abc", "def"]);
  const post = () => postFinal(caller, partials);
  const newest = async (): Promise<string> => {
    const [row] = await stack.query("SELECT id FROM files WHERE tenant_id = ?", caller.tenantId);
    return String(row?.["id"]);
  };
  await expectUnavailable(await breakAt(post, newest));
  const fileId = await newest();
  const again = await post();
  expect(again.status).toBe(201);
  expect(fileIdOf(again.headers.get("location") ?? "")).toBe(fileId);
  await stack.control({ clockAheadMs: 60_000, ringAlarm: { tenantId: caller.tenantId, fileId } });
  expect(await getRecord(caller, fileId)).toMatchObject({ state: "quarantined", sizeBytes: 6 });
  await stack.control({ clockAheadMs: 0 });
});
