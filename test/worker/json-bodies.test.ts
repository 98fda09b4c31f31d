import { beforeAll, expect, test } from "vitest";
import { MAX_JSON_BYTES, MAX_JSON_DEPTH, MAX_JSON_MEMBERS } from "#contract/json-limits.ts";
import { REPORTS_PATH } from "#contract/reports.ts";
import type { Caller } from "../support/api.ts";
import { newCaller, readProblem, sharedStack } from "../support/api.ts";
import type { ApiDocument } from "../support/open-api/document.ts";
import { fetchDocument } from "../support/open-api/document.ts";
import { cleanFile, createLink } from "../support/sharing.ts";

/** Every operation of the document that takes JSON, and those that aren't in it, hold no more of a body than they read. */

let document: ApiDocument;
let caller: Caller;
/** What is in the braces of a path. */
let names: Readonly<Record<string, string>>;

beforeAll(async () => {
  const { ann, fileId } = await cleanFile();
  const { url } = await createLink(ann, fileId);
  document = await fetchDocument(sharedStack().url);
  caller = await newCaller({ tenantId: ann.tenantId, role: "admin" });
  const token = url.slice(url.lastIndexOf("/") + 1);
  names = { id: fileId, fileId, version: "1", userId: "bob", tenantId: ann.tenantId, token };
});

interface JsonRoute {
  readonly method: string;
  readonly path: string;
}

const UNDOCUMENTED: readonly JsonRoute[] = [
  { method: "post", path: REPORTS_PATH },
  { method: "post", path: "/v1/dev/token" },
];

function jsonRoutes(): readonly JsonRoute[] {
  const documented = document.operations.filter(
    ({ requestBody }) => requestBody?.content["application/json"] !== undefined,
  );
  expect(documented.length).toBeGreaterThan(9);
  return [...documented, ...UNDOCUMENTED];
}

/** Code and detail of the refusals of one body by all routes; `undefined` of one that took it. */
async function refusalsOf(routes: readonly JsonRoute[], makeBody: () => BodyInit) {
  const told: Record<string, string> = {};
  for (const { method, path } of routes) {
    const filled = path.replace(/\{(\w+)\}/g, (_whole, name: string) => names[name] ?? "");
    const headers = { "content-type": "application/json", accept: "application/json" };
    const init = { method: method.toUpperCase(), headers, body: makeBody(), duplex: "half" } as const;
    const answer = await caller.fetch(filled, init);
    const { code, detail } = await readProblem(answer);
    told[`${method} ${path}`] = `${answer.status} ${code}: ${detail}`;
  }
  return Object.entries(told);
}

/** Gives away more than a body may have, in pieces of which none is told the length. */
function piecesOf(sizeBytes: number): ReadableStream<Uint8Array> {
  const piece = new Uint8Array(64 * 1024).fill(0x20);
  let left = sizeBytes;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      controller.enqueue(piece.subarray(0, left));
      left -= piece.byteLength;
    },
  });
}

test("a body that is longer than any route takes is refused by its length, before it is sent", async () => {
  for (const [route, told] of await refusalsOf(jsonRoutes(), () => " ".repeat(MAX_JSON_BYTES + 1))) {
    expect(told, route).toMatch(/^413 BODY_TOO_LARGE: /);
  }
});

test("one whose length isn't told is refused as soon as too much of it has come", async () => {
  for (const [route, told] of await refusalsOf(jsonRoutes(), () => piecesOf(MAX_JSON_BYTES + 1))) {
    expect(told, route).toMatch(/^413 BODY_TOO_LARGE: /);
  }
});

test("the longest that may be sent is read", async () => {
  const [route] = jsonRoutes().filter(({ path }) => path === "/v1/signed-urls");
  expect(route).toBeDefined();
  const longest = JSON.stringify({ items: [], more: "" }).padEnd(MAX_JSON_BYTES, " ");
  for (const makeBody of [() => longest, () => new Blob([longest]).stream()]) {
    const [[, told] = []] = await refusalsOf(route === undefined ? [] : [route], makeBody);
    expect(told).toBe("400 REQUEST_INVALID: undefined");
  }
});

function nested(depth: number): string {
  return `{"more":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
}

function wide(members: number): string {
  return JSON.stringify({ more: Array.from({ length: members }, () => 0) });
}

function keyed(members: number): string {
  return JSON.stringify({ more: Object.fromEntries(Array.from({ length: members }, (_, key) => [key, 0])) });
}

/** Those read their few bytes themselves. */
const OWN_READERS: ReadonlySet<string> = new Set(["/s/{token}", REPORTS_PATH]);

test.each([
  ["depth", nested(MAX_JSON_DEPTH), nested(MAX_JSON_DEPTH + 1)],
  ["arrays", wide(MAX_JSON_MEMBERS), wide(MAX_JSON_MEMBERS + 1)],
  ["objects", keyed(MAX_JSON_MEMBERS), keyed(MAX_JSON_MEMBERS + 1)],
])("what is in a body is bounded too: %s", async (_what, within, beyond) => {
  const routes = jsonRoutes().filter(({ path }) => !OWN_READERS.has(path));
  for (const [route, told] of await refusalsOf(routes, () => within)) {
    expect(told, route).toMatch(/^400 REQUEST_INVALID: undefined$/);
  }
  for (const [route, told] of await refusalsOf(routes, () => beyond)) {
    expect(told, route).toMatch(/^400 REQUEST_INVALID: JSON may be /);
  }
});

test.each([{}, { "content-type": "text/plain" }, { "content-type": "application/x-www-form-urlencoded" }])(
  "a body that isn't called JSON is refused with what to call it: %j",
  async (headers: Readonly<Record<string, string>>) => {
    // A stream has no type that fetch would name by itself.
    const body = new Blob(['{"items": []}']).stream();
    const init = { method: "POST", headers, body, duplex: "half" } as const;
    expect(await readProblem(await caller.fetch("/v1/signed-urls", init))).toMatchObject({
      ...{ status: 415, code: "CONTENT_TYPE_INVALID" },
      detail: "Send the body as JSON, with Content-Type: application/json.",
    });
  },
);
