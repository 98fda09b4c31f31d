import { expect, test } from "vitest";
import { fileIdOf, getRecord, newCaller, readProblem } from "../support/api.ts";
import {
  appendAt,
  begin,
  CREATION,
  create,
  expectRefused,
  finishAt,
  limitsIn,
  offsetOf,
  onlyUpload,
  openCreation,
  statusIn,
  statusOf,
  uploadWhole,
} from "../support/ietf.ts";
import {
  changed,
  chunkOf,
  downloaded,
  expectReceived,
  expectStored,
  LAST_CHUNK,
  listedFiles,
  textOf,
} from "../support/tus.ts";

const INCONSISTENT = "https://iana.org/assignments/http-problem-types#inconsistent-upload-length";

test.each([
  ["a body that waits for 100 Continue", { expect: "100-continue" }],
  ["no expectation", {}],
])("ietf 7, 8, 9, 13: a creation with %s has one answer, with one Location", async (_what, expectation) => {
  const caller = await newCaller();
  for (const version of ["8", "7", undefined]) {
    const change = { "upload-draft-interop-version": version, "content-length": "5", connection: "close" };
    const request = await openCreation(caller, { ...expectation, ...change });
    if ("expect" in expectation) await expectReceived(request, /^HTTP\/1\.1 100 /);
    await request.write(Buffer.from("hello"));
    await expectReceived(request, /HTTP\/1\.1 201 [\s\S]*\r\n\r\n/);
    const answers = request.received().match(/HTTP\/1\.1 \d\d\d/g);
    expect(answers).toEqual("expect" in expectation ? ["HTTP/1.1 100", "HTTP/1.1 201"] : ["HTTP/1.1 201"]);
    expect(request.received().match(/^location:/gim)).toHaveLength(1);
  }
});

test.each(["PUT", "PATCH"])("ietf 14: an upload is begun by POST; %s is refused as it is", async (method) => {
  const caller = await newCaller();
  const answer = await caller.fetch("/v1/uploads", { method, headers: CREATION, body: "abc" });
  await expectRefused(answer, { status: 405, code: "METHOD_NOT_ALLOWED" });
  expect(answer.headers.get("allow")).toContain("POST");
  expect(await listedFiles(caller)).toEqual([]);
});

test("a form is told where forms are taken", async () => {
  const caller = await newCaller();
  const body = new FormData();
  body.set("file", new File(["hello"], "notes.txt"));
  const answer = await caller.fetch("/v1/uploads", { method: "POST", body });
  expect(await readProblem(answer)).toMatchObject({
    ...{ status: 415, code: "UPLOAD_CONTENT_TYPE_INVALID" },
    detail: expect.stringContaining("POST /v1/files") as string,
  });
});

test("ietf 14: without Upload-Complete a request is what it always was, a whole file", async () => {
  const caller = await newCaller();
  const answer = await create(caller, { "upload-complete": undefined }, "abc");
  expect(answer.status).toBe(201);
  const { id } = (await answer.json()) as { id: string };
  await expectStored(caller, id, Buffer.from("abc"));
});

test("ietf 15: ?0 with content is answered 201 with address, limits, offset and ?0", async () => {
  const caller = await newCaller();
  const answer = await create(caller, {}, "abc");
  expect(answer.status).toBe(201);
  expect(statusIn(answer)).toEqual({ offset: "3", complete: "?0", length: null });
  expect(limitsIn(answer)).toMatchObject({ "max-size": 100 * 1024 * 1024, "min-size": 0 });
  const location = answer.headers.get("location") ?? "";
  expect(location).toMatch(/^\/v1\/uploads\//);
  expect(await offsetOf(caller, location)).toBe(3);
});

test("ietf 16: a careful creation, without content, makes an upload at 0", async () => {
  const caller = await newCaller();
  const answer = await create(caller);
  expect(answer.status).toBe(201);
  expect(statusIn(answer)).toEqual({ offset: "0", complete: "?0", length: null });
  const location = answer.headers.get("location") ?? "";
  expect((await finishAt(caller, location, 0, "abc")).status).toBe(201);
  await expectStored(caller, fileIdOf(location), Buffer.from("abc"));
});

test("ietf 17: ?1 with all the content is answered by the file, with ?1", async () => {
  const caller = await newCaller();
  const answer = await create(caller, { "upload-complete": "?1" }, "abc");
  expect(answer.status).toBe(201);
  expect(statusIn(answer)).toEqual({ offset: "3", complete: "?1", length: "3" });
  const file = (await answer.json()) as { id: string; url: string };
  expect(answer.headers.get("location")).toBe(file.url);
  expect(file.url).toBe(`/v1/files/${file.id}`);
  await expectStored(caller, file.id, Buffer.from("abc"));
});

test.each([{}, { "upload-length": "0" }])(
  "ietf 18: ?1 without content is an empty file (%o)",
  async (change) => {
    const caller = await newCaller();
    const answer = await create(caller, { "upload-complete": "?1", ...change });
    expect(answer.status).toBe(201);
    expect(statusIn(answer)).toEqual({ offset: "0", complete: "?1", length: "0" });
    await expectStored(caller, fileIdOf(answer.headers.get("location") ?? ""), Buffer.alloc(0));
  },
);

test("ietf 19: Upload-Length is kept", async () => {
  const caller = await newCaller();
  const location = await begin(caller, { "upload-length": "10" }, "abc");
  expect(await statusOf(caller, location)).toEqual({ offset: "3", complete: "?0", length: "10" });
});

test("ietf 19: ?1 and Content-Length tell the length, though the content doesn't all come", async () => {
  const caller = await newCaller();
  const request = await openCreation(caller, { "upload-complete": "?1", "content-length": "10" });
  await request.write(Buffer.from("abcd"));
  await request.end();
  const location = await onlyUpload(caller);
  expect(await statusOf(caller, location)).toEqual({ offset: "4", complete: "?0", length: "10" });
  expect((await finishAt(caller, location, 4, "efghij")).status).toBe(201);
  await expectStored(caller, fileIdOf(location), Buffer.from("abcdefghij"));
});

test.each(["2", "4"])("ietf 20: ?1 with 3 bytes and Upload-Length %s is refused", async (length) => {
  const caller = await newCaller();
  const answer = await create(caller, { "upload-complete": "?1", "upload-length": length }, "abc");
  const refusal = { status: 400, code: "UPLOAD_LENGTH_CONFLICT", complete: "?0" } as const;
  expect(await expectRefused(answer, refusal)).toMatchObject({ type: INCONSISTENT });
  expect(await listedFiles(caller)).toEqual([]);
});

test("ietf 20: so is a chunked body that turns out shorter", async () => {
  const caller = await newCaller();
  const request = await openCreation(caller, {
    "upload-complete": "?1",
    "upload-length": "4",
    "transfer-encoding": "chunked",
  });
  await request.write(Buffer.concat([chunkOf("abc"), LAST_CHUNK]));
  await expectReceived(request, INCONSISTENT);
  expect(request.received()).toMatch(/^HTTP\/1\.1 400 [\s\S]*upload-complete: \?0/i);
  expect(await listedFiles(caller)).toEqual([]);
  await request.cut();
});

test.each([
  ["another Upload-Length", { "upload-length": "9" }],
  ["?1 and content that ends elsewhere", { "upload-complete": "?1" }],
  [
    "?1 and an Upload-Length that its content doesn't reach",
    { "upload-complete": "?1", "upload-length": "10" },
  ],
])("ietf 21: what was said of the length stays true: %s is refused", async (_what, change) => {
  const caller = await newCaller();
  const location = await begin(caller, { "upload-length": "10" }, "abc");
  const answer = await appendAt(caller, location, 3, "def", change);
  const refusal = { status: 400, code: "UPLOAD_LENGTH_CONFLICT", complete: "?0" } as const;
  expect(await expectRefused(answer, refusal)).toMatchObject({ type: INCONSISTENT });
  expect(await statusOf(caller, location)).toEqual({ offset: "3", complete: "?0", length: "10" });
  const finished = await finishAt(caller, location, 3, "defghij", { "upload-length": "10" });
  expect(finished.status).toBe(201);
});

test("ietf 21: a length told by an append holds for those after it, and can't be less than the offset", async () => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  const tooShort = await appendAt(caller, location, 3, null, { "upload-length": "2" });
  await expectRefused(tooShort, { status: 400, code: "UPLOAD_LENGTH_CONFLICT", complete: "?0" });
  expect((await appendAt(caller, location, 3, "d", { "upload-length": "6" })).status).toBe(204);
  const another = await appendAt(caller, location, 4, "e", { "upload-length": "7" });
  await expectRefused(another, { status: 400, code: "UPLOAD_LENGTH_CONFLICT", complete: "?0" });
  expect(await statusOf(caller, location)).toEqual({ offset: "4", complete: "?0", length: "6" });
});

test.each(["?0", "?1"])(
  "ietf 22: a length over the limit is refused before anything is sent (%s)",
  async (complete) => {
    const caller = await newCaller();
    // Less than one request may carry.
    const image = { "content-type": "image/png", "content-disposition": 'inline; filename="image.png"' };
    const length = String(50 * 1024 * 1024 + 1);
    // With ?1 its Content-Length tells it: the refusal comes without a byte of content.
    const header =
      complete === "?0" ? { "upload-length": length, "content-length": "0" } : { "content-length": length };
    const request = await openCreation(caller, { "upload-complete": complete, ...image, ...header });
    await expectReceived(request, /FILE_TOO_LARGE/);
    expect(request.received()).toMatch(/^HTTP\/1\.1 413 [\s\S]*upload-limit: max-size=52428800, min-size=0/i);
    expect(await listedFiles(caller)).toEqual([]);
    await request.cut();
  },
);

test.each(["?0", "?1"])(
  "ietf 23: of an interrupted creation (%s) what came is kept, and is not complete",
  async (complete) => {
    const caller = await newCaller();
    const bytes = textOf(9_000_000);
    const request = await openCreation(caller, {
      "upload-complete": complete,
      "content-length": String(bytes.byteLength),
    });
    await request.write(bytes.subarray(0, 8_500_000));
    await request.end();
    const location = await onlyUpload(caller);
    const length = complete === "?1" ? "9000000" : null;
    expect(await statusOf(caller, location)).toEqual({ offset: "8500000", complete: "?0", length });
    expect((await finishAt(caller, location, 8_500_000, bytes.subarray(8_500_000))).status).toBe(201);
    await expectStored(caller, fileIdOf(location), bytes);
  },
);

test.each(["1", "true", "?2", '"?1"', "?1, ?1", "?0 x"])(
  "ietf 24: Upload-Complete: %s is as if it weren't there",
  async (value) => {
    const caller = await newCaller();
    const answer = await create(caller, { "upload-complete": value }, "abc");
    expect(answer.status).toBe(201);
    expect(statusIn(answer)).toEqual({ offset: "3", complete: "?1", length: "3" });
    const location = await begin(caller, {}, "abc");
    const refused = await appendAt(caller, location, 3, "d", { "upload-complete": value });
    await expectRefused(refused, { status: 400, code: "UPLOAD_HEADER_INVALID", complete: "?0" });
    expect(await offsetOf(caller, location)).toBe(3);
  },
);

test.each(["-3", '"3"', "3.0", "3.5", "0x3", "3abc", "3, 3", "1e1", "9999999999999999", "?1"])(
  "ietf 24: Upload-Offset and Upload-Length: %s are as if they weren't there",
  async (value) => {
    const caller = await newCaller();
    const location = await begin(caller, { "upload-length": value }, "abc");
    expect(await statusOf(caller, location)).toEqual({ offset: "3", complete: "?0", length: null });
    const refused = await appendAt(caller, location, 3, "d", { "upload-offset": value });
    await expectRefused(refused, { status: 400, code: "UPLOAD_OFFSET_INVALID", complete: "?0" });
    expect(await offsetOf(caller, location)).toBe(3);
  },
);

test("ietf 24: parameters of a value are ignored, as every structured field's are", async () => {
  const caller = await newCaller();
  const location = await begin(caller, { "upload-complete": "?0;a=b", "upload-length": "4; c" }, "abc");
  expect(await statusOf(caller, location)).toEqual({ offset: "3", complete: "?0", length: "4" });
  const change = { "upload-offset": "3;d=1.5", "upload-complete": '?1;e="f"' };
  expect((await appendAt(caller, location, 3, "d", change)).status).toBe(201);
});

test.each([
  ['inline; filename="a b.txt"', "a b.txt"],
  ["attachment; filename=plain.txt", "plain.txt"],
  ["inline; filename=\"fallback.txt\"; filename*=UTF-8''Stra%C3%9Fe%20%E6%9D%B1.txt", "Straße 東.txt"],
  ["inline; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd.txt", "_.._etc_passwd.txt"],
  ["inline; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x.txt", "aSet-Cookie_ x.txt"],
  ["inline; filename*=UTF-8''a%00.txt", "a.txt"],
  ["inline", "upload.txt"],
  [undefined, "upload.txt"],
])("ietf 25: Content-Disposition %s names the file", async (disposition, filename) => {
  const caller = await newCaller();
  const change = { "content-disposition": disposition, "content-type": "text/plain; charset=utf-8" };
  const record = await getRecord(caller, await uploadWhole(caller, "abc", change));
  expect(record).toMatchObject({ filename, mimeType: "text/plain" });
});

test.each([
  ["a path", "inline; filename*=UTF-8''..%2F..%2F", 400, "FILE_NAME_INVALID"],
  ["nothing but controls", "inline; filename*=UTF-8''%0D%0A%00", 400, "FILE_NAME_INVALID"],
  ["a program before a NUL", "inline; filename*=UTF-8''a.exe%00.txt", 415, "FILE_TYPE_REFUSED"],
  ["a program", 'inline; filename="a.exe"', 415, "FILE_TYPE_REFUSED"],
])("ietf 25: a name that is %s is refused by the file's rules", async (_what, disposition, status, code) => {
  const caller = await newCaller();
  const answer = await create(caller, { "content-disposition": disposition });
  await expectRefused(answer, { status, code, complete: "?1" });
  expect(await listedFiles(caller)).toEqual([]);
});

test.each(["text/html", "application/x-unknown", undefined])(
  "ietf 25: Content-Type %s without a telling name is refused by the file's rules",
  async (type) => {
    const answer = await create(await newCaller(), {
      "content-type": type,
      "content-disposition": undefined,
    });
    await expectRefused(answer, { status: 415, code: "FILE_TYPE_REFUSED", complete: "?1" });
  },
);

test("ietf 25: what else a file has is told by query parameters", async () => {
  const caller = await newCaller();
  const query = new URLSearchParams({ entityType: "contact", entityId: "c 7", tags: "a,b" });
  const headers = changed(CREATION, { "upload-complete": "?1" });
  const answer = await caller.fetch(`/v1/uploads?${query}`, { method: "POST", headers, body: "abc" });
  expect(answer.status).toBe(201);
  const record = await getRecord(caller, fileIdOf(answer.headers.get("location") ?? ""));
  expect(record).toMatchObject({ entityType: "contact", entityId: "c 7", tags: ["a", "b"] });
});

test("ietf 25: an unfinished upload is nobody's download", async () => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  const early = await caller.fetch(`/v1/files/${fileIdOf(location)}/content`);
  expect(early.status).toBe(409);
  await finishAt(caller, location, 3, "d");
  await expectStored(caller, fileIdOf(location), Buffer.from("abcd"));
  expect((await downloaded(caller, fileIdOf(location))).toString()).toBe("abcd");
});
