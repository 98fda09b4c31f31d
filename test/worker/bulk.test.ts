import { describe, expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import type { BulkItem } from "#contract/file-changes.ts";
import type { Caller } from "../support/api.ts";
import { getRecord, newCaller, readProblem, uploadFile } from "../support/api.ts";
import { auditOf, countsOf, NOTHING_COUNTED, patchFile, postBulk } from "../support/file-states.ts";
import { sharedWorkerAlone } from "../support/shared-worker.ts";

const worker = sharedWorkerAlone();

const MISSING = "00000000000000000000000000";

async function newFiles(count: number): Promise<{ caller: Caller; ids: string[] }> {
  const caller = await newCaller({ stack: worker });
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    ids.push(await uploadFile(caller, Buffer.from("hello"), { filename: "notes.txt", tags: "old" }));
  }
  return { caller, ids };
}

async function inBulk(caller: Caller, request: object): Promise<readonly BulkItem[]> {
  const answer = await postBulk(caller, request);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { items: BulkItem[] }).items;
}

const ok = (fileId: string | undefined) => ({ fileId, ok: true });
const refused = (fileId: string | undefined, code: string) => {
  return { fileId, ok: false, error: expect.objectContaining({ code }) };
};

test("files are deleted, restored and deleted again, each on record once", async () => {
  const { caller, ids } = await newFiles(3);
  expect(await inBulk(caller, { action: "delete", fileIds: ids })).toEqual(ids.map(ok));
  for (const id of ids) expect(await getRecord(caller, id)).toMatchObject({ state: "deleted" });
  expect(await countsOf(worker, caller)).toMatchObject({
    files_bytes: 0,
    trash_bytes: 3 * MINIMUM_CHARGE_BYTES,
  });
  expect(await inBulk(caller, { action: "restore", fileIds: ids })).toEqual(ids.map(ok));
  for (const id of ids) expect(await getRecord(caller, id)).toMatchObject({ deletedAt: null });
  expect(await countsOf(worker, caller)).toMatchObject({
    files_bytes: 3 * MINIMUM_CHARGE_BYTES,
    trash_bytes: 0,
  });
  for (const id of ids) {
    expect((await auditOf(worker, id)).map(({ action }) => action)).toEqual([
      "file.deleted",
      "file.restored",
    ]);
  }
});

test("files are purged: nothing is left of them", async () => {
  const { caller, ids } = await newFiles(7);
  expect(await inBulk(caller, { action: "purge", fileIds: ids })).toEqual(ids.map(ok));
  for (const id of ids) expect((await caller.fetch(`/v1/files/${id}`)).status).toBe(404);
  await expect.poll(() => countsOf(worker, caller)).toEqual(NOTHING_COUNTED);
  for (const id of ids) expect(await worker.objectKeys(`t/${caller.tenantId}/${id}/`)).toEqual([]);
});

test("what is to be purged from the trash alone stays where it was restored", async () => {
  const { caller, ids } = await newFiles(2);
  const [restored, deleted] = ids;
  await inBulk(caller, { action: "delete", fileIds: ids });
  await inBulk(caller, { action: "restore", fileIds: [restored] });
  expect(await inBulk(caller, { action: "purge", fileIds: ids, onlyTrash: true })).toEqual([
    refused(restored, "FILE_NOT_IN_TRASH"),
    ok(deleted),
  ]);
  expect(await getRecord(caller, restored ?? "")).toMatchObject({ deletedAt: null });
  expect((await caller.fetch(`/v1/files/${deleted}`)).status).toBe(404);
});

test("tags are added and taken away, and files attached and detached", async () => {
  const { caller, ids } = await newFiles(2);
  const tagsOf = async () =>
    Promise.all(ids.map(async (id) => (await getRecord(caller, id)).tags.toSorted()));
  expect(await inBulk(caller, { action: "tag", fileIds: ids, tags: ["new", "old", " new "] })).toEqual(
    ids.map(ok),
  );
  expect(await tagsOf()).toEqual([
    ["new", "old"],
    ["new", "old"],
  ]);
  expect(await inBulk(caller, { action: "untag", fileIds: ids, tags: ["old", "never"] })).toEqual(
    ids.map(ok),
  );
  expect(await tagsOf()).toEqual([["new"], ["new"]]);
  const entity = { entityType: "deal", entityId: "d-1" };
  expect(await inBulk(caller, { action: "attach", fileIds: ids, ...entity })).toEqual(ids.map(ok));
  expect(await getRecord(caller, ids[1] ?? "")).toMatchObject(entity);
  const none = { entityType: null, entityId: null };
  expect(await inBulk(caller, { action: "attach", fileIds: ids, ...none })).toEqual(ids.map(ok));
  expect(await getRecord(caller, ids[0] ?? "")).toMatchObject({
    ...none,
    filename: "notes.txt",
    tags: ["new"],
  });
  expect((await auditOf(worker, ids[0] ?? "")).map(({ detail }) => detail)).toEqual([
    { fields: "tags" },
    { fields: "tags" },
    { fields: "entity", ...entity },
    { fields: "entity", ...none },
  ]);
});

test("what can't be done with one file is said in its place, and done with the others", async () => {
  const { caller, ids } = await newFiles(3);
  const [live, deleted, again] = ids;
  const others = await newCaller({ stack: worker, tenantId: caller.tenantId, user: "bob" });
  const foreign = await uploadFile(others, Buffer.from("hello"));
  await caller.fetch(`/v1/files/${deleted}`, { method: "DELETE" });
  const fileIds = [live, deleted, MISSING, foreign, again, live];
  const items = await inBulk(caller, { action: "tag", tags: ["new"], fileIds });
  expect(items).toEqual([
    ok(live),
    refused(deleted, "FILE_IN_TRASH"),
    refused(MISSING, "FILE_NOT_FOUND"),
    refused(foreign, "FILE_NOT_FOUND"),
    ok(again),
    ok(live),
  ]);
  const [, , missing, unseen] = items;
  expect({ ...unseen, fileId: null }).toEqual({ ...missing, fileId: null });
  expect(await auditOf(worker, foreign)).toEqual([]);
  expect(await getRecord(others, foreign)).toMatchObject({ tags: [] });
});

test("a file has 50 tags at most, whoever adds them", async () => {
  const { caller, ids } = await newFiles(2);
  const [full, other] = ids;
  const tags = Array.from({ length: 50 }, (_, index) => `t${index}`);
  await patchFile(caller, full ?? "", { tags });
  // One that it has already needs no room.
  expect(await inBulk(caller, { action: "tag", fileIds: ids, tags: ["t7"] })).toEqual([ok(full), ok(other)]);
  const items = await inBulk(caller, { action: "tag", fileIds: ids, tags: ["t7", "more"] });
  expect(items).toEqual([refused(full, "REQUEST_INVALID"), ok(other)]);
  expect((await getRecord(caller, full ?? "")).tags.toSorted()).toEqual(tags.toSorted());
});

test("nor by many who add some at the same time", async () => {
  const { caller, ids } = await newFiles(1);
  await patchFile(caller, ids[0] ?? "", { tags: Array.from({ length: 46 }, (_, index) => `t${index}`) });
  const adding = Array.from({ length: 8 }, (_, index) =>
    inBulk(caller, { action: "tag", fileIds: ids, tags: [`u${index}`] }),
  );
  const added = (await Promise.all(adding)).filter(([item]) => item?.ok === true);
  expect(added).toHaveLength(4);
  expect((await getRecord(caller, ids[0] ?? "")).tags).toHaveLength(50);
});

test("200 files are done in one call, in order", async () => {
  const { caller, ids } = await newFiles(200);
  expect(await inBulk(caller, { action: "delete", fileIds: ids.toReversed() })).toEqual(
    ids.toReversed().map(ok),
  );
  const [row] = await worker.query(
    "SELECT count(*) AS n FROM audit_log WHERE tenant_id = ? AND action = 'file.deleted'",
    caller.tenantId,
  );
  expect(row).toEqual({ n: 200 });
});

describe("what isn't such a request is refused, and nothing of it done", () => {
  const ids = (count: number) => Array.from({ length: count }, () => MISSING);
  test.each([
    ["an unknown action", { action: "copy", fileIds: [MISSING] }],
    ["no action", { fileIds: [MISSING] }],
    ["no ids", { action: "delete", fileIds: [] }],
    ["201 ids", { action: "delete", fileIds: ids(201) }],
    ["an id that is none", { action: "delete", fileIds: ["x"] }],
    ["tags with a deletion", { action: "delete", fileIds: [MISSING], tags: ["a"] }],
    ["tagging without tags", { action: "tag", fileIds: [MISSING] }],
    ["tagging with none", { action: "tag", fileIds: [MISSING], tags: [] }],
    [
      "attaching to a type that no upload may declare",
      { action: "attach", fileIds: [MISSING], entityType: "Deal", entityId: "d" },
    ],
    ["attaching to half an entity", { action: "attach", fileIds: [MISSING], entityType: "deal" }],
    [
      "attaching to a type alone",
      { action: "attach", fileIds: [MISSING], entityType: "deal", entityId: null },
    ],
    ["an unknown field", { action: "restore", fileIds: [MISSING], force: true }],
  ])("%s", async (_what, request) => {
    const caller = await newCaller({ stack: worker });
    expect((await postBulk(caller, { action: "delete", fileIds: ids(200) })).status).toBe(200);
    expect(await readProblem(await postBulk(caller, request))).toMatchObject({
      status: 400,
      code: "REQUEST_INVALID",
      errors: [expect.anything()],
    });
  });
});
