import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { append, createUpload, fileIdOf, getRecord, headOffset, newCaller } from "../support/api.ts";
import { rows } from "../support/runs.ts";
import {
  chunkOf,
  expectReceived,
  expectRefusal,
  expectStored,
  LAST_CHUNK,
  openPatch,
  PART,
  patch,
  textOf,
} from "../support/tus.ts";

/** R4: what HEAD may take when the upload's PATCH has stalled. */
const HEAD_LIMIT_MS = 1_500;

/** An upload of 10 bytes with three of them there, at which `append` at 3 succeeds. */
async function begun(caller: Caller): Promise<string> {
  const location = await createUpload(caller, 10);
  expect((await append(caller, location, 0, "abc")).status).toBe(204);
  return location;
}

/** The upload is where it was, and its connection isn't stalled by a body that nobody read. */
async function expectUnchanged(caller: Caller, location: string): Promise<void> {
  expect(await headOffset(caller, location)).toBe(3);
  const rest = await append(caller, location, 3, "defghij");
  expect(rest.status).toBe(204);
  expect(rest.headers.get("upload-offset")).toBe("10");
}

/**
 * Goes on as a client does until all is there: what was on its way when it asked may yet move the upload, and a refusal
 * may come before its body is sent, which ends the connection.
 */
async function sendRest(caller: Caller, location: string, bytes: Buffer<ArrayBuffer>): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength;) {
    offset = await headOffset(caller, location);
    const answer = await append(caller, location, offset, bytes.subarray(offset)).catch(() => undefined);
    if (answer?.status === 204) return;
  }
}

test.each([
  ["none", undefined],
  ["text/plain", "text/plain"],
  ["application/octet-stream", "application/octet-stream"],
  ["one that only begins like it", "application/offset+octet-stream2"],
])("tus 14: a PATCH whose Content-Type is %s is refused and changes nothing", async (_what, type) => {
  const caller = await newCaller();
  const location = await begun(caller);
  const answer = await patch(caller, location, 3, Buffer.from("x"), { "content-type": type });
  await expectRefusal(answer, 415, "UPLOAD_CONTENT_TYPE_INVALID");
  await expectUnchanged(caller, location);
});

test.each([0, 2, 4, 10, 11])(
  "tus 15: a PATCH at %d of an upload at 3 is refused, told where it is, and changes nothing",
  async (offset) => {
    const caller = await newCaller();
    const location = await begun(caller);
    const answer = await append(caller, location, offset, "x");
    expect(answer.headers.get("upload-offset")).toBe("3");
    await expectRefusal(answer, 409, "UPLOAD_OFFSET_MISMATCH");
    await expectUnchanged(caller, location);
  },
);

test.each([
  undefined,
  "",
  "-3",
  "-0",
  "+3",
  "03",
  "3.0",
  "3e0",
  "0x3",
  "3abc",
  "3, 3",
  "9007199254740993",
  "NaN",
])("tus 16: a PATCH whose offset is %j is refused and changes nothing", async (offset) => {
  const caller = await newCaller();
  const location = await begun(caller);
  const answer = await patch(caller, location, 3, "x", { "upload-offset": offset });
  await expectRefusal(answer, 400, "UPLOAD_OFFSET_INVALID");
  await expectUnchanged(caller, location);
});

test("tus 17: a PATCH that succeeds answers 204 with no body", async () => {
  const caller = await newCaller();
  const answer = await append(caller, await begun(caller), 3, "def");
  expect(answer.status).toBe(204);
  expect(await answer.text()).toBe("");
});

test("tus 18: a PATCH tells the offset that it has brought the upload to", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  for (const [offset, bytes] of [
    [3, "d"],
    [4, ""],
    [4, "efgh"],
    [8, "ij"],
  ] as const) {
    const answer = await append(caller, location, offset, bytes);
    expect(answer.headers.get("upload-offset")).toBe(String(offset + bytes.length));
  }
});

test("tus 19: a PATCH of an upload that never was answers 404", async () => {
  const caller = await newCaller();
  await begun(caller);
  const answer = await append(caller, `/v1/uploads/${"0".repeat(26)}`, 3, "def");
  expect(answer.headers.has("upload-offset")).toBe(false);
  await expectRefusal(answer, 404, "UPLOAD_NOT_FOUND");
});

test.each(rows([PART - 1, PART + 300_001], [1, 300_001]))(
  "tus 20: a connection that ends after %d bytes loses none of them",
  async (sentBytes) => {
    const caller = await newCaller();
    const bytes = textOf(PART + 1_000_000);
    const location = await createUpload(caller, bytes.byteLength);
    const request = await openPatch(caller, location, {
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

test.each([100_000, PART + 300_001])(
  "tus 20: of a connection that is reset after %d bytes a prefix is there, and the rest makes the file whole",
  async (sentBytes) => {
    const caller = await newCaller();
    const bytes = textOf(PART + 1_000_000);
    const location = await createUpload(caller, bytes.byteLength);
    expect((await append(caller, location, 0, bytes.subarray(0, 1_000))).status).toBe(204);
    const request = await openPatch(caller, location, {
      "upload-offset": "1000",
      "content-length": String(bytes.byteLength - 1_000),
    });
    await request.write(bytes.subarray(1_000, 1_000 + sentBytes));
    await request.cut();
    const offset = await headOffset(caller, location);
    expect(offset).toBeGreaterThanOrEqual(1_000);
    expect(offset).toBeLessThanOrEqual(1_000 + sentBytes);
    await sendRest(caller, location, bytes);
    await expectStored(caller, fileIdOf(location), bytes);
  },
);

test("tus 21: a stalled PATCH holds nobody up, and commits nothing once it is taken over", async () => {
  const caller = await newCaller();
  const bytes = textOf(2_000_000);
  const location = await createUpload(caller, bytes.byteLength);
  const stalled = await openPatch(caller, location, {
    "upload-offset": "0",
    "content-length": String(bytes.byteLength),
  });
  await stalled.write(bytes.subarray(0, 100_000));
  // The first HEAD may have come before the PATCH.
  const offset = 100_000;
  const timesMs: number[] = [];
  const askOffset = async (): Promise<number> => {
    const askedAtMs = performance.now();
    const found = await headOffset(caller, location);
    timesMs.push(performance.now() - askedAtMs);
    return found;
  };
  await expect.poll(askOffset, { interval: 20 }).toBe(offset);
  expect(Math.max(...timesMs)).toBeLessThan(HEAD_LIMIT_MS);
  // The taken-over request is told so, with the offset to go on from.
  await expectReceived(stalled, "UPLOAD_SUPERSEDED");
  expect(stalled.received()).toMatch(new RegExp(`^upload-offset: ${offset}\\r$`, "im"));
  await stalled.write(bytes.subarray(100_000, 200_000)).catch(() => {});
  expect(await headOffset(caller, location)).toBe(offset);
  expect((await append(caller, location, offset, bytes.subarray(offset))).status).toBe(204);
  await stalled.cut();
  await expectStored(caller, fileIdOf(location), bytes);
});

test("tus 22: a body longer than what is left is refused, and the upload stays open", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  await expectRefusal(await append(caller, location, 3, "defghijk"), 413, "UPLOAD_BODY_TOO_LARGE");
  await expectUnchanged(caller, location);
});

test("tus 22: a chunked body longer than what is left never completes the upload", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  const request = await openPatch(caller, location, {
    "upload-offset": "3",
    "transfer-encoding": "chunked",
  });
  for (const piece of ["def", "ghijk"]) await request.write(chunkOf(piece));
  await request.write(LAST_CHUNK);
  await expectReceived(request, "UPLOAD_BODY_TOO_LARGE");
  await request.cut();
  const offset = await headOffset(caller, location);
  expect(offset).toBeLessThan(10);
  expect(await getRecord(caller, fileIdOf(location))).toMatchObject({ state: "uploading" });
  expect((await append(caller, location, offset, "abcdefghij".slice(offset))).status).toBe(204);
  await expectStored(caller, fileIdOf(location), Buffer.from("abcdefghij"));
});

test("tus 23: a chunked body without Content-Length is taken", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  const request = await openPatch(caller, location, {
    "upload-offset": "3",
    "transfer-encoding": "chunked",
  });
  for (const piece of ["d", "efg", "hij"]) await request.write(chunkOf(piece));
  await request.write(LAST_CHUNK);
  await expectReceived(request, /^HTTP\/1\.1 204 [\s\S]*^upload-offset: 10\r$/im);
  await request.cut();
  await expectStored(caller, fileIdOf(location), Buffer.from("abcdefghij"));
});

test("tus 24: the last PATCH may be sent again without a body when its answer was lost", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  await append(caller, location, 3, "defghij");
  const again = await append(caller, location, 10, null);
  expect(again.status).toBe(204);
  expect(again.headers.get("upload-offset")).toBe("10");
});

test("tus 24: that goes for an empty chunked body, and not for one with something in it", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  await append(caller, location, 3, "defghij");
  const chunked = { "upload-offset": "10", "transfer-encoding": "chunked" };
  const empty = await openPatch(caller, location, chunked);
  await empty.write(LAST_CHUNK);
  await expectReceived(empty, /^HTTP\/1\.1 204 [\s\S]*^upload-offset: 10\r$/im);
  await empty.cut();
  const more = await openPatch(caller, location, chunked);
  await more.write(Buffer.concat([chunkOf("k"), LAST_CHUNK]));
  await expectReceived(more, "UPLOAD_COMPLETED");
  await more.cut();
  await expectStored(caller, fileIdOf(location), Buffer.from("abcdefghij"));
});

test("tus 24: a PATCH without a body where an upload is that isn't complete moves nothing", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  const answer = await append(caller, location, 3, null);
  expect(answer.status).toBe(204);
  expect(answer.headers.get("upload-offset")).toBe("3");
  await expectUnchanged(caller, location);
});

test.each([0, 2, 4, 10])(
  "tus 24: a PATCH without a body at %d of an upload at 3 is refused and moves nothing",
  async (offset) => {
    const caller = await newCaller();
    const location = await begun(caller);
    const answer = await append(caller, location, offset, null);
    expect(answer.headers.get("upload-offset")).toBe("3");
    await expectRefusal(answer, 409, "UPLOAD_OFFSET_MISMATCH");
    await expectUnchanged(caller, location);
  },
);

test.each([
  ["a checksum that can't be one", { "upload-checksum": "sha1 AAAA" }, "UPLOAD_CHECKSUM_INVALID"],
  ["a length that can't be one", { "upload-length": "x" }, "UPLOAD_LENGTH_INVALID"],
])("tus 22: a PATCH with %s leaves one that is under way alone", async (_what, wrong, code) => {
  const caller = await newCaller();
  const location = await begun(caller);
  const under = await openPatch(caller, location, { "upload-offset": "3", "content-length": "7" });
  await under.write(Buffer.from("defg"));
  await expectRefusal(await patch(caller, location, 3, "defg", wrong), 400, code);
  await under.write(Buffer.from("hij"));
  await expectReceived(under, /^HTTP\/1\.1 204 [\s\S]*^upload-offset: 10\r$/im);
  await under.cut();
  await expectStored(caller, fileIdOf(location), Buffer.from("abcdefghij"));
});
