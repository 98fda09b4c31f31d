import { expect, test } from "vitest";
import {
  createUpload,
  creationHeaders,
  fileIdOf,
  getRecord,
  headOffset,
  metadataHeader,
  newCaller,
  sharedStack,
  TUS,
  waitForVerdict,
} from "../support/api.ts";
import { openRequest } from "../support/raw-request.ts";
import type { HeaderChange } from "../support/tus.ts";
import {
  advertised,
  changed,
  downloaded,
  expectReceived,
  expectRefusal,
  headOf,
  listedFiles,
  locationOf,
  postUpload,
} from "../support/tus.ts";

const NAME = metadataHeader({ filename: "notes.txt" });
const BASE64 = (text: string): string => Buffer.from(text).toString("base64");

/** Of a creation that would succeed, with one thing changed. Nothing may be left of it. */
async function expectNothingCreated(change: HeaderChange, status: number, code: string): Promise<void> {
  const caller = await newCaller();
  const answer = await postUpload(caller, changed(creationHeaders(10), change));
  expect(answer.headers.has("location")).toBe(false);
  await expectRefusal(answer, status, code);
  expect(await listedFiles(caller)).toEqual([]);
}

test("tus 25: creation is listed", async () => {
  expect(await advertised("tus-extension")).toContain("creation");
});

test("tus 26: a creation answers 201 with the address of an upload at 0", async () => {
  const caller = await newCaller();
  const answer = await postUpload(caller, creationHeaders(10));
  expect(answer.status).toBe(201);
  expect(await answer.text()).toBe("");
  expect(answer.headers.has("upload-offset")).toBe(false);
  const location = new URL(answer.headers.get("location") ?? "", answer.url).href;
  expect(await headOffset(caller, location)).toBe(0);
  expect(await getRecord(caller, fileIdOf(location))).toMatchObject({ state: "uploading" });
});

test("tus 26: no two creations get the same address", async () => {
  const caller = await newCaller();
  const locations = await Promise.all(Array.from({ length: 5 }, () => createUpload(caller, 10)));
  expect(new Set(locations).size).toBe(5);
});

test.each([
  ["neither a length nor a deferred one", { "upload-length": undefined }],
  ["both", { "upload-defer-length": "1" }],
])("tus 27: a creation with %s is refused", async (_what, change) => {
  await expectNothingCreated(change, 400, "UPLOAD_LENGTH_INVALID");
});

test("tus 28: an upload of no bytes is complete at once, and an empty file", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 0);
  expect(await headOf(caller, location)).toMatchObject({ "upload-offset": "0", "upload-length": "0" });
  expect(await waitForVerdict(caller, fileIdOf(location))).toMatchObject({ state: "clean", sizeBytes: 0 });
  expect((await downloaded(caller, fileIdOf(location))).byteLength).toBe(0);
});

test("tus 28: that goes for a creation without a Content-Length too", async () => {
  const caller = await newCaller();
  const authorization = `Bearer ${caller.token}`;
  const headers = { ...creationHeaders(0), authorization };
  const request = await openRequest(new URL("/v1/uploads", sharedStack().url), "POST", headers);
  await expectReceived(request, /^HTTP\/1\.1 201 /);
  await request.cut();
  const [fileId = ""] = await listedFiles(caller);
  expect(await waitForVerdict(caller, fileId)).toMatchObject({ state: "clean", sizeBytes: 0 });
});

test.each([
  "",
  "-1",
  "-0",
  "+10",
  "010",
  "10.0",
  "1.5",
  "1e1",
  "0xa",
  "12abc",
  "10, 10",
  "9007199254740992",
  "NaN",
])("tus 29: a creation whose length is %j is refused", async (length) => {
  await expectNothingCreated({ "upload-length": length }, 400, "UPLOAD_LENGTH_INVALID");
});

test.each([
  ["of every upload", "524288001"],
  ["of its class", "104857601"],
  ["of everything", "9007199254740991"],
])("tus 30: a creation of a byte more than the limit %s is refused", async (_what, length) => {
  await expectNothingCreated({ "upload-length": length }, 413, "FILE_TOO_LARGE");
});

test("tus 30: a creation of as much as the limit of its class is taken", async () => {
  expect((await postUpload(await newCaller(), creationHeaders(104_857_600))).status).toBe(201);
});

test.each([
  NAME,
  `flag,${NAME},custom eA==`,
  `${NAME}, custom eA==`,
  `empty ,${NAME}`,
  `entityType ${BASE64("deal")},entityId ${BASE64("4711")},tags ${BASE64("a,b")},${NAME}`,
])("tus 31: HEAD tells the metadata %j as they were sent", async (metadata) => {
  const caller = await newCaller();
  const headers = { ...creationHeaders(10), "upload-metadata": metadata };
  const location = await locationOf(postUpload(caller, headers));
  expect(await headOf(caller, location)).toMatchObject({ "upload-metadata": metadata });
});

test.each([
  ["a key without a value", `flag,${NAME}`],
  ["a key with a space and no value", `flag ,${NAME}`],
  ["a value that is empty in the middle", `${NAME},flag ,other eA==`],
  ["a key of punctuation", `${NAME},a.b-c_d!#$%&'*+^\`|~ eA==`],
])("tus 32: metadata with %s are taken", async (_what, metadata) => {
  const caller = await newCaller();
  const answer = await postUpload(caller, { ...creationHeaders(10), "upload-metadata": metadata });
  expect(answer.status).toBe(201);
});

test.each([
  ["an empty key at the end", `${NAME},`],
  ["an empty key in front", `,${NAME}`],
  ["an empty key in the middle", `${NAME},,flag`],
  ["a key twice", `${NAME},a eA==,a eA==`],
  ["the name twice", `${NAME},${NAME}`],
  ["a space in a key", `${NAME},my key eA==`],
  ["a key outside of ASCII", `${NAME},sch\u00f6n eA==`],
  ["two spaces before a value", `${NAME},a  eA==`],
  ["a value that is no base64", `${NAME},a !`],
  ["a value in base64url", `${NAME},a -_8=`],
  ["a value without its padding", `${NAME},a eA`],
  ["a value that is no UTF-8", `${NAME},a /w==`],
])("tus 32: metadata with %s are refused", async (_what, metadata) => {
  await expectNothingCreated({ "upload-metadata": metadata }, 400, "UPLOAD_METADATA_INVALID");
});

test.each([
  ["a line break", "x\r\nx-injected: 1"],
  ["a NUL", "x\0y"],
  ["letters of other scripts", "Übergröße 文件 😀"],
])("tus 33: metadata with %s in a value reach no header as they are", async (_what, value) => {
  const caller = await newCaller();
  const metadata = `${NAME},note ${BASE64(value)}`;
  const location = await locationOf(
    postUpload(caller, { ...creationHeaders(0), "upload-metadata": metadata }),
  );
  const raw = await rawHead(caller.token, "HEAD", location);
  expect(raw).toContain(metadata);
  expect(raw).toMatch(/^[\r\n\x20-\x7e]+$/);
  expect(raw).not.toMatch(/^x-injected/im);
});

test("tus 33: a line break in a name is taken out of it, and is in no header", async () => {
  const caller = await newCaller();
  const filename = "a\r\nx-injected: 1.txt";
  const metadata = metadataHeader({ filename });
  const raw = await rawHead(caller.token, "POST", "/v1/uploads", {
    ...creationHeaders(0),
    "upload-metadata": metadata,
  });
  expect(raw).toMatch(/^HTTP\/1\.1 201 /);
  expect(raw).not.toMatch(/^x-injected/im);
  const [fileId = ""] = await listedFiles(caller);
  const record = await waitForVerdict(caller, fileId);
  expect(record).toMatchObject({ filename: "ax-injected_ 1.txt", originalFilename: filename });
  const download = await rawHead(caller.token, "GET", `/v1/files/${fileId}/content`);
  expect(download).not.toMatch(/^x-injected/im);
});

test("tus 33: a name in another script is encoded where a download's header tells it", async () => {
  const caller = await newCaller();
  const metadata = metadataHeader({ filename: "Größe 文件 😀.txt" });
  const location = await locationOf(
    postUpload(caller, { ...creationHeaders(0), "upload-metadata": metadata }),
  );
  await waitForVerdict(caller, fileIdOf(location));
  const raw = await rawHead(caller.token, "GET", `/v1/files/${fileIdOf(location)}/content`);
  expect(raw).toMatch(/^[\r\n\x20-\x7e]+$/);
  expect(raw).toContain("filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%E6%96%87%E4%BB%B6%20%F0%9F%98%80.txt");
});

/** The head of an answer, byte for byte as it came. */
async function rawHead(
  token: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = TUS,
): Promise<string> {
  const request = await openRequest(new URL(path, sharedStack().url), method, {
    ...headers,
    authorization: `Bearer ${token}`,
    "content-length": "0",
  });
  await expectReceived(request, "\r\n\r\n");
  await request.cut();
  return request.received().split("\r\n\r\n")[0] ?? "";
}
