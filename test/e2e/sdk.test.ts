import { beforeAll, expect, test } from "vitest";
import { createClient, type Client } from "../../client/index.ts";
import { createServerClient } from "../../client/server/index.ts";
import { newAdmin, newOperator } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { newCaller, sharedStack } from "../support/api.ts";
import { eicar } from "../support/eicar.ts";
import { AnswerCheck, readAnswer } from "../support/open-api/answers.ts";
import type { ApiDocument } from "../support/open-api/document.ts";
import { fetchDocument } from "../support/open-api/document.ts";
import { RequestCheck } from "../support/open-api/requests-sent.ts";
import { CALLS, CONTACT, NOTES, type World } from "../support/sdk-calls.ts";

/** Every operation of the document has a method, each of which is called as the document says and answered so. */

/** Operations that have no method, and why. */
const WITHOUT_METHOD: Readonly<Record<string, string>> = {
  describeUploads: "the upload protocols, which createUploader speaks",
  createUpload: "the upload protocols, which createUploader speaks",
  describeUpload: "the upload protocols, which createUploader speaks",
  getUploadState: "the upload protocols, which createUploader speaks",
  getUploadStateByGet: "the upload protocols, which createUploader speaks",
  appendToUpload: "the upload protocols, which createUploader speaks",
  terminateUpload: "the upload protocols, which createUploader speaks",
  downloadBySignedUrl: "its URL comes whole from signedUrls",
  readPublicFile: "its URL comes whole in a file's record",
  getHealth: "for what watches the service",
  getReadiness: "for what watches the service",
};

let document: ApiDocument;
let world: World;
/** What was sent since the last look: operations, and what was wrong with a request or its answer. */
let seen: { operations: string[]; faults: string[] };

/** `fetch`, with each request and its answer held against the document. */
function checkedFetch(requests: RequestCheck, answers: AnswerCheck) {
  return async (url: string, init: RequestInit): Promise<Response> => {
    const answer = await fetch(url, init);
    const { method = "GET", body } = init;
    const json = typeof body === "string" ? body : undefined;
    const sent = { method, url: new URL(url), headers: new Headers(init.headers), json };
    const operation = requests.operationOf(sent);
    seen.operations.push(operation.operationId ?? "");
    const fault =
      requests.faultIn(operation, sent) ?? answers.faultIn(operation, await readAnswer(answer.clone()));
    if (fault !== undefined) seen.faults.push(`${operation.operationId}: ${fault}`);
    return answer;
  };
}

/** What there is to call, as `admin.audit.list`, and what of it was called. Uploads and what is told live are no calls. */
const methods = new Set<string>();
const called = new Set<string>();

type Method = (...args: unknown[]) => unknown;

function noted(method: Method, path: string): Method {
  methods.add(path);
  return (...args) => {
    called.add(path);
    return method(...args);
  };
}

/** A client that notes its methods, and which of them are called. */
function watched<T extends object>(client: T, path = ""): T {
  const entries = Object.entries(Object.getOwnPropertyDescriptors(client))
    .filter(([name, { get }]) => get === undefined && name !== "liveOf")
    .map(([name, { value }]: [string, PropertyDescriptor]) => {
      const at = path + name;
      if (typeof value === "function") return [name, noted(value as Method, at)];
      return [name, watched(value as object, `${at}.`)];
    });
  return Object.fromEntries(entries) as T;
}

beforeAll(async () => {
  const { url } = sharedStack();
  const endpoint = new URL(url).origin;
  document = await fetchDocument(url);
  seen = { operations: [], faults: [] };
  const fetch = checkedFetch(new RequestCheck(document), new AnswerCheck(document));
  const ann = await newCaller();
  const { tenantId } = ann;
  const optionsOf = ({ token }: Caller) => ({ endpoint, getToken: () => token, fetch });
  const session = { ...optionsOf(ann), tenantId, userId: "ann" };
  const server = (caller: Caller) => watched(createServerClient(optionsOf(caller)));
  world = {
    ann: watched(createClient(session)),
    live: createClient(session).liveOf(CONTACT),
    admin: server(await newAdmin(tenantId)),
    backend: server(await newCaller({ tenantId, user: "crm", role: "service" })),
    operator: server(await newOperator()),
    ...(await uploadAll(createClient({ ...session, fetch: globalThis.fetch }))),
    tenantId,
    made: new Map(),
  };
});

async function uploadAll({ files, versions }: Client): Promise<Pick<World, "fileId" | "infected">> {
  const content = new Blob([new Uint8Array(eicar())]);
  const [{ id }, one, other] = await Promise.all([
    files.upload(NOTES),
    files.upload({ filename: "a.txt", content }),
    files.upload({ filename: "b.txt", content }),
  ]);
  const settled = await Promise.all([id, one.id, other.id].map((each) => files.waitUntilSettled(each)));
  expect(settled.map(({ state }) => state)).toEqual(["clean", "infected", "infected"]);
  await files.upload({ filename: "notes.txt", content: "hello again", replaces: id });
  expect(await versions.waitForVersion(id, 2)).toMatchObject({ state: "clean", isCurrent: true });
  return { fileId: id, infected: [one.id, other.id] };
}

test.each(Object.entries(CALLS))("%s", async (operationId, call) => {
  seen = { operations: [], faults: [] };
  await call(world);
  expect(seen.faults).toEqual([]);
  expect(seen.operations).toContain(operationId);
});

test("every operation of the document has a method, or a reason for having none", () => {
  const documented = document.operations.map(({ operationId = "" }) => operationId);
  const known = [...Object.keys(CALLS), ...Object.keys(WITHOUT_METHOD)];
  expect(known.toSorted()).toEqual(documented.toSorted());
});

test("every method was called", () => {
  expect(methods.size).toBeGreaterThan(60);
  expect([...methods].filter((method) => !called.has(method))).toEqual([]);
});
