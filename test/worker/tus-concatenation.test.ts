import { expect, test } from "vitest";
import {
  APPEND,
  append,
  creationHeaders,
  fileIdOf,
  getRecord,
  metadataHeader,
  newCaller,
  sharedStack,
  TUS,
} from "../support/api.ts";
import { createPartial, NAME, postFinal, uploadPartial, uploadPartials } from "../support/concatenation.ts";
import {
  advertised,
  expectRefusal,
  expectStored,
  headOf,
  listedFiles,
  locationOf,
  PART,
  patch,
  postUpload,
  textOf,
} from "../support/tus.ts";

test("tus 68: concatenation is listed, and a partial upload made without a name", async () => {
  const caller = await newCaller();
  expect(await advertised("tus-extension")).toContain("concatenation");
  const headers = { ...TUS, "upload-length": "10", "upload-concat": "partial" };
  expect((await postUpload(caller, headers)).status).toBe(201);
});

test("tus 68: one of deferred length too, and one that brings its bytes", async () => {
  const caller = await newCaller();
  const partial = { ...TUS, "upload-concat": "partial" };
  const deferred = await locationOf(postUpload(caller, { ...partial, "upload-defer-length": "1" }));
  expect((await patch(caller, deferred, 0, "abc", { "upload-length": "3" })).status).toBe(204);
  const whole = await locationOf(postUpload(caller, { ...partial, ...APPEND, "upload-length": "4" }, "defg"));
  const final = await locationOf(postFinal(caller, [deferred, whole]));
  await expectStored(caller, fileIdOf(final), Buffer.from("abcdefg"));
});

test("tus 69: HEAD of a partial upload tells what it is and where", async () => {
  const caller = await newCaller();
  const location = await createPartial(caller, 10);
  for (const [sent, offset] of [
    ["", 0],
    ["abc", 3],
    ["defghij", 10],
  ] as const) {
    if (sent !== "") await append(caller, location, offset - sent.length, sent);
    expect(await headOf(caller, location)).toMatchObject({
      "upload-concat": "partial",
      "upload-offset": String(offset),
      "upload-length": "10",
    });
  }
});

test("tus 70: a final upload is made without a length", async () => {
  const caller = await newCaller();
  const partials = await uploadPartials(caller, ["abc", "def"]);
  const answer = await postFinal(caller, partials);
  expect(answer.status).toBe(201);
  expect(answer.headers.get("location")).toMatch(/^\/v1\/uploads\/[0-9a-z]{26}$/);
});

test.each([
  ["small ones", [3, 5, 1]],
  ["an empty one among them", [3, 0, 5]],
  ["nothing but empty ones", [0, 0]],
  ["ones around a part's size", [PART - 1, PART + 1, 7]],
  ["uneven ones", [300_001, PART, 2_000_003, 1]],
])("tus 71: partials of %s become their bytes in order", async (_what, sizes) => {
  const caller = await newCaller();
  const pieces = sizes.map((size) => textOf(size));
  const partials = await Promise.all(pieces.map((piece) => uploadPartial(caller, piece)));
  const final = await locationOf(postFinal(caller, partials));
  const whole = Buffer.concat(pieces);
  expect(await headOf(caller, final)).toMatchObject({ "upload-length": String(whole.byteLength) });
  await expectStored(caller, fileIdOf(final), whole);
});

test("tus 71: the order is the final's, not that in which they were made", async () => {
  const caller = await newCaller();
  const [a = "", b = "", c = ""] = await uploadPartials(caller, ["abc", "def", "ghi"]);
  const final = await locationOf(postFinal(caller, [c, a, b]));
  await expectStored(caller, fileIdOf(final), Buffer.from("ghiabcdef"));
});

test("tus 72: a final upload is complete: its offset is its length", async () => {
  const caller = await newCaller();
  const final = await locationOf(postFinal(caller, await uploadPartials(caller, ["abc", "def"])));
  const head = await headOf(caller, final);
  expect(head).toMatchObject({ "upload-offset": "6", "upload-length": "6" });
  expect(head).not.toHaveProperty("upload-expires");
});

test("tus 73: HEAD of a final upload tells Upload-Concat as it was sent", async () => {
  const caller = await newCaller();
  const [a = "", b = ""] = await uploadPartials(caller, ["abc", "def"]);
  const concat = `final;${new URL(a, sharedStack().url).href} ${b}`;
  const final = await locationOf(postUpload(caller, { ...TUS, ...NAME, "upload-concat": concat }));
  expect(await headOf(caller, final)).toMatchObject({ "upload-concat": concat });
});

test("tus 75: a final upload has the metadata sent with it, and none of its partials'", async () => {
  const caller = await newCaller();
  const ofPartial = metadataHeader({ filename: "part.pdf", secret: "x" });
  const headers = { ...creationHeaders(3), "upload-concat": "partial", "upload-metadata": ofPartial };
  const partial = await locationOf(postUpload(caller, headers));
  await append(caller, partial, 0, "abc");
  expect(await headOf(caller, partial)).toMatchObject({ "upload-metadata": ofPartial });
  const own = metadataHeader({ filename: "whole.txt", entityType: "deal", entityId: "7" });
  const final = await locationOf(postFinal(caller, [partial], { "upload-metadata": own }));
  expect(await headOf(caller, final)).toMatchObject({ "upload-metadata": own });
  expect(await getRecord(caller, fileIdOf(final))).toMatchObject({
    filename: "whole.txt",
    mimeType: "text/plain",
    ...{ entityType: "deal", entityId: "7" },
  });
});

test.each([
  ["absolute", (location: string) => new URL(location, sharedStack().url).href],
  ["relative to the host", (location: string) => location],
])("tus 76: partials may be said by addresses that are %s", async (_what, format) => {
  const caller = await newCaller();
  const partials = await uploadPartials(caller, ["abc", "def"]);
  const final = await locationOf(postFinal(caller, partials.map(format)));
  await expectStored(caller, fileIdOf(final), Buffer.from("abcdef"));
});

test("tus 77: a partial may be there twice, but in one final only: with that it is gone", async () => {
  const caller = await newCaller();
  const [a = "", b = "", c = ""] = await uploadPartials(caller, ["abc", "def", "ghi"]);
  const final = await locationOf(postFinal(caller, [a, b, a]));
  await expectRefusal(await postFinal(caller, [c, a]), 400, "UPLOAD_CONCAT_INVALID");
  await expectStored(caller, fileIdOf(final), Buffer.from("abcdefabc"));
  expect(await listedFiles(caller)).toEqual([fileIdOf(final)]);
  const other = await locationOf(postFinal(caller, [c]));
  await expectStored(caller, fileIdOf(other), Buffer.from("ghi"));
});

test("tus 82: partials are no files: they have no record, and can't be read", async () => {
  const caller = await newCaller();
  const partials = await uploadPartials(caller, ["abc", "def"]);
  expect(await listedFiles(caller)).toEqual([]);
  const final = await locationOf(postFinal(caller, partials));
  await expectStored(caller, fileIdOf(final), Buffer.from("abcdef"));
  expect(await listedFiles(caller)).toEqual([fileIdOf(final)]);
  for (const partial of partials) {
    for (const path of [`/v1/files/${fileIdOf(partial)}`, `/v1/files/${fileIdOf(partial)}/content`]) {
      await expectRefusal(await caller.fetch(path), 404, "FILE_NOT_FOUND");
    }
  }
});
