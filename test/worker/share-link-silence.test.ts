import { expect, test } from "vitest";
import { newCaller } from "../support/api.ts";
import { setState, uploadClean } from "../support/file-states.ts";
import { sharedWorkerAlone } from "../support/shared-worker.ts";
import { codeOf, createLink, listLinks, look, seen, take } from "../support/sharing.ts";

const worker = sharedWorkerAlone();

const PASSWORD = "korrekt pferd";
const WRONG = "403 SHARE_PASSWORD_WRONG";

test.each([
  ["infected", "403 FILE_BLOCKED"],
  ["unscannable", "403 FILE_BLOCKED"],
  ["quarantined", "409 FILE_NOT_READY"],
])(
  "that a file is %s is told to whoever has its link's password, and to nobody else",
  async (state, told) => {
    const ann = await newCaller({ stack: worker });
    const fileId = await uploadClean(worker, ann);
    const closed = await createLink(ann, fileId, { password: PASSWORD });
    const open = await createLink(ann, fileId);
    const before = await seen(closed.url);
    await setState(worker, fileId, state);

    expect(await seen(closed.url)).toEqual(before);
    expect(await codeOf(await take(closed.url))).toBe(WRONG);
    expect(await codeOf(await take(closed.url, { password: "falsch falsch" }))).toBe(WRONG);
    expect(await codeOf(await take(closed.url, { password: PASSWORD }))).toBe(told);
    expect(await codeOf(await look(open.url))).toBe(told);
    // What is refused isn't counted.
    expect((await listLinks(ann, fileId)).map(({ downloads }) => downloads)).toEqual([0, 0]);
  },
);

test("that a file is gone is told behind the password only", async () => {
  const ann = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, ann);
  const { url } = await createLink(ann, fileId, { password: PASSWORD });
  const before = await seen(url);
  expect((await ann.fetch(`/v1/files/${fileId}`, { method: "DELETE" })).status).toBe(204);
  expect(await seen(url)).toEqual(before);
  expect(await codeOf(await take(url, { password: "falsch falsch" }))).toBe(WRONG);
  expect(await codeOf(await take(url, { password: PASSWORD }))).toBe("404 FILE_NOT_FOUND");
});
