import { beforeAll, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { createUpload, newCaller, readProblem, sharedStack, TUS } from "../support/api.ts";
import { CREATION, PARTIAL_UPLOAD, statusIn } from "../support/ietf.ts";
import type { ApiDocument } from "../support/open-api/document.ts";
import { fetchDocument } from "../support/open-api/document.ts";

let document: ApiDocument;
let caller: Caller;

beforeAll(async () => {
  document = await fetchDocument(sharedStack().url);
  caller = await newCaller({ role: "admin" });
});

const NOBODY = `/v1/uploads/${"0".repeat(26)}`;

async function expectNotAllowed(answer: Response, methods: readonly string[], what = ""): Promise<void> {
  expect(answer.headers.get("allow")?.split(", "), what).toEqual(expect.arrayContaining([...methods]));
  expect(await readProblem(answer), what).toMatchObject({ status: 405, code: "METHOD_NOT_ALLOWED" });
}

test("a path that has other methods answers PUT with those", async () => {
  const paths = Map.groupBy(document.operations, ({ path }) => path);
  const puttable = [...paths].filter(([, operations]) => operations.every(({ method }) => method !== "put"));
  expect(puttable.length).toBeGreaterThan(20);
  for (const [path, operations] of puttable) {
    const answer = await caller.fetch(path.replace(/\{\w+\}/g, "x"), { method: "PUT" });
    await expectNotAllowed(
      answer,
      ["OPTIONS", ...operations.map(({ method }) => method.toUpperCase())],
      path,
    );
  }
});

test("PUT of a file isn't there, under the first plan's path either", async () => {
  for (const path of ["/v1/files", "/api/v1/files"]) {
    const answer = await caller.fetch(path, { method: "PUT", body: "hello" });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    await expectNotAllowed(answer, ["GET", "POST"]);
  }
});

test("who isn't known is told so, and not what there is", async () => {
  const answer = await fetch(new URL("/v1/files", sharedStack().url), { method: "PUT" });
  expect(await readProblem(answer)).toMatchObject({ code: "TOKEN_MISSING" });
});

test("what isn't there at all is nowhere by any method", async () => {
  const answer = await caller.fetch("/v1/nothing", { method: "PUT" });
  expect(await readProblem(answer)).toMatchObject({ code: "ROUTE_NOT_FOUND" });
});

test("GET of an upload, which tus hasn't, is answered with what tus has", async () => {
  const answer = await caller.fetch(await createUpload(caller, 3), { headers: TUS });
  expect(answer.headers.get("allow")).toBe("OPTIONS, HEAD, PATCH, DELETE");
  await expectNotAllowed(answer, []);
});

/** Refused before any upload is asked: the transfer is, and not the file. */
const EARLY: readonly (readonly [status: number, path: string, init: RequestInit])[] = [
  [401, "/v1/uploads", { method: "POST", headers: { ...CREATION, authorization: "Bearer x.y.z" } }],
  [404, NOBODY, { method: "PATCH", headers: { "content-type": PARTIAL_UPLOAD, "upload-complete": "?1" } }],
  [404, NOBODY, { method: "HEAD" }],
  [404, `${NOBODY}/x/y`, { method: "PATCH", headers: { "upload-complete": "?1" } }],
  [405, "/v1/uploads", { method: "PUT", headers: CREATION }],
  [412, "/v1/uploads", { method: "POST", headers: { ...CREATION, "tus-resumable": "2.0.0" } }],
];

test.each(EARLY)("an IETF request that is refused %d at %s early has ?0", async (status, path, init) => {
  const answer = await caller.fetch(path, init);
  expect(answer.status).toBe(status);
  expect(statusIn(answer)).toEqual({ offset: null, complete: "?0", length: null });
});

test.each([
  [401, { authorization: "Bearer x.y.z" }],
  [404, {}],
])("tus, which hasn't the field, isn't told it with a %d", async (status, headers) => {
  const answer = await caller.fetch(NOBODY, { method: "HEAD", headers: { ...TUS, ...headers } });
  expect([answer.status, answer.headers.get("upload-complete")]).toEqual([status, null]);
});
