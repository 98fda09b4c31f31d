import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { APPEND, append, createUpload, creationHeaders, fileIdOf, newCaller } from "../support/api.ts";
import { rows } from "../support/runs.ts";
import {
  advertised,
  chunkOf,
  expectReceived,
  expectRefusal,
  expectStored,
  headOf,
  LAST_CHUNK,
  listedFiles,
  openPatch,
  PART,
  patch,
  postUpload,
  textOf,
} from "../support/tus.ts";

const ALGORITHMS = ["sha1", "sha256", "md5"] as const;

function checksumOf(bytes: string | Uint8Array, algorithm: string): string {
  return `${algorithm} ${createHash(algorithm).update(bytes).digest("base64")}`;
}

/** An upload of 10 bytes with three of them there. */
async function begun(caller: Caller): Promise<string> {
  const location = await createUpload(caller, 10);
  expect((await append(caller, location, 0, "abc")).status).toBe(204);
  return location;
}

/** The upload is where it was; the same bytes with the right checksum are taken. */
async function expectTakenAgain(caller: Caller, location: string): Promise<void> {
  expect(await headOf(caller, location)).toMatchObject({ "upload-offset": "3" });
  const headers = { "upload-checksum": checksumOf("defghij", "sha1") };
  expect((await patch(caller, location, 3, "defghij", headers)).status).toBe(204);
  await expectStored(caller, fileIdOf(location), Buffer.from("abcdefghij"));
}

test("tus 54: OPTIONS tells the algorithms", async () => {
  expect([...(await advertised("tus-checksum-algorithm"))].sort()).toEqual([...ALGORITHMS].sort());
});

test("tus 55: sha1 is one of them", async () => {
  expect(await advertised("tus-checksum-algorithm")).toContain("sha1");
});

test("tus 56: their names are lower-case ASCII", async () => {
  for (const name of await advertised("tus-checksum-algorithm")) expect(name).toMatch(/^[a-z0-9]+$/);
});

test.each(ALGORITHMS)("tus 57: bytes with their %s are taken", async (algorithm) => {
  const caller = await newCaller();
  const location = await begun(caller);
  for (const [offset, body] of [
    [3, "def"],
    [6, "ghij"],
  ] as const) {
    const headers = { "upload-checksum": checksumOf(body, algorithm) };
    const answer = await patch(caller, location, offset, body, headers);
    expect(answer.status).toBe(204);
    expect(answer.headers.get("upload-offset")).toBe(String(offset + body.length));
  }
  await expectStored(caller, fileIdOf(location), Buffer.from("abcdefghij"));
});

test.each(ALGORITHMS)(
  "tus 58: bytes that don't have their %s are discarded, and the right ones taken at the same offset",
  async (algorithm) => {
    const caller = await newCaller();
    const location = await begun(caller);
    for (const wrong of ["defghix", "d", "xx"]) {
      const headers = { "upload-checksum": checksumOf("defghij", algorithm) };
      const answer = await patch(caller, location, 3, wrong, headers);
      expect(answer.headers.get("upload-offset")).toBe("3");
      await expectRefusal(answer, 460, "UPLOAD_CHECKSUM_MISMATCH");
      expect(await headOf(caller, location)).toMatchObject({ "upload-offset": "3" });
    }
    await expectTakenAgain(caller, location);
  },
);

test.each(rows([100_000, PART], [PART - 1_000, 2 * PART + 7]))(
  "tus 58: %d wrong bytes on top of 1000 are discarded as a whole",
  async (sizeBytes) => {
    const caller = await newCaller();
    const bytes = textOf(1_000 + sizeBytes);
    const rest = bytes.subarray(1_000);
    const wrong = Buffer.from(rest);
    wrong[sizeBytes - 1] = 0x78;
    const location = await createUpload(caller, bytes.byteLength);
    expect((await append(caller, location, 0, bytes.subarray(0, 1_000))).status).toBe(204);
    const headers = { "upload-checksum": checksumOf(rest, "sha256") };
    await expectRefusal(
      await patch(caller, location, 1_000, wrong, headers),
      460,
      "UPLOAD_CHECKSUM_MISMATCH",
    );
    expect(await headOf(caller, location)).toMatchObject({ "upload-offset": "1000" });
    expect((await patch(caller, location, 1_000, rest, headers)).status).toBe(204);
    await expectStored(caller, fileIdOf(location), bytes);
  },
);

test("tus 58: that goes for a creation's bytes, of which nothing is left", async () => {
  const caller = await newCaller();
  const headers = { ...creationHeaders(3), ...APPEND };
  const wrong = { "upload-checksum": checksumOf("abd", "sha1") };
  const answer = await postUpload(caller, { ...headers, ...wrong }, "abc");
  expect(answer.headers.has("location")).toBe(false);
  await expectRefusal(answer, 460, "UPLOAD_CHECKSUM_MISMATCH");
  expect(await listedFiles(caller)).toEqual([]);
  const right = { "upload-checksum": checksumOf("abc", "sha1") };
  expect((await postUpload(caller, { ...headers, ...right }, "abc")).status).toBe(201);
});

test("tus 58: a length told with bytes that are discarded isn't settled", async () => {
  const caller = await newCaller();
  const { "upload-length": _length, ...deferred } = creationHeaders(0);
  const creation = await postUpload(caller, { ...deferred, "upload-defer-length": "1" });
  const location = creation.headers.get("location") ?? "";
  const wrong = { "upload-length": "3", "upload-checksum": checksumOf("abd", "sha1") };
  await expectRefusal(await patch(caller, location, 0, "abc", wrong), 460, "UPLOAD_CHECKSUM_MISMATCH");
  expect(await headOf(caller, location)).toMatchObject({ "upload-offset": "0", "upload-defer-length": "1" });
  const right = { "upload-length": "4", "upload-checksum": checksumOf("abcd", "sha1") };
  expect((await patch(caller, location, 0, "abcd", right)).status).toBe(204);
  await expectStored(caller, fileIdOf(location), Buffer.from("abcd"));
});

test.each([
  ["crc32", Buffer.from("\0\0\0\0").toString("base64")],
  ["sha512", checksumOf("defghij", "sha512").split(" ")[1]],
  ["SHA1", checksumOf("defghij", "sha1").split(" ")[1]],
  ["sha-1", checksumOf("defghij", "sha1").split(" ")[1]],
  ["constructor", checksumOf("defghij", "sha1").split(" ")[1]],
  ["", checksumOf("defghij", "sha1").split(" ")[1]],
])("tus 59: the algorithm %j is refused, and nothing of the body is kept", async (algorithm, value) => {
  const caller = await newCaller();
  const location = await begun(caller);
  const headers = { "upload-checksum": `${algorithm} ${value}` };
  const answer = await patch(caller, location, 3, "defghij", headers);
  await expectRefusal(answer, 400, "UPLOAD_CHECKSUM_INVALID");
  await expectTakenAgain(caller, location);
});

test.each([
  ["no value", "sha1"],
  ["no base64", "sha1 !!!!"],
  ["hexadecimal", `sha1 ${createHash("sha1").update("defghij").digest("hex")}`],
  ["a value of another length", `sha1 ${createHash("md5").update("defghij").digest("base64")}`],
  ["no padding", `sha1 ${createHash("sha1").update("defghij").digest("base64").replace("=", "")}`],
  ["base64url", `sha256 ${"_".repeat(43)}=`],
  ["two spaces", `sha1  ${createHash("sha1").update("defghij").digest("base64")}`],
  ["two of them", `${checksumOf("defghij", "sha1")}, ${checksumOf("defghij", "md5")}`],
  ["nothing", ""],
])("tus 60: a checksum with %s is refused, and nothing of the body is kept", async (_what, checksum) => {
  const caller = await newCaller();
  const location = await begun(caller);
  const answer = await patch(caller, location, 3, "defghij", { "upload-checksum": checksum });
  await expectRefusal(answer, 400, "UPLOAD_CHECKSUM_INVALID");
  await expectTakenAgain(caller, location);
});

test.each(rows([300_000, PART + 300_000], [1]))(
  "tus 61: of a body with a checksum that ends after %d bytes nothing is kept",
  async (sentBytes) => {
    const caller = await newCaller();
    const bytes = textOf(PART + 1_000_000);
    const rest = bytes.subarray(500);
    const location = await createUpload(caller, bytes.byteLength);
    expect((await append(caller, location, 0, bytes.subarray(0, 500))).status).toBe(204);
    const checksum = { "upload-checksum": checksumOf(rest, "sha1") };
    const request = await openPatch(caller, location, {
      ...checksum,
      "upload-offset": "500",
      "content-length": String(rest.byteLength),
    });
    await request.write(rest.subarray(0, sentBytes));
    await request.end();
    expect(await headOf(caller, location)).toMatchObject({ "upload-offset": "500" });
    expect((await patch(caller, location, 500, rest, checksum)).status).toBe(204);
    await expectStored(caller, fileIdOf(location), bytes);
  },
);

test("tus 61: nothing is kept of one that is taken over, though its checksum would fit what came", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  const request = await openPatch(caller, location, {
    "upload-checksum": checksumOf("def", "sha1"),
    "upload-offset": "3",
    "content-length": "7",
  });
  await request.write(Buffer.from("def"));
  const ask = async (): Promise<string> => {
    expect(await headOf(caller, location)).toMatchObject({ "upload-offset": "3" });
    return request.received();
  };
  await expect
    .poll(ask, { interval: 20, timeout: 10_000 })
    .toMatch(/^HTTP\/1\.1 409 [\s\S]*UPLOAD_SUPERSEDED/);
  await request.cut();
  await expectTakenAgain(caller, location);
});

test("tus 62: checksums in trailers, which aren't read here, aren't listed", async () => {
  expect(await advertised("tus-extension")).not.toContain("checksum-trailer");
});

test("tus 62: a checksum in a trailer is no checksum: the bytes are taken as bytes without one", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  const request = await openPatch(caller, location, {
    "upload-offset": "3",
    "transfer-encoding": "chunked",
    trailer: "Upload-Checksum",
  });
  const trailer = `upload-checksum: ${checksumOf(randomBytes(7), "sha1")}\r\n`;
  const lastChunk = LAST_CHUNK.toString().replace("\r\n\r\n", `\r\n${trailer}\r\n`);
  await request.write(Buffer.concat([chunkOf("defghij"), Buffer.from(lastChunk)]));
  await expectReceived(request, /^HTTP\/1\.1 \d/);
  await request.cut();
  expect(Number((await headOf(caller, location))["upload-offset"])).toBe(10);
});
