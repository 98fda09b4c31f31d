import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  APPEND,
  append,
  createUpload,
  creationHeaders,
  fileIdOf,
  getRecord,
  headOffset,
  metadataHeader,
  newCaller,
  readProblem,
  sharedStack,
  TUS,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import { openRequest } from "../support/raw-request.ts";

const PART = 8 * 1024 * 1024;

/** Text, so that what is uploaded as text/plain is what it says it is. */
function textOf(sizeBytes: number): Buffer<ArrayBuffer> {
  return Buffer.from(
    randomBytes(Math.ceil(sizeBytes / 2))
      .toString("hex")
      .slice(0, sizeBytes),
    "latin1",
  );
}

async function downloaded(caller: Caller, fileId: string): Promise<Buffer> {
  const answer = await caller.fetch(`/v1/files/${fileId}/content`);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

async function expectStored(caller: Caller, fileId: string, bytes: Buffer): Promise<void> {
  const record = await waitForVerdict(caller, fileId);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  expect(record).toMatchObject({ state: "clean", sizeBytes: bytes.byteLength, sha256 });
  expect((await downloaded(caller, fileId)).equals(bytes)).toBe(true);
}

test("OPTIONS says what there is, and needs neither token nor version", async () => {
  const answer = await fetch(new URL("/v1/uploads", sharedStack().url), {
    method: "OPTIONS",
    headers: { "tus-resumable": "9.9.9" },
  });
  expect(answer.status).toBe(204);
  expect(answer.headers.get("tus-version")).toBe("1.0.0");
  expect(answer.headers.get("tus-extension")).toContain("creation-with-upload");
  expect(Number(answer.headers.get("tus-max-size"))).toBe(500 * 1024 * 1024);
});

test("a browser's preflight is told what it may send and read", async () => {
  const answer = await fetch(new URL("/v1/uploads/x", sharedStack().url), {
    method: "OPTIONS",
    headers: { origin: "https://crm.example", "access-control-request-method": "PATCH" },
  });
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(answer.headers.get("access-control-allow-methods")).toContain("PATCH");
  expect(answer.headers.get("access-control-allow-headers")).toContain("Upload-Offset");
  expect(answer.headers.get("access-control-expose-headers")).toContain("Upload-Offset");
});

test.each([0, 1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 5])(
  "%d bytes in one request arrive as they are",
  async (sizeBytes) => {
    const caller = await newCaller();
    const bytes = textOf(sizeBytes);
    await expectStored(caller, await uploadFile(caller, bytes), bytes);
  },
);

test.each([
  [5 * 1024 * 1024, 13 * 1024 * 1024],
  [PART - 1, 2 * PART + 3],
  [PART + 1, 2 * PART + 3],
  [3_000_000, 10_000_000],
])("PATCHes of %d bytes make up a file of %d", async (chunkBytes, sizeBytes) => {
  const caller = await newCaller();
  const bytes = textOf(sizeBytes);
  const location = await createUpload(caller, sizeBytes);
  for (let offset = 0; offset < sizeBytes; offset += chunkBytes) {
    const answer = await append(caller, location, offset, bytes.subarray(offset, offset + chunkBytes));
    expect(answer.status).toBe(204);
    expect(answer.headers.get("upload-offset")).toBe(String(Math.min(sizeBytes, offset + chunkBytes)));
  }
  await expectStored(caller, fileIdOf(location), bytes);
});

test("many tiny PATCHes make up a file", async () => {
  const caller = await newCaller();
  const bytes = textOf(300);
  const location = await createUpload(caller, bytes.byteLength);
  for (let offset = 0; offset < bytes.byteLength; offset += 7) {
    expect((await append(caller, location, offset, bytes.subarray(offset, offset + 7))).status).toBe(204);
  }
  await expectStored(caller, fileIdOf(location), bytes);
});

test("HEAD tells offset, length and metadata as sent, and is not to be cached", async () => {
  const caller = await newCaller();
  const metadata = `flag,${metadataHeader({ filename: "a.txt", custom: "x" })}`;
  const creation = await caller.fetch("/v1/uploads", {
    method: "POST",
    headers: { ...creationHeaders(10), "upload-metadata": metadata },
  });
  const location = creation.headers.get("location") ?? "";
  await append(caller, location, 0, "abc");
  const answer = await caller.fetch(location, { method: "HEAD", headers: TUS });
  expect(answer.status).toBe(200);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "tus-resumable": "1.0.0",
    "upload-offset": "3",
    "upload-length": "10",
    "upload-metadata": metadata,
    "cache-control": "no-store",
  });
});

test("a complete upload's PATCH may be sent again without a body", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 3);
  expect((await append(caller, location, 0, "abc")).status).toBe(204);
  const again = await append(caller, location, 3, null);
  expect(again.status).toBe(204);
  expect(again.headers.get("upload-offset")).toBe("3");
});

test("termination ends an upload and its record; a complete one is kept", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 10);
  await append(caller, location, 0, "abc");
  expect((await caller.fetch(location, { method: "DELETE", headers: TUS })).status).toBe(204);
  for (const method of ["HEAD", "DELETE"]) {
    expect((await caller.fetch(location, { method, headers: TUS })).status).toBe(404);
  }
  expect((await append(caller, location, 3, "def")).status).toBe(404);
  expect((await caller.fetch(`/v1/files/${fileIdOf(location)}`)).status).toBe(404);

  const complete = await uploadFile(caller, Buffer.from("abc"));
  const refused = await caller.fetch(`/v1/uploads/${complete}`, { method: "DELETE", headers: TUS });
  expect(await readProblem(refused)).toMatchObject({ status: 409, code: "UPLOAD_COMPLETED" });
  await getRecord(caller, complete);
});

test.each([
  ["another version", { "tus-resumable": "0.2.2" }, 412, "TUS_VERSION_UNSUPPORTED"],
  ["no version", { "tus-resumable": undefined }, 412, "TUS_VERSION_UNSUPPORTED"],
  ["no length", { "upload-length": undefined }, 400, "UPLOAD_LENGTH_INVALID"],
  ["a negative length", { "upload-length": "-1" }, 400, "UPLOAD_LENGTH_INVALID"],
  ["a length that is no integer", { "upload-length": "1.5" }, 400, "UPLOAD_LENGTH_INVALID"],
  ["a length with something behind it", { "upload-length": "12abc" }, 400, "UPLOAD_LENGTH_INVALID"],
  ["a length over every limit", { "upload-length": "524288001" }, 413, "FILE_TOO_LARGE"],
  ["a length over its class's limit", { "upload-length": "104857601" }, 413, "FILE_TOO_LARGE"],
  ["a length and a deferred one", { "upload-defer-length": "1" }, 400, "UPLOAD_LENGTH_INVALID"],
  ["metadata that doesn't parse", { "upload-metadata": "filename !" }, 400, "UPLOAD_METADATA_INVALID"],
  ["no metadata", { "upload-metadata": undefined }, 400, "FILE_NAME_REQUIRED"],
  ["a blank name", { "upload-metadata": metadataHeader({ filename: "  " }) }, 400, "FILE_NAME_REQUIRED"],
  ["a path", { "upload-metadata": metadataHeader({ filename: "../a.txt" }) }, 400, "FILE_NAME_INVALID"],
  [
    "a line break in the name",
    { "upload-metadata": metadataHeader({ filename: "a\nb.txt" }) },
    400,
    "FILE_NAME_INVALID",
  ],
  [
    "a name that reads backwards",
    { "upload-metadata": metadataHeader({ filename: "a\u202etxt.pdf" }) },
    400,
    "FILE_NAME_INVALID",
  ],
  [
    "a name of 256 bytes",
    { "upload-metadata": metadataHeader({ filename: `${"a".repeat(252)}.txt` }) },
    400,
    "FILE_NAME_INVALID",
  ],
  ["a program", { "upload-metadata": metadataHeader({ filename: "a.exe" }) }, 415, "FILE_TYPE_REFUSED"],
  [
    "a type that isn't allowed",
    { "upload-metadata": metadataHeader({ filename: "a", filetype: "text/html" }) },
    415,
    "FILE_TYPE_REFUSED",
  ],
  [
    "no way to tell the type",
    { "upload-metadata": metadataHeader({ filename: "a" }) },
    415,
    "FILE_TYPE_REFUSED",
  ],
])("a creation with %s is refused before anything is stored", async (_what, change, status, code) => {
  const caller = await newCaller();
  const changed = Object.entries({ ...creationHeaders(10), ...change }).filter(
    ([, value]) => value !== undefined,
  );
  const headers = Object.fromEntries(changed) as Record<string, string>;
  const answer = await caller.fetch("/v1/uploads", { method: "POST", headers });
  expect(answer.headers.get("tus-resumable")).toBe("1.0.0");
  if (status === 412) expect(answer.headers.get("tus-version")).toBe("1.0.0");
  expect(await readProblem(answer)).toMatchObject({ status, code });
  const list = (await (await caller.fetch("/v1/files")).json()) as { items: unknown[] };
  expect(list.items).toEqual([]);
});

test.each([
  ["a lower offset", { "upload-offset": "2" }, 409, "UPLOAD_OFFSET_MISMATCH"],
  ["a higher offset", { "upload-offset": "4" }, 409, "UPLOAD_OFFSET_MISMATCH"],
  ["no offset", { "upload-offset": undefined }, 400, "UPLOAD_OFFSET_INVALID"],
  ["a negative offset", { "upload-offset": "-3" }, 400, "UPLOAD_OFFSET_INVALID"],
  ["an offset with something behind it", { "upload-offset": "3abc" }, 400, "UPLOAD_OFFSET_INVALID"],
  ["a hexadecimal offset", { "upload-offset": "0x3" }, 400, "UPLOAD_OFFSET_INVALID"],
  ["an offset beyond what is safe", { "upload-offset": "9007199254740993" }, 400, "UPLOAD_OFFSET_INVALID"],
  ["another type", { "content-type": "text/plain" }, 415, "UPLOAD_CONTENT_TYPE_INVALID"],
  ["another version", { "tus-resumable": "0.2.2" }, 412, "TUS_VERSION_UNSUPPORTED"],
])("a PATCH with %s is refused and changes nothing", async (_what, change, status, code) => {
  const caller = await newCaller();
  const location = await createUpload(caller, 10);
  await append(caller, location, 0, "abc");
  const headers = { ...APPEND, "upload-offset": "3", ...change };
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  const answer = await caller.fetch(location, {
    method: "PATCH",
    headers: given as Record<string, string>,
    body: "x",
  });
  expect(await readProblem(answer)).toMatchObject({ status, code });
  if (status === 409) expect(answer.headers.get("upload-offset")).toBe("3");
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(await headOffset(caller, location)).toBe(3);
  // The connection's next request isn't stalled by the body that nobody read.
  expect((await append(caller, location, 3, "defghij")).status).toBe(204);
});

test("a body longer than what is left is refused, and the upload stays open", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 5);
  const answer = await append(caller, location, 0, "abcdef");
  expect(await readProblem(answer)).toMatchObject({ status: 413, code: "UPLOAD_BODY_TOO_LARGE" });
  expect(await headOffset(caller, location)).toBe(0);
});

test("a chunked body longer than what is left never completes the upload", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 5);
  const { url } = sharedStack();
  const request = await openRequest(new URL(location, url), "PATCH", {
    ...APPEND,
    authorization: `Bearer ${caller.token}`,
    "upload-offset": "0",
    "transfer-encoding": "chunked",
  });
  await request.write(Buffer.from("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"));
  await expect.poll(request.received, { interval: 5, timeout: 5_000 }).toContain("413");
  await request.cut();
  expect(await headOffset(caller, location)).toBeLessThan(5);
  expect(await getRecord(caller, fileIdOf(location))).toMatchObject({ state: "uploading" });
});

test.each([1, 300_001, PART - 1, PART + 300_001])(
  "a connection that ends after %d bytes loses none of them",
  async (sentBytes) => {
    const caller = await newCaller();
    const bytes = textOf(PART + 1_000_000);
    const location = await createUpload(caller, bytes.byteLength);
    const request = await openRequest(new URL(location, sharedStack().url), "PATCH", {
      ...APPEND,
      authorization: `Bearer ${caller.token}`,
      "upload-offset": "0",
      "content-length": String(bytes.byteLength),
    });
    await request.write(bytes.subarray(0, sentBytes));
    await request.end();
    expect(await headOffset(caller, location)).toBe(sentBytes);
    expect((await append(caller, location, sentBytes, bytes.subarray(sentBytes))).status).toBe(204);
    await expectStored(caller, fileIdOf(location), bytes);
  },
);

test("a stalled PATCH holds nobody up, and commits nothing once it is taken over", async () => {
  const caller = await newCaller();
  const bytes = textOf(2_000_000);
  const location = await createUpload(caller, bytes.byteLength);
  const stalled = await openRequest(new URL(location, sharedStack().url), "PATCH", {
    ...APPEND,
    authorization: `Bearer ${caller.token}`,
    "upload-offset": "0",
    "content-length": String(bytes.byteLength),
  });
  await stalled.write(bytes.subarray(0, 100_000));
  await expect.poll(() => headOffset(caller, location), { interval: 20 }).toBe(100_000);
  // The taken-over request is told so, with the offset to go on from.
  await expect.poll(stalled.received, { interval: 5 }).toContain("UPLOAD_SUPERSEDED");
  await stalled.write(bytes.subarray(100_000, 200_000)).catch(() => {});
  expect((await append(caller, location, 100_000, bytes.subarray(100_000))).status).toBe(204);
  await stalled.cut();
  await expectStored(caller, fileIdOf(location), bytes);
});

test("of two PATCHes at the same offset one wins, and the file is whole", async () => {
  const caller = await newCaller();
  const bytes = textOf(3_000_000);
  const location = await createUpload(caller, bytes.byteLength);
  const answers = await Promise.all([append(caller, location, 0, bytes), append(caller, location, 0, bytes)]);
  const statuses = answers.map((answer) => answer.status).sort();
  expect(statuses).toEqual([204, 409]);
  const offset = await headOffset(caller, location);
  if (offset < bytes.byteLength) await append(caller, location, offset, bytes.subarray(offset));
  await expectStored(caller, fileIdOf(location), bytes);
});

test("methods that tus doesn't have are refused", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 1);
  const answer = await caller.fetch(location, { headers: TUS });
  expect(await readProblem(answer)).toMatchObject({ status: 405, code: "METHOD_NOT_ALLOWED" });
});
