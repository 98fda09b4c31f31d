import { expect, test } from "vitest";
import { newAdmin, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { getRecord, newCaller, readProblem, signUrl, uploadFile, waitForVerdict } from "../support/api.ts";
import { patchFile, publish, uploadClean } from "../support/file-states.ts";
import { startWorkerAlone } from "../support/worker-alone.ts";

const BYTES = Buffer.from("anybody may read this");

async function publicFile(): Promise<{ caller: Caller; fileId: string; url: string }> {
  const caller = await newCaller();
  const fileId = await uploadFile(caller, BYTES, { filename: "Ünï.txt" });
  await waitForVerdict(caller, fileId);
  return { caller, fileId, url: await publish(caller, fileId) };
}

test("a public file's URL gives its bytes to anybody, without an end, and HEAD the same headers", async () => {
  const { caller, fileId, url } = await publicFile();
  expect(new URL(url).pathname).toBe(`/p/${fileId}/${encodeURIComponent("Ünï.txt")}`);
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-disposition")).toContain("attachment");
  expect(answer.headers.get("content-security-policy")).toContain("sandbox");
  expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true);
  const head = await fetch(url, { method: "HEAD" });
  expect([head.status, head.headers.get("etag")]).toEqual([200, answer.headers.get("etag")]);
  const range = await fetch(url, { headers: { range: "bytes=0-6" } });
  expect([range.status, await range.text()]).toEqual([206, "anybody"]);
  // Another request makes the same one: it may be kept.
  expect((await getRecord(caller, fileId)).publicUrl).toBe(url);
});

test("a browser that goes there gets the file and not the page", async () => {
  const { url } = await publicFile();
  const answer = await fetch(url, { headers: { "sec-fetch-mode": "navigate", accept: "text/html" } });
  expect(await answer.text()).toBe(String(BYTES));
});

test("whoever has the URL chooses disposition and variant, and what the name in it says", async () => {
  const { url } = await publicFile();
  const inline = await fetch(`${url}&disposition=inline`);
  expect(inline.headers.get("content-disposition")).toContain("inline");
  const variant = await fetch(`${url}&variant=poster`);
  expect(await readProblem(variant)).toMatchObject({ status: 404, code: "VARIANT_NOT_FOUND" });
  const renamed = new URL(url);
  renamed.pathname = renamed.pathname.replace(/[^/]+$/, "other");
  expect((await fetch(renamed)).status).toBe(200);
  const unknown = await fetch(`${url}&variant=huge`);
  expect(await readProblem(unknown)).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
});

test.each([
  ["t", "victim"],
  ["t", ""],
  ["kid", "other"],
  ["sig", "A".repeat(43)],
  ["sig", ""],
])("a URL whose %s was changed to %j opens nothing", async (name, value) => {
  const { url } = await publicFile();
  expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
  const changed = new URL(url);
  changed.searchParams.set(name, value);
  expect(await readProblem(await fetch(changed))).toMatchObject({ status: 403, code: "SIGNATURE_INVALID" });
});

test("a URL for one file opens no other, public as that may be", async () => {
  const [one, other] = [await publicFile(), await publicFile()];
  const changed = new URL(one.url);
  changed.pathname = changed.pathname.replace(one.fileId, other.fileId);
  expect(await readProblem(await fetch(changed))).toMatchObject({ status: 403, code: "SIGNATURE_INVALID" });
});

test("a signed URL's signature makes no public URL, nor the other way round", async () => {
  const { caller, fileId, url } = await publicFile();
  const signed = new URL(await signUrl(caller, fileId));
  const asPublic = new URL(signed);
  asPublic.pathname = asPublic.pathname.replace("/d/", "/p/");
  expect((await fetch(signed)).status).toBe(200);
  expect(await readProblem(await fetch(asPublic))).toMatchObject({ code: "SIGNATURE_INVALID" });
  const asSigned = new URL(signed);
  asSigned.searchParams.set("sig", new URL(url).searchParams.get("sig") ?? "");
  expect(await readProblem(await fetch(asSigned))).toMatchObject({ code: "SIGNATURE_INVALID" });
});

test.each([
  ["it is public no more", async (caller: Caller, id: string) => patchFile(caller, id, { isPublic: false })],
  [
    "it is in the trash",
    async (caller: Caller, id: string) => caller.fetch(`/v1/files/${id}`, { method: "DELETE" }),
  ],
  [
    "it is removed for good",
    async (caller: Caller, id: string) =>
      caller.fetch(`/v1/files/${id}?permanent=true`, { method: "DELETE" }),
  ],
])("the URL stops at once when %s", async (_what, end) => {
  const { caller, fileId, url } = await publicFile();
  expect((await fetch(url)).status).toBe(200);
  expect((await end(caller, fileId)).ok).toBe(true);
  expect(await readProblem(await fetch(url))).toMatchObject({ status: 404, code: "FILE_NOT_FOUND" });
});

test("the URL works again when a file comes out of the trash", async () => {
  const { caller, fileId, url } = await publicFile();
  await caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
  expect((await caller.fetch(`/v1/files/${fileId}/restore`, { method: "POST" })).status).toBe(200);
  expect((await fetch(url)).status).toBe(200);
});

async function setPublicFiles({ tenantId }: Caller, publicFiles: boolean | null): Promise<void> {
  const admin = await newAdmin(tenantId);
  const settings = { publicFiles };
  expect((await sendJson(admin, "PATCH", `/v1/admin/tenants/${tenantId}`, { settings })).status).toBe(200);
}

test.each([true, null])(
  "no URL works and no record has one while the tenant has no public files; %j makes them work again",
  async (again) => {
    const [{ caller, fileId, url }, other] = [await publicFile(), await publicFile()];
    expect((await fetch(url)).status).toBe(200);
    await setPublicFiles(caller, false);
    for (const method of ["GET", "HEAD"]) expect((await fetch(url, { method })).status).toBe(404);
    const conditional = { "if-none-match": "*", range: "bytes=0-1" };
    const answer = await fetch(url, { headers: conditional });
    expect(await readProblem(answer)).toMatchObject({ status: 404, code: "FILE_NOT_FOUND" });
    // What its owner chose stays, and so does what they may do with it.
    const hidden = { isPublic: true, publicUrl: null };
    expect(await getRecord(caller, fileId)).toMatchObject(hidden);
    const listed = await caller.fetch("/v1/files");
    expect(await listed.json()).toMatchObject({ items: [{ id: fileId, ...hidden }] });
    expect((await caller.fetch(`/v1/files/${fileId}/content`)).status).toBe(200);
    expect((await fetch(await signUrl(caller, fileId))).status).toBe(200);
    expect((await fetch(other.url)).status).toBe(200);

    await setPublicFiles(caller, again);
    expect((await fetch(url)).status).toBe(200);
    expect((await getRecord(caller, fileId)).publicUrl).toBe(url);
  },
);

test("of a tenant without public files, a file that is public answers as one that isn't", async () => {
  const { caller, fileId, url } = await publicFile();
  await setPublicFiles(caller, false);
  const told = async () => {
    const { requestId: _requestId, ...problem } = await readProblem(await fetch(url));
    return problem;
  };
  const switchedOff = await told();
  await setPublicFiles(caller, true);
  expect((await patchFile(caller, fileId, { isPublic: false })).status).toBe(200);
  expect(await told()).toEqual(switchedOff);
});

test("the URL is on the delivery's own origin", async () => {
  const worker = await startWorkerAlone({ DELIVERY_ORIGIN: "https://files.example" });
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, caller, BYTES);
  const url = new URL(await publish(caller, fileId));
  expect(url.origin).toBe("https://files.example");
  expect((await fetch(new URL(url.pathname + url.search, worker.url))).status).toBe(200);
});
