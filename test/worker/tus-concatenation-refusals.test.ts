import { expect, test } from "vitest";
import {
  APPEND,
  append,
  creationHeaders,
  fileIdOf,
  metadataHeader,
  newCaller,
  readProblem,
  sharedStack,
  TUS,
  uploadFile,
} from "../support/api.ts";
import { createPartial, NAME, postFinal, uploadPartial, uploadPartials } from "../support/concatenation.ts";
import { openRequest } from "../support/raw-request.ts";
import {
  advertised,
  expectReceived,
  expectRefusal,
  expectStored,
  headOf,
  listedFiles,
  locationOf,
  patch,
  postUpload,
} from "../support/tus.ts";

const MIB = 1024 * 1024;

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

test("tus 75: a final upload without metadata has no name, whatever its partials have", async () => {
  const caller = await newCaller();
  const headers = { ...creationHeaders(3), "upload-concat": "partial" };
  const partial = await locationOf(postUpload(caller, headers));
  await append(caller, partial, 0, "abc");
  await expectRefusal(await postFinal(caller, [partial], {}), 400, "FILE_NAME_REQUIRED");
  expect((await postFinal(caller, [partial])).status).toBe(201);
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

test("tus 82: the final is checked as a whole: its name, and what its bytes are", async () => {
  const caller = await newCaller();
  // The second is further in than anybody looks; what is cut further on is in joined-types.test.ts.
  const partials = await uploadPartials(caller, ["abc".repeat(2_000), "def"]);
  const program = { "upload-metadata": metadataHeader({ filename: "a.exe" }) };
  await expectRefusal(await postFinal(caller, partials, program), 415, "FILE_TYPE_REFUSED");
  const picture = { "upload-metadata": metadataHeader({ filename: "a.png" }) };
  await expectRefusal(await postFinal(caller, partials, picture), 415, "FILE_TYPE_MISMATCH");
  expect(await listedFiles(caller)).toEqual([]);
});
