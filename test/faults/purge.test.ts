import { beforeEach, expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import type { Caller } from "../support/api.ts";
import { append, createUpload, fileIdOf, newCaller, uploadFile } from "../support/api.ts";
import type { Fault, Operation } from "../support/faulty/faults.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { auditOf, countsOf, NOTHING_COUNTED } from "../support/file-states.ts";

const MIB = 1024 * 1024;

const stack = useFaultyStack();
let caller: Caller;
beforeEach(async () => {
  caller = await newCaller({ stack });
});

const FAIL: Fault = { kind: "fail" };
const LOSE: Fault = { kind: "lose-answer" };

/** Ways to begin: asked for by a user, or due by its time in the trash. */
const BEGINNINGS = {
  "a request": async (fileId: string) => {
    const answer = await caller.fetch(`/v1/files/${fileId}?permanent=true`, { method: "DELETE" });
    // To its callers it is gone, whatever is left to do.
    expect(answer.status).toBe(204);
  },
  cron: async (fileId: string) => {
    expect((await caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" })).status).toBe(204);
    await stack.query("UPDATE files SET purge_at_ms = 1 WHERE id = ?", fileId);
    await stack.runScheduled();
  },
} as const;
type Beginning = keyof typeof BEGINNINGS;

async function plan(fileId: string, operation: Operation, ...faults: readonly Fault[]): Promise<void> {
  await stack.control({ plan: { operation, faults, fileId } });
}

/** The database refuses to remove this file's row: all of its batch is undone. */
async function refuseRows(fileId: string): Promise<() => Promise<unknown>> {
  await stack.query(
    `CREATE TRIGGER refuse_rows BEFORE DELETE ON files WHEN OLD.id = '${fileId}'
     BEGIN SELECT raise(ABORT, 'Not now.'); END`,
  );
  return () => stack.query("DROP TRIGGER refuse_rows");
}

async function expectLeft(fileId: string): Promise<void> {
  expect((await caller.fetch(`/v1/files/${fileId}`)).status).toBe(404);
  expect((await caller.fetch(`/v1/files/${fileId}/restore`, { method: "POST" })).status).toBe(404);
  // Its rows are what says that there is something to remove, so they and what they count are the last.
  expect(await countsOf(stack, caller)).toMatchObject({
    file_count: 1,
    files_bytes: 0,
    trash_bytes: MINIMUM_CHARGE_BYTES,
  });
  expect((await auditOf(stack, fileId)).map(({ action }) => action)).not.toContain("file.purged");
}

async function expectGone(fileId: string): Promise<void> {
  expect(await stack.query("SELECT id FROM files WHERE id = ?", fileId)).toEqual([]);
  expect(await countsOf(stack, caller)).toEqual(NOTHING_COUNTED);
  expect(await stack.readObject(`t/${caller.tenantId}/${fileId}/1/original-1`)).toBeUndefined();
  const purges = (await auditOf(stack, fileId)).filter(({ action }) => action === "file.purged");
  expect(purges).toHaveLength(1);
}

const STEPS: readonly (readonly [Operation, Fault])[] = [
  ["list", FAIL],
  ["list", LOSE],
  ["delete", FAIL],
  ["delete", LOSE],
];

test.each(
  (Object.keys(BEGINNINGS) as Beginning[]).flatMap((from) => STEPS.map((step) => [from, ...step] as const)),
)(
  "a purge that was begun by %s and came to grief at %s (%j) is finished by the next run",
  async (from, operation, fault) => {
    const fileId = await uploadFile(caller, Buffer.from("hello"));
    await plan(fileId, operation, fault);
    await BEGINNINGS[from](fileId);
    await expectLeft(fileId);
    await stack.runScheduled();
    await expectGone(fileId);
    await stack.runScheduled();
    await expectGone(fileId);
  },
);

test.each(Object.keys(BEGINNINGS) as Beginning[])(
  "a purge that was begun by %s and whose rows stayed is finished by the next run",
  async (from) => {
    const fileId = await uploadFile(caller, Buffer.from("hello"));
    const mend = await refuseRows(fileId);
    await BEGINNINGS[from](fileId);
    await expectLeft(fileId);
    // The objects are gone by then; nothing is made of that.
    expect(await stack.readObject(`t/${caller.tenantId}/${fileId}/1/original-1`)).toBeUndefined();
    await stack.runScheduled();
    await expectLeft(fileId);
    await mend();
    await stack.runScheduled();
    await expectGone(fileId);
  },
);

test("a file whose store fails again and again holds no others up", async () => {
  const broken = await uploadFile(caller, Buffer.from("hello"));
  const others = [
    await uploadFile(caller, Buffer.from("hello")),
    await uploadFile(caller, Buffer.from("hello")),
  ];
  for (const id of [broken, ...others]) await caller.fetch(`/v1/files/${id}`, { method: "DELETE" });
  await stack.query("UPDATE files SET purge_at_ms = 1 WHERE id = ?", broken);
  for (const id of others) await stack.query("UPDATE files SET purge_at_ms = 2 WHERE id = ?", id);
  await plan(broken, "list", FAIL, FAIL, FAIL);
  await stack.runScheduled();
  expect(await stack.query("SELECT id FROM files WHERE tenant_id = ?", caller.tenantId)).toEqual([
    { id: broken },
  ]);
  // Long tried in vain: now it is behind all that were tried before it.
  await stack.query("UPDATE files SET purging_at_ms = 5 WHERE id = ?", broken);
  const before = Date.now();
  await stack.runScheduled();
  const [row] = await stack.query("SELECT purging_at_ms FROM files WHERE id = ?", broken);
  expect(Number(row?.["purging_at_ms"])).toBeGreaterThanOrEqual(before);
  await stack.runScheduled();
  await stack.runScheduled();
  await expectGone(broken);
});

test("an upload whose parts can't be given up yet keeps its file's rows until they can", async () => {
  const bytes = Buffer.alloc(9 * MIB, "text ");
  const location = await createUpload(caller, bytes.byteLength);
  const fileId = fileIdOf(location);
  expect((await append(caller, location, 0, bytes.subarray(0, 8 * MIB))).status).toBe(204);
  const { rows } = await stack.control({ inspect: { tenantId: caller.tenantId, fileId } });
  expect(rows?.multipart).not.toBeNull();
  await plan(fileId, "abort", FAIL);
  await BEGINNINGS["a request"](fileId);
  expect(await stack.query("SELECT id FROM files WHERE id = ?", fileId)).toEqual([{ id: fileId }]);
  await stack.runScheduled();
  await expectGone(fileId);
  expect((await stack.control({})).counts).toMatchObject({ abort: 2 });
});

test("a store that takes no listing while many are purged in bulk is asked again by cron", async () => {
  const ids: string[] = [];
  for (let index = 0; index < 7; index += 1) ids.push(await uploadFile(caller, Buffer.from("hello")));
  for (const id of ids.slice(2, 5)) await plan(id, "list", FAIL);
  const answer = await caller.fetch("/v1/files/bulk", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ action: "purge", fileIds: ids }),
  });
  expect(answer.status).toBe(200);
  await expect
    .poll(() => countsOf(stack, caller))
    .toMatchObject({ file_count: 3, trash_bytes: 3 * MINIMUM_CHARGE_BYTES });
  await stack.runScheduled();
  expect(await countsOf(stack, caller)).toEqual(NOTHING_COUNTED);
  expect(await stack.countObjects()).toBe(0);
});
