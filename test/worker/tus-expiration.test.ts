import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { append, createUpload, creationHeaders, fileIdOf, newCaller, TUS } from "../support/api.ts";
import { expectRefusal, headOf, PART, patch, postUpload, textOf } from "../support/tus.ts";
import { makeVideo } from "../support/video.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

const DAY_MS = 86_400_000;
/** Where uploads end after so short a time that a test can wait for it. */
const stack = useWorkerAlone({ UPLOAD_IDLE_SECONDS: "3" });
/** RFC 9110, 5.6.7. */
const IMF_FIXDATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

function expiryOf(answer: Response): number {
  return Date.parse(answer.headers.get("upload-expires") ?? "");
}

/** Statuses of HEAD, once it is no more 200. */
function waitForEnd(caller: Caller, location: string): Promise<void> {
  const ask = async () => (await caller.fetch(location, { method: "HEAD", headers: TUS })).status;
  return expect.poll(ask, { interval: 50, timeout: 30_000 }).not.toBe(200);
}

test("tus 48: every PATCH of an upload that isn't complete tells when it expires", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 10);
  for (const [offset, body] of [
    [0, "abc"],
    [3, null],
    [3, "def"],
  ] as const) {
    expect(expiryOf(await append(caller, location, offset, body))).toBeGreaterThan(Date.now());
  }
});

/** The time is told in whole seconds: until they are others for what begins now. */
async function secondPassed(caller: Caller, after: string | undefined): Promise<void> {
  const ask = async () => expiryOf(await postUpload(caller, creationHeaders(10)));
  await expect.poll(ask, { interval: 50, timeout: 10_000 }).toBeGreaterThan(Date.parse(after ?? ""));
}

test("tus 48: a PATCH that is refused changes nothing of it", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 10);
  const before = (await headOf(caller, location))["upload-expires"];
  await secondPassed(caller, before);
  expect((await append(caller, location, 5, "x")).status).toBe(409);
  expect((await headOf(caller, location))["upload-expires"]).toBe(before);
});

test("tus 49: so does a creation, with a body and without", async () => {
  const caller = await newCaller();
  const content = { "content-type": "application/offset+octet-stream" };
  for (const body of [null, "abc"]) {
    const answer = await postUpload(caller, { ...creationHeaders(10), ...content }, body);
    expect(expiryOf(answer)).toBeGreaterThan(Date.now());
    const head = await headOf(caller, answer.headers.get("location") ?? "");
    expect(head["upload-expires"]).toBe(answer.headers.get("upload-expires"));
  }
});

test("tus 50: the time is an HTTP date, three days ahead", async () => {
  const caller = await newCaller();
  const beforeMs = Date.now();
  const creation = await postUpload(caller, creationHeaders(10));
  const answer = await append(caller, creation.headers.get("location") ?? "", 0, "abc");
  for (const { headers } of [creation, answer]) {
    const text = headers.get("upload-expires") ?? "";
    expect(text).toMatch(IMF_FIXDATE);
    const aheadMs = Date.parse(text) - beforeMs;
    // To the second, and cut off.
    expect(aheadMs).toBeGreaterThan(3 * DAY_MS - 1_000);
    expect(aheadMs).toBeLessThan(3 * DAY_MS + 10_000);
  }
});

test("tus 51: an upload without progress is gone, answers 410, and has freed what it held", async () => {
  const caller = await newCaller({ stack });
  const film = makeVideo(3 * PART);
  const location = await createUpload(caller, film.byteLength, { filename: "film.mp4" });
  // A stored part and a tail.
  for (const [from, to] of [
    [0, PART],
    [PART, PART + 1_000],
  ] as const) {
    expect((await append(caller, location, from, film.subarray(from, to))).status).toBe(204);
  }
  expect(stack.storedBytes().openMultiparts).toBe(1);
  await waitForEnd(caller, location);

  const head = await caller.fetch(location, { method: "HEAD", headers: TUS });
  expect(head.status).toBe(410);
  expect(head.headers.has("upload-offset")).toBe(false);
  await expectRefusal(await patch(caller, location, PART + 1_000, "x"), 410, "UPLOAD_EXPIRED");
  await expectRefusal(
    await caller.fetch(location, { method: "DELETE", headers: TUS }),
    410,
    "UPLOAD_EXPIRED",
  );
  await expectRefusal(await caller.fetch(`/v1/files/${fileIdOf(location)}`), 404, "FILE_NOT_FOUND");
  await expect.poll(() => stack.storedBytes().openMultiparts).toBe(0);
  expect(await stack.objectKeys(`t/${caller.tenantId}/`)).toEqual([]);
});

test("tus 52: a complete upload doesn't expire, and says no time", async () => {
  const caller = await newCaller({ stack });
  const complete = await createUpload(caller, 3);
  const last = await append(caller, complete, 0, "abc");
  expect(last.status).toBe(204);
  expect(last.headers.has("upload-expires")).toBe(false);
  // Begun later, so when it is over the other one's time is up too.
  const later = await createUpload(caller, 3);
  await waitForEnd(caller, later);
  const head = await headOf(caller, complete);
  expect(head).toMatchObject({ "upload-offset": "3" });
  expect(head).not.toHaveProperty("upload-expires");
  expect((await caller.fetch(`/v1/files/${fileIdOf(complete)}`)).status).toBe(200);
});

test("tus 53: progress moves the time forward", async () => {
  const caller = await newCaller();
  const creation = await postUpload(caller, creationHeaders(1_000_000));
  const location = creation.headers.get("location") ?? "";
  let offset = 0;
  const grow = async (): Promise<number> => {
    const answer = await append(caller, location, offset, "x");
    offset = Number(answer.headers.get("upload-offset"));
    return expiryOf(answer);
  };
  // The time is told in whole seconds.
  await expect.poll(grow, { interval: 50, timeout: 10_000 }).toBeGreaterThan(expiryOf(creation));
});

test("tus 53: an upload that makes progress outlives one that doesn't", async () => {
  const caller = await newCaller({ stack });
  const bytes = textOf(1_000);
  const [growing, idle] = [await createUpload(caller, 1_000), await createUpload(caller, 1_000)];
  let offset = 0;
  const growAndAsk = async (): Promise<number> => {
    const answer = await append(caller, growing, offset, bytes.subarray(offset, offset + 1));
    expect(answer.status).toBe(204);
    offset += 1;
    return (await caller.fetch(idle, { method: "HEAD", headers: TUS })).status;
  };
  await expect.poll(growAndAsk, { interval: 100, timeout: 30_000 }).toBe(410);
  expect(await headOf(caller, growing)).toMatchObject({ "upload-offset": String(offset) });
});
