import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  APPEND,
  append,
  creationHeaders,
  fileIdOf,
  getRecord,
  metadataHeader,
  newCaller,
  readProblem,
  sharedStack,
  TUS,
  uploadFile,
} from "../support/api.ts";
import { openRequest } from "../support/raw-request.ts";
import {
  advertised,
  expectReceived,
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

const MIB = 1024 * 1024;
const NAME = { "upload-metadata": metadataHeader({ filename: "notes.txt" }) };

/** A partial upload as stock clients make it: without a name. */
function createPartial(caller: Caller, sizeBytes: number): Promise<string> {
  const headers = { ...TUS, "upload-length": String(sizeBytes), "upload-concat": "partial" };
  return locationOf(postUpload(caller, headers));
}

/** A complete one. */
async function uploadPartial(caller: Caller, bytes: string | Buffer<ArrayBuffer>): Promise<string> {
  const location = await createPartial(caller, bytes.length);
  if (bytes.length > 0) expect((await append(caller, location, 0, bytes)).status).toBe(204);
  return location;
}

function uploadPartials(caller: Caller, texts: readonly string[]): Promise<readonly string[]> {
  return Promise.all(texts.map((text) => uploadPartial(caller, text)));
}

/** Joins partials; it succeeds if they can be joined. */
function postFinal(
  caller: Caller,
  locations: readonly string[],
  headers: Readonly<Record<string, string>> = NAME,
): Promise<Response> {
  return postUpload(caller, { ...TUS, "upload-concat": `final;${locations.join(" ")}`, ...headers });
}

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
  ["a length", { "upload-length": "6" }],
  ["a length that is another", { "upload-length": "7" }],
  ["a deferred length", { "upload-defer-length": "1" }],
])("tus 70: one with %s is refused", async (_what, change) => {
  const caller = await newCaller();
  const partials = await uploadPartials(caller, ["abc", "def"]);
  const answer = await postFinal(caller, partials, { ...NAME, ...change });
  await expectRefusal(answer, 400, "UPLOAD_LENGTH_INVALID");
  expect(await listedFiles(caller)).toEqual([]);
  expect((await postFinal(caller, partials)).status).toBe(201);
});

test("tus 70: one with bytes of its own is refused, and nothing is stored", async () => {
  const caller = await newCaller();
  const [partial = ""] = await uploadPartials(caller, ["abc"]);
  const headers = { ...APPEND, ...NAME, "upload-concat": `final;${partial}` };
  await expectRefusal(await postUpload(caller, headers, "def"), 403, "UPLOAD_FINAL");
  expect(await listedFiles(caller)).toEqual([]);
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

test.each([
  ["at its end", 6, {}],
  ["somewhere else", 0, {}],
  ["with another type", 6, { "content-type": "text/plain" }],
  ["with no offset", 6, { "upload-offset": undefined }],
])("tus 74: a PATCH of a final upload %s is refused, and changes nothing", async (_what, offset, change) => {
  const caller = await newCaller();
  const partials = await uploadPartials(caller, ["abc", "def"]);
  const final = await locationOf(postFinal(caller, partials));
  await expectRefusal(await patch(caller, final, offset, "x", change), 403, "UPLOAD_FINAL");
  expect(await headOf(caller, final)).toMatchObject({ "upload-offset": "6", "upload-length": "6" });
  await expectStored(caller, fileIdOf(final), Buffer.from("abcdef"));
});

test("tus 75: a final upload has the metadata sent with it, and none of its partials'", async () => {
  const caller = await newCaller();
  const ofPartial = metadataHeader({ filename: "part.pdf", secret: "x" });
  const headers = { ...creationHeaders(3), "upload-concat": "partial", "upload-metadata": ofPartial };
  const partial = await locationOf(postUpload(caller, headers));
  await append(caller, partial, 0, "abc");
  expect(await headOf(caller, partial)).toMatchObject({ "upload-metadata": ofPartial });
  const own = metadataHeader({ filename: "whole.txt", entityType: "deal" });
  const final = await locationOf(postFinal(caller, [partial], { "upload-metadata": own }));
  expect(await headOf(caller, final)).toMatchObject({ "upload-metadata": own });
  expect(await getRecord(caller, fileIdOf(final))).toMatchObject({
    filename: "whole.txt",
    mimeType: "text/plain",
    entityType: "deal",
  });
});

test("tus 75: a final upload without metadata has no name, whatever its partials have", async () => {
  const caller = await newCaller();
  const headers = { ...creationHeaders(3), "upload-concat": "partial" };
  const partial = await locationOf(postUpload(caller, headers));
  await append(caller, partial, 0, "abc");
  await expectRefusal(await postFinal(caller, [partial], {}), 400, "FILE_NAME_REQUIRED");
  expect((await postFinal(caller, [partial])).status).toBe(201);
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

test("tus 76: an address with characters that nobody sees is refused, not read without them", async () => {
  const caller = await newCaller();
  const [partial = ""] = await uploadPartials(caller, ["abc"]);
  const request = await openRequest(new URL("/v1/uploads", sharedStack().url), "POST", {
    ...TUS,
    authorization: `Bearer ${caller.token}`,
    "upload-concat": `final;${partial}\u0001`,
    "upload-metadata": `filename ${btoa("notes.txt")},filetype ${btoa("text/plain")}`,
  });
  await expectReceived(request, "UPLOAD_CONCAT_INVALID");
  await request.cut();
  expect(await listedFiles(caller)).toEqual([]);
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

test("tus 77: of different finals of the same partials at once, one is made, and the others are refused", async () => {
  const caller = await newCaller();
  const partials = await uploadPartials(caller, ["abc", "def"]);
  const names = Array.from({ length: 5 }, (_, index) => metadataHeader({ filename: `${index}.txt` }));
  const answers = await Promise.all(
    names.map((metadata) => postFinal(caller, partials, { "upload-metadata": metadata })),
  );
  const [made, ...others] = answers.toSorted((a, b) => a.status - b.status);
  expect(made?.status).toBe(201);
  for (const other of others) await expectRefusal(other, 400, "UPLOAD_CONCAT_INVALID");
  const fileId = fileIdOf(made?.headers.get("location") ?? "");
  await expectStored(caller, fileId, Buffer.from("abcdef"));
  expect(await listedFiles(caller)).toEqual([fileId]);
});

test("tus 77: who lost the answer to a final asks again, and is told of the same one", async () => {
  const caller = await newCaller();
  const partials = await uploadPartials(caller, ["abc", "def"]);
  const final = await locationOf(postFinal(caller, partials));
  for (let times = 0; times < 2; times += 1) {
    const again = await postFinal(caller, partials);
    expect(again.status).toBe(201);
    expect(again.headers.get("location")).toBe(final);
  }
  expect(await listedFiles(caller)).toEqual([fileIdOf(final)]);
  const other = { "upload-metadata": metadataHeader({ filename: "other.txt" }) };
  await expectRefusal(await postFinal(caller, partials, other), 400, "UPLOAD_CONCAT_INVALID");
  await expectRefusal(await postFinal(caller, partials.toReversed()), 400, "UPLOAD_CONCAT_INVALID");
  await expectRefusal(await postFinal(caller, partials.slice(1)), 400, "UPLOAD_CONCAT_INVALID");
  const stranger = await newCaller({ tenantId: caller.tenantId, user: "bob" });
  await expectRefusal(await postFinal(stranger, partials), 400, "UPLOAD_CONCAT_INVALID");
});

test("tus 77: of a final that an admin made of somebody's partials, those aren't told", async () => {
  const caller = await newCaller();
  const admin = await newCaller({ tenantId: caller.tenantId, user: "root", role: "admin" });
  const partials = await uploadPartials(caller, ["abc", "def"]);
  const final = await locationOf(postFinal(admin, partials));
  await expectRefusal(await postFinal(caller, partials), 400, "UPLOAD_CONCAT_INVALID");
  expect((await postFinal(admin, partials)).headers.get("location")).toBe(final);
});

test("tus 77: a partial that was joined stays complete, though its bytes are the final's now", async () => {
  const caller = await newCaller();
  const partials = await uploadPartials(caller, ["abc", "def"]);
  await locationOf(postFinal(caller, partials));
  for (const partial of partials) {
    expect(await headOf(caller, partial)).toMatchObject({ "upload-offset": "3", "upload-length": "3" });
    expect((await append(caller, partial, 3, null)).status).toBe(204);
    await expectRefusal(await append(caller, partial, 3, "x"), 409, "UPLOAD_COMPLETED");
    expect((await caller.fetch(partial, { method: "DELETE", headers: TUS })).status).toBe(204);
    await expectRefusal(await append(caller, partial, 3, null), 404, "UPLOAD_NOT_FOUND");
  }
});

test("tus 78: an unfinished partial can't be joined, and concatenation-unfinished isn't listed", async () => {
  const caller = await newCaller();
  expect(await advertised("tus-extension")).not.toContain("concatenation-unfinished");
  const [done = ""] = await uploadPartials(caller, ["abc"]);
  const open = await createPartial(caller, 3);
  await append(caller, open, 0, "de");
  await expectRefusal(await postFinal(caller, [done, open]), 400, "UPLOAD_CONCAT_INVALID");
  expect(await listedFiles(caller)).toEqual([]);
  expect((await append(caller, open, 2, "f")).status).toBe(204);
  const final = await locationOf(postFinal(caller, [done, open]));
  await expectStored(caller, fileIdOf(final), Buffer.from("abcdef"));
});

test("tus 79: partials that are too much together are refused", async () => {
  const caller = await newCaller();
  // Archives may be 50 MiB.
  const name = { "upload-metadata": metadataHeader({ filename: "backup.gz" }) };
  const gzipLike = Buffer.alloc(6 * MIB);
  gzipLike.set([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  const partial = await uploadPartial(caller, gzipLike);
  const nine = Array.from({ length: 9 }, () => partial);
  await expectRefusal(await postFinal(caller, nine, name), 413, "FILE_TOO_LARGE");
  expect(await listedFiles(caller)).toEqual([]);
  expect((await postFinal(caller, nine.slice(1), name)).status).toBe(201);
});

test("tus 80: partials that aren't there, aren't the caller's, or aren't partials, are refused alike", async () => {
  const caller = await newCaller();
  const colleague = await newCaller({ tenantId: caller.tenantId, user: "bob" });
  const [own = "", joined = ""] = await uploadPartials(caller, ["abc", "abc"]);
  const [theirs = ""] = await uploadPartials(await newCaller(), ["abc"]);
  const [bobs = ""] = await uploadPartials(colleague, ["abc"]);
  const file = `/v1/uploads/${await uploadFile(caller, Buffer.from("abc"))}`;
  const ended = await createPartial(caller, 3);
  await caller.fetch(ended, { method: "DELETE", headers: TUS });
  const final = await locationOf(postFinal(caller, [joined]));
  const answers = [`/v1/uploads/${"0".repeat(26)}`, theirs, bobs, file, ended, final, joined].map(
    async (location) => {
      const { requestId: _requestId, ...problem } = await readProblem(
        await postFinal(caller, [own, location]),
      );
      return problem;
    },
  );
  const [first, ...others] = await Promise.all(answers);
  expect(first).toMatchObject({ status: 400, code: "UPLOAD_CONCAT_INVALID" });
  for (const other of others) expect(other).toEqual(first);
  expect((await postFinal(caller, [own])).status).toBe(201);
});

test.each([
  ["nothing", () => ""],
  ["another word", () => "partially"],
  ["a word in capitals", () => "Partial"],
  ["no partials", () => "final;"],
  ["spaces for partials", () => "final;   "],
  ["no semicolon", (partial: string) => `final ${partial}`],
  ["commas between them", (partial: string) => `final;${partial},${partial}`],
  ["an address of something else", (partial: string) => `final;/v1/files/${fileIdOf(partial)}`],
  ["an address below a partial's", (partial: string) => `final;${partial}/x`],
  ["no address", () => "final;http://["],
  ["too many of them", (partial: string) => `final;${Array(201).fill(partial).join(" ")}`],
])("tus 81: an Upload-Concat of %s is refused, and nothing is made", async (_what, format) => {
  const caller = await newCaller();
  const [partial = ""] = await uploadPartials(caller, ["abc"]);
  const lengthed = format(partial).startsWith("final") ? {} : { "upload-length": "3" };
  const headers = { ...TUS, ...NAME, ...lengthed, "upload-concat": format(partial) };
  await expectRefusal(await postUpload(caller, headers), 400, "UPLOAD_CONCAT_INVALID");
  expect(await listedFiles(caller)).toEqual([]);
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

test("tus 82: the final is checked as a whole: its name, and what its bytes are", async () => {
  const caller = await newCaller();
  const partials = await uploadPartials(caller, ["abc", "def"]);
  const program = { "upload-metadata": metadataHeader({ filename: "a.exe" }) };
  await expectRefusal(await postFinal(caller, partials, program), 415, "FILE_TYPE_REFUSED");
  const picture = { "upload-metadata": metadataHeader({ filename: "a.png" }) };
  await expectRefusal(await postFinal(caller, partials, picture), 415, "FILE_TYPE_MISMATCH");
  expect(await listedFiles(caller)).toEqual([]);
});
