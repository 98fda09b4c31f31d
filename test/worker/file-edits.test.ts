import { describe, expect, test } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import type { Caller } from "../support/api.ts";
import { getRecord, newCaller, readProblem, uploadFile } from "../support/api.ts";
import { auditOf, patchFile } from "../support/file-states.ts";
import { sharedWorkerAlone } from "../support/shared-worker.ts";

const worker = sharedWorkerAlone();

async function newFile(): Promise<{ caller: Caller; fileId: string }> {
  const caller = await newCaller({ stack: worker });
  const metadata = { filename: "notes.txt", tags: "a,b", entityType: "contact", entityId: "c-1" };
  return { caller, fileId: await uploadFile(caller, Buffer.from("hello"), metadata) };
}

async function expectEdited(caller: Caller, fileId: string, edit: object): Promise<FileRecord> {
  const answer = await patchFile(caller, fileId, edit);
  expect(answer.status).toBe(200);
  return (await answer.json()) as FileRecord;
}

describe("what is changed is changed, and nothing else", () => {
  test.each([
    [{ filename: "Übersicht 2026.txt" }, { filename: "Übersicht 2026.txt" }],
    [{ tags: ["c", " a ", "c"] }, { tags: ["a", "c"] }],
    [{ tags: [] }, { tags: [] }],
    [
      { entityType: "deal", entityId: "d-9" },
      { entityType: "deal", entityId: "d-9" },
    ],
    [
      { entityType: null, entityId: null },
      { entityType: null, entityId: null },
    ],
    [{ isPublic: true }, { isPublic: true, publicUrl: expect.stringContaining("/p/") }],
    [
      { filename: "x.txt", tags: ["x"], entityType: null, entityId: null },
      { filename: "x.txt", tags: ["x"], entityType: null, entityId: null },
    ],
  ])("%j", async (edit, expected) => {
    const { caller, fileId } = await newFile();
    const before = await getRecord(caller, fileId);
    const answered = await expectEdited(caller, fileId, edit);
    expect({ ...answered, tags: answered.tags.toSorted() }).toEqual({
      ...before,
      ...expected,
      updatedAt: expect.any(String),
    });
    expect(Date.parse(answered.updatedAt)).toBeGreaterThanOrEqual(Date.parse(before.updatedAt));
    expect(await getRecord(caller, fileId)).toEqual(answered);
  });
});

test.each([
  ["  spaced\u0000 out .txt. ", "spaced out .txt"],
  ["a/b\\c:d.txt", "a_b_c_d.txt"],
  ["e\u0301.txt", "\u00e9.txt"],
  [`${"ä".repeat(200)}.txt`, `${"ä".repeat(125)}.txt`],
])("a name is stored as every system takes it: %j", async (filename, stored) => {
  const { caller, fileId } = await newFile();
  expect(await expectEdited(caller, fileId, { filename })).toMatchObject({ filename: stored });
});

test("a renamed file is found by its new name and by its old one no more", async () => {
  const { caller, fileId } = await newFile();
  await expectEdited(caller, fileId, { filename: "Crème Brûlée.txt" });
  const find = async (name: string) =>
    worker.query(
      `SELECT f.id FROM file_search AS s JOIN files AS f ON f.search_id = s.rowid
       WHERE f.tenant_id = ? AND s.name MATCH ?`,
      caller.tenantId,
      name,
    );
  expect(await find("creme")).toEqual([{ id: fileId }]);
  expect(await find("notes")).toEqual([]);
});

test("tags are kept in their file's order for lists", async () => {
  const { caller, fileId } = await newFile();
  await expectEdited(caller, fileId, { tags: ["z"] });
  const rows = await worker.query(
    `SELECT t.tag, t.file_created_at_ms = f.created_at_ms AS same FROM file_tags AS t
     JOIN files AS f ON f.tenant_id = t.tenant_id AND f.id = t.file_id WHERE f.id = ?`,
    fileId,
  );
  expect(rows).toEqual([{ tag: "z", same: 1 }]);
});

const LONG = "x".repeat(128);
const TAGS_50 = Array.from({ length: 50 }, (_, index) => `tag-${index}`);

describe("boundaries", () => {
  test.each([
    ["one tag", { tags: ["x"] }],
    ["50 tags", { tags: TAGS_50 }],
    ["a tag of 128 characters", { tags: [LONG] }],
    ["an entity's longest names", { entityType: LONG.slice(0, 64), entityId: LONG }],
    ["a name of 1024 characters", { filename: `${"n".repeat(1020)}.txt` }],
  ])("%s is taken", async (_what, edit) => {
    const { caller, fileId } = await newFile();
    await expectEdited(caller, fileId, edit);
  });

  test.each([
    ["51 tags", { tags: [...TAGS_50, "x"] }, "tags"],
    ["a tag of 129 characters", { tags: [`${LONG}x`] }, "tags.0"],
    ["a tag that is empty", { tags: ["a", " "] }, "tags.1"],
    ["a tag with a comma", { tags: ["a,b"] }, "tags.0"],
    ["tags that are a text", { tags: "a,b" }, "tags"],
    ["an entity's type alone", { entityType: "deal" }, "entityId"],
    ["an entity's id alone", { entityId: "d" }, "entityType"],
    ["a type with no id", { entityType: "deal", entityId: null }, "entityId"],
    ["an id with no type", { entityType: null, entityId: "d" }, "entityType"],
    ["an entity's type of 65 characters", { entityType: LONG.slice(0, 65), entityId: "d" }, "entityType"],
    ["an entity's type that no upload may declare", { entityType: "Deal", entityId: "d" }, "entityType"],
    ["an entity's type that is empty", { entityType: "", entityId: "d" }, "entityType"],
    ["an entity's id of 129 characters", { entityType: "deal", entityId: `${LONG}x` }, "entityId"],
    ["an entity's id that is empty", { entityType: "deal", entityId: "" }, "entityId"],
    ["a name of 1025 characters", { filename: `${"n".repeat(1021)}.txt` }, "filename"],
    ["a name that is a number", { filename: 5 }, "filename"],
    ["isPublic as a text", { isPublic: "true" }, "isPublic"],
    ["nothing", {}, ""],
    ["an unknown field", { filename: "a.txt", ownerId: "bob" }, "ownerId"],
  ])("%s is refused", async (_what, edit, path) => {
    const { caller, fileId } = await newFile();
    const before = await getRecord(caller, fileId);
    const problem = await readProblem(await patchFile(caller, fileId, edit));
    expect(problem).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
    expect(problem.errors?.map((error) => error.path)).toEqual([path]);
    // Meanwhile more may have been made of it.
    const { filename, tags, entityType, entityId, isPublic, updatedAt } = before;
    const unchanged = { filename, tags, entityType, entityId, isPublic, updatedAt };
    expect(await getRecord(caller, fileId)).toMatchObject(unchanged);
  });
});

test.each([
  ["", "FILE_NAME_INVALID", 400],
  [" .. ", "FILE_NAME_INVALID", 400],
  ["\u202e", "FILE_NAME_INVALID", 400],
  ["setup.exe", "FILE_TYPE_REFUSED", 415],
  ["setup.EXE. .", "FILE_TYPE_REFUSED", 415],
  ["setup.e\u200bxe", "FILE_TYPE_REFUSED", 415],
  ["setup.\uff45xe", "FILE_TYPE_REFUSED", 415],
  ["setup.exe\u0001", "FILE_TYPE_REFUSED", 415],
  [".html", "FILE_TYPE_REFUSED", 415],
  ["page.html", "FILE_TYPE_REFUSED", 415],
  ["notes.settingcontent-ms", "FILE_TYPE_REFUSED", 415],
  ["notes.desktop", "FILE_TYPE_REFUSED", 415],
  ["notes.pdf", "FILE_TYPE_REFUSED", 415],
])("a file can't be renamed to %j", async (filename, code, status) => {
  const { caller, fileId } = await newFile();
  const answer = await patchFile(caller, fileId, { filename, tags: ["changed"] });
  expect(await readProblem(answer)).toMatchObject({ status, code, errors: [{ path: "filename" }] });
  expect((await getRecord(caller, fileId)).tags).not.toContain("changed");
});

test("a refused name says by which rule, and of its type which endings there are", async () => {
  const { caller, fileId } = await newFile();
  const blocked = await readProblem(await patchFile(caller, fileId, { filename: "a.command" }));
  expect(blocked.errors).toEqual([{ path: "filename", message: 'refused by the rule "extension-blocked"' }]);
  const mistaken = await readProblem(await patchFile(caller, fileId, { filename: "a.pdf" }));
  expect(mistaken.errors).toEqual([
    { path: "filename", message: 'refused by the rule "extension-mismatch"' },
  ]);
  expect(mistaken.detail).toMatch(/^Files of type text\/plain end in \.txt, .*, not in "\.pdf"\.$/);
});

async function setSettings(caller: Caller, settings: object): Promise<void> {
  await worker.query(
    "UPDATE tenants SET settings = ? WHERE tenant_id = ?",
    JSON.stringify(settings),
    caller.tenantId,
  );
}

test("a tenant's own blocked endings hold for new names", async () => {
  const { caller, fileId } = await newFile();
  await expectEdited(caller, fileId, { filename: "a.eml" });
  await setSettings(caller, { blockedExtensions: ["eml"] });
  const answer = await patchFile(caller, fileId, { filename: "b.eml" });
  expect(await readProblem(answer)).toMatchObject({ status: 415, code: "FILE_TYPE_REFUSED" });
});

test("where a tenant has no public files, none is made public, and public ones can be taken back", async () => {
  const { caller, fileId } = await newFile();
  await expectEdited(caller, fileId, { isPublic: true });
  await setSettings(caller, { publicFiles: false });
  const other = await uploadFile(caller, Buffer.from("other"));
  const answer = await patchFile(caller, other, { isPublic: true, filename: "changed.txt" });
  expect(await readProblem(answer)).toMatchObject({ status: 403, code: "PUBLIC_FILES_OFF" });
  expect(await getRecord(caller, other)).toMatchObject({ filename: "notes.txt", isPublic: false });
  expect(await expectEdited(caller, fileId, { isPublic: false })).toMatchObject({
    isPublic: false,
    publicUrl: null,
  });
});

test("changes at the same time lose nothing of one another", async () => {
  const { caller, fileId } = await newFile();
  await Promise.all([
    expectEdited(caller, fileId, { filename: "new.txt" }),
    expectEdited(caller, fileId, { tags: ["new"] }),
    expectEdited(caller, fileId, { entityType: "deal", entityId: "d" }),
    expectEdited(caller, fileId, { isPublic: true }),
  ]);
  expect(await getRecord(caller, fileId)).toMatchObject({
    filename: "new.txt",
    tags: ["new"],
    entityType: "deal",
    entityId: "d",
    isPublic: true,
  });
});

test("what was changed by whom is on record, and no content of it", async () => {
  const { caller, fileId } = await newFile();
  const admin = await newCaller({ stack: worker, tenantId: caller.tenantId, user: "boss", role: "admin" });
  await expectEdited(caller, fileId, { filename: "secret.txt", tags: ["secret"] });
  await expectEdited(admin, fileId, { isPublic: true });
  // Public already: only the name is changed.
  await expectEdited(caller, fileId, { isPublic: true, filename: "b.txt" });
  await expectEdited(caller, fileId, { isPublic: false });
  await expectEdited(caller, fileId, { entityType: "deal", entityId: "d-1" });
  await patchFile(caller, fileId, { filename: "refused.exe" });
  const attached = { entityType: "deal", entityId: "d-1" };
  const ann = { actor_id: "ann", actor_kind: "member" };
  expect(await auditOf(worker, fileId)).toEqual([
    { action: "file.changed", ...ann, detail: { fields: "filename,tags" } },
    { action: "file.published", actor_id: "boss", actor_kind: "admin", detail: {} },
    { action: "file.changed", ...ann, detail: { fields: "filename" } },
    { action: "file.unpublished", ...ann, detail: {} },
    { action: "file.changed", ...ann, detail: { fields: "entity", ...attached } },
  ]);
});
