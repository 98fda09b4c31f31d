import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  APPEND,
  append,
  createUpload,
  creationHeaders,
  fileIdOf,
  newCaller,
  sharedStack,
} from "../support/api.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { openRequest } from "../support/raw-request.ts";
import type { HeaderChange } from "../support/tus.ts";
import {
  advertised,
  changed,
  chunkOf,
  expectReceived,
  expectRefusal,
  expectStored,
  headOf,
  LAST_CHUNK,
  listedFiles,
  openPatch,
  PART,
  postUpload,
  textOf,
} from "../support/tus.ts";

const TEXT = "abcdefghij";

function postWith(caller: Caller, change: HeaderChange, body: BodyInit): Promise<Response> {
  return postUpload(caller, changed({ ...APPEND, ...creationHeaders(10) }, change), body);
}

/** Opens such a creation by hand, on a connection of its own. */
function openPost(caller: Caller, headers: Readonly<Record<string, string>>): Promise<RawRequest> {
  const authorization = `Bearer ${caller.token}`;
  const all = { ...APPEND, ...creationHeaders(10), authorization, ...headers };
  return openRequest(new URL("/v1/uploads", sharedStack().url), "POST", all);
}

function header(request: RawRequest, name: string): string {
  return new RegExp(`^${name}: (.*)\\r$`, "im").exec(request.received())?.[1] ?? "";
}

test("tus 42: creation-with-upload is listed, and creation with it", async () => {
  const extensions = await advertised("tus-extension");
  expect(extensions).toEqual(expect.arrayContaining(["creation", "creation-with-upload"]));
});

test.each([0, 3, 10])(
  "tus 43: a creation with %d of its 10 bytes tells how many it took",
  async (sentBytes) => {
    const caller = await newCaller();
    const answer = await postWith(caller, {}, TEXT.slice(0, sentBytes));
    expect(answer.status).toBe(201);
    const location = answer.headers.get("location") ?? "";
    const head = await headOf(caller, location);
    expect(head).toMatchObject({ "upload-offset": String(sentBytes), "upload-length": "10" });
    expect(answer.headers.get("upload-offset")).toBe(String(sentBytes));
    expect((await append(caller, location, sentBytes, TEXT.slice(sentBytes))).status).toBe(204);
    await expectStored(caller, fileIdOf(location), Buffer.from(TEXT));
  },
);

test.each([undefined, "text/plain", "application/octet-stream"])(
  "tus 44: a creation whose body is of the type %j is refused, and nothing is stored",
  async (type) => {
    const caller = await newCaller();
    const answer = await postWith(caller, { "content-type": type }, Buffer.from("abc"));
    await expectRefusal(answer, 415, "UPLOAD_CONTENT_TYPE_INVALID");
    expect(await listedFiles(caller)).toEqual([]);
  },
);

test.each([10, PART + 5])("tus 45: a creation with all of its %d bytes is a file", async (sizeBytes) => {
  const caller = await newCaller();
  const bytes = textOf(sizeBytes);
  const answer = await postWith(caller, { "upload-length": String(sizeBytes) }, bytes);
  expect(answer.status).toBe(201);
  expect(answer.headers.get("upload-offset")).toBe(String(sizeBytes));
  await expectStored(caller, fileIdOf(answer.headers.get("location") ?? ""), bytes);
});

test.each([
  ["10", "abcdefghijk"],
  ["1", "ab"],
  ["0", "a"],
])("tus 46: a creation of %s bytes with %j is refused, and nothing is stored", async (length, body) => {
  const caller = await newCaller();
  const answer = await postWith(caller, { "upload-length": length }, body);
  expect(answer.headers.has("location")).toBe(false);
  await expectRefusal(answer, 413, "UPLOAD_BODY_TOO_LARGE");
  expect(await listedFiles(caller)).toEqual([]);
});

test("a file's type is told by its first 4,096 bytes, as soon as they are there", async () => {
  const caller = await newCaller();
  const headers = { ...APPEND, ...creationHeaders(10_000, { filename: "a.png", filetype: "image/png" }) };
  const begun = await postUpload(caller, headers, textOf(4_095));
  expect(begun.status).toBe(201);
  const answer = await append(caller, begun.headers.get("location") ?? "", 4_095, "a");
  await expectRefusal(answer, 415, "FILE_TYPE_MISMATCH");
});

test("what can't be told by them is taken as it is named", async () => {
  const svg = `<!--${"-".repeat(5_000)}--><svg xmlns="http://www.w3.org/2000/svg"/>`;
  const metadata = { filename: "a.svg", filetype: "image/svg+xml" };
  const headers = { ...APPEND, ...creationHeaders(svg.length, metadata) };
  expect((await postUpload(await newCaller(), headers, svg)).status).toBe(201);
});

test.each(["10", "0"])(
  "tus 46: a creation of %s bytes with a longer chunked body is refused, and nothing is stored",
  async (length) => {
    const caller = await newCaller();
    const request = await openPost(caller, { "upload-length": length, "transfer-encoding": "chunked" });
    await request.write(Buffer.concat([chunkOf(`${TEXT}k`), LAST_CHUNK]));
    await expectReceived(request, "UPLOAD_BODY_TOO_LARGE");
    expect(request.received()).toMatch(/^HTTP\/1\.1 413 /);
    await request.cut();
    expect(await listedFiles(caller)).toEqual([]);
  },
);

test("tus 46: a chunked body of what the creation says is taken, also when that is nothing", async () => {
  const caller = await newCaller();
  for (const body of [TEXT, ""]) {
    const request = await openPost(caller, {
      "upload-length": String(body.length),
      "transfer-encoding": "chunked",
    });
    if (body !== "") await request.write(chunkOf(body));
    await request.write(LAST_CHUNK);
    await expectReceived(request, /^HTTP\/1\.1 201 [\s\S]*\r\n\r\n/);
    expect(header(request, "upload-offset")).toBe(String(body.length));
    await request.cut();
    await expectStored(caller, fileIdOf(header(request, "location")), Buffer.from(body));
  }
});

test.each([
  ["another type", { "content-type": "text/plain" }, 415, "UPLOAD_CONTENT_TYPE_INVALID"],
  ["a program's name", { "upload-metadata": "filename YS5leGU=" }, 415, "FILE_TYPE_REFUSED"],
  ["no token", { authorization: "" }, 401, "TOKEN_MISSING"],
  ["too much to come", { "upload-length": "9" }, 413, "UPLOAD_BODY_TOO_LARGE"],
])(
  "tus 47: a creation that waits for 100 Continue with %s is refused before its body is sent",
  async (_what, change, status, code) => {
    const caller = await newCaller();
    const request = await openPost(caller, { expect: "100-continue", "content-length": "10", ...change });
    await expectReceived(request, code);
    expect(request.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    await request.cut();
    expect(await listedFiles(caller)).toEqual([]);
  },
);

test("tus 47: a PATCH that waits for 100 Continue at a wrong offset is refused before its body is sent", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 10);
  const request = await openPatch(caller, location, {
    expect: "100-continue",
    "upload-offset": "3",
    "content-length": "7",
  });
  await expectReceived(request, "UPLOAD_OFFSET_MISMATCH");
  expect(request.received()).toMatch(/^HTTP\/1\.1 409 /);
  await request.cut();
});

test("tus 47: one that is accepted takes the body", async () => {
  const caller = await newCaller();
  const request = await openPost(caller, { expect: "100-continue", "content-length": "10" });
  await request.write(Buffer.from(TEXT));
  await expectReceived(request, /^HTTP\/1\.1 201 [\s\S]*\r\n\r\n/m);
  await request.cut();
  expect(header(request, "upload-offset")).toBe("10");
  await expectStored(caller, fileIdOf(header(request, "location")), Buffer.from(TEXT));
});
