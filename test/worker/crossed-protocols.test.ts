import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  append,
  createUpload,
  creationHeaders,
  fileIdOf,
  metadataHeader,
  newCaller,
  readProblem,
  TUS,
} from "../support/api.ts";
import {
  appendAt,
  begin,
  CREATION,
  expectRefused,
  finishAt,
  offsetOf,
  openAppend,
  PARTIAL_UPLOAD,
  statusOf,
} from "../support/ietf.ts";
import { rows } from "../support/runs.ts";
import {
  changed,
  expectStored,
  headOf,
  locationOf,
  openPatch,
  PART,
  patch,
  postUpload,
  textOf,
} from "../support/tus.ts";

type Send = (
  caller: Caller,
  location: string,
  offset: number,
  bytes: Buffer<ArrayBuffer>,
) => Promise<Response>;

/** An append in either protocol that isn't the last. */
const SEND = {
  tus: append,
  ietf: appendAt,
} satisfies Record<string, Send>;

/** The last one. */
const FINISH = {
  tus: append,
  ietf: finishAt,
} satisfies Record<string, Send>;

const BEGIN = {
  tus: (caller: Caller, sizeBytes: number) => createUpload(caller, sizeBytes),
  ietf: (caller: Caller, sizeBytes: number) => begin(caller, { "upload-length": String(sizeBytes) }),
};

const OFFSET = {
  tus: async (caller: Caller, location: string) => Number((await headOf(caller, location))["upload-offset"]),
  ietf: offsetOf,
};

type Protocol = keyof typeof SEND;
const PROTOCOLS = ["tus", "ietf"] as const;
const ORDERS = PROTOCOLS.flatMap((begun) =>
  PROTOCOLS.flatMap((middle) => PROTOCOLS.map((last) => [begun, middle, last] as const)),
).filter((order) => new Set(order).size > 1);
const crossesTwice = ([begun, middle, last]: readonly Protocol[]) => begun !== middle && middle !== last;
const [TWICE = [], ONCE = []] = [true, false].map((is) =>
  ORDERS.filter((order) => crossesTwice(order) === is),
);

test.each(rows(TWICE, ONCE))(
  "crossed: begun by %s, gone on with by %s, finished by %s, byte for byte",
  async (begun, middle, last) => {
    const caller = await newCaller();
    const bytes = textOf(PART + 1_234_567);
    const location = await BEGIN[begun](caller, bytes.byteLength);
    const ends = [0, 1_000_001, 7_654_321, bytes.byteLength];
    const steps: readonly [Protocol, Send][] = [
      [begun, SEND[begun]],
      [middle, SEND[middle]],
      [last, FINISH[last]],
    ];
    for (const [index, [protocol, send]] of steps.entries()) {
      const offset = await OFFSET[protocol](caller, location);
      expect(offset).toBe(ends[index]);
      expect((await send(caller, location, offset, bytes.subarray(offset, ends[index + 1]))).ok).toBe(true);
    }
    expect(await OFFSET.tus(caller, location)).toBe(bytes.byteLength);
    expect(await statusOf(caller, location)).toMatchObject({
      complete: "?1",
      offset: String(bytes.byteLength),
    });
    await expectStored(caller, fileIdOf(location), bytes);
  },
);

test("crossed: what a tus client lost in the middle of a PATCH the IETF's finishes, and the other way", async () => {
  const caller = await newCaller();
  const bytes = textOf(1_000_000);
  const rest = String(bytes.byteLength);
  const [first, second] = [await createUpload(caller, bytes.byteLength), await begin(caller)];
  const requests = [
    await openPatch(caller, first, { "upload-offset": "0", "content-length": rest }),
    await openAppend(caller, second, 0, { "upload-complete": "?1", "content-length": rest }),
  ];
  for (const request of requests) {
    await request.write(bytes.subarray(0, 654_321));
    await request.end();
  }
  expect(await offsetOf(caller, first)).toBe(654_321);
  expect((await finishAt(caller, first, 654_321, bytes.subarray(654_321))).status).toBe(201);
  // Its ?1 and Content-Length told the length: tus needn't.
  expect(await headOf(caller, second)).toMatchObject({ "upload-offset": "654321", "upload-length": rest });
  expect((await append(caller, second, 654_321, bytes.subarray(654_321))).status).toBe(204);
  await expectStored(caller, fileIdOf(first), bytes);
  await expectStored(caller, fileIdOf(second), bytes);
});

test("crossed: one protocol's HEAD takes a stalled append of the other over", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 6);
  const stalled = await openPatch(caller, location, { "upload-offset": "0", "content-length": "6" });
  await stalled.write(Buffer.from("abc"));
  await expect.poll(() => offsetOf(caller, location), { interval: 20 }).toBe(3);
  expect((await finishAt(caller, location, 3, "def")).status).toBe(201);
  await stalled.cut();
  await expectStored(caller, fileIdOf(location), Buffer.from("abcdef"));
});

test("crossed: a deferred length is told by the IETF's ?1, and one not told yet by tus", async () => {
  const caller = await newCaller();
  const deferred = {
    ...changed(creationHeaders(0), { "upload-length": undefined }),
    "upload-defer-length": "1",
  };
  const byTus = await locationOf(postUpload(caller, deferred));
  expect(await statusOf(caller, byTus)).toEqual({ offset: "0", complete: "?0", length: null });
  expect((await finishAt(caller, byTus, 0, "abc")).status).toBe(201);
  expect(await headOf(caller, byTus)).toMatchObject({ "upload-length": "3", "upload-offset": "3" });

  const byIetf = await begin(caller, {}, "abc");
  expect(await headOf(caller, byIetf)).toMatchObject({ "upload-defer-length": "1", "upload-offset": "3" });
  expect((await patch(caller, byIetf, 3, "def", { "upload-length": "6" })).status).toBe(204);
  expect(await statusOf(caller, byIetf)).toEqual({ offset: "6", complete: "?1", length: "6" });
  await expectStored(caller, fileIdOf(byTus), Buffer.from("abc"));
  await expectStored(caller, fileIdOf(byIetf), Buffer.from("abcdef"));
});

test("crossed: bytes all there and left open by ?0 are completed by tus's empty PATCH", async () => {
  const caller = await newCaller();
  const location = await begin(caller, { "upload-length": "3" }, "abc");
  expect((await append(caller, location, 3, null)).status).toBe(204);
  expect(await statusOf(caller, location)).toEqual({ offset: "3", complete: "?1", length: "3" });
  await expectStored(caller, fileIdOf(location), Buffer.from("abc"));
});

test("crossed: reaching the length ends a tus upload, not one that goes on by ?0", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 3);
  expect((await appendAt(caller, location, 0, "abc")).headers.get("upload-complete")).toBe("?0");
  expect((await finishAt(caller, location, 3, null)).status).toBe(201);
});

test("crossed: DELETE by one protocol is the end for the other", async () => {
  const caller = await newCaller();
  for (const [begun, headers] of [
    ["tus", {}],
    ["ietf", TUS],
  ] as const) {
    const location = await BEGIN[begun](caller, 10);
    expect((await caller.fetch(location, { method: "DELETE", headers })).status).toBe(204);
    expect((await caller.fetch(location, { method: "HEAD" })).status).toBe(404);
    expect((await append(caller, location, 0, "abc")).status).toBe(404);
    expect((await appendAt(caller, location, 0, "abc")).status).toBe(404);
  }
});

test("crossed: tus's partial and final uploads take no appends of the IETF's, but tell their state", async () => {
  const caller = await newCaller();
  const partial = await locationOf(
    postUpload(caller, { ...TUS, "upload-length": "3", "upload-concat": "partial" }),
  );
  expect(await statusOf(caller, partial)).toEqual({ offset: "0", complete: "?0", length: "3" });
  const answer = await finishAt(caller, partial, 0, "abc");
  await expectRefused(answer, { status: 403, code: "UPLOAD_FINAL", complete: "?0" });
  expect((await append(caller, partial, 0, "abc")).status).toBe(204);
});

/** Requests that differ in what they say of their protocol, and the one they are taken to speak. */
const CHOICES: readonly (readonly [
  what: string,
  headers: Record<string, string>,
  taken: "tus" | "ietf" | 412,
])[] = [
  ["Tus-Resumable", { ...creationHeaders(3) }, "tus"],
  ["Tus-Resumable and Upload-Complete", { ...creationHeaders(3), "upload-complete": "?0" }, "tus"],
  ["Upload-Complete", CREATION, "ietf"],
  ["Upload-Complete and Upload-Length", { ...CREATION, "upload-length": "3" }, "ietf"],
  ["nothing but a type", { "content-type": "text/plain" }, "ietf"],
  ["another interop version", { ...CREATION, "upload-draft-interop-version": "6" }, "ietf"],
  ["tus's metadata without its version", changed(creationHeaders(3), { "tus-resumable": undefined }), 412],
  ["Upload-Length alone", { "upload-length": "3" }, 412],
  [
    "Upload-Complete and tus's metadata",
    { ...CREATION, "upload-metadata": metadataHeader({ filename: "a.txt" }) },
    "ietf",
  ],
  ["Upload-Complete and tus's deferred length", { ...CREATION, "upload-defer-length": "1" }, "ietf"],
  ["another version of tus", { ...creationHeaders(3), "tus-resumable": "2.0.0" }, 412],
  ["another version of tus and Upload-Complete", { ...CREATION, "tus-resumable": "2.0.0" }, 412],
];

test.each(CHOICES)("crossed: a creation with %s is taken as it should be", async (_what, headers, taken) => {
  const caller = await newCaller();
  const answer = await caller.fetch("/v1/uploads", { method: "POST", headers });
  if (taken === 412) {
    const problem = await readProblem(answer);
    expect(problem).toMatchObject({ status: 412, code: "TUS_VERSION_UNSUPPORTED" });
    expect(problem.detail).toContain("Tus-Resumable: 1.0.0");
    return;
  }
  expect(answer.status).toBe(201);
  expect(answer.headers.has("upload-limit")).toBe(taken === "ietf");
});

test("crossed: an append's protocol is told by its version or its media type", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 9);
  const at = (offset: number, headers: Record<string, string>, body: string) =>
    caller.fetch(location, {
      method: "PATCH",
      headers: { "upload-offset": String(offset), ...headers },
      body,
    });
  expect((await at(0, { ...TUS, "content-type": "application/offset+octet-stream" }, "abc")).status).toBe(
    204,
  );
  expect((await at(3, { "content-type": PARTIAL_UPLOAD, "upload-complete": "?0" }, "def")).status).toBe(204);
  const mixed = await at(6, { ...TUS, "content-type": PARTIAL_UPLOAD, "upload-complete": "?1" }, "ghi");
  expect(await readProblem(mixed)).toMatchObject({ status: 415, code: "UPLOAD_CONTENT_TYPE_INVALID" });
  expect(await offsetOf(caller, location)).toBe(6);
});
