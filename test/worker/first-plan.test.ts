import { expect, test } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import type { FileList } from "#contract/listing.ts";
import { newCaller, readProblem, sharedStack, waitForVerdict } from "../support/api.ts";

const NAMED = { "content-disposition": 'attachment; filename="a.txt"', "content-type": "text/plain" };

/** A body that comes in pieces, as a client sends what it doesn't hold. */
function streamOf(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}

test("the first plan's paths do what ours do", async () => {
  const ann = await newCaller();
  const init = { method: "POST", headers: NAMED, body: streamOf("hello"), duplex: "half" } as const;
  const stored = await ann.fetch("/api/v1/files/upload", init);
  expect(stored.status).toBe(201);
  const { id } = (await stored.json()) as FileRecord;
  expect(stored.headers.get("location")).toBe(`/v1/files/${id}`);
  await waitForVerdict(ann, id);

  const form = new FormData();
  form.append("file", new File(["hello"], "b.txt", { type: "text/plain" }));
  expect((await ann.fetch("/api/v1/files", { method: "POST", body: form })).status).toBe(201);

  const list = (await (await ann.fetch("/api/v1/files?limit=1")).json()) as FileList;
  expect(list).toMatchObject({ items: [{ filename: "b.txt" }], nextCursor: expect.any(String) });
  expect(await (await ann.fetch(`/api/v1/files/${id}`)).json()).toMatchObject({ id, filename: "a.txt" });
  const download = await ann.fetch(`/api/v1/files/${id}/download`, { headers: { range: "bytes=1-3" } });
  expect([download.status, await download.text()]).toEqual([206, "ell"]);
  expect(await (await ann.fetch(`/api/v1/files/${id}/content`)).text()).toBe("hello");
  expect((await ann.fetch(`/api/v1/files/${id}`, { method: "DELETE" })).status).toBe(204);
  expect((await ann.fetch(`/v1/files/${id}/content`)).status).toBe(404);
});

test.each([
  ["/api/v1/files", {}, "TOKEN_MISSING"],
  ["/api/v1/files", { navigate: true }, "TOKEN_MISSING"],
  ["/api/v1/files/upload", {}, "TOKEN_MISSING"],
  ["/api/v1/filesystem", {}, "ROUTE_NOT_FOUND"],
  ["/api/v1/uploads", {}, "ROUTE_NOT_FOUND"],
  ["/api/v1/internal/reports", {}, "ROUTE_NOT_FOUND"],
  ["/api/v1/anything", { navigate: true }, "ROUTE_NOT_FOUND"],
])("%s is answered by the API, with %j", async (path, { navigate }: { navigate?: boolean }, code) => {
  const headers = navigate ? { "sec-fetch-mode": "navigate", accept: "text/html" } : {};
  const answer = await fetch(new URL(path, sharedStack().url), { headers });
  expect(await readProblem(answer)).toMatchObject({ code });
});

test("a browser may ask before it calls one of the first plan's paths", async () => {
  const answer = await fetch(new URL("/api/v1/files/upload", sharedStack().url), {
    method: "OPTIONS",
    headers: { origin: "https://crm.example", "access-control-request-method": "POST" },
  });
  expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
});

test("GET of the first plan's upload path is no list", async () => {
  const ann = await newCaller();
  expect(await readProblem(await ann.fetch("/api/v1/files/upload"))).toMatchObject({
    code: "FILE_NOT_FOUND",
  });
});
