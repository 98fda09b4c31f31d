import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { append, createUpload, creationHeaders, fileIdOf, newCaller, TUS } from "../support/api.ts";
import { advertised, expectRefusal, listedFiles, locationOf, PART, postUpload } from "../support/tus.ts";
import { makeVideo } from "../support/video.ts";
import { startWorkerAlone } from "../support/worker-alone.ts";

function terminate(caller: Caller, location: string): Promise<Response> {
  return caller.fetch(location, { method: "DELETE", headers: TUS });
}

test("tus 63: termination is listed", async () => {
  expect(await advertised("tus-extension")).toContain("termination");
});

test.each([0, 3])("tus 63: an upload with %d of its bytes is terminated with 204", async (sentBytes) => {
  const caller = await newCaller();
  const location = await createUpload(caller, 10);
  if (sentBytes > 0) await append(caller, location, 0, "abc");
  const answer = await terminate(caller, location);
  expect(answer.status).toBe(204);
  expect(await answer.text()).toBe("");
});

test("tus 63: nobody else's is", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 10);
  const colleague = await newCaller({ tenantId: caller.tenantId, user: "bob" });
  await expectRefusal(await terminate(colleague, location), 404, "UPLOAD_NOT_FOUND");
  await expectRefusal(await terminate(await newCaller(), location), 404, "UPLOAD_NOT_FOUND");
  expect((await terminate(caller, location)).status).toBe(204);
});

test("tus 64: nothing can be asked of it afterwards, nor of its record", async () => {
  const caller = await newCaller();
  const location = await createUpload(caller, 10);
  await append(caller, location, 0, "abc");
  expect((await terminate(caller, location)).status).toBe(204);
  const head = await caller.fetch(location, { method: "HEAD", headers: TUS });
  expect(head.status).toBe(404);
  expect(head.headers.has("upload-offset")).toBe(false);
  await expectRefusal(await append(caller, location, 3, "def"), 404, "UPLOAD_NOT_FOUND");
  await expectRefusal(await terminate(caller, location), 404, "UPLOAD_NOT_FOUND");
  await expectRefusal(await caller.fetch(`/v1/files/${fileIdOf(location)}`), 404, "FILE_NOT_FOUND");
  expect(await listedFiles(caller)).toEqual([]);
});

test("tus 65: its parts are gone from the store, and so is a partial upload's object", async () => {
  const stack = await startWorkerAlone();
  const caller = await newCaller({ stack });
  const video = makeVideo(3 * PART);
  const film = await createUpload(caller, video.byteLength, { filename: "film.mp4" });
  // Stored parts and a tail.
  expect((await append(caller, film, 0, video.subarray(0, 2 * PART + 1_000))).status).toBe(204);
  const partial = await locationOf(postUpload(caller, { ...creationHeaders(3), "upload-concat": "partial" }));
  expect((await append(caller, partial, 0, "abc")).status).toBe(204);
  expect(stack.storedBytes()).toEqual({ objects: 1, openMultiparts: 1 });
  expect((await terminate(caller, film)).status).toBe(204);
  expect(stack.storedBytes()).toEqual({ objects: 1, openMultiparts: 0 });
  expect((await terminate(caller, partial)).status).toBe(204);
  expect(stack.storedBytes()).toEqual({ objects: 0, openMultiparts: 0 });
});
