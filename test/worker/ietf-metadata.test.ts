import { expect, test } from "vitest";
import { getRecord, metadataHeader, newCaller } from "../support/api.ts";
import { begin, create, expectRefused, finishAt, PARTIAL_UPLOAD, uploadWhole } from "../support/ietf.ts";
import { expectStored, listedFiles } from "../support/tus.ts";

/** Tells nothing of its file by fields of its own: as clients that came from tus send it. */
const UNNAMED = { "content-type": undefined, "content-disposition": undefined };
// Text would get a Content-Type of its own.
const MARKDOWN = Buffer.from("# abc");
const CSV = Buffer.from("a,b");
const NAMED = metadataHeader({
  ...{ filename: "film notes.md", filetype: "text/markdown", tags: "a,b" },
  ...{ entityType: "lead", entityId: "7", relativePath: "x/y" },
});

test("tus's metadata names an IETF creation's file where nothing else does", async () => {
  const caller = await newCaller();
  const fileId = await uploadWhole(caller, MARKDOWN, { ...UNNAMED, "upload-metadata": NAMED });
  expect(await getRecord(caller, fileId)).toMatchObject({
    ...{ filename: "film notes.md", mimeType: "text/markdown", tags: ["a", "b"] },
    ...{ entityType: "lead", entityId: "7" },
  });
});

test.each([
  ["Content-Disposition", { "content-disposition": 'inline; filename="own.md"' }, { filename: "own.md" }],
  [
    "a Content-Disposition without a name",
    { "content-disposition": "inline" },
    { filename: "film notes.md" },
  ],
  ["Content-Type", { "content-type": "text/plain" }, { mimeType: "text/plain" }],
])("%s goes before what metadata says", async (_what, change, expected) => {
  const caller = await newCaller();
  const metadata = metadataHeader({ filename: "film notes.md" });
  const fileId = await uploadWhole(caller, MARKDOWN, { ...UNNAMED, "upload-metadata": metadata, ...change });
  expect(await getRecord(caller, fileId)).toMatchObject(expected);
});

test("a query parameter goes before what metadata says", async () => {
  const caller = await newCaller();
  const headers = { "upload-complete": "?1", "upload-metadata": NAMED };
  const answer = await caller.fetch("/v1/uploads?entityId=8", { method: "POST", headers, body: MARKDOWN });
  const { id } = (await answer.json()) as { id: string };
  expect(await getRecord(caller, id)).toMatchObject({ entityType: "lead", entityId: "8" });
});

test("a type without a name makes one of it, by metadata as well", async () => {
  const caller = await newCaller();
  const metadata = metadataHeader({ filetype: "text/csv" });
  const fileId = await uploadWhole(caller, CSV, { ...UNNAMED, "upload-metadata": metadata });
  expect(await getRecord(caller, fileId)).toMatchObject({ filename: "upload.csv", mimeType: "text/csv" });
});

test("metadata that doesn't parse is refused for good, and leaves nothing", async () => {
  const caller = await newCaller();
  const answer = await create(caller, { "upload-metadata": "filename !" }, "abc");
  await expectRefused(answer, { status: 400, code: "UPLOAD_METADATA_INVALID", complete: "?1" });
  expect(await listedFiles(caller)).toEqual([]);
});

test("a deferred length is one that isn't told yet", async () => {
  const caller = await newCaller();
  const location = await begin(caller, { "upload-defer-length": "1" }, "abc");
  expect((await finishAt(caller, location, 3, "def")).status).toBe(201);
});

test("an append's media type on a creation says nothing of the file", async () => {
  const caller = await newCaller();
  const metadata = metadataHeader({ filename: "leads.csv" });
  const change = { ...UNNAMED, "content-type": PARTIAL_UPLOAD, "upload-metadata": metadata };
  const fileId = await uploadWhole(caller, CSV, change);
  expect(await getRecord(caller, fileId)).toMatchObject({ mimeType: "text/csv", filename: "leads.csv" });
  await expectStored(caller, fileId, CSV);
});
