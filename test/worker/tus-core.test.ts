import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  APPEND,
  append,
  createUpload,
  creationHeaders,
  headOffset,
  metadataHeader,
  newCaller,
  readProblem,
  sharedStack,
  TUS,
} from "../support/api.ts";
import { TUS_ERRORS, TUS_SUCCESSES } from "../support/tus-answers.ts";
import {
  advertised,
  changed,
  expectRefusal,
  headOf,
  listedFiles,
  locationOf,
  patch,
  postUpload,
  textOf,
} from "../support/tus.ts";
import { startWorkerAlone } from "../support/worker-alone.ts";

const MAX_BYTES = 500 * 1024 * 1024;

/** An upload of 10 bytes with three of them there. */
async function begun(caller: Caller): Promise<string> {
  const location = await createUpload(caller, 10);
  expect((await append(caller, location, 0, "abc")).status).toBe(204);
  return location;
}

test.each([...TUS_SUCCESSES, ...TUS_ERRORS])(
  "tus 1: the answer to %s (%d) says the version",
  async (_what, status, ask) => {
    const answer = await ask(await newCaller());
    expect(answer.status).toBe(status);
    expect(answer.headers.get("tus-resumable")).toBe("1.0.0");
  },
);

test("tus 1: an answer to a fault of ours says the version, and no more than it should", async () => {
  const stack = await startWorkerAlone();
  const caller = await newCaller({ stack });
  const database = stack.openDatabase("DB");
  expect((await postUpload(caller, creationHeaders(10))).status).toBe(201);
  await database.exec("ALTER TABLE files RENAME TO files_gone");
  const answer = await postUpload(caller, creationHeaders(10));
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "tus-resumable": "1.0.0",
    "access-control-allow-origin": "*",
  });
  const problem = await readProblem(answer);
  expect(problem).toMatchObject({ status: 500, code: "INTERNAL" });
  expect(JSON.stringify(problem)).not.toMatch(/files|sql/i);
});

test("tus 1: an answer to OPTIONS doesn't say it", async () => {
  const answer = await fetch(new URL("/v1/uploads", sharedStack().url), { method: "OPTIONS" });
  expect(answer.status).toBe(204);
  expect(answer.headers.has("tus-resumable")).toBe(false);
});

test.each(["0.2.2", "1.0", "1.0.0, 0.2.2", "2.0.0"])(
  "tus 2: a creation in version %s is refused, with what there is, and makes nothing",
  async (version) => {
    const caller = await newCaller();
    const answer = await postUpload(caller, { ...creationHeaders(10), "tus-resumable": version });
    expect(answer.headers.get("tus-version")).toBe("1.0.0");
    await expectRefusal(answer, 412, "TUS_VERSION_UNSUPPORTED");
    expect(await listedFiles(caller)).toEqual([]);
  },
);

test.each(["PATCH", "DELETE", "HEAD"])("tus 2: a %s in another version changes nothing", async (method) => {
  const caller = await newCaller();
  const location = await begun(caller);
  const headers = { ...APPEND, "upload-offset": "3", "tus-resumable": "0.2.2" };
  const body = method === "PATCH" ? "def" : null;
  const answer = await caller.fetch(location, { method, headers, body });
  expect(answer.status).toBe(412);
  expect(answer.headers.get("tus-version")).toBe("1.0.0");
  expect(await headOffset(caller, location)).toBe(3);
});

test.each([
  ["a length alone", { "upload-metadata": undefined }],
  ["metadata", {}],
  ["a deferred length", { "upload-length": undefined, "upload-defer-length": "1" }],
  ["Upload-Concat", { "upload-concat": "partial" }],
])("tus 3: a creation with %s and no version is refused and makes nothing", async (_what, change) => {
  const caller = await newCaller();
  const headers = changed(creationHeaders(10), { ...change, "tus-resumable": undefined });
  await expectRefusal(await postUpload(caller, headers), 412, "TUS_VERSION_UNSUPPORTED");
  expect(await listedFiles(caller)).toEqual([]);
});

test("tus 3: a PATCH of tus without a version is refused and changes nothing", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  const answer = await patch(caller, location, 3, "def", { "tus-resumable": undefined });
  await expectRefusal(answer, 412, "TUS_VERSION_UNSUPPORTED");
  expect(await headOffset(caller, location)).toBe(3);
});

test("tus 3: HEAD and DELETE mean the same in both protocols and need no version", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  const head = await caller.fetch(location, { method: "HEAD" });
  expect(head.status).toBe(204);
  expect(head.headers.get("upload-offset")).toBe("3");
  expect((await caller.fetch(location, { method: "DELETE" })).status).toBe(204);
  expect((await caller.fetch(location, { method: "HEAD", headers: TUS })).status).toBe(404);
});

test.each(["/v1/uploads", `/v1/uploads/${"0".repeat(26)}`])(
  "tus 4: OPTIONS of %s needs no token and takes any version",
  async (path) => {
    const answer = await fetch(new URL(path, sharedStack().url), {
      method: "OPTIONS",
      headers: { "tus-resumable": "9.9.9" },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("tus-version")).toBe("1.0.0");
  },
);

test("tus 5: Tus-Version is the list of what there is", async () => {
  expect(await advertised("tus-version")).toEqual(["1.0.0"]);
});

test("tus 6: Tus-Extension lists what the tests of this folder go through, and nothing else", async () => {
  expect([...(await advertised("tus-extension"))].sort()).toEqual([
    "checksum",
    "concatenation",
    "creation",
    "creation-defer-length",
    "creation-with-upload",
    "expiration",
    "termination",
  ]);
});

test("tus 7: Tus-Max-Size is the limit that holds", async () => {
  const caller = await newCaller();
  const film = { filename: "film.mp4" };
  expect(await advertised("tus-max-size")).toEqual([String(MAX_BYTES)]);
  expect((await postUpload(caller, creationHeaders(MAX_BYTES, film))).status).toBe(201);
  await expectRefusal(await postUpload(caller, creationHeaders(MAX_BYTES + 1, film)), 413, "FILE_TOO_LARGE");
});

test.each([
  ["POST", "PATCH"],
  ["POST", "patch"],
  ["DELETE", "PATCH"],
  ["PUT", "PATCH"],
])("tus 8: a %s that is to be a %s appends", async (method, override) => {
  const caller = await newCaller();
  const location = await begun(caller);
  const headers = { ...APPEND, "upload-offset": "3", "x-http-method-override": override };
  const answer = await caller.fetch(location, { method, headers, body: "def" });
  expect(answer.status).toBe(204);
  expect(answer.headers.get("upload-offset")).toBe("6");
});

test.each(["POST", "PATCH", "GET"])("tus 8: a %s that is to be a DELETE terminates", async (method) => {
  const caller = await newCaller();
  const location = await begun(caller);
  const headers = { ...TUS, "x-http-method-override": "DELETE" };
  expect((await caller.fetch(location, { method, headers })).status).toBe(204);
  expect((await caller.fetch(location, { method: "HEAD", headers: TUS })).status).toBe(404);
});

test.each([
  ["POST", null],
  ["POST", "x"],
  ["PATCH", "x"],
  ["GET", null],
])("tus 8: a %s that is to be a HEAD, with the body %j, tells the offset", async (method, body) => {
  const caller = await newCaller();
  const location = await begun(caller);
  const headers = { ...TUS, "x-http-method-override": "HEAD" };
  const answer = await caller.fetch(location, { method, headers, body });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("upload-offset")).toBe("3");
  expect(await headOffset(caller, location)).toBe(3);
});

test("tus 8: a POST that is to be OPTIONS says what there is", async () => {
  const answer = await fetch(new URL("/v1/uploads", sharedStack().url), {
    method: "POST",
    headers: { "x-http-method-override": "OPTIONS" },
  });
  expect(answer.status).toBe(204);
  expect(answer.headers.get("tus-version")).toBe("1.0.0");
});

test("tus 8: a method that there isn't stays none", async () => {
  const caller = await newCaller();
  const location = await begun(caller);
  const headers = { ...APPEND, "upload-offset": "3", "x-http-method-override": "TRACE" };
  const answer = await caller.fetch(location, { method: "PATCH", headers, body: "def" });
  expect(answer.headers.get("allow")).toBe("OPTIONS, HEAD, GET, PATCH, DELETE");
  await expectRefusal(answer, 405, "METHOD_NOT_ALLOWED");
  expect(await headOffset(caller, location)).toBe(3);
});

test.each([
  ["nothing", 0],
  ["a part", 4],
  ["all", 10],
])("tus 9: HEAD tells the offset when %s is there", async (_what, sentBytes) => {
  const caller = await newCaller();
  const location = await createUpload(caller, 10);
  if (sentBytes > 0) await append(caller, location, 0, textOf(sentBytes));
  expect(await headOf(caller, location)).toMatchObject({ "upload-offset": String(sentBytes) });
});

test("tus 10: HEAD tells the length", async () => {
  const caller = await newCaller();
  const head = await headOf(caller, await createUpload(caller, 12_345));
  expect(head).toMatchObject({ "upload-length": "12345" });
  expect(head).not.toHaveProperty("upload-defer-length");
});

test("tus 11: HEAD is not to be cached", async () => {
  const caller = await newCaller();
  expect(await headOf(caller, await createUpload(caller, 1))).toMatchObject({ "cache-control": "no-store" });
});

test("tus 12: HEAD answers 200 while the upload is open and when it is complete", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 3);
  expect((await caller.fetch(location, { method: "HEAD", headers: TUS })).status).toBe(200);
  await append(caller, location, 0, "abc");
  expect((await caller.fetch(location, { method: "HEAD", headers: TUS })).status).toBe(200);
});

test.each([
  ["that never was", async () => `/v1/uploads/${"0".repeat(26)}`],
  ["whose id can't be one", async () => "/v1/uploads/x"],
  ["of another tenant", async () => begun(await newCaller())],
  ["of a colleague", async ({ tenantId }: Caller) => begun(await newCaller({ tenantId, user: "bob" }))],
])("tus 13: HEAD of an upload %s answers 404 and tells nothing", async (_what, makeLocation) => {
  const caller = await newCaller();
  const location = await makeLocation(caller);
  const answer = await caller.fetch(location, { method: "HEAD", headers: TUS });
  expect(answer.status).toBe(404);
  for (const name of [
    "upload-offset",
    "upload-length",
    "upload-metadata",
    "upload-expires",
    "upload-limit",
  ]) {
    expect(answer.headers.has(name), name).toBe(false);
  }
});

test("tus 13: an admin of the tenant may see a member's upload", async () => {
  const caller = await newCaller();
  const metadata = metadataHeader({ filename: "notes.txt" });
  const location = await locationOf(
    postUpload(caller, { ...creationHeaders(10), "upload-metadata": metadata }),
  );
  const admin = await newCaller({ tenantId: caller.tenantId, user: "root", role: "admin" });
  expect(await headOf(admin, location)).toMatchObject({ "upload-metadata": metadata });
});
