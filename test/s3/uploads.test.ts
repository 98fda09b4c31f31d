// Uploads on a stack whose objects are in S3 (vitest.config.ts); `npm run test:long` has all of their tests run on one.
import { expect, test } from "vitest";
import "../worker/tus-termination.test.ts";
import { append, createUpload, fileIdOf, newCaller } from "../support/api.ts";
import { expectStored, PART, textOf } from "../support/tus.ts";

test("a file over parts arrives as it was sent, and comes in ranges", async () => {
  const caller = await newCaller();
  const bytes = textOf(PART + 3 * 1024 * 1024);
  const location = await createUpload(caller, bytes.byteLength);
  for (const [from, to] of [
    [0, 1_000_000],
    [1_000_000, PART + 7],
    [PART + 7, bytes.byteLength],
  ] as const) {
    expect((await append(caller, location, from, bytes.subarray(from, to))).status).toBe(204);
  }
  await expectStored(caller, fileIdOf(location), bytes);
  for (const [range, from, to] of [
    ["bytes=0-9", 0, 10],
    [`bytes=${PART - 5}-${PART + 4}`, PART - 5, PART + 5],
    ["bytes=-7", bytes.byteLength - 7, bytes.byteLength],
  ] as const) {
    const answer = await caller.fetch(`/v1/files/${fileIdOf(location)}/content`, { headers: { range } });
    expect(answer.status).toBe(206);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes.subarray(from, to))).toBe(true);
  }
});
