import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { fileIdOf, getRecord, newCaller } from "../support/api.ts";
import { appendAt, begin, expectRefused, finishAt, offsetOf, openAppend, statusOf } from "../support/ietf.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { chunkOf, expectReceived, expectStored, listedFiles, PART, textOf } from "../support/tus.ts";

/** The most that HEAD may take while another request is at work (R4). */
const HEAD_WITHIN_MS = 1_500;

test("ietf 45: DELETE ends an upload: everything that comes later is refused, and its record is gone", async () => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  const answer = await caller.fetch(location, { method: "DELETE", redirect: "manual" });
  expect(answer.status).toBe(204);
  const refusal = { status: 404, code: "UPLOAD_NOT_FOUND" };
  expect((await caller.fetch(location, { method: "HEAD" })).status).toBe(404);
  await expectRefused(await caller.fetch(location), refusal);
  await expectRefused(await appendAt(caller, location, 3, "d"), refusal);
  await expectRefused(await finishAt(caller, location, 3, null), refusal);
  await expectRefused(await caller.fetch(location, { method: "DELETE" }), refusal);
  expect((await caller.fetch(`/v1/files/${fileIdOf(location)}`)).status).toBe(404);
});

test.each([1_000, PART + 1_000])(
  "ietf 46: an append under way, with %d bytes come, is cut before DELETE is answered",
  async (sentBytes) => {
    const caller = await newCaller();
    const bytes = textOf(2 * PART);
    const location = await begin(caller);
    const stalled = await openAppend(caller, location, 0, { "content-length": String(bytes.byteLength) });
    await stalled.write(bytes.subarray(0, sentBytes));
    await untilRefusedElsewhere(() => appendAt(caller, location, sentBytes + 1, "x"));
    expect((await caller.fetch(location, { method: "DELETE" })).status).toBe(204);
    await expectReceived(stalled, /^HTTP\/1\.1 4\d\d /);
    await stalled.write(bytes.subarray(sentBytes, sentBytes + 10)).catch(() => {});
    expect((await caller.fetch(location, { method: "HEAD" })).status).toBe(404);
    expect(await listedFiles(caller)).toEqual([]);
    await stalled.cut();
  },
);

/** An append at a wrong offset is refused without harm; it gives the one under way the time to begin. */
async function untilRefusedElsewhere(probe: () => Promise<Response>): Promise<void> {
  await expectRefused(await probe(), { status: 409, code: "UPLOAD_OFFSET_MISMATCH", complete: "?0" });
}

test.each(["begun", "done", "gone"])(
  "ietf 47: DELETE of an upload that is %s doesn't redirect",
  async (state) => {
    const caller = await newCaller();
    const location = await begin(caller);
    if (state === "done") await finishAt(caller, location, 0, null);
    if (state === "gone") await caller.fetch(location, { method: "DELETE" });
    const answer = await caller.fetch(location, { method: "DELETE", redirect: "manual" });
    expect(answer.status).toBe({ begun: 204, done: 204, gone: 404 }[state]);
  },
);

test.each([
  ["whole bodies", 3_000_000],
  ["bodies of more than a part", PART + 2_000_000],
])(
  "ietf 48: of two appends at once, with %s, one is taken and nothing is mixed",
  async (_what, sizeBytes) => {
    const caller = await newCaller();
    const location = await begin(caller, { "upload-length": String(sizeBytes + 1) });
    const answers = await Promise.all(
      ["a", "b"].map((letter) => appendAt(caller, location, 0, letter.repeat(sizeBytes))),
    );
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses[1]).toBe(409);
    expect([204, 409]).toContain(statuses[0]);
    const offset = await offsetOf(caller, location);
    if (statuses[0] === 204) expect(offset).toBe(sizeBytes);
    const rest = "c".repeat(sizeBytes + 1 - offset);
    expect((await finishAt(caller, location, offset, rest)).status).toBe(201);
    const letter = answers.findIndex(({ status }) => status === 204) === 1 ? "b" : "a";
    const stored = Buffer.from(letter.repeat(offset) + rest);
    await expectStored(caller, fileIdOf(location), stored);
  },
);

test("ietf 48: many appends of one byte at every offset make up the file in order", async () => {
  const caller = await newCaller();
  const bytes = textOf(12);
  const location = await begin(caller);
  const attempts = Array.from({ length: 12 }, (_, offset) => offset);
  while ((await offsetOf(caller, location)) < bytes.byteLength) {
    await Promise.all(
      attempts.map((offset) => appendAt(caller, location, offset, bytes.subarray(offset, offset + 1))),
    );
  }
  expect((await finishAt(caller, location, bytes.byteLength, null)).status).toBe(201);
  await expectStored(caller, fileIdOf(location), bytes);
});

test.each(["HEAD", "GET"])(
  "ietf 49: %s during a stalled append ends it, and is answered soon and truly",
  async (method) => {
    const caller = await newCaller();
    const bytes = textOf(200_000);
    const location = await begin(caller);
    const stalled = await openAppend(caller, location, 0, {
      "upload-complete": "?1",
      "content-length": String(bytes.byteLength),
    });
    await stalled.write(bytes.subarray(0, 100_000));
    let tookMs = 0;
    const told = async () => {
      const askedAtMs = performance.now();
      const answer = await caller.fetch(location, { method });
      tookMs = Math.max(tookMs, performance.now() - askedAtMs);
      return Number(answer.headers.get("upload-offset"));
    };
    await expect.poll(told, { interval: 20 }).toBe(100_000);
    expect(tookMs).toBeLessThan(HEAD_WITHIN_MS);
    await expectReceived(stalled, /UPLOAD_SUPERSEDED/);
    // What the old one still sends changes nothing.
    await stalled.write(bytes.subarray(100_000)).catch(() => {});
    expect(await statusOf(caller, location)).toMatchObject({ offset: "100000", complete: "?0" });
    expect((await finishAt(caller, location, 100_000, bytes.subarray(100_000))).status).toBe(201);
    await stalled.cut();
    await expectStored(caller, fileIdOf(location), bytes);
  },
);

test("ietf 49: HEAD during an append that goes on sending ends it too, and tells what is kept", async () => {
  const caller = await newCaller();
  const location = await begin(caller);
  const live = await openAppend(caller, location, 0, { "transfer-encoding": "chunked" });
  const piece = randomBytes(5_000).toString("hex");
  const sending = sendUntilRefused(live, piece);
  await expect.poll(() => offsetOf(caller, location), { interval: 20 }).toBeGreaterThan(0);
  await sending;
  const offset = await offsetOf(caller, location);
  expect((await finishAt(caller, location, offset, null)).status).toBe(201);
  const whole = Buffer.from(piece.repeat(Math.ceil(offset / piece.length)).slice(0, offset));
  await expectStored(caller, fileIdOf(location), whole);
  await live.cut();
});

/** Sends one chunk after the other until the server has answered or closed the connection. */
async function sendUntilRefused(request: RawRequest, piece: string): Promise<void> {
  while (request.received() === "" && !request.socket.destroyed) {
    await request.write(chunkOf(piece)).catch(() => {});
    await new Promise(setImmediate);
  }
}

test("ietf 50: DELETE during an append that goes on sending ends the upload, whoever comes first", async () => {
  const caller = await newCaller();
  for (const complete of ["?0", "?1"]) {
    const location = await begin(caller);
    const live = await openAppend(caller, location, 0, {
      "upload-complete": complete,
      "transfer-encoding": "chunked",
    });
    const sending = sendUntilRefused(live, "a".repeat(10_000));
    expect((await caller.fetch(location, { method: "DELETE" })).status).toBe(204);
    // Answered, or cut off: both tell it.
    await sending;
    await expectRefused(await caller.fetch(location), { status: 404, code: "UPLOAD_NOT_FOUND" });
    await live.cut();
  }
  expect(await listedFiles(caller)).toEqual([]);
});

test("ietf 50: DELETE and a completing append at once: either the file is in the trash, or it never was", async () => {
  const caller = await newCaller();
  const inTrash: string[] = [];
  for (let round = 0; round < 8; round += 1) {
    const location = await begin(caller, {}, "abc");
    const [finished, deleted] = await Promise.all([
      finishAt(caller, location, 3, "d"),
      caller.fetch(location, { method: "DELETE" }),
    ]);
    const outcome = `${finished.status} ${deleted.status}`;
    expect(["201 204", "404 204", "409 204"]).toContain(outcome);
    if (finished.status === 201) inTrash.push(fileIdOf(location));
  }
  expect(await listedFiles(caller)).toEqual([]);
  for (const fileId of inTrash) {
    expect(await getRecord(caller, fileId)).toMatchObject({ state: "deleted", sizeBytes: 4 });
  }
});
