import { beforeAll, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { createUpload, fileIdOf, newCaller, uploadFile, waitForVerdict } from "../support/api.ts";
import { eicar } from "../support/eicar.ts";
import { picture } from "../support/images.ts";
import {
  cleanFile,
  codeOf,
  createLink,
  listLinks,
  look,
  seen,
  sendJson,
  take,
  taken,
} from "../support/sharing.ts";

const PASSWORD = "korrekt pferd";

const YEAR_SECONDS = 366 * 86_400;

test("a link shows the file to whoever has it, and gives it", async () => {
  const { ann, fileId } = await cleanFile();
  const link = await createLink(ann, fileId);
  expect(link).toEqual({
    id: expect.stringMatching(/^[0-9a-z]{26}$/),
    url: expect.stringMatching(/^http:\/\/[\d.:]+\/s\/[\w.-]+$/),
    state: "active",
    hasPassword: false,
    maxDownloads: null,
    downloads: 0,
    createdBy: "ann",
    createdAt: expect.any(String),
    expiresAt: new Date(Date.parse(link.createdAt) + 366 * 86_400_000).toISOString(),
    revokedAt: null,
  });
  expect(await seen(link.url)).toEqual({
    passwordRequired: false,
    file: {
      ...{ filename: "notes.txt", mimeType: "text/plain", sizeBytes: 5 },
      // It may have been drawn already.
      thumbnailUrl: expect.toBeOneOf([null, expect.any(String)]),
    },
    expiresAt: link.expiresAt,
    downloadsLeft: null,
  });
  const download = await taken(link.url);
  expect(download).toMatchObject({ filename: "notes.txt", sizeBytes: 5 });
  const content = await fetch(download.url);
  expect([content.status, await content.text()]).toEqual([200, "hello"]);
  expect(content.headers.get("content-disposition")).toBe('attachment; filename="notes.txt"');
  expect(await listLinks(ann, fileId)).toEqual([{ ...link, downloads: 1 }]);
});

test("a form is sent on to the bytes", async () => {
  const { ann, fileId } = await cleanFile();
  const { url } = await createLink(ann, fileId, { password: PASSWORD });
  const body = new URLSearchParams({ password: PASSWORD });
  const sent = await fetch(url, { method: "POST", body, redirect: "manual" });
  expect(sent.status).toBe(303);
  expect(sent.headers.get("cache-control")).toBe("no-store");
  expect(await (await fetch(sent.headers.get("location") ?? "")).text()).toBe("hello");
});

test("looking counts nothing, and neither do HEAD and the bytes themselves", async () => {
  const { ann, fileId } = await cleanFile();
  const { url } = await createLink(ann, fileId, { maxDownloads: 1 });
  for (const method of ["GET", "HEAD"]) expect((await fetch(url, { method })).status).toBe(200);
  expect(await (await fetch(url, { method: "HEAD" })).text()).toBe("");
  expect(await seen(url)).toMatchObject({ downloadsLeft: 1 });
  const { url: bytes } = await taken(url);
  for (const range of ["bytes=0-1", "bytes=2-"]) {
    expect((await fetch(bytes, { headers: { range } })).status).toBe(206);
  }
  expect(await listLinks(ann, fileId)).toMatchObject([{ downloads: 1, state: "used-up" }]);
});

test("a hundred at once through a link for ten are ten", async () => {
  const { ann, fileId } = await cleanFile();
  const { url } = await createLink(ann, fileId, { maxDownloads: 10 });
  const answers = await Promise.all(Array.from({ length: 100 }, () => take(url)));
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  expect(statuses).toEqual([...Array<number>(10).fill(200), ...Array<number>(90).fill(410)]);
  expect(await listLinks(ann, fileId)).toMatchObject([{ downloads: 10, state: "used-up" }]);
  const last = answers.find(({ status }) => status === 410);
  expect(await last?.json()).toMatchObject({ code: "SHARE_LINK_ENDED", reason: "used-up" });
});

test("revoking ends the page and every URL made through the link, at once", async () => {
  const { ann, fileId } = await cleanFile({ bytes: await picture("png", 300, 200), filename: "photo.png" });
  const { url, id } = await createLink(ann, fileId);
  const other = await createLink(ann, fileId);
  await expect.poll(async () => (await seen(url)).file?.thumbnailUrl).toEqual(expect.any(String));
  const made = [(await seen(url)).file?.thumbnailUrl ?? "", (await taken(url)).url];
  for (const each of made) expect((await fetch(each)).status).toBe(200);

  const path = `/v1/files/${fileId}/share-links/${id}`;
  for (let again = 0; again < 2; again += 1) {
    expect((await ann.fetch(path, { method: "DELETE" })).status).toBe(204);
  }
  for (const answer of [await look(url), await take(url), ...(await Promise.all(made.map(look)))]) {
    expect(await answer.json()).toMatchObject({ status: 410, code: "SHARE_LINK_ENDED", reason: "revoked" });
  }
  expect(await listLinks(ann, fileId)).toMatchObject([
    { id: other.id, state: "active" },
    { id, state: "revoked", revokedAt: expect.any(String) },
  ]);
  expect((await take(other.url)).status).toBe(200);
});

test("a link that expires ends, its URLs with it", async () => {
  const { ann, fileId } = await cleanFile();
  const { url, expiresAt } = await createLink(ann, fileId, { expiresInSeconds: 2 });
  const endMs = Date.parse(expiresAt ?? "");
  const download = await taken(url);
  expect(Date.parse(download.expiresAt)).toBeLessThanOrEqual(endMs);
  await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(endMs);
  for (const answer of [await look(url), await take(url)]) {
    expect(await answer.json()).toMatchObject({ status: 410, code: "SHARE_LINK_ENDED", reason: "expired" });
  }
  expect(await codeOf(await fetch(download.url))).toBe("403 SIGNED_URL_EXPIRED");
  expect(await listLinks(ann, fileId)).toMatchObject([{ state: "expired" }]);
});

test("a link whose end isn't told, or is told in seconds, lives just as long", async () => {
  const { ann, fileId } = await cleanFile();
  for (const [body, seconds] of [
    [{}, YEAR_SECONDS],
    [{ expiresInSeconds: 86_400 }, 86_400],
  ] as const) {
    const { createdAt, expiresAt } = await createLink(ann, fileId, body);
    expect(Date.parse(expiresAt ?? "") - Date.parse(createdAt)).toBe(seconds * 1_000);
  }
});

test("a download's URL lives an hour", async () => {
  const { ann, fileId } = await cleanFile();
  const { expiresAt } = await taken((await createLink(ann, fileId)).url);
  expect(Math.abs(Date.parse(expiresAt) - Date.now() - 3_600_000)).toBeLessThan(5_000);
});

test("behind a password nothing is told of the file, and the right one gives it", async () => {
  const bytes = await picture("png", 300, 200);
  const { ann, fileId } = await cleanFile({ bytes, filename: "salary.png" });
  const { url, hasPassword } = await createLink(ann, fileId, { password: PASSWORD });
  expect(hasPassword).toBe(true);
  expect(await seen(url)).toMatchObject({ passwordRequired: true, file: null });
  expect(await (await fetch(url)).text()).not.toMatch(/salary|png|thumbnail/i);
  const wrong = [{}, { password: "" }, { password: "falsch falsch" }, { password: PASSWORD.toUpperCase() }];
  for (const body of wrong) expect(await codeOf(await take(url, body))).toBe("403 SHARE_PASSWORD_WRONG");
  expect(await listLinks(ann, fileId)).toMatchObject([{ downloads: 0 }]);
  expect(await taken(url, { password: PASSWORD })).toMatchObject({ filename: "salary.png" });
});

test("a password is the same however its letters are put together", async () => {
  const { ann, fileId } = await cleanFile();
  const { url } = await createLink(ann, fileId, { password: "schöne grüße".normalize("NFD") });
  const body = { password: "schöne grüße".normalize("NFC") };
  expect(await taken(url, body)).toMatchObject({ filename: "notes.txt" });
});

test("guesses at a password are limited, and those at another link's are not", async () => {
  const { ann, fileId } = await cleanFile();
  const [first, second] = [
    await createLink(ann, fileId, { password: PASSWORD }),
    await createLink(ann, fileId, { password: PASSWORD }),
  ];
  // Ten in each minute of the clock; two minutes may meet in the middle of this.
  let limited: Response | undefined;
  for (let guess = 0; guess < 21 && limited === undefined; guess += 1) {
    const answer = await take(first.url, { password: `falsch ${guess}` });
    if (answer.status === 429) limited = answer;
  }
  expect(limited?.headers.get("retry-after")).toBe("60");
  expect(await limited?.json()).toMatchObject({ code: "RATE_LIMITED" });
  expect((await take(second.url, { password: PASSWORD })).status).toBe(200);
});

test("neither password nor hash is told to anybody", async () => {
  const { ann, fileId } = await cleanFile();
  await createLink(ann, fileId, { password: PASSWORD });
  const text = JSON.stringify(await listLinks(ann, fileId));
  expect(text).toContain('"hasPassword":true');
  expect(text).not.toMatch(/scrypt|pferd|passwordHash/);
});

/** A clean file for what is asked of none in particular: its links differ. */
let ann: Caller;
let fileId: string;
beforeAll(async () => {
  ({ ann, fileId } = await cleanFile());
});

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();

test.each([
  ["an end in seconds", () => ({ expiresInSeconds: YEAR_SECONDS })],
  ["an end", () => ({ expiresAt: inSeconds(YEAR_SECONDS - 60) })],
  ["the shortest password", () => ({ password: "12345678" })],
  ["the longest password", () => ({ password: "x".repeat(128) })],
  ["one download", () => ({ maxDownloads: 1 })],
])("a link with %s is made", async (_what, makeBody) => {
  const { id } = await createLink(ann, fileId, makeBody());
  expect(await listLinks(ann, fileId)).toContainEqual(expect.objectContaining({ id }));
});

test.each([
  ["an end that has passed", () => ({ expiresAt: "2020-01-01T00:00:00Z" }), "expiresAt"],
  ["an end in more than a year", () => ({ expiresAt: inSeconds(YEAR_SECONDS + 60) }), "expiresAt"],
  ["more seconds than a year", () => ({ expiresInSeconds: YEAR_SECONDS + 1 }), "expiresInSeconds"],
  ["no seconds", () => ({ expiresInSeconds: 0 }), "expiresInSeconds"],
  ["two ends", () => ({ expiresAt: inSeconds(60), expiresInSeconds: 60 }), "expiresInSeconds"],
  ["too short a password", () => ({ password: "1234567" }), "password"],
  ["too long a password", () => ({ password: "x".repeat(129) }), "password"],
  ["no downloads", () => ({ maxDownloads: 0 }), "maxDownloads"],
  ["half a download", () => ({ maxDownloads: 1.5 }), "maxDownloads"],
  ["a field that isn't one", () => ({ downloads: 5 }), "downloads"],
])("a link with %s is refused, and the field is named", async (_what, makeBody, path) => {
  const before = await listLinks(ann, fileId);
  const answer = await sendJson(ann, "POST", `/v1/files/${fileId}/share-links`, makeBody());
  expect(answer.status).toBe(400);
  const errors = [{ path, message: expect.any(String) }];
  expect(await answer.json()).toMatchObject({ code: "REQUEST_INVALID", errors });
  expect(await listLinks(ann, fileId)).toEqual(before);
});

test("links are made, listed and revoked by those who may share the file alone", async () => {
  const { ann, fileId } = await cleanFile();
  const { id } = await createLink(ann, fileId);
  await sendJson(ann, "PUT", `/v1/files/${fileId}/shares/bob`, { permission: "delete" });
  const callers = [
    [await newCaller({ tenantId: ann.tenantId, user: "bob" }), "403 PERMISSION_REQUIRED"],
    [await newCaller({ tenantId: ann.tenantId, user: "carl" }), "404 FILE_NOT_FOUND"],
    [await newCaller({ user: "ann", role: "admin" }), "404 FILE_NOT_FOUND"],
  ] as const;
  for (const [caller, code] of callers) {
    const at = `/v1/files/${fileId}/share-links`;
    expect(await codeOf(await sendJson(caller, "POST", at, {}))).toBe(code);
    expect(await codeOf(await caller.fetch(at))).toBe(code);
    expect(await codeOf(await caller.fetch(`${at}/${id}`, { method: "DELETE" }))).toBe(code);
  }
  const admin = await newCaller({ tenantId: ann.tenantId, user: "root", role: "admin" });
  expect(await listLinks(admin, fileId)).toMatchObject([{ id, state: "active" }]);
});

test("a link is revoked at its own file only", async () => {
  const { ann, fileId } = await cleanFile();
  const { id } = await createLink(ann, fileId);
  const other = await uploadFile(ann, Buffer.from("other"));
  for (const path of [`${other}/share-links/${id}`, `${fileId}/share-links/${"0".repeat(26)}`]) {
    const answer = await ann.fetch(`/v1/files/${path}`, { method: "DELETE" });
    expect(await codeOf(answer)).toBe("404 SHARE_LINK_NOT_FOUND");
  }
  expect(await listLinks(ann, fileId)).toMatchObject([{ state: "active" }]);
});

test("a link of a file that can't be served says what an outsider may know, and counts nothing", async () => {
  const ann = await newCaller();
  const uploading = fileIdOf(await createUpload(ann, 10));
  const infected = await uploadFile(ann, eicar());
  const deleted = await uploadFile(ann, Buffer.from("gone"));
  for (const fileId of [infected, deleted]) await waitForVerdict(ann, fileId);
  const expected = [
    [uploading, "409 FILE_NOT_READY"],
    [infected, "403 FILE_BLOCKED"],
    [deleted, "404 FILE_NOT_FOUND"],
  ] as const;
  for (const [fileId, code] of expected) {
    const { url } = await createLink(ann, fileId, { maxDownloads: 1 });
    if (fileId === deleted) await ann.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
    for (const answer of [await look(url), await take(url)]) {
      expect(answer.clone().headers.get("cache-control")).toBe("no-store");
      expect(await codeOf(answer)).toBe(code);
    }
    expect(await listLinks(ann, fileId)).toMatchObject([{ downloads: 0 }]);
  }
});

test("a link of a file in the trash can be revoked, and none is made", async () => {
  const { ann, fileId } = await cleanFile();
  const { id } = await createLink(ann, fileId);
  await ann.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
  const at = `/v1/files/${fileId}/share-links`;
  expect(await codeOf(await sendJson(ann, "POST", at, {}))).toBe("409 FILE_IN_TRASH");
  expect((await ann.fetch(`${at}/${id}`, { method: "DELETE" })).status).toBe(204);
});

test.each([
  ["JSON that isn't", "application/json", "{"],
  ["more than a password can be", "application/json", `{}${" ".repeat(5000)}`, "413 BODY_TOO_LARGE"],
  ["a field that isn't one", "application/json", '{"pass":"korrekt pferd"}'],
  ["another form's field", "application/x-www-form-urlencoded", "email=a"],
  ["a password that isn't text", "application/json", '{"password":5}'],
  ["too long a password", "application/json", `{"password":"${"x".repeat(129)}"}`],
  ["a form with too long a password", "application/x-www-form-urlencoded", `password=${"x".repeat(129)}`],
])("a download asked for with %s is refused", async (_what, type, body, code = "400 REQUEST_INVALID") => {
  const { id, url } = await createLink(ann, fileId);
  const headers = { accept: "application/json", "content-type": type };
  expect((await fetch(url, { method: "POST", headers, body: "" })).status).toBe(200);
  expect(await codeOf(await fetch(url, { method: "POST", headers, body }))).toBe(code);
  expect(await listLinks(ann, fileId)).toContainEqual(expect.objectContaining({ id, downloads: 1 }));
});
