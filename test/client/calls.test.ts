import { afterEach, beforeEach, expect, test } from "vitest";
import { ApiError, cachedToken, createClient } from "../../client/index.ts";
import { createServerClient, type ServerClient } from "../../client/server/index.ts";
import { type ScriptedServer, startScriptedServer } from "./support/scripted-server.ts";

let server: ScriptedServer;
let client: ServerClient;

beforeEach(async () => {
  server = await startScriptedServer();
  client = createServerClient({ endpoint: server.url, getToken: () => "token", retryBaseMs: 1 });
});

afterEach(() => server.close());

const FILE = { status: 200, body: { id: "f1" } } as const;

function problem(status: number, code: string, headers: Readonly<Record<string, string>> = {}) {
  return { status, body: { type: "t", title: "No", status, code }, headers };
}

async function errorOf(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ApiError) return error;
  throw new Error("It was not refused.", { cause: error });
}

test("what may be repeated is, where nobody answers and where the server fails", async () => {
  server.answers.push("cut", problem(503, "SERVICE_UNAVAILABLE"), { status: 502, body: "<html>" }, FILE);
  expect(await client.files.get("f1")).toEqual({ id: "f1" });
  server.answers.push("cut", FILE);
  expect(await client.files.edit("f1", { filename: "a" })).toEqual({ id: "f1" });
  expect(server.seen).toHaveLength(6);
});

test("an answer that is no JSON, as of a hotel's log-in page, is none", async () => {
  server.answers.push({ status: 200, body: "<html>" }, FILE);
  expect(await client.files.get("f1")).toEqual({ id: "f1" });
});

test("three times, and then it is told", async () => {
  server.answers.push("cut", "cut", "cut", "cut", FILE);
  const { problem: told } = await errorOf(client.files.get("f1"));
  expect(told).toMatchObject({ code: "CONNECTION_LOST", status: 0, retryable: true });
  expect(server.seen).toHaveLength(4);
});

test("what might be done twice isn't repeated, and what makes something is by the same key", async () => {
  server.answers.push("cut");
  expect((await errorOf(client.files.restore("f1"))).problem.code).toBe("CONNECTION_LOST");
  server.answers.push("cut");
  const deleting = client.files.change({ action: "delete", fileIds: ["f1"] });
  expect((await errorOf(deleting)).problem.code).toBe("CONNECTION_LOST");
  expect(server.seen.splice(0)).toHaveLength(2);

  const underWay = problem(409, "IDEMPOTENCY_KEY_IN_USE", { "Retry-After": "0" });
  server.answers.push("cut", underWay, { status: 201, body: { token: "t" } });
  await client.uploadGrants.create({ userId: "ann" });
  server.answers.push({ status: 201, body: { token: "t" } });
  await client.uploadGrants.create({ userId: "ann" });
  const keys = server.seen.map(({ headers }) => headers["idempotency-key"]);
  expect(keys[0]).toMatch(/^"[0-9a-f]{32}"$/);
  expect([keys[1], keys[2]]).toEqual([keys[0], keys[0]]);
  expect(keys[3]).not.toBe(keys[0]);
});

test("a refusal is told at once, with whether it may pass", async () => {
  server.answers.push(problem(409, "FILE_NOT_READY", { "Retry-After": "2" }), problem(404, "FILE_NOT_FOUND"));
  const early = await errorOf(client.files.get("f1"));
  expect([early.problem.retryable, early.retryAfterMs]).toEqual([true, 2000]);
  const { problem: told } = await errorOf(client.files.get("f1"));
  expect(told.retryable).toBe(false);
  expect(server.seen).toHaveLength(2);
});

test("a deletion that nobody answered and that finds nothing the second time is done; at once it isn't", async () => {
  server.answers.push("cut", problem(404, "FILE_NOT_FOUND"));
  await client.files.delete("f1", { permanent: true });
  expect(server.seen[0]?.line).toBe("DELETE /v1/files/f1?permanent=true");
  server.answers.push(problem(404, "FILE_NOT_FOUND"));
  expect((await errorOf(client.files.delete("f1"))).problem.code).toBe("FILE_NOT_FOUND");
  // Who was told to come later has done nothing.
  server.answers.push(problem(429, "RATE_LIMITED", { "Retry-After": "0" }), problem(404, "FILE_NOT_FOUND"));
  expect((await errorOf(client.files.delete("f1"))).problem.code).toBe("FILE_NOT_FOUND");
});

test("each attempt has its time, and the caller's signal ends them all", async () => {
  let asked = 0;
  const slow = createServerClient({
    ...{ endpoint: server.url, getToken: () => "token", retryBaseMs: 1, timeoutMs: 20 },
    fetch: (_url, { signal }) =>
      asked++ > 0
        ? Promise.resolve(Response.json({ id: "f1" }))
        : new Promise((_resolve, reject) => {
            signal?.addEventListener("abort", () => reject(signal.reason as Error));
          }),
  });
  expect(await slow.files.get("f1")).toEqual({ id: "f1" });
  server.answers.push("silence");
  const leaving = new AbortController();
  const call = client.files.get("f1", { signal: leaving.signal });
  await expect.poll(() => server.seen.length, { interval: 5 }).toBe(1);
  leaving.abort(new Error("Enough."));
  await expect(call).rejects.toThrow("Enough.");
});

test("a time that no timer takes is a long one", async () => {
  const { uploads, files } = createClient({
    ...{ endpoint: server.url, getToken: () => "token", tenantId: "acme", userId: "ann" },
    ...{ timeoutMs: Infinity, retries: 0, stallTimeoutMs: Infinity },
  });
  server.answers.push(FILE);
  expect(await files.get("f1")).toEqual({ id: "f1" });
  server.answers.push({ status: 200, body: { items: [] } });
  expect(await uploads.findOnOtherDevices()).toEqual([]);
});

test("a getToken that never settles is a lost connection, and one that fails is told as such", async () => {
  const options = { endpoint: server.url, retries: 0, timeoutMs: 20 };
  const silent = createServerClient({ ...options, getToken: () => new Promise(() => {}) });
  expect((await errorOf(silent.quota.get())).problem.code).toBe("CONNECTION_LOST");
  const failing = createServerClient({
    ...options,
    getToken: () => Promise.reject(new Error("Signed out.")),
  });
  expect((await errorOf(failing.quota.get())).problem.code).toBe("TOKEN_UNAVAILABLE");
  expect(server.seen).toEqual([]);
});

test("more than one request takes is sent in several, in order, and nothing for nothing", async () => {
  const items = Array.from({ length: 501 }, (_, index) => ({ fileId: `f${index}` }));
  const signed = items.map(({ fileId }) => ({ fileId, ok: true, url: "u", expiresAt: "t" }));
  server.answers.push({ status: 200, body: { items: signed.slice(0, 500) } });
  server.answers.push("cut", { status: 200, body: { items: signed.slice(500) } });
  expect(await client.signedUrls.create(items)).toEqual(signed);
  const sizes = server.seen.map(({ body }) => (JSON.parse(body) as { items: object[] }).items.length);
  expect(sizes).toEqual([500, 1, 1]);
  expect(await client.signedUrls.create([])).toEqual([]);
  expect(server.seen).toHaveLength(3);
});

test("an id that would lead to another path is refused before anything is sent", async () => {
  for (const id of ["", ".", ".."]) await expect(client.files.get(id)).rejects.toThrow(RangeError);
  await expect(client.admin.tenants.export("..").next()).rejects.toThrow(RangeError);
  const tagged = client.files.upload({ filename: "a", content: "", tags: ["a,b"] });
  await expect(tagged).rejects.toThrow(RangeError);
  expect(server.seen).toEqual([]);
  for (const endpoint of ["", "https://x/"]) {
    expect(() => createServerClient({ endpoint, getToken: () => "" })).toThrow(RangeError);
  }
});

test("a file goes by its name and type, a stream once", async () => {
  server.answers.push({ status: 201, body: {} }, "cut");
  await client.files.upload({ filename: "Łódź (1).csv", content: "a,b", tags: ["x", "y"], replaces: "f1" });
  const [{ line, body, headers } = { line: "", body: "", headers: {} }] = server.seen;
  expect([line, body]).toEqual(["POST /v1/files?tags=x%2Cy&replaces=f1", "a,b"]);
  expect(headers["content-disposition"]).toBe(
    "attachment; filename*=UTF-8''%C5%81%C3%B3d%C5%BA%20%281%29.csv",
  );
  expect(headers["content-type"]).toBeUndefined();
  const content = new Blob(["stream"]).stream();
  const sending = client.files.upload({ filename: "a.txt", content, mimeType: "text/plain" });
  expect((await errorOf(sending)).problem.code).toBe("CONNECTION_LOST");
  expect(server.seen).toHaveLength(2);
});

test("an export that breaks off goes on behind its last whole line", async () => {
  const line = (kind: string, cursor: string) => `${JSON.stringify({ kind, cursor })}\n`;
  server.answers.push({ status: 200, body: `${line("tenant", "1")}${line("file", "2")}{"kind":"fi` });
  server.answers.push({ status: 200, body: `${line("file", "3")}${line("end", "4")}` });
  const cursors = [];
  for await (const { cursor } of client.admin.tenants.export("acme")) cursors.push(cursor);
  expect(cursors).toEqual(["1", "2", "3"]);
  expect(server.seen[1]?.line).toBe("GET /v1/admin/tenants/acme/export?cursor=2");
  server.answers.push({ status: 200, body: "" });
  const next = client.admin.tenants.export("acme", { cursor: "3" }).next();
  expect((await errorOf(next)).problem.code).toBe("CONNECTION_LOST");
});

test("a cached token is asked for once until shortly before its end, and anew when it was refused", async () => {
  let asked = 0;
  let livesMs = 3_600_000;
  const getToken = cachedToken(async () => {
    asked += 1;
    return { token: `token ${asked}`, expiresAt: new Date(Date.now() + livesMs).toISOString() };
  });
  const both = await Promise.all([getToken({ refresh: false }), getToken({ refresh: false })]);
  expect(both).toEqual(["token 1", "token 1"]);
  livesMs = -1000;
  expect(await getToken({ refresh: true })).toBe("token 2");
  // It has ended already: the one that is asked for next is given whatever it says.
  expect(await getToken({ refresh: false })).toBe("token 3");
});

test("a token that could not be had is asked for again", async () => {
  const answers = [
    Promise.reject(new Error("Later.")),
    Promise.resolve({ token: "t", expiresAt: "2999-01-01T00:00:00Z" }),
  ];
  const getToken = cachedToken(() => answers.shift() ?? Promise.reject(new Error("No more.")));
  await expect(getToken({ refresh: false })).rejects.toThrow("Later.");
  expect(await getToken({ refresh: false })).toBe("t");
  expect(await getToken({ refresh: false })).toBe("t");
});
