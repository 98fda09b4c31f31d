import { randomBytes } from "node:crypto";
import { expect, inject, test } from "vitest";
import { SignedUrlResponse } from "#contract/api.ts";
import { FileId } from "#contract/ids.ts";
import { signDownload } from "../../worker/delivery/signed-url.ts";
import {
  createUpload,
  fileIdOf,
  newCaller,
  readProblem,
  sharedStack,
  signUrl,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import { eicar } from "../support/eicar.ts";

const BYTES = Buffer.from(randomBytes(5_000).toString("hex"));

async function signedFile(item: Readonly<Record<string, unknown>> = {}) {
  const caller = await newCaller();
  const fileId = await uploadFile(caller, BYTES, { filename: "Angebot für Łódź.txt" });
  await waitForVerdict(caller, fileId);
  return { caller, fileId, url: await signUrl(caller, fileId, item) };
}

const shared: { file?: ReturnType<typeof signedFile> } = {};

/** One for all tests that change nothing. */
function sharedFile(): ReturnType<typeof signedFile> {
  shared.file ??= signedFile();
  return shared.file;
}

test("a signed URL gives the bytes to whoever has it, and HEAD the same headers without them", async () => {
  const { url } = await signedFile();
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "accept-ranges": "bytes",
    "content-disposition": `attachment; filename="Angebot fur _odz.txt"; filename*=UTF-8''Angebot%20f%C3%BCr%20%C5%81%C3%B3d%C5%BA.txt`,
    "content-length": "10000",
    "content-security-policy": expect.stringContaining("sandbox"),
    "x-content-type-options": "nosniff",
    "repr-digest": expect.stringMatching(/^sha-256=:.+:$/),
  });
  expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true);

  const head = await fetch(url, { method: "HEAD" });
  expect(head.status).toBe(200);
  for (const name of ["content-length", "etag", "content-disposition", "content-type", "last-modified"]) {
    expect(head.headers.get(name), name).toBe(answer.headers.get(name));
  }
});

test.each([
  ["bytes=0-0", 206, "bytes 0-0/10000", [0, 1]],
  ["bytes=9000-", 206, "bytes 9000-9999/10000", [9000, 10000]],
  ["bytes=-100", 206, "bytes 9900-9999/10000", [9900, 10000]],
  ["bytes=500-99999", 206, "bytes 500-9999/10000", [500, 10000]],
  ["bytes=0-1,5-6", 200, null, [0, 10000]],
] as const)("range %s", async (range, status, contentRange, [from, to]) => {
  const { url } = await signedFile();
  const answer = await fetch(url, { headers: { range } });
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-range")).toBe(contentRange);
  expect(answer.headers.get("content-length")).toBe(String(to - from));
  expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES.subarray(from, to))).toBe(true);
});

test("a range outside of the file tells how large it is", async () => {
  const { url } = await signedFile();
  const answer = await fetch(url, { headers: { range: "bytes=10000-" } });
  expect(answer.headers.get("content-range")).toBe("bytes */10000");
  expect(await readProblem(answer)).toMatchObject({ status: 416, code: "RANGE_NOT_SATISFIABLE" });
});

test("conditional requests", async () => {
  const { url } = await signedFile();
  const etag = (await fetch(url, { method: "HEAD" })).headers.get("etag") ?? "";
  const conditional = await fetch(url, { headers: { "if-none-match": etag } });
  expect([conditional.status, await conditional.text()]).toEqual([304, ""]);
  expect((await fetch(url, { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  const range = { range: "bytes=0-9" };
  expect((await fetch(url, { headers: { ...range, "if-range": etag } })).status).toBe(206);
  expect((await fetch(url, { headers: { ...range, "if-range": '"other"' } })).status).toBe(200);
});

test.each([
  ["t", "victim"],
  ["v", "2"],
  ["variant", "thumbnail"],
  ["disp", "inline"],
  ["exp", "4102444800"],
  ["kid", "other"],
  ["sig", "A".repeat(43)],
  ["sig", ""],
])("a URL whose %s was changed to %j opens nothing", async (name, value) => {
  const { url } = await signedFile();
  expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
  const changed = new URL(url);
  changed.searchParams.set(name, value);
  expect(await readProblem(await fetch(changed))).toMatchObject({ status: 403, code: "SIGNATURE_INVALID" });
});

/** The last of a signature's characters has two bits that belong to no byte. */
function respellSignature(url: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(url.at(-1) ?? "");
  return url.slice(0, -1) + alphabet.charAt(last + 1);
}

test.each([
  ["a number with a zero before it", (url: string) => url.replace("v=1", "v=01")],
  ["a number with a sign", (url: string) => url.replace("v=1", "v=%2B1")],
  ["a number with a fraction", (url: string) => url.replace(/exp=(\d+)/, "exp=$1.0")],
  ["a number with an exponent", (url: string) => url.replace(/exp=(\d+)/, "exp=$1e0")],
  ["a number with a space", (url: string) => url.replace("v=1", "v=+1")],
  ["a letter that is escaped", (url: string) => url.replace("variant=original", "variant=%6Friginal")],
  ["a parameter twice", (url: string) => url.replace("v=1", "v=1&v=1")],
  ["a second one that says another thing", (url: string) => `${url}&v=2`],
  ["a parameter of another kind", (url: string) => `${url}&w=1`],
  ["an empty one", (url: string) => `${url}&link=`],
  ["other base64 of the same signature", respellSignature],
  ["padded base64 of the same signature", (url: string) => `${url}=`],
])("what was signed is spelled in one way: %s is another URL", async (_what, respell) => {
  const { url } = await sharedFile();
  expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
  expect(respell(url)).not.toBe(url);
  expect(await readProblem(await fetch(respell(url)))).toMatchObject({
    status: 403,
    code: "SIGNATURE_INVALID",
  });
});

test("a URL for one file opens no other", async () => {
  const { caller, url } = await signedFile();
  const other = await uploadFile(caller, Buffer.from("other"));
  await waitForVerdict(caller, other);
  const changed = new URL(url);
  changed.pathname = changed.pathname.replace(/^\/d\/\w+/, `/d/${other}`);
  expect(await readProblem(await fetch(changed))).toMatchObject({ status: 403, code: "SIGNATURE_INVALID" });
});

/** A URL signed with the stack's own key, which its API wouldn't make. */
async function signByHand(
  caller: { tenantId: Awaited<ReturnType<typeof newCaller>>["tenantId"] },
  fileId: string,
  version: number,
  expiresAtSeconds: number,
) {
  const keys = [{ kid: "local", secret: inject("signedUrlSecret") }];
  const path = await signDownload(
    {
      tenantId: caller.tenantId,
      fileId: FileId.parse(fileId),
      version,
      variant: "original",
      disposition: "attachment",
      expiresAtSeconds,
    },
    "x",
    keys,
  );
  return new URL(path, sharedStack().url);
}

test("a URL that has expired opens nothing, and says so", async () => {
  const { caller, fileId } = await signedFile();
  const now = Math.floor(Date.now() / 1000);
  expect((await fetch(await signByHand(caller, fileId, 1, now + 60))).status).toBe(200);
  const expired = await fetch(await signByHand(caller, fileId, 1, now - 1));
  expect(await readProblem(expired)).toMatchObject({ status: 403, code: "SIGNED_URL_EXPIRED" });
  const opened = await fetch(await signByHand(caller, fileId, 1, now - 1), {
    headers: { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8" },
  });
  expect(opened.status).toBe(403);
  expect(opened.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(opened.headers.get("cache-control")).toBe("no-store");
  expect(opened.headers.get("x-content-type-options")).toBe("nosniff");
  expect(opened.headers.get("referrer-policy")).toBe("no-referrer");
  expect(await opened.text()).toContain("<h1>This link has expired</h1>");
});

test("a URL for a version that isn't the current one opens nothing", async () => {
  const { caller, fileId } = await signedFile();
  const inAnHour = Math.floor(Date.now() / 1000) + 3600;
  expect((await fetch(await signByHand(caller, fileId, 2, inAnHour))).status).toBe(410);
});

test("a URL for an infected file opens nothing, however well it is signed", async () => {
  const caller = await newCaller();
  const fileId = await uploadFile(caller, eicar());
  expect(await waitForVerdict(caller, fileId)).toMatchObject({ state: "infected" });
  const inAnHour = Math.floor(Date.now() / 1000) + 3600;
  const answer = await fetch(await signByHand(caller, fileId, 1, inAnHour));
  expect(await readProblem(answer)).toMatchObject({ status: 403, code: "FILE_BLOCKED" });
});

test("a deleted file's URL stops", async () => {
  const { caller, fileId, url } = await signedFile();
  await caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
  expect(await readProblem(await fetch(url))).toMatchObject({ status: 404, code: "FILE_NOT_FOUND" });
});

test("hundreds are signed in one call, in order", async () => {
  const { caller, fileId } = await signedFile();
  const items = Array.from({ length: 300 }, (_, index) => ({ fileId, expiresInSeconds: index + 60 }));
  const answer = await caller.fetch("/v1/signed-urls", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ items }),
  });
  const { items: signed } = (await answer.json()) as { items: { url: string; expiresAt: string }[] };
  expect(signed).toHaveLength(300);
  const times = signed.map((item) => Date.parse(item.expiresAt));
  expect(times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0))).toBe(true);
  expect((await fetch(signed[299]?.url ?? "")).status).toBe(200);
});

test.each([
  ["what isn't JSON", "x"],
  ["no items", '{"items":[]}'],
  ["an id that is none", '{"items":[{"fileId":"x"}]}'],
  ["an unknown variant", '{"items":[{"fileId":"ID","variant":"huge"}]}'],
  ["a field that isn't one", '{"items":[{"fileId":"ID","expiresIn":60}]}'],
  ["a field beside the items", '{"items":[{"fileId":"ID"}],"expiresInSeconds":60}'],
  ["more than seven days", '{"items":[{"fileId":"ID","expiresInSeconds":604801}]}'],
])("signing %s is refused", async (_what, template) => {
  const { caller, fileId } = await signedFile();
  const answer = await caller.fetch("/v1/signed-urls", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: template.replace("ID", fileId),
  });
  expect(await readProblem(answer)).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
});

test("what isn't ready or isn't there is not signed, and the answer names the item", async () => {
  const { caller, fileId } = await signedFile();
  const uploading = fileIdOf(await createUpload(caller, 10));
  const sign = async (item: Readonly<Record<string, unknown>>) =>
    readProblem(
      await caller.fetch("/v1/signed-urls", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ items: [{ fileId }, item] }),
      }),
    );
  const errors = [{ path: "items.1.fileId", message: expect.any(String) }];
  expect(await sign({ fileId: uploading })).toMatchObject({ code: "FILE_NOT_READY", errors });
  expect(await sign({ fileId: "00000000000000000000000000" })).toMatchObject({
    code: "FILE_NOT_FOUND",
    errors,
  });
  expect(await sign({ fileId, variant: "poster" })).toMatchObject({ code: "VARIANT_NOT_FOUND", errors });
});

test("asked for in part, what can be signed is, beside what can't and why", async () => {
  const { caller, fileId } = await signedFile();
  const missing = "00000000000000000000000000";
  const sign = (ids: readonly string[]) =>
    caller.fetch("/v1/signed-urls", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ items: ids.map((each) => ({ fileId: each })), partial: true }),
    });
  const answer = await sign([missing, fileId]);
  const { items } = SignedUrlResponse.parse(await answer.json());
  const error = { code: "FILE_NOT_FOUND", status: 404, requestId: answer.headers.get("x-request-id") };
  expect(items).toMatchObject([
    { fileId: missing, ok: false, error },
    { fileId, ok: true, url: expect.stringContaining(fileId) as string },
  ]);
  const [, signed] = items;
  expect((await fetch(signed?.ok === true ? signed.url : "")).status).toBe(200);
  expect(await (await sign([missing])).json()).toMatchObject({ items: [{ ok: false }] });
});
