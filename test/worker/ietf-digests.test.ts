import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { append, fileIdOf, getRecord, newCaller, readProblem, waitForVerdict } from "../support/api.ts";
import {
  appendAt,
  begin,
  create,
  expectRefused,
  finishAt,
  openAppend,
  openCreation,
  statusIn,
  statusOf,
  uploadWhole,
} from "../support/ietf.ts";
import { takeJobs } from "../support/queued-jobs.ts";
import { rows } from "../support/runs.ts";
import {
  chunkOf,
  downloaded,
  expectReceived,
  expectStored,
  LAST_CHUNK,
  listedFiles,
  PART,
  textOf,
} from "../support/tus.ts";
import { startWorkerAlone } from "../support/worker-alone.ts";

const ALGORITHMS = { "sha-256": "sha256", "sha-512": "sha512" } as const;
type Name = keyof typeof ALGORITHMS;
const NAMES: readonly Name[] = ["sha-256", "sha-512"];

/** A digest field (RFC 9530). */
function digest(name: Name, bytes: string | Uint8Array): string {
  return `${name}=:${createHash(ALGORITHMS[name]).update(bytes).digest("base64")}:`;
}

const WRONG = digest("sha-256", "something else");
const REFUSED = { status: 400, code: "REPR_DIGEST_MISMATCH", complete: "?1" } as const;

async function expectGone(caller: Caller, location: string): Promise<void> {
  await expectRefused(await caller.fetch(location), REFUSED);
  await expectRefused(await appendAt(caller, location, 0, "abc"), REFUSED);
  await expectRefused(await finishAt(caller, location, 0, "abc"), REFUSED);
  expect((await caller.fetch(location, { method: "HEAD" })).headers.get("upload-complete")).toBe("?1");
  expect(await listedFiles(caller)).toEqual([]);
}

test.each([
  ["SHA-256", digest("sha-256", "abc")],
  ["SHA-512", digest("sha-512", "abc")],
  ["both", `${digest("sha-256", "abc")}, ${digest("sha-512", "abc")}`],
  ["an algorithm that isn't known", "md5=:AAAA:, unixsum=5"],
  ["a field that isn't one", "sha-256=abc"],
])("ietf 51: a whole file with the right Repr-Digest is taken: %s", async (_what, value) => {
  const caller = await newCaller();
  const answer = await create(caller, { "upload-complete": "?1", "repr-digest": value }, "abc");
  expect(answer.status).toBe(201);
  await expectStored(caller, fileIdOf(answer.headers.get("location") ?? ""), Buffer.from("abc"));
});

test.each([
  ["SHA-256", WRONG],
  ["SHA-512", digest("sha-512", "something else")],
  ["one of both", `${digest("sha-256", "abc")}, ${digest("sha-512", "something else")}`],
  ["SHA-256 of another length", "sha-256=:AAAA:"],
])(
  "ietf 51: a whole file with a wrong Repr-Digest is refused by the file, with ?1: %s",
  async (_what, value) => {
    const caller = await newCaller();
    const answer = await create(caller, { "upload-complete": "?1", "repr-digest": value }, "abc");
    await expectRefused(answer, REFUSED);
    expect(answer.headers.get("location")).toBeNull();
    expect(await listedFiles(caller)).toEqual([]);
  },
);

test.each(rows([3, PART], [2 * PART + 5]))(
  "ietf 51: after a careful creation one append of %d bytes is compared as it passes",
  async (sizeBytes) => {
    const caller = await newCaller();
    const bytes = textOf(sizeBytes);
    const right = await begin(caller, { "repr-digest": digest("sha-256", bytes) });
    expect((await finishAt(caller, right, 0, bytes)).status).toBe(201);

    const other = await newCaller();
    const wrong = await begin(other, { "repr-digest": WRONG });
    const answer = await finishAt(other, wrong, 0, bytes);
    await expectRefused(answer, REFUSED);
    await expectGone(other, wrong);
    await expectStored(caller, fileIdOf(right), bytes);
  },
);

test("ietf 51: an append that brings only a beginning is compared with nothing", async () => {
  const caller = await newCaller();
  const location = await begin(caller, { "repr-digest": digest("sha-256", "abcdef") }, "abc");
  expect((await appendAt(caller, location, 3, "def")).status).toBe(204);
  expect((await finishAt(caller, location, 6, null)).status).toBe(201);
  await expectStored(caller, fileIdOf(location), Buffer.from("abcdef"));
});

test.each(NAMES)(
  "ietf 51: a file of several appends with another %s is found out by the check, and never clean",
  async (name) => {
    const caller = await newCaller();
    const location = await begin(caller, { "repr-digest": digest(name, "something else") }, "abc");
    expect((await finishAt(caller, location, 3, "def")).status).toBe(201);
    const record = await waitForVerdict(caller, fileIdOf(location));
    expect(record).toMatchObject({
      state: "unscannable",
      verdict: { signatureName: "Digest.Mismatch" },
      sha256: createHash("sha256").update("abcdef").digest("hex"),
    });
    expect((await caller.fetch(`/v1/files/${record.id}/content`)).ok).toBe(false);
  },
);

test("ietf 51: a job that is sent again, because the first was lost, knows the announced digest too", async () => {
  const stack = await startWorkerAlone({ REANNOUNCE_AFTER_SECONDS: "0" });
  const caller = await newCaller({ stack });
  const announced = createHash("sha256").update("something else").digest("base64");
  const location = await begin(caller, { "repr-digest": WRONG }, "abc");
  expect((await finishAt(caller, location, 3, "def")).status).toBe(201);
  const first = await takeJobs(stack.queues);
  await stack.runScheduled();
  const jobs = [...first, ...(await takeJobs(stack.queues))];
  const job = { fileId: fileIdOf(location), expectedDigests: { "sha-256": announced } };
  expect(jobs).toEqual([expect.objectContaining(job), expect.objectContaining(job)]);
});

test("ietf 51: so is one that was cut and gone on with; with the right digest it is clean", async () => {
  const caller = await newCaller();
  const expectations = [
    ["abcdef", "clean"],
    ["something else", "unscannable"],
  ] as const;
  for (const [announced, state] of expectations) {
    const location = await begin(caller, { "repr-digest": digest("sha-256", announced) });
    const cut = await openAppend(caller, location, 0, { "upload-complete": "?1", "content-length": "6" });
    await cut.write(Buffer.from("abc"));
    await cut.end();
    expect((await finishAt(caller, location, 3, "def")).status).toBe(201);
    expect(await waitForVerdict(caller, fileIdOf(location))).toMatchObject({ state });
  }
});

test("ietf 51: a digest announced by the IETF's protocol holds for a tus client that finishes the upload", async () => {
  const caller = await newCaller();
  const atOnce = await begin(caller, { "upload-length": "3", "repr-digest": WRONG });
  const refused = await append(caller, atOnce, 0, "abc");
  expect(await readProblem(refused)).toMatchObject({ status: 400, code: "REPR_DIGEST_MISMATCH" });
  const inTwo = await begin(caller, { "upload-length": "6", "repr-digest": WRONG }, "abc");
  expect((await append(caller, inTwo, 3, "def")).status).toBe(204);
  expect(await waitForVerdict(caller, fileIdOf(inTwo))).toMatchObject({ state: "unscannable" });
});

test.each([
  ["sha-256=10", "sha-256"],
  ["sha-512=1", "sha-512"],
  ["sha-512=3, sha-256=10", "sha-256"],
  ["sha-512=9, sha-256=1, unixsum=10", "sha-512"],
  ["sha-256=5, sha-512=5", "sha-256"],
] as const)(
  "ietf 52: Want-Repr-Digest: %s is answered with %s, and HEAD tells it later",
  async (want, name) => {
    const caller = await newCaller();
    const expected = digest(name, "abc");
    const answer = await create(caller, { "upload-complete": "?1", "want-repr-digest": want }, "abc");
    expect(answer.headers.get("repr-digest")).toBe(expected);
    const { id } = (await answer.json()) as { id: string };
    const head = await caller.fetch(`/v1/uploads/${id}`, { method: "HEAD" });
    expect(head.headers.get("repr-digest")).toBe(expected);

    const location = await begin(caller, { "want-repr-digest": want });
    expect((await caller.fetch(location, { method: "HEAD" })).headers.get("repr-digest")).toBeNull();
    expect((await finishAt(caller, location, 0, "abc")).headers.get("repr-digest")).toBe(expected);
  },
);

test.each(["sha-256=0", "md5=10", "sha-256", "sha-256=?1", "sha-256=(1)", "!", undefined])(
  "ietf 52: Want-Repr-Digest: %s is answered without one",
  async (want) => {
    const answer = await create(
      await newCaller(),
      { "upload-complete": "?1", "want-repr-digest": want },
      "abc",
    );
    expect(answer.status).toBe(201);
    expect(answer.headers.get("repr-digest")).toBeNull();
  },
);

test("ietf 52: what came in several appends has its digest in the file's record", async () => {
  const caller = await newCaller();
  const location = await begin(caller, { "want-repr-digest": "sha-256=10" }, "abc");
  const answer = await finishAt(caller, location, 3, "d");
  expect([answer.status, answer.headers.get("repr-digest")]).toEqual([201, null]);
  const sha256 = createHash("sha256").update("abcd").digest("hex");
  expect(await waitForVerdict(caller, fileIdOf(location))).toMatchObject({ sha256 });
});

test.each(["?0", "?1"])(
  "ietf 53: an append (%s) with a wrong Content-Digest changes nothing, and may be sent again",
  async (complete) => {
    const caller = await newCaller();
    const location = await begin(caller, { "upload-length": "6" }, "abc");
    const send = (value: string) =>
      appendAt(caller, location, 3, "def", { "upload-complete": complete, "content-digest": value });
    const refused = await send(digest("sha-256", "de"));
    await expectRefused(refused, { status: 400, code: "CONTENT_DIGEST_MISMATCH", complete: "?0" });
    expect(refused.headers.get("upload-offset")).toBe("3");
    expect(await statusOf(caller, location)).toEqual({ offset: "3", complete: "?0", length: "6" });
    const taken = await send(`${digest("sha-256", "def")}, ${digest("sha-512", "def")}, md5=:AAAA:`);
    expect(statusIn(taken)).toMatchObject({ offset: "6", complete });
  },
);

test("ietf 53: a creation with a wrong Content-Digest keeps none of its content, and tells where to go on", async () => {
  const caller = await newCaller();
  const answer = await create(caller, { "content-digest": WRONG }, "abc");
  await expectRefused(answer, { status: 400, code: "CONTENT_DIGEST_MISMATCH", complete: "?0" });
  const location = answer.headers.get("location") ?? "";
  expect(await statusOf(caller, location)).toEqual({ offset: "0", complete: "?0", length: null });
  expect((await finishAt(caller, location, 0, "abc")).status).toBe(201);
});

test("ietf 53: of an append with Content-Digest that is cut nothing is kept", async () => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  const value = { "content-digest": digest("sha-256", "abcdef"), "content-length": "6" };
  const cut = await openAppend(caller, location, 3, value);
  await cut.write(Buffer.from("abc"));
  await cut.end();
  expect(await statusOf(caller, location)).toMatchObject({ offset: "3", complete: "?0" });
});

test("ietf 54: offsets count what is left when the transfer coding is taken away", async () => {
  const caller = await newCaller();
  const chunked = { "transfer-encoding": "chunked" };
  const creation = await openCreation(caller, chunked);
  await creation.write(Buffer.concat([chunkOf("a"), chunkOf("bc"), LAST_CHUNK]));
  await expectReceived(creation, /^HTTP\/1\.1 201 [\s\S]*upload-offset: 3/i);
  const [id = ""] = await listedFiles(caller);
  const location = `/v1/uploads/${id}`;
  const request = await openAppend(caller, location, 3, { ...chunked, "upload-complete": "?1" });
  await request.write(Buffer.concat([chunkOf("d"), chunkOf("e"), LAST_CHUNK]));
  await expectReceived(request, /^HTTP\/1\.1 201 [\s\S]*upload-offset: 5/i);
  await expectStored(caller, id, Buffer.from("abcde"));
});

test("ietf 25, 54: content in gzip is counted, kept and given back as it came, under a name that says so", async () => {
  const caller = await newCaller();
  const bytes = gzipSync("hello ".repeat(1000));
  const change = { "content-encoding": "gzip", "upload-length": String(bytes.byteLength) };
  const location = await begin(caller, change, bytes.subarray(0, 10));
  expect(await statusOf(caller, location)).toMatchObject({ offset: "10", length: String(bytes.byteLength) });
  expect((await finishAt(caller, location, 10, bytes.subarray(10))).status).toBe(201);
  await expectStored(caller, fileIdOf(location), bytes);
  expect(gunzipSync(await downloaded(caller, fileIdOf(location))).byteLength).toBe(6000);
  // It is what is stored and was checked, not the text that is inside.
  expect(await getRecord(caller, fileIdOf(location))).toMatchObject({
    filename: "notes.txt.gz",
    mimeType: "application/gzip",
  });
  const content = await caller.fetch(`/v1/files/${fileIdOf(location)}/content`);
  expect(content.headers.get("content-encoding")).toBeNull();
  expect(content.headers.get("content-disposition")).toBe('attachment; filename="notes.txt.gz"');
  await content.body?.cancel();
});

test.each([
  ["a name that ends in it", { "content-disposition": 'inline; filename="Notes.GZ"' }, "Notes.GZ"],
  ["the name of a packed archive", { "content-disposition": 'inline; filename="notes.tgz"' }, "notes.tgz"],
  ["no name", { "content-disposition": undefined }, "upload.txt.gz"],
  ["a type that isn't taken", { "content-type": "x/y" }, "notes.txt.gz"],
] as const)("ietf 25: content in gzip with %s", async (_what, change, filename) => {
  const caller = await newCaller();
  const fileId = await uploadWhole(caller, gzipSync("hello"), { "content-encoding": "gzip", ...change });
  expect(await getRecord(caller, fileId)).toMatchObject({ filename, mimeType: "application/gzip" });
});

test("ietf 25: a coding that isn't taken is refused with those that are; gzip has to be gzip", async () => {
  const caller = await newCaller();
  const refused = await create(caller, { "content-encoding": "br" });
  await expectRefused(refused, { status: 415, code: "FILE_TYPE_REFUSED", complete: "?1" });
  expect(refused.headers.get("accept-encoding")).toBe("gzip, identity");
  const change = { "content-encoding": "gzip", "upload-complete": "?1" };
  await expectRefused(await create(caller, change, "a text"), {
    status: 415,
    code: "FILE_TYPE_MISMATCH",
    complete: "?1",
  });
  expect((await create(caller, { "content-encoding": "identity" }, "abc")).status).toBe(201);
});
