import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { append, creationHeaders, fileIdOf, metadataHeader, newCaller, readProblem } from "../support/api.ts";
import {
  advertised,
  changed,
  chunkOf,
  expectReceived,
  expectRefusal,
  expectStored,
  headOf,
  listedFiles,
  locationOf,
  openPatch,
  patch,
  postUpload,
} from "../support/tus.ts";

const MIB = 1024 * 1024;
/** Limit of the class that archives are in. */
const ARCHIVE_LIMIT = 50 * MIB;

const DEFERRED = { "upload-length": undefined, "upload-defer-length": "1" } as const;

function createDeferred(caller: Caller, filename = "notes.txt"): Promise<string> {
  const metadata = metadataHeader({ filename });
  const headers = changed(creationHeaders(0), { ...DEFERRED, "upload-metadata": metadata });
  return locationOf(postUpload(caller, headers));
}

/** An upload of unknown length with three bytes there. */
async function begun(caller: Caller): Promise<string> {
  const location = await createDeferred(caller);
  expect((await append(caller, location, 0, "abc")).status).toBe(204);
  return location;
}

async function expectStillDeferred(caller: Caller, location: string, offset = 3): Promise<void> {
  const head = await headOf(caller, location);
  expect(head).toMatchObject({ "upload-offset": String(offset), "upload-defer-length": "1" });
  expect(head).not.toHaveProperty("upload-length");
}

test("tus 34: creation-defer-length is listed", async () => {
  expect(await advertised("tus-extension")).toContain("creation-defer-length");
});

test.each(["0", "2", "", "true", "1, 1", "01"])(
  "tus 35: a creation whose Upload-Defer-Length is %j is refused",
  async (value) => {
    const caller = await newCaller();
    const headers = changed(creationHeaders(0), { ...DEFERRED, "upload-defer-length": value });
    await expectRefusal(await postUpload(caller, headers), 400, "UPLOAD_HEADER_INVALID");
    expect(await listedFiles(caller)).toEqual([]);
  },
);

test("tus 36: HEAD says that the length isn't known, and none, until it is", async () => {
  const caller = await newCaller();
  const location = await createDeferred(caller);
  await expectStillDeferred(caller, location, 0);
  await append(caller, location, 0, "abc");
  await expectStillDeferred(caller, location, 3);
  expect((await patch(caller, location, 3, "", { "upload-length": "5" })).status).toBe(204);
  const head = await headOf(caller, location);
  expect(head).toMatchObject({ "upload-offset": "3", "upload-length": "5" });
  expect(head).not.toHaveProperty("upload-defer-length");
});

test("tus 37: a PATCH that tells the length settles it", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  expect((await patch(caller, location, 3, "def", { "upload-length": "10" })).status).toBe(204);
  const head = await headOf(caller, location);
  expect(head).toMatchObject({ "upload-offset": "6", "upload-length": "10" });
  expect(head).not.toHaveProperty("upload-defer-length");
});

test.each([
  ["that was deferred", begunAndSettled],
  [
    "that was told at creation",
    async (caller: Caller) => {
      const location = await locationOf(postUpload(caller, creationHeaders(10)));
      await append(caller, location, 0, "abc");
      return location;
    },
  ],
])("tus 38: a length %s can be said again but not changed", async (_what, make) => {
  const caller = await newCaller();
  const location = await make(caller);
  for (const length of ["9", "11", "3"]) {
    const answer = await patch(caller, location, 3, "d", { "upload-length": length });
    await expectRefusal(answer, 400, "UPLOAD_LENGTH_CONFLICT");
    expect(await headOf(caller, location)).toMatchObject({ "upload-offset": "3", "upload-length": "10" });
  }
  expect((await patch(caller, location, 3, "d", { "upload-length": "10" })).status).toBe(204);
});

async function begunAndSettled(caller: Caller): Promise<string> {
  const location = await begun(caller);
  expect((await patch(caller, location, 3, null, { "upload-length": "10" })).status).toBe(204);
  return location;
}

test.each([
  ["less than what is there", "2", "", 400, "UPLOAD_LENGTH_CONFLICT"],
  ["less than what is there and comes", "4", "de", 413, "UPLOAD_BODY_TOO_LARGE"],
  ["no number", "4x", "d", 400, "UPLOAD_LENGTH_INVALID"],
])(
  "tus 39: a length that is %s is refused, and settles nothing",
  async (_what, length, body, status, code) => {
    const caller = await newCaller();
    const location = await begun(caller);
    await expectRefusal(await patch(caller, location, 3, body, { "upload-length": length }), status, code);
    await expectStillDeferred(caller, location);
    expect((await patch(caller, location, 3, "d", { "upload-length": "4" })).status).toBe(204);
    await expectStored(caller, fileIdOf(location), Buffer.from("abcd"));
  },
);

test("tus 40: a length over the limit is refused, and settles nothing", async () => {
  const caller = await newCaller();
  const location = await createDeferred(caller, "backup.gz");
  const headers = { "upload-length": String(ARCHIVE_LIMIT + 1) };
  await expectRefusal(await patch(caller, location, 0, null, headers), 413, "FILE_TOO_LARGE");
  await expectStillDeferred(caller, location, 0);
  expect((await patch(caller, location, 0, null, { "upload-length": String(ARCHIVE_LIMIT) })).status).toBe(
    204,
  );
});

test("tus 40: bytes over the limit are refused, told beforehand or not", async () => {
  const caller = await newCaller();
  const location = await createDeferred(caller, "backup.gz");
  const told = await openPatch(caller, location, {
    "upload-offset": "0",
    "content-length": String(ARCHIVE_LIMIT + 1),
  });
  await expectReceived(told, "FILE_TOO_LARGE");
  await told.cut();
  await expectStillDeferred(caller, location, 0);

  const tooMuch = gzipLike(ARCHIVE_LIMIT + 1);
  const request = await openPatch(caller, location, {
    "upload-offset": "0",
    "transfer-encoding": "chunked",
  });
  for (let from = 0; from < tooMuch.byteLength; from += MIB) {
    await request.write(chunkOf(tooMuch.subarray(from, from + MIB)));
  }
  await expectReceived(request, "FILE_TOO_LARGE");
  await request.cut();
  const head = await headOf(caller, location);
  expect(head).toMatchObject({ "upload-defer-length": "1" });
  expect(Number(head["upload-offset"])).toBeLessThanOrEqual(ARCHIVE_LIMIT);
});

/** Bytes that begin as gzip's do. */
function gzipLike(sizeBytes: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(sizeBytes);
  bytes.set([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  return bytes;
}

test.each([
  ["with the last bytes", [["abc"], ["def"], ["ghij", "10"]]],
  ["after the last bytes", [["abc"], ["defghij"], [null, "10"]]],
  ["with some in the middle", [["abc"], ["def", "10"], ["ghij"]]],
  ["with the first", [["abc", "10"], ["defghij"]]],
  ["with all of them", [["abcdefghij", "10"]]],
] as const)("tus 41: a length told %s makes the file", async (_when, patches) => {
  const caller = await newCaller();
  const location = await createDeferred(caller);
  let offset = 0;
  for (const [body, length] of patches) {
    const answer = await patch(caller, location, offset, body, { "upload-length": length });
    offset += body?.length ?? 0;
    expect(answer.status).toBe(204);
    expect(answer.headers.get("upload-offset")).toBe(String(offset));
  }
  await expectStored(caller, fileIdOf(location), Buffer.from("abcdefghij"));
});

test("tus 41: a length of nothing, told of nothing, makes an empty file", async () => {
  const caller = await newCaller();
  const location = await createDeferred(caller);
  expect((await patch(caller, location, 0, null, { "upload-length": "0" })).status).toBe(204);
  await expectStored(caller, fileIdOf(location), Buffer.alloc(0));
});

test("tus 41: an upload whose length is never told is no file", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  const answer = await caller.fetch(`/v1/files/${fileIdOf(location)}/content`);
  expect(await readProblem(answer)).toMatchObject({ code: "FILE_NOT_READY" });
  await expectStillDeferred(caller, location);
});
