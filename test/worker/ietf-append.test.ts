import { expect, test } from "vitest";
import { fileIdOf, getRecord, newCaller } from "../support/api.ts";
import {
  appendAt,
  begin,
  create,
  expectRefused,
  finishAt,
  limitsIn,
  offsetOf,
  openAppend,
  PARTIAL_UPLOAD,
  statusIn,
  statusOf,
} from "../support/ietf.ts";
import { rows } from "../support/runs.ts";
import {
  changed,
  chunkOf,
  downloaded,
  expectReceived,
  expectStored,
  LAST_CHUNK,
  listedFiles,
  PART,
  textOf,
} from "../support/tus.ts";

const MISMATCH = "https://iana.org/assignments/http-problem-types#mismatching-upload-offset";

test.each([
  ["no offset", { "upload-offset": undefined }, 400, "UPLOAD_OFFSET_INVALID"],
  ["no completeness", { "upload-complete": undefined }, 400, "UPLOAD_HEADER_INVALID"],
  ["no media type", { "content-type": undefined }, 415, "UPLOAD_CONTENT_TYPE_INVALID"],
  ["the file's media type", { "content-type": "text/plain" }, 415, "UPLOAD_CONTENT_TYPE_INVALID"],
  ["one that begins alike", { "content-type": `${PARTIAL_UPLOAD}s` }, 415, "UPLOAD_CONTENT_TYPE_INVALID"],
  [
    "tus's media type",
    { "content-type": "application/offset+octet-stream" },
    415,
    "UPLOAD_CONTENT_TYPE_INVALID",
  ],
  [
    "tus's media type, and no completeness,",
    { "content-type": "application/offset+octet-stream", "upload-complete": undefined },
    412,
    "TUS_VERSION_UNSUPPORTED",
  ],
])("ietf 34: an append with %s is refused and changes nothing", async (_what, change, status, code) => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  const headers = { "content-type": PARTIAL_UPLOAD, "upload-offset": "3", "upload-complete": "?1" };
  // Bytes: a text would be given a media type by fetch.
  const body = Buffer.from("defg");
  const answer = await caller.fetch(location, { method: "PATCH", headers: changed(headers, change), body });
  await expectRefused(answer, { status, code });
  if (code === "UPLOAD_CONTENT_TYPE_INVALID") expect(answer.headers.get("accept-patch")).toBe(PARTIAL_UPLOAD);
  expect(await statusOf(caller, location)).toEqual({ offset: "3", complete: "?0", length: null });
  expect((await caller.fetch(location, { method: "PATCH", headers, body })).status).toBe(201);
  await expectStored(caller, fileIdOf(location), Buffer.from("abcdefg"));
});

test("ietf 34: the media type may have parameters and any case", async () => {
  const caller = await newCaller();
  const location = await begin(caller);
  const change = { "content-type": "Application/Partial-Upload; a=b" };
  expect((await appendAt(caller, location, 0, "abc", change)).status).toBe(204);
});

test.each([0, 2, 4, 999_999_999_999_999])(
  "ietf 35: an append at %d is refused with the right offset, 3, and ?0",
  async (offset) => {
    const caller = await newCaller();
    const location = await begin(caller, { "upload-length": "4" }, "abc");
    const answer = await finishAt(caller, location, offset, "d", { "upload-complete": "?0" });
    const problem = await expectRefused(answer, {
      status: 409,
      code: "UPLOAD_OFFSET_MISMATCH",
      complete: "?0",
    });
    expect(problem).toMatchObject({ type: MISMATCH, "expected-offset": 3, "provided-offset": offset });
    expect(answer.headers.get("upload-offset")).toBe("3");
    expect(await statusOf(caller, location)).toEqual({ offset: "3", complete: "?0", length: "4" });
  },
);

test("ietf 35: so it is on a completed upload: the refusal is about the transfer", async () => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  await finishAt(caller, location, 3, "d");
  for (const body of ["d", null]) {
    const answer = await finishAt(caller, location, 3, body);
    const refusal = { status: 409, code: "UPLOAD_OFFSET_MISMATCH", complete: "?0" } as const;
    expect(await expectRefused(answer, refusal)).toMatchObject({ type: MISMATCH, "expected-offset": 4 });
    expect(answer.headers.get("upload-offset")).toBe("4");
  }
});

test("ietf 36: ?0 is answered 2xx with ?0 and the new offset", async () => {
  const caller = await newCaller();
  const location = await begin(caller);
  for (const [offset, body] of [
    [0, "abc"],
    [3, null],
    [3, "d"],
  ] as const) {
    const answer = await appendAt(caller, location, offset, body);
    expect(answer.status).toBe(204);
    expect(statusIn(answer)).toMatchObject({ complete: "?0", offset: String(offset + (body?.length ?? 0)) });
    expect(limitsIn(answer)).toHaveProperty("max-size");
  }
});

test("ietf 37: the last append is answered as the whole in one request would have been", async () => {
  const caller = await newCaller();
  const atOnce = await create(caller, { "upload-complete": "?1" }, "abcd");
  const location = await begin(caller, {}, "abc");
  const inParts = await finishAt(caller, location, 3, "d");
  expect(inParts.headers.get("upload-complete")).toBe("?1");
  const described = await Promise.all(
    [atOnce, inParts].map(async (answer) => {
      const text = `${JSON.stringify([...answer.headers])} ${await answer.text()}`;
      // What no two answers share: ids, and the seconds that are left.
      return [answer.status, text.replaceAll(/[0-9a-z]{26}|[0-9a-f-]{36}|max-age=\d+/g, "…")];
    }),
  );
  expect(described[1]).toEqual(described[0]);
});

test.each([
  ["its length told", { "upload-length": "3" }],
  ["no length told", {}],
])("ietf 38: ?1 without content completes what is all there, with %s", async (_what, change) => {
  const caller = await newCaller();
  const location = await begin(caller, change, "abc");
  const answer = await finishAt(caller, location, 3, null);
  expect(answer.status).toBe(201);
  expect(statusIn(answer)).toEqual({ offset: "3", complete: "?1", length: "3" });
  await expectStored(caller, fileIdOf(location), Buffer.from("abc"));
});

test.each([
  ["creation", 0],
  ["append", 2],
])("ietf 39: an upload whose bytes are all there by a %s with ?0 stays open", async (_what, first) => {
  const caller = await newCaller();
  const location = await begin(caller, { "upload-length": "3" }, first === 0 ? "abc" : "ab");
  if (first > 0) {
    const answer = await appendAt(caller, location, first, "c");
    expect(statusIn(answer)).toEqual({ offset: "3", complete: "?0", length: "3" });
  }
  expect(await statusOf(caller, location)).toEqual({ offset: "3", complete: "?0", length: "3" });
  expect(await getRecord(caller, fileIdOf(location))).toMatchObject({ state: "uploading" });
  expect((await finishAt(caller, location, 3, null)).status).toBe(201);
});

test("ietf 39: so does one of length 0, until it is completed", async () => {
  const caller = await newCaller();
  const location = await begin(caller, { "upload-length": "0" });
  expect(await statusOf(caller, location)).toEqual({ offset: "0", complete: "?0", length: "0" });
  expect(await getRecord(caller, fileIdOf(location))).toMatchObject({ state: "uploading" });
  expect((await finishAt(caller, location, 0, null)).status).toBe(201);
  await expectStored(caller, fileIdOf(location), Buffer.alloc(0));
});

test.each([
  ["?0 and more content", "?0", "e"],
  ["?1 and more content", "?1", "e"],
  ["?0 and none", "?0", null],
])("ietf 40: to a completed upload nothing is appended: %s", async (_what, complete, body) => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  await finishAt(caller, location, 3, "d");
  const answer = await appendAt(caller, location, 4, body, { "upload-complete": complete });
  await expectRefused(answer, { status: 409, code: "UPLOAD_COMPLETED", complete: "?0" });
  expect(await statusOf(caller, location)).toEqual({ offset: "4", complete: "?1", length: "4" });
  await expectStored(caller, fileIdOf(location), Buffer.from("abcd"));
});

test("ietf 40: a lost final answer may be asked for again, by ?1 without content", async () => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  const first = await finishAt(caller, location, 3, "d");
  const again = await finishAt(caller, location, 4, null);
  expect([again.status, await again.text()]).toEqual([first.status, await first.text()]);
  expect(statusIn(again)).toEqual(statusIn(first));
  expect(again.headers.get("location")).toBe(first.headers.get("location"));
});

test.each([
  ["with a Content-Length, ?0", "?0", false],
  ["chunked, ?0", "?0", true],
  ["chunked, ?1", "?1", true],
])("ietf 41: content beyond the length ends the upload for good: %s", async (_what, complete, isChunked) => {
  const caller = await newCaller();
  const location = await begin(caller, { "upload-length": "10" }, "abc");
  const framing = isChunked ? { "transfer-encoding": "chunked" } : { "content-length": "8" };
  const request = await openAppend(caller, location, 3, { "upload-complete": complete, ...framing });
  await request.write(
    isChunked ? Buffer.concat([chunkOf("def"), chunkOf("ghijk"), LAST_CHUNK]) : Buffer.from("defghijk"),
  );
  await expectReceived(request, /UPLOAD_LENGTH_EXCEEDED/);
  expect(request.received()).toMatch(/^HTTP\/1\.1 400 [\s\S]*upload-complete: \?0/i);
  await request.cut();
  const refusal = { status: 400, code: "UPLOAD_LENGTH_EXCEEDED" } as const;
  expect((await caller.fetch(location, { method: "HEAD" })).status).toBe(400);
  await expectRefused(await caller.fetch(location), refusal);
  await expectRefused(await appendAt(caller, location, 3, "def"), refusal);
  await expectRefused(await finishAt(caller, location, 3, "defghij"), refusal);
  await expectRefused(await caller.fetch(location, { method: "DELETE" }), refusal);
  expect(await listedFiles(caller)).toEqual([]);
});

test("ietf 41: by a creation too, which then leaves nothing", async () => {
  const caller = await newCaller();
  const answer = await create(caller, { "upload-length": "2" }, "abc");
  await expectRefused(answer, { status: 400, code: "UPLOAD_LENGTH_EXCEEDED", complete: "?0" });
  expect(answer.headers.get("location")).toBeNull();
  expect(await listedFiles(caller)).toEqual([]);
});

test.each(
  rows(
    [
      ["?0", 1],
      ["?1", PART - 1],
      ["?0", PART],
    ],
    [
      ["?1", 300_001],
      ["?1", PART + 300_001],
    ],
  ),
)("ietf 42: an append (%s) cut after %d bytes leaves exactly those", async (complete, sentBytes) => {
  const caller = await newCaller();
  const bytes = textOf(PART + 1_000_003);
  const location = await begin(caller, { "upload-length": String(bytes.byteLength) }, bytes.subarray(0, 3));
  const request = await openAppend(caller, location, 3, {
    "upload-complete": complete,
    "content-length": String(bytes.byteLength - 3),
  });
  await request.write(bytes.subarray(3, 3 + sentBytes));
  await request.end();
  const offset = 3 + sentBytes;
  expect(await statusOf(caller, location)).toMatchObject({ offset: String(offset), complete: "?0" });
  expect((await finishAt(caller, location, offset, bytes.subarray(offset))).status).toBe(201);
  await expectStored(caller, fileIdOf(location), bytes);
});

test("ietf 42: so does one that is reset in the middle of a chunked body", async () => {
  const caller = await newCaller();
  const location = await begin(caller);
  const request = await openAppend(caller, location, 0, {
    "upload-complete": "?1",
    "transfer-encoding": "chunked",
  });
  await request.write(chunkOf("abcd"));
  // Known to have arrived: HEAD takes the upload over.
  await expect.poll(() => offsetOf(caller, location), { interval: 20 }).toBe(4);
  await request.cut();
  expect(await statusOf(caller, location)).toEqual({ offset: "4", complete: "?0", length: null });
  expect((await finishAt(caller, location, 4, "e")).status).toBe(201);
  await expectStored(caller, fileIdOf(location), Buffer.from("abcde"));
});

test("ietf 44: what isn't what it was declared to be is refused by the file, with ?1 and for good", async () => {
  const caller = await newCaller();
  const location = await begin(caller, {}, Buffer.from("\x7fE", "latin1"));
  const answer = await finishAt(
    caller,
    location,
    2,
    Buffer.from("LF\x02\x01\x01\0\0\0\0\0\0\0\0\0", "latin1"),
  );
  const refusal = { status: 415, code: "FILE_TYPE_MISMATCH", complete: "?1" } as const;
  await expectRefused(answer, refusal);
  await expectRefused(await caller.fetch(location), refusal);
  await expectRefused(await finishAt(caller, location, 2, null), refusal);
  expect(await listedFiles(caller)).toEqual([]);
});

test("ietf 44: a complete upload's bytes are not changed by anything that is refused", async () => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  await finishAt(caller, location, 3, "d");
  await appendAt(caller, location, 4, "e");
  await appendAt(caller, location, 0, "xyz");
  await expectStored(caller, fileIdOf(location), Buffer.from("abcd"));
  expect((await downloaded(caller, fileIdOf(location))).toString()).toBe("abcd");
});

test("ietf 48: an append that contradicts itself leaves one that is under way alone", async () => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  const under = await openAppend(caller, location, 3, { "content-length": "7" });
  await under.write(Buffer.from("defg"));
  const wrong = { "upload-length": "11", "upload-complete": "?1" };
  await expectRefused(await appendAt(caller, location, 3, "defghij", wrong), {
    status: 400,
    code: "UPLOAD_LENGTH_CONFLICT",
  });
  await under.write(Buffer.from("hij"));
  await expectReceived(under, /^HTTP\/1\.1 204 [\s\S]*^upload-offset: 10\r$/im);
  await under.cut();
});
