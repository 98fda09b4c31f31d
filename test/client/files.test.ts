import { afterEach, beforeEach, expect, test } from "vitest";
import { ApiError, createFilesClient, type FilesClient } from "../../client/index.ts";
import { type ScriptedServer, startScriptedServer } from "./support/scripted-server.ts";

let server: ScriptedServer;
let files: FilesClient;
let answers: ScriptedServer["answers"];
let seen: ScriptedServer["seen"];

beforeEach(async () => {
  server = await startScriptedServer();
  ({ answers, seen } = server);
  files = createFilesClient({
    baseUrl: server.url,
    getToken: ({ refresh }) => (refresh ? "new" : "old"),
  });
});

afterEach(() => server.close());

test("asks for what each call says", async () => {
  answers.push({ status: 200, body: { id: "f1" } }, { status: 200, body: { items: [], nextCursor: null } });
  answers.push(
    { status: 204 },
    { status: 200, body: { items: [{ fileId: "f1", url: "u", expiresAt: "t" }] } },
  );
  answers.push({ status: 200, body: "bytes" });
  expect(await files.get("f 1/?")).toEqual({ id: "f1" });
  await files.list({ entityType: "contact", entityId: "c&1", limit: 5 });
  await files.delete("f1");
  expect(await files.signUrls([{ fileId: "f1", variant: "thumbnail" }])).toHaveLength(1);
  expect(await (await files.contentBlob("f1", "preview")).text()).toBe("bytes");
  expect(seen.map((request) => request.line)).toEqual([
    "GET /v1/files/f%201%2F%3F",
    "GET /v1/files?entityType=contact&entityId=c%261&limit=5",
    "DELETE /v1/files/f1",
    "POST /v1/signed-urls",
    "GET /v1/files/f1/content?variant=preview",
  ]);
  expect(seen[3]?.body).toBe('{"items":[{"fileId":"f1","variant":"thumbnail"}]}');
});

test("waits for a version until its check is over", async () => {
  const [waiting, infected] = [
    { version: 2, state: "quarantined" },
    { version: 2, state: "infected" },
  ];
  answers.push({ status: 200, body: waiting }, "cut", { status: 200, body: infected });
  const seenStates: string[] = [];
  const onUpdate = ({ state }: { readonly state: string }) => void seenStates.push(state);
  expect(await files.waitForVersion("f1", 2, { onUpdate })).toEqual(infected);
  expect(seenStates).toEqual(["quarantined", "infected"]);
  expect(seen[0]?.line).toBe("GET /v1/files/f1/versions/2");
});

test("renews the token once after a 401", async () => {
  answers.push({ status: 401 }, { status: 200, body: { id: "f1" } });
  await files.get("f1");
  expect(seen.map((request) => request.authorization)).toEqual(["Bearer old", "Bearer new"]);
});

const LIMITED = { status: 429, body: { code: "RATE_LIMITED", title: "There were too many requests" } };

test("after a 429 it waits as long as Retry-After says, and goes on", async () => {
  answers.push({ ...LIMITED, headers: { "Retry-After": "1" } }, { status: 200, body: { id: "f1" } });
  const startedAtMs = Date.now();
  expect(await files.get("f1")).toEqual({ id: "f1" });
  expect(Date.now() - startedAtMs).toBeGreaterThan(900);
  expect(seen).toHaveLength(2);
});

test("who is answered 429 again and again is told so in the end", async () => {
  const again = { ...LIMITED, headers: { "Retry-After": "0" } };
  answers.push(again, again, again, again);
  await expect(files.get("f1")).rejects.toMatchObject({ problem: { code: "RATE_LIMITED", status: 429 } });
  expect(seen).toHaveLength(4);
});

test("waiting after a 429 ends when the caller gives up", async () => {
  answers.push({ ...LIMITED, headers: { "Retry-After": "60" } });
  const leaving = new AbortController();
  const call = files.get("f1", { signal: leaving.signal });
  await expect.poll(() => seen.length, { interval: 5 }).toBe(1);
  leaving.abort(new Error("Enough."));
  await expect(call).rejects.toThrow("Enough.");
});

test("throws the problem that the server answered", async () => {
  const problem = { type: "t", title: "No such file", status: 404, code: "FILE_NOT_FOUND" };
  answers.push({ status: 404, body: problem });
  const error = await files.get("f1").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ problem });
});

test("a lost connection is a problem of its own", async () => {
  answers.push("cut");
  await expect(files.get("f1")).rejects.toMatchObject({ problem: { code: "CONNECTION_LOST", status: 0 } });
});

test("waits until the file is settled, through lost connections and server errors", async () => {
  answers.push({ status: 200, body: { state: "uploading" } }, "cut", { status: 503 });
  answers.push({ status: 200, body: { state: "clean" } });
  const states: string[] = [];
  const settled = await files.waitUntilSettled("f1", { onUpdate: (file) => states.push(file.state) });
  expect(settled.state).toBe("clean");
  expect(states).toEqual(["uploading", "clean"]);
});

test("stops waiting when the file is gone, and when told to", async () => {
  answers.push({ status: 404, body: { code: "FILE_NOT_FOUND", title: "No such file" } });
  await expect(files.waitUntilSettled("f1")).rejects.toMatchObject({ problem: { code: "FILE_NOT_FOUND" } });
  answers.push({ status: 200, body: { state: "quarantined" } });
  const controller = new AbortController();
  const waiting = files.waitUntilSettled("f1", {
    signal: controller.signal,
    onUpdate: () => controller.abort(),
  });
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
});

test("a variant that is being made is no content", async () => {
  const body = { type: "about:blank", title: "It is being made", status: 202, code: "VARIANT_BEING_MADE" };
  answers.push({ status: 202, body });
  await expect(files.contentBlob("f1", "preview")).rejects.toMatchObject({ problem: body });
});
