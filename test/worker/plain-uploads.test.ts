import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import type { Caller } from "../support/api.ts";
import { fileIdOf, newCaller, readProblem, sharedStack } from "../support/api.ts";
import { BOUNDARY, field, file, FORM_TYPE, formOf, postForm } from "../support/forms.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { openRequest } from "../support/raw-request.ts";
import { rows } from "../support/runs.ts";
import { chunkOf, expectStored, LAST_CHUNK, listedFiles, textOf } from "../support/tus.ts";

const MIB = 1024 * 1024;
type Headers = Readonly<Record<string, string>>;

const BODY_HEADERS: Headers = {
  "content-disposition": 'attachment; filename="notes.txt"',
  "content-type": "text/plain",
};

function postBody(
  caller: Caller,
  body: Uint8Array<ArrayBuffer> | string,
  { query = "", headers = BODY_HEADERS } = {},
): Promise<Response> {
  return caller.fetch(`/v1/files${query}`, { method: "POST", headers, body });
}

/** The record of an upload that must have succeeded. */
async function readCreated(answer: Response): Promise<FileRecord> {
  const text = await answer.text();
  expect(answer.status, text).toBe(201);
  const record = JSON.parse(text) as FileRecord;
  expect(answer.headers.get("location")).toBe(`/v1/files/${record.id}`);
  for (const name of ["upload-offset", "upload-complete", "upload-limit", "tus-resumable"]) {
    expect(answer.headers.get(name), name).toBeNull();
  }
  return record;
}

async function expectNothingStored(caller: Caller): Promise<void> {
  expect(await listedFiles(caller)).toEqual([]);
}

test.each(rows([0, 1, 8 * MIB, 8 * MIB + 1], [8 * MIB - 1]))(
  "a body of %d bytes is stored as it is",
  async (sizeBytes) => {
    const caller = await newCaller();
    const bytes = textOf(sizeBytes);
    const record = await readCreated(await postBody(caller, bytes));
    expect(record).toMatchObject({ filename: "notes.txt", mimeType: "text/plain", sizeBytes, version: 1 });
    await expectStored(caller, record.id, bytes);
  },
);

test.each(rows([0, 8 * MIB + 1], [1, 8 * MIB - 1, 8 * MIB]))(
  "a form's file of %d bytes is stored as it is",
  async (sizeBytes) => {
    const caller = await newCaller();
    const bytes = textOf(sizeBytes);
    const record = await readCreated(await postForm(caller, formOf([file(bytes)])));
    expect(record).toMatchObject({ filename: "notes.txt", mimeType: "text/plain", sizeBytes, version: 1 });
    await expectStored(caller, record.id, bytes);
  },
);

test("what is sent with a body is in its record", async () => {
  const caller = await newCaller();
  const answer = await postBody(caller, Buffer.from("a;b"), {
    query: "?entityType=contact&entityId=c%201&tags=x,y&other=z",
    headers: { "content-disposition": "attachment; filename*=UTF-8''%C5%81%C3%B3d%C5%BA.csv" },
  });
  expect(await readCreated(answer)).toMatchObject({
    filename: "Łódź.csv",
    mimeType: "text/csv",
    entityType: "contact",
    entityId: "c 1",
    tags: ["x", "y"],
    ownerId: "ann",
    sizeBytes: 3,
  });
});

test("what is sent in a form, as fields or in its query, is in its record", async () => {
  const caller = await newCaller();
  const parts = [field("entityId", "c é"), field("tags", "x,y"), file("a;b", "Łódź; 東京.csv", "text/csv")];
  const answer = await postForm(caller, formOf(parts), { query: "?entityType=contact" });
  expect(await readCreated(answer)).toMatchObject({
    filename: "Łódź; 東京.csv",
    mimeType: "text/csv",
    entityType: "contact",
    entityId: "c é",
    tags: ["x", "y"],
    sizeBytes: 3,
  });
});

test("a body without a name is called after its type", async () => {
  const caller = await newCaller();
  const answer = await postBody(caller, "a", { headers: { "content-type": "text/plain; charset=utf-8" } });
  expect(await readCreated(answer)).toMatchObject({ filename: "upload.txt", mimeType: "text/plain" });
});

test("what is refused below for one thing is taken without it", async () => {
  const caller = await newCaller();
  await readCreated(await postForm(caller, formOf([field("tags", "x"), file("a")])));
  await readCreated(await postBody(caller, "a"));
  expect(await listedFiles(caller)).toHaveLength(2);
});

test("a browser's own form is read", async () => {
  const caller = await newCaller();
  const form = new FormData();
  form.set("tags", "x");
  form.set("file", new File(["hello"], 'a "quoted" Łódź.txt', { type: "text/plain" }));
  const answer = await caller.fetch("/v1/files", { method: "POST", body: form });
  const originalFilename = 'a "quoted" Łódź.txt';
  const filename = "a _quoted_ Łódź.txt";
  expect(await readCreated(answer)).toMatchObject({ filename, originalFilename, tags: ["x"] });
});

test("curl's own uploads are read", async () => {
  const caller = await newCaller();
  const directory = await mkdtemp(join(tmpdir(), "causeway-curl-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const bytes = textOf(3 * MIB);
  await writeFile(join(directory, "a.txt"), bytes);
  const url = new URL("/v1/files", sharedStack().url).href;
  const common = ["-sS", "--fail-with-body", "-H", `Authorization: Bearer ${caller.token}`, url];
  const body = ["--data-binary", "@a.txt", "-H", 'Content-Disposition: attachment; filename="a.txt"'];
  for (const args of [body, ["-F", "tags=x", "-F", "file=@a.txt"]]) {
    const { stdout } = await promisify(execFile)("curl", [...common, ...args], { cwd: directory });
    const record = JSON.parse(stdout) as FileRecord;
    expect(record).toMatchObject({ filename: "a.txt", mimeType: "text/plain", sizeBytes: bytes.byteLength });
    await expectStored(caller, record.id, bytes);
  }
});

function openForm(caller: Caller, headers: Headers): Promise<RawRequest> {
  const url = new URL("/v1/files", sharedStack().url);
  const authorization = `Bearer ${caller.token}`;
  return openRequest(url, "POST", {
    authorization,
    "content-type": FORM_TYPE,
    connection: "close",
    ...headers,
  });
}

/** What came back of a request that asked for its connection to be closed after it. */
async function answerOf(request: RawRequest): Promise<string> {
  await request.end();
  return request.received();
}

test.each(rows([1, 37], [3, 61]))(
  "a form in chunks of %d bytes, each sent by itself, is stored",
  async (pieceBytes) => {
    const caller = await newCaller();
    const bytes = textOf(700);
    const form = formOf([field("tags", "x"), file(bytes)]);
    const request = await openForm(caller, { "transfer-encoding": "chunked" });
    for (let from = 0; from < form.byteLength; from += pieceBytes) {
      const piece = form.subarray(from, from + pieceBytes);
      await request.write(chunkOf(piece));
    }
    await request.write(LAST_CHUNK);
    const received = await answerOf(request);
    expect(received).toMatch(/^HTTP\/1.1 201 /);
    const location = /^location: (.*)\r$/im.exec(received)?.[1] ?? "";
    await expectStored(caller, fileIdOf(location), bytes);
  },
);

test("a large form whose last boundary comes in pieces is stored", async () => {
  const caller = await newCaller();
  const bytes = textOf(8 * MIB + 1);
  const form = formOf([file(bytes)]);
  const request = await openForm(caller, { "content-length": String(form.byteLength) });
  const tornBytes = BOUNDARY.length + 8;
  for (let from = 0; from < form.byteLength - tornBytes; from += 99_991) {
    await request.write(form.subarray(from, Math.min(from + 99_991, form.byteLength - tornBytes)));
  }
  for (const byte of form.subarray(-tornBytes)) {
    await request.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const received = await answerOf(request);
  expect(received).toMatch(/^HTTP\/1.1 201 /);
  const location = /^location: (.*)\r$/im.exec(received)?.[1] ?? "";
  await expectStored(caller, fileIdOf(location), bytes);
});

test.each([
  ["no file", [field("tags", "x")], "FORM_INVALID"],
  ["a second file", [file("a"), file("b")], "FORM_INVALID"],
  ["the file that it replaces after its own", [file("a"), field("replaces", "x")], "FORM_INVALID"],
  ["a name after the file", [file("a"), field("filename", "b.txt")], "FORM_INVALID"],
  ["a field without a name", [field("", "x"), file("a")], "FORM_INVALID"],
  ["a field before and after the file", [field("tags", "x"), file("a"), field("tags", "y")], "FORM_INVALID"],
  [
    "a value after the file that is too long",
    [file("a"), field("tags", "x".repeat(129))],
    "UPLOAD_METADATA_INVALID",
  ],
  [
    "fields that are too long together",
    ["a", "b"].map((n) => field(n, "x".repeat(4_100))).concat(file("a")),
    "FORM_INVALID",
  ],
  ["a field twice", [field("tags", "x"), field("tags", "y"), file("a")], "FORM_INVALID"],
  ["a field that is too long", [field("tags", "x".repeat(8193)), file("a")], "FORM_INVALID"],
  ["a value that is too long", [field("entityId", "x".repeat(129)), file("a")], "UPLOAD_METADATA_INVALID"],
  ["half an entity", [field("entityType", "contact"), file("a")], "UPLOAD_METADATA_INVALID"],
  ["half an entity after the file", [file("a"), field("entityId", "c-1")], "UPLOAD_METADATA_INVALID"],
  ["a file without a name", [file("a", "")], "FORM_INVALID"],
  ["a name of a path alone", [file("a", "../..")], "FILE_NAME_INVALID"],
  ["a name that is blank", [file("a", " ")], "FILE_NAME_REQUIRED"],
  ["a blocked extension", [file("a", "a.exe")], "FILE_TYPE_REFUSED"],
  ["an unknown type", [file("a", "a.txt", "x/y")], "FILE_TYPE_REFUSED"],
  ["other content than declared", [file("no picture", "a.png", "image/png")], "FILE_TYPE_MISMATCH"],
  ["a large file with other content", [file(textOf(MIB), "a.png", "image/png")], "FILE_TYPE_MISMATCH"],
  ["an image that is too large", [file(bitmapOf(50 * MIB + 1), "a.bmp", "image/bmp")], "FILE_TOO_LARGE"],
] as const)("a form with %s is refused", async (_what, parts, code) => {
  const caller = await newCaller();
  expect(await readProblem(await postForm(caller, formOf(parts)))).toMatchObject({ code });
  await expectNothingStored(caller);
});

/** Bytes that can be an image's. */
function bitmapOf(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  bytes.write("BM", "latin1");
  bytes.writeUInt32LE(sizeBytes, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  return bytes;
}

const GOOD_FORM = formOf([file("a")]);

test.each([
  ["without its end", GOOD_FORM.subarray(0, -8), FORM_TYPE],
  ["cut in its file", GOOD_FORM.subarray(0, GOOD_FORM.indexOf("\r\n\r\na") + 5), FORM_TYPE],
  ["cut in its headers", GOOD_FORM.subarray(0, 60), FORM_TYPE],
  ["without a boundary", GOOD_FORM, "multipart/form-data"],
  ["with another boundary", GOOD_FORM, "multipart/form-data; boundary=other"],
  ["without anything", null, FORM_TYPE],
])("a form %s is refused", async (_what, body, type) => {
  const caller = await newCaller();
  expect(await readProblem(await postForm(caller, body, { type }))).toMatchObject({ code: "FORM_INVALID" });
  await expectNothingStored(caller);
});

test("a field in the query and in the form is refused", async () => {
  const caller = await newCaller();
  const answer = await postForm(caller, formOf([field("tags", "x"), file("a")]), { query: "?tags=x" });
  expect(await readProblem(answer)).toMatchObject({ code: "FORM_INVALID", errors: [{ path: "tags" }] });
});

test.each([
  ["a name of a path alone", { headers: { "content-disposition": 'a; filename="//"' } }, "FILE_NAME_INVALID"],
  ["an unknown type", { headers: { "content-type": "x/y" } }, "FILE_TYPE_REFUSED"],
  [
    "curl's type and no name",
    { headers: { "content-type": "application/x-www-form-urlencoded" } },
    "FILE_TYPE_REFUSED",
  ],
  ["other content than declared", { headers: { "content-type": "image/png" } }, "FILE_TYPE_MISMATCH"],
  ["a value that is too long", { query: `?entityId=${"x".repeat(129)}` }, "UPLOAD_METADATA_INVALID"],
  ["half an entity", { query: "?entityType=contact" }, "UPLOAD_METADATA_INVALID"],
  ["a part of an upload", { headers: { ...BODY_HEADERS, "upload-complete": "?0" } }, "UPLOAD_HEADER_INVALID"],
] as const)("a body with %s is refused", async (_what, change, code) => {
  const caller = await newCaller();
  expect(await readProblem(await postBody(caller, "a", change))).toMatchObject({ code });
  await expectNothingStored(caller);
});

test("a body whose digest is another's is refused, one with its own is taken", async () => {
  const caller = await newCaller();
  const digest = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
  const refused = await postBody(caller, "a", { headers: { ...BODY_HEADERS, "content-digest": digest } });
  expect(refused.status).toBe(400);
  await expectNothingStored(caller);
  await readCreated(await postBody(caller, "", { headers: { ...BODY_HEADERS, "content-digest": digest } }));
});

test.each([
  ["form", { "content-type": FORM_TYPE }, formOf([file(textOf(2 * MIB))])],
  ["body", BODY_HEADERS, textOf(2 * MIB)],
])("a %s whose client goes away leaves nothing behind", async (_what, headers, bytes) => {
  const caller = await newCaller();
  for (const framing of [
    { "content-length": String(bytes.byteLength) },
    { "transfer-encoding": "chunked" },
  ]) {
    const request = await openForm(caller, { ...headers, ...framing });
    const piece = bytes.subarray(0, MIB);
    await request.write("transfer-encoding" in framing ? chunkOf(piece) : piece);
    await expect.poll(() => listedFiles(caller)).toHaveLength(1);
    const [fileId] = await listedFiles(caller);
    await request.cut();
    await expect.poll(() => listedFiles(caller)).toEqual([]);
    expect((await caller.fetch(`/v1/uploads/${fileId}`, { method: "HEAD" })).status).toBe(404);
  }
});

test("a refused form leaves its connection usable, or closes it", async () => {
  const caller = await newCaller();
  const refusals = Array.from({ length: 20 }, () =>
    postForm(caller, formOf([file(textOf(300_000), "a.exe")])).then(readProblem),
  );
  for (const problem of await Promise.all(refusals)) expect(problem.code).toBe("FILE_TYPE_REFUSED");
  await readCreated(await postForm(caller, GOOD_FORM));
});

test("without a token nothing is read", async () => {
  const answer = await fetch(new URL("/v1/files", sharedStack().url), {
    method: "POST",
    headers: { "content-type": FORM_TYPE },
    body: GOOD_FORM,
  });
  expect(await readProblem(answer)).toMatchObject({ code: "TOKEN_MISSING" });
});

test("the form is documented", async () => {
  const document = (await (await fetch(new URL("/openapi.json", sharedStack().url))).json()) as {
    paths: Record<string, { post?: { requestBody: { content: Record<string, unknown> } } }>;
  };
  const content = document.paths["/v1/files"]?.post?.requestBody.content ?? {};
  expect(Object.keys(content)).toEqual(["*/*", "multipart/form-data"]);
});
