import { describe, expect, test } from "vitest";
import { useStarted } from "../../support/started.ts";
import type { StoreCall } from "../../support/stores/calls.ts";
import { useStoreHost } from "../../support/stores/host.ts";
import type { Reply } from "../../support/stores/scripted-s3.ts";
import { refusal, startScriptedS3 } from "../../support/stores/scripted-s3.ts";

const MIB = 1024 * 1024;
const KEY = "t/acme/f/1/original-1";
const PART = { partNumber: 1, etag: "e" };

const host = useStoreHost();
const s3 = useStarted(startScriptedS3);

const CALLS = {
  put: { call: "put", key: KEY, piecesBytes: [5, 5] },
  storePart: { call: "storePart", key: KEY, id: "u", partNumber: 1, piecesBytes: [5, 5] },
  createMultipart: { call: "createMultipart", key: KEY },
  completeMultipart: { call: "completeMultipart", key: KEY, id: "u", parts: [PART] },
  abortMultipart: { call: "abortMultipart", key: KEY, id: "u" },
  head: { call: "head", key: KEY },
  get: { call: "get", key: KEY },
  remove: { call: "remove", keys: ["a", "b"] },
  list: { call: "list", prefix: "t/" },
} as const satisfies Record<string, StoreCall>;

const made = (xml: string): Reply => ({ status: 200, body: xml });
const CREATED = made("<R><UploadId>u&amp;1</UploadId></R>");
const FACTS = { ETag: '"e"', "Last-Modified": new Date().toUTCString() };

describe("a call that comes to the same however often it is made", () => {
  test.each([
    "createMultipart",
    "completeMultipart",
    "abortMultipart",
    "head",
    "get",
    "remove",
    "list",
  ] as const)("%s is made three times where the store has a bad moment, and then given up", async (name) => {
    s3.play(refusal(503, "SlowDown"));
    await expect(host.call(s3.vars, CALLS[name])).rejects.toThrow("STORE_UNAVAILABLE");
    expect(s3.asked).toHaveLength(3);
  });

  test("is made again where the connection broke", async () => {
    s3.play({ ...CREATED, cut: true }, CREATED);
    expect(await host.call(s3.vars, CALLS.createMultipart)).toBe("u&1");
  });

  test("isn't where it is refused", async () => {
    s3.play(refusal(403, "RequestTimeTooSkewed"));
    await expect(host.call(s3.vars, CALLS.list)).rejects.toThrow(/STORE_UNAVAILABLE.*RequestTimeTooSkewed/);
    expect(s3.asked).toHaveLength(1);
  });
});

test.each(["put", "storePart"] as const)("%s is never made twice", async (name) => {
  s3.play(refusal(503, "SlowDown"));
  await expect(host.call(s3.vars, CALLS[name])).rejects.toThrow("STORE_UNAVAILABLE");
  expect(s3.asked).toHaveLength(1);
});

test("a part that is refused before it is read is let go of", async () => {
  s3.play({ ...refusal(403, "AccessDenied"), early: true });
  const part = { ...CALLS.storePart, piecesBytes: Array.from({ length: 16 }, () => MIB) };
  await expect(host.call(s3.vars, part)).rejects.toThrow("STORE_UNAVAILABLE");
});

test("a completion that fails after its 200 has failed", async () => {
  s3.play(made("\n\n<Error><Code>InternalError</Code></Error>"));
  await expect(host.call(s3.vars, CALLS.completeMultipart)).rejects.toThrow("STORE_UNAVAILABLE");
  s3.play(made("<Error><Code>InvalidPart</Code></Error>"));
  await expect(host.call(s3.vars, CALLS.completeMultipart)).rejects.toThrow("UPLOAD_LOST");
});

test("objects that can't be removed aren't removed, and those that weren't there are", async () => {
  const failed = (code: string) => made(`<D><Error><Key>a</Key><Code>${code}</Code></Error></D>`);
  s3.play(failed("AccessDenied"));
  await expect(host.call(s3.vars, CALLS.remove)).rejects.toThrow(/STORE_UNAVAILABLE.*AccessDenied/);
  s3.play(failed("NoSuchKey"));
  expect(await host.call(s3.vars, CALLS.remove)).toBeNull();
  // With one call it takes a thousand.
  const keys = Array.from({ length: 1_002 }, (_, index) => `page-${index}`);
  expect(await host.call(s3.vars, { call: "remove", keys })).toBeNull();
  expect(s3.asked).toHaveLength(3);
});

test("a bucket that isn't there is no missing object", async () => {
  s3.play({ status: 404 }, refusal(404, "NoSuchBucket"));
  await expect(host.call(s3.vars, CALLS.head)).rejects.toThrow(/STORE_UNAVAILABLE.*NoSuchBucket/);
  s3.play(refusal(404, "NoSuchBucket"));
  await expect(host.call(s3.vars, CALLS.get)).rejects.toThrow("STORE_UNAVAILABLE");
});

const SECOND_HALF = { ...CALLS.get, range: { offset: 5, length: 5 } };

test.each([
  ["the whole", { status: 200, body: "0123456789", headers: FACTS }],
  ["another range", { status: 206, body: "01234", headers: { ...FACTS, "Content-Range": "bytes 0-4/10" } }],
  ["less of it", { status: 206, body: "5678", headers: { ...FACTS, "Content-Range": "bytes 5-8/10" } }],
])("%s in the place of a range isn't taken for it", async (_what, reply) => {
  s3.play(reply);
  await expect(host.call(s3.vars, SECOND_HALF)).rejects.toThrow("STORE_UNAVAILABLE");
});

test("a signature isn't carried to where an answer points", async () => {
  s3.play({ status: 307, headers: { Location: `${s3.vars["S3_ENDPOINT"]}/elsewhere` } });
  await expect(host.call(s3.vars, CALLS.get)).rejects.toThrow("STORE_UNAVAILABLE");
  expect(s3.asked).toHaveLength(1);
});

test("a list with keys of others is none: they might be removed", async () => {
  const listed = (key: string) => made(`<R><Contents><Key>${key}</Key><Size>1</Size></Contents></R>`);
  s3.play(listed("t/a"), listed("backup/db.sql"));
  expect(await host.call(s3.vars, CALLS.list)).toMatchObject({ keys: ["t/a"] });
  await expect(host.call(s3.vars, CALLS.list)).rejects.toThrow("STORE_UNAVAILABLE");
});

test("bytes under another etag than was asked for are none", async () => {
  s3.play({ status: 200, headers: FACTS, body: "0123456789" });
  expect(await host.call(s3.vars, { ...CALLS.get, etag: "e" })).toMatchObject({ etag: "e" });
  expect(await host.call(s3.vars, { ...CALLS.get, etag: "another" })).toBeNull();
});

test("a list says whether there is more, and is none where its end is missing", async () => {
  const entry = "<EncodingType>url</EncodingType><Contents><Key>t/a+b%2Bc</Key><Size>7</Size></Contents>";
  s3.play(made(`<L><IsTruncated>true</IsTruncated>${entry}</L>`));
  const page = { keys: ["t/a b+c"], sizes: [7], isAll: false };
  expect(await host.call(s3.vars, CALLS.list)).toEqual(page);
  s3.play(made(`<L>${entry}`));
  await expect(host.call(s3.vars, CALLS.list)).rejects.toThrow("STORE_UNAVAILABLE");
});

describe("what objects are made with", () => {
  const SETTINGS = {
    S3_SERVER_SIDE_ENCRYPTION: "aws:kms",
    S3_KMS_KEY_ID: "key-1",
    S3_STORAGE_CLASS: "STANDARD_IA",
    S3_OBJECT_TAGS: "app=causeway&team=crm%20eu",
  };
  const HEADERS = {
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
    "x-amz-storage-class": "STANDARD_IA",
    "x-amz-tagging": "app=causeway&team=crm%20eu",
  };

  test.each(["put", "createMultipart"] as const)("goes with %s, signed", async (name) => {
    s3.play({ ...CREATED, headers: FACTS });
    await host.call({ ...s3.vars, ...SETTINGS }, CALLS[name]);
    expect(s3.asked[0]?.headers).toMatchObject({ ...HEADERS, "content-type": "text/plain" });
    for (const header of Object.keys(HEADERS)) expect(s3.asked[0]?.headers.authorization).toContain(header);
  });

  test("isn't a part's", async () => {
    s3.play({ status: 200, headers: FACTS });
    await host.call({ ...s3.vars, ...SETTINGS }, CALLS.storePart);
    expect(Object.keys(s3.asked[0]?.headers ?? {}).filter((each) => each in HEADERS)).toEqual([]);
  });
});

test("a body is sent with its length, and documents with their digests", async () => {
  s3.play({ status: 200, headers: FACTS });
  await host.call(s3.vars, CALLS.put);
  expect(s3.asked[0]?.headers).toMatchObject({
    ...{ "content-length": "10", "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "accept-encoding": "identity" },
  });
  s3.play(made("<D/>"));
  await host.call(s3.vars, CALLS.remove);
  expect(s3.asked[0]?.headers).toMatchObject({
    "content-md5": expect.stringMatching(/^[\w+/]{22}==$/),
    "x-amz-content-sha256": expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test("what isn't signed with the bucket's secret is refused", async () => {
  const strange = { ...host.s3, S3_SECRET_ACCESS_KEY: "another" };
  await expect(host.call(strange, CALLS.list)).rejects.toThrow(/STORE_UNAVAILABLE.*SignatureDoesNotMatch/);
});
