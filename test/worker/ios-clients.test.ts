import { expect, test } from "vitest";
import { fileIdOf, getRecord, newCaller } from "../support/api.ts";
import { statusIn } from "../support/ietf.ts";
import { expectStored, textOf } from "../support/tus.ts";

/** What iOS's clients send, as their sources have it: neither runs here. */

/** Since iOS 17 of every upload task of URLSession's, whatever its protocol is. */
const OF_UPLOAD_TASKS = { "upload-complete": "?1", "upload-draft-interop-version": "6" };

test("TUSKit's requests, in upload tasks of URLSession's, are tus's", async () => {
  const caller = await newCaller();
  const bytes = textOf(1_200_000);
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const created = await caller.fetch("/v1/uploads", {
    method: "POST",
    headers: {
      ...{ "TUS-Resumable": "1.0.0", "Upload-Extension": "creation" },
      "Upload-Length": String(bytes.byteLength),
      "Upload-Metadata": `filetype ${base64("text/csv")}, filename ${base64("leads.csv")}`,
    },
  });
  expect(created.status).toBe(201);
  const location = created.headers.get("location") ?? "";
  for (const [from, to] of [
    [0, 512_000],
    [512_000, 1_024_000],
    [1_024_000, bytes.byteLength],
  ] as const) {
    const headers = {
      ...{ "TUS-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream" },
      ...{ ...OF_UPLOAD_TASKS, "Upload-Offset": String(from) },
    };
    const body = bytes.subarray(from, to);
    const appended = await caller.fetch(location, { method: "PATCH", headers, body });
    expect([appended.status, appended.headers.get("upload-offset")]).toEqual([204, String(to)]);
  }
  expect(await getRecord(caller, fileIdOf(location))).toMatchObject({
    filename: "leads.csv",
    mimeType: "text/csv",
  });
  await expectStored(caller, fileIdOf(location), bytes);
});

test("an upload task of URLSession's is a whole file", async () => {
  const caller = await newCaller();
  const answer = await caller.fetch("/v1/uploads", {
    method: "POST",
    headers: {
      ...OF_UPLOAD_TASKS,
      "content-type": "text/csv",
      "content-disposition": 'attachment; filename="leads.csv"',
    },
    body: "a,b",
  });
  expect(answer.status).toBe(201);
  expect(statusIn(answer)).toEqual({ offset: "3", complete: "?1", length: "3" });
  const { id } = (await answer.json()) as { id: string };
  expect(await getRecord(caller, id)).toMatchObject({ filename: "leads.csv", mimeType: "text/csv" });
  await expectStored(caller, id, Buffer.from("a,b"));
});
