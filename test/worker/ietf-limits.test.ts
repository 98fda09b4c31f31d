import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { newCaller, sharedStack } from "../support/api.ts";
import {
  appendAt,
  begin,
  CREATION,
  create,
  expectRefused,
  finishAt,
  limitsIn,
  PARTIAL_UPLOAD,
  statusOf,
} from "../support/ietf.ts";
import { openRequest } from "../support/raw-request.ts";
import { expectReceived, listedFiles } from "../support/tus.ts";
import { startWorkerAlone } from "../support/worker-alone.ts";

const MIB = 1024 * 1024;
const DOCUMENT_BYTES = 100 * MIB;
const EVERY_BYTES = 500 * MIB;
/** What one request may carry where a deployment doesn't say otherwise. */
const APPEND_BYTES = 100_000_000;
/** What one request may carry, in a deployment that says so. */
const LIMIT = 5 * MIB;

function options(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL(path, sharedStack().url), { method: "OPTIONS", headers });
}

test("ietf 1: OPTIONS tells the limits, to anybody", async () => {
  for (const headers of [
    {},
    { "upload-draft-interop-version": "8" },
    { "upload-draft-interop-version": "6" },
  ]) {
    const answer = await options("/v1/uploads", headers);
    expect(answer.status).toBe(204);
    expect(limitsIn(answer)).toMatchObject({ "max-size": EVERY_BYTES, "min-size": 0 });
  }
});

test("ietf 2: OPTIONS * promises nothing, since not every resource takes uploads", async () => {
  const { hostname, host, port } = new URL(sharedStack().url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`OPTIONS * HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  const answer = await text(socket);
  // The runtime itself refuses the target: its URL has no path.
  expect(answer).toMatch(/^HTTP\/1\.1 [45]\d\d /);
  expect(answer).not.toMatch(/upload-limit/i);
});

test("ietf 3: Upload-Limit is a Dictionary of Integers wherever it is", async () => {
  const caller = await newCaller();
  const creation = await create(caller);
  const location = creation.headers.get("location") ?? "";
  const answers = [
    await options("/v1/uploads"),
    creation,
    await caller.fetch(location, { method: "HEAD" }),
    await appendAt(caller, location, 0, "abc"),
    await appendAt(caller, location, 1, "abc"),
    await finishAt(caller, location, 3, null),
  ];
  for (const answer of answers) expect(Object.keys(limitsIn(answer))).toContain("max-size");
});

test("ietf 4: what OPTIONS tells is no stricter than what applies, but for a type that says more", async () => {
  const caller = await newCaller();
  const general = limitsIn(await options("/v1/uploads"));
  const video = { "content-type": "video/mp4", "content-disposition": 'inline; filename="a.mp4"' };
  const ofVideo = limitsIn(await create(caller, video));
  expect(ofVideo["max-size"]).toBe(general["max-size"]);
  expect(ofVideo["min-size"]).toBe(general["min-size"]);
  expect(limitsIn(await create(caller))["max-size"]).toBe(DOCUMENT_BYTES);
});

test("ietf 5: limits don't change to the client's harm while an upload lives", async () => {
  const caller = await newCaller();
  const location = await begin(caller);
  const steps: (() => Promise<Response>)[] = [
    () => caller.fetch(location, { method: "HEAD" }),
    () => appendAt(caller, location, 0, "abc"),
    () => appendAt(caller, location, 3, null),
    () => caller.fetch(location),
    () => finishAt(caller, location, 3, "d"),
    () => caller.fetch(location, { method: "HEAD" }),
  ];
  let endsAtMs = 0;
  for (const step of steps) {
    const { "max-age": maxAge = 0, ...others } = limitsIn(await step());
    expect(others).toEqual({ "max-size": DOCUMENT_BYTES, "min-size": 0, "max-append-size": APPEND_BYTES });
    const end = Date.now() + maxAge * 1000;
    // Whole seconds, rounded up.
    expect(end).toBeGreaterThan(endsAtMs - 1000);
    endsAtMs = end;
  }
});

test.each([
  ["of its class", DOCUMENT_BYTES + 1, DOCUMENT_BYTES],
  ["of every upload", EVERY_BYTES + 1, EVERY_BYTES],
])("ietf 6: a 413 for the limit %s tells that limit", async (_what, lengthBytes, maxSize) => {
  const answer = await create(await newCaller(), { "upload-length": String(lengthBytes) });
  await expectRefused(answer, { status: 413, code: "FILE_TOO_LARGE", complete: "?0" });
  expect(limitsIn(answer)).toMatchObject({ "max-size": maxSize, "min-size": 0 });
});

test("ietf 6: so does the 413 of an append that tells a length over it, which changes nothing", async () => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  const answer = await appendAt(caller, location, 3, "d", { "upload-length": String(DOCUMENT_BYTES + 1) });
  await expectRefused(answer, { status: 413, code: "FILE_TOO_LARGE", complete: "?0" });
  expect(limitsIn(answer)["max-size"]).toBe(DOCUMENT_BYTES);
  expect(await statusOf(caller, location)).toEqual({ offset: "3", complete: "?0", length: null });
  expect((await finishAt(caller, location, 3, "d")).status).toBe(201);
});

test("ietf 43: a body over max-append-size is refused, and an upload is neither begun nor changed by it", async () => {
  const stack = await startWorkerAlone({ MAX_APPEND_BYTES: String(LIMIT) });
  const caller = await newCaller({ stack });
  const announced = await fetch(new URL("/v1/uploads", stack.url), { method: "OPTIONS" });
  expect(limitsIn(announced)).toMatchObject({ "max-append-size": LIMIT, "max-size": EVERY_BYTES });
  // Refused by what the head says: a client that sends on would find the connection closed.
  const refuse = async (method: string, path: string, headers: Readonly<Record<string, string>>) => {
    const authorization = `Bearer ${caller.token}`;
    const all = { ...headers, authorization, "content-length": String(LIMIT + 1) };
    const request = await openRequest(new URL(path, stack.url), method, all);
    await expectReceived(request, /UPLOAD_BODY_TOO_LARGE/);
    expect(request.received()).toMatch(/^HTTP\/1\.1 413 [\s\S]*upload-complete: \?0/i);
    expect(request.received()).toMatch(
      new RegExp(`upload-limit: max-size=.*, max-append-size=${LIMIT}\r`, "i"),
    );
    await request.cut();
  };
  await refuse("POST", "/v1/uploads", CREATION);
  expect(await listedFiles(caller)).toEqual([]);

  const location = await begin(caller, {}, "a".repeat(LIMIT));
  for (const complete of ["?0", "?1"]) {
    const append = { "content-type": PARTIAL_UPLOAD, "upload-offset": String(LIMIT) };
    await refuse("PATCH", location, { ...append, "upload-complete": complete });
    expect(await statusOf(caller, location)).toMatchObject({ offset: String(LIMIT), complete: "?0" });
  }
  expect((await finishAt(caller, location, LIMIT, "b".repeat(LIMIT))).status).toBe(201);
});
