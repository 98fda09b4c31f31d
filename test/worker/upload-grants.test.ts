import { SignJWT } from "jose";
import { expect, inject, test } from "vitest";
import type { UploadGrantResponse } from "#contract/api.ts";
import type { Caller } from "../support/api.ts";
import {
  APPEND,
  getRecord,
  metadataHeader,
  newCaller,
  readProblem,
  sharedStack,
  TUS,
} from "../support/api.ts";
import { expectStored, listedFiles, textOf } from "../support/tus.ts";

type Scope = Readonly<Record<string, unknown>>;
type Headers = Readonly<Record<string, string>>;

function postGrant(caller: Caller, scope: Scope): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return caller.fetch("/v1/upload-grants", { method: "POST", headers, body: JSON.stringify(scope) });
}

interface Grant extends UploadGrantResponse {
  /** The CRM's backend that minted it. */
  readonly backend: Caller;
  /** `fetch` with the grant in the place of a session. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

async function mint(scope: Scope = {}, backend?: Caller): Promise<Grant> {
  const minter = backend ?? (await newCaller({ user: "crm", role: "service" }));
  const answer = await postGrant(minter, scope);
  const text = await answer.text();
  expect(answer.status, text).toBe(201);
  const grant = JSON.parse(text) as UploadGrantResponse;
  return { ...grant, backend: minter, fetch: (path, init) => fetchWith(grant.token, path, init) };
}

function fetchWith(token: string, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${token}`);
  return fetch(new URL(path, sharedStack().url), { ...init, headers });
}

type Metadata = Readonly<Record<string, string>>;

const NOTES: Metadata = { filename: "notes.txt", filetype: "text/plain" };

interface Creation {
  readonly length?: number | undefined;
  readonly metadata?: Metadata;
  readonly headers?: Headers;
}

/** A tus creation that succeeds, but for what the test changes. */
function createByTus(grant: Grant, { length = 5, metadata = NOTES, headers = {} }: Creation = {}) {
  const declared = { ...TUS, "upload-length": String(length), "upload-metadata": metadataHeader(metadata) };
  return grant.fetch("/v1/uploads", { method: "POST", headers: { ...declared, ...headers } });
}

/** The same in the IETF's protocol. */
function createByIetf(grant: Grant, { length = 5, metadata = NOTES, headers = {} }: Creation = {}) {
  const { filename = "", filetype = "", ...query } = metadata;
  const declared = {
    "upload-complete": "?0",
    "upload-length": String(length),
    "content-disposition": `attachment; filename="${filename}"`,
    "content-type": filetype,
    ...headers,
  };
  const path = `/v1/uploads?${new URLSearchParams(query).toString()}`;
  return grant.fetch(path, { method: "POST", headers: declared, body: null });
}

const CREATIONS = [
  ["tus", createByTus],
  ["IETF", createByIetf],
] as const;

function patchByTus(grant: Grant, offset: number, body: BodyInit, headers: Headers = {}): Promise<Response> {
  return grant.fetch(`/v1/uploads/${grant.fileId}`, {
    method: "PATCH",
    headers: { ...APPEND, "upload-offset": String(offset), ...headers },
    body,
  });
}

async function expectRefused(answer: Response, code: string): Promise<void> {
  const problem = await readProblem(answer);
  expect(problem).toMatchObject({ code });
  expect(answer.status).toBe(problem.status);
}

test("a grant says which file it is for and until when", async () => {
  const before = Date.now();
  const grant = await mint();
  expect(grant.fileId).toMatch(/^[0-9a-z]{26}$/);
  const expiresInSeconds = (Date.parse(grant.expiresAt) - before) / 1000;
  expect(expiresInSeconds).toBeGreaterThan(895);
  expect(expiresInSeconds).toBeLessThanOrEqual(901);
});

test.each([
  ["a service", "service", {}, "crm"],
  ["an admin", "admin", {}, "crm"],
  ["a service in a user's name", "service", { userId: "auth0|12" }, "auth0|12"],
] as const)("%s mints a grant, and the file is its user's", async (_what, role, scope, ownerId) => {
  const backend = await newCaller({ user: "crm", role });
  const bytes = textOf(9_000);
  const entity = { entityType: "contact", entityId: "c-1" };
  const grant = await mint({ ...scope, ...entity, maxBytes: 9_000, types: ["text/plain"] }, backend);
  const creation = await createByTus(grant, { length: bytes.byteLength });
  expect(creation.status).toBe(201);
  expect(creation.headers.get("location")).toBe(`/v1/uploads/${grant.fileId}`);
  expect((await patchByTus(grant, 0, bytes.subarray(0, 4_000))).headers.get("upload-offset")).toBe("4000");
  const head = await grant.fetch(`/v1/uploads/${grant.fileId}`, { method: "HEAD", headers: TUS });
  expect(head.headers.get("upload-offset")).toBe("4000");
  expect((await patchByTus(grant, 4_000, bytes.subarray(4_000))).status).toBe(204);
  expect(await getRecord(backend, grant.fileId)).toMatchObject({ ...entity, ownerId, filename: "notes.txt" });
  await expectStored(backend, grant.fileId, bytes);
});

test("an IETF upload in one request, its length known or not", async () => {
  for (const isKnown of [true, false]) {
    const grant = await mint({ maxBytes: 1_000 });
    const bytes = textOf(1_000);
    const answer = await grant.fetch("/v1/uploads", {
      method: "POST",
      headers: {
        "upload-complete": "?1",
        "content-disposition": 'attachment; filename="notes.txt"',
        "content-type": "text/plain",
      },
      body: isKnown ? bytes : streamOf(bytes),
      duplex: "half",
    } as RequestInit);
    expect(answer.status).toBe(201);
    await expectStored(grant.backend, grant.fileId, bytes);
  }
});

/** A body that doesn't say how long it is. */
function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

test("a member may not mint", async () => {
  await expectRefused(await postGrant(await newCaller({ role: "member" }), {}), "ROLE_REQUIRED");
});

test.each([
  ["a user that can't be", { userId: "a b" }],
  ["an empty entity", { entityType: "" }],
  ["a long entity", { entityId: "x".repeat(129) }],
  ["a negative size", { maxBytes: -1 }],
  ["half a byte", { maxBytes: 0.5 }],
  ["no types", { types: [] }],
  ["what is no type", { types: ["text"] }],
  ["any type", { types: ["*/*"] }],
  ["a type in capitals", { types: ["Text/Plain"] }],
  ["too many types", { types: Array.from({ length: 21 }, (_, index) => `text/x${index}`) }],
  ["no time", { expiresInSeconds: 0 }],
  ["too much time", { expiresInSeconds: 3601 }],
  ["a limit by another name", { maxSize: 5 }],
] as const)("a grant with %s is refused", async (_what, scope) => {
  const backend = await newCaller({ role: "service" });
  await mint({ maxBytes: 5, expiresInSeconds: 3600, types: ["text/plain", "image/*"] }, backend);
  await expectRefused(await postGrant(backend, scope), "REQUEST_INVALID");
});

const SCOPE = { entityType: "contact", entityId: "c-1", maxBytes: 5, types: ["text/plain", "image/*"] };

const IN_SCOPE: readonly (readonly [string, Creation])[] = [
  ["its limits", {}],
  ["nothing", { length: 0 }],
  ["its own entity", { metadata: { ...NOTES, entityType: "contact", entityId: "c-1" } }],
  ["another of its types", { metadata: { filename: "a.png", filetype: "image/png" } }],
  ["a type that its name tells", { metadata: { filename: "a.txt", filetype: "application/octet-stream" } }],
  ["tags", { metadata: { ...NOTES, tags: "a,b" } }],
];

const OUT_OF_SCOPE: readonly (readonly [string, Creation])[] = [
  ["one byte more", { length: 6 }],
  ["another type", { metadata: { filename: "a.pdf", filetype: "application/pdf" } }],
  ["another type by its name", { metadata: { filename: "a.pdf", filetype: "application/octet-stream" } }],
  ["a text type that isn't listed", { metadata: { filename: "a.csv", filetype: "text/csv" } }],
  ["another entity's type", { metadata: { ...NOTES, entityType: "deal" } }],
  ["another entity", { metadata: { ...NOTES, entityId: "c-2" } }],
  ["a new version of a file", { metadata: { ...NOTES, replaces: "0".repeat(26) } }],
];

for (const [protocol, create] of CREATIONS) {
  test.each(IN_SCOPE)(`${protocol}: %s is within the scope`, async (_what, change) => {
    const grant = await mint(SCOPE);
    expect((await create(grant, change)).status).toBe(201);
    const { entityType, entityId } = await getRecord(grant.backend, grant.fileId);
    expect([entityType, entityId]).toEqual(["contact", "c-1"]);
  });

  test.each(OUT_OF_SCOPE)(
    `${protocol}: %s is out of the scope, and doesn't use it up`,
    async (_what, change) => {
      const grant = await mint(SCOPE);
      await expectRefused(await create(grant, change), "GRANT_SCOPE");
      expect(await listedFiles(grant.backend)).toEqual([]);
      expect((await create(grant)).status).toBe(201);
    },
  );

  test(`${protocol}: a grant without a scope takes what any upload may be`, async () => {
    const grant = await mint();
    const entity = { entityType: "deal", entityId: "d-1" };
    const metadata = { filename: "a.pdf", filetype: "application/pdf", ...entity };
    expect((await create(grant, { metadata, length: 1_000_000 })).status).toBe(201);
    expect(await getRecord(grant.backend, grant.fileId)).toMatchObject(entity);
  });

  test(`${protocol}: the rules of all uploads hold for a grant's`, async () => {
    const refusals = [
      [{ metadata: { filename: "a.exe", filetype: "text/plain" } }, "FILE_TYPE_REFUSED"],
      [{ length: 100 * 1024 * 1024 + 1 }, "FILE_TOO_LARGE"],
    ] as const;
    for (const [change, code] of refusals) await expectRefused(await create(await mint(), change), code);
  });

  test(`${protocol}: a grant is used once`, async () => {
    const grant = await mint();
    expect((await create(grant)).status).toBe(201);
    await expectRefused(await create(grant), "GRANT_USED");
    expect(await listedFiles(grant.backend)).toEqual([grant.fileId]);
    // What is there wasn't touched.
    expect((await patchByTus(grant, 0, "hello")).status).toBe(204);
    await expectRefused(await create(grant), "GRANT_USED");
  });

  test(`${protocol}: used by many at once, a grant makes one upload`, async () => {
    const grant = await mint();
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(grant)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      await expectRefused(answer, "GRANT_USED");
    }
    expect((await patchByTus(grant, 0, "hello")).status).toBe(204);
    await expectStored(grant.backend, grant.fileId, Buffer.from("hello"));
  });

  test(`${protocol}: an upload that was given up, or refused for its bytes, uses the grant up too`, async () => {
    const givenUp = await mint();
    await create(givenUp);
    const path = `/v1/uploads/${givenUp.fileId}`;
    expect((await givenUp.fetch(path, { method: "DELETE", headers: TUS })).status).toBe(204);
    const refused = await mint();
    await create(refused, { metadata: { filename: "a.png", filetype: "image/png" } });
    expect((await patchByTus(refused, 0, "hello")).status).toBe(415);
    for (const grant of [givenUp, refused]) {
      await expectRefused(await create(grant), "GRANT_USED");
      expect(await listedFiles(grant.backend)).toEqual([]);
    }
  });
}

test.each([
  ["exactly as much", 5, 204],
  ["one byte more", 6, 413],
])("a deferred length: %s as granted", async (_what, sizeBytes, status) => {
  const grant = await mint({ maxBytes: 5 });
  const headers = { ...TUS, "upload-defer-length": "1", "upload-metadata": metadataHeader(NOTES) };
  expect((await grant.fetch("/v1/uploads", { method: "POST", headers })).status).toBe(201);
  const answer = await patchByTus(grant, 0, textOf(sizeBytes), { "upload-length": String(sizeBytes) });
  expect(answer.status).toBe(status);
});

test("a deferred length in the IETF's protocol is limited by the grant", async () => {
  const grant = await mint({ maxBytes: 5 });
  const answer = await grant.fetch("/v1/uploads", {
    method: "POST",
    headers: { "content-disposition": 'attachment; filename="a.txt"', "content-type": "text/plain" },
    body: streamOf(textOf(6)),
    duplex: "half",
  } as RequestInit);
  await expectRefused(answer, "FILE_TOO_LARGE");
});

test("parts of an upload are out of any grant's scope", async () => {
  const grant = await mint();
  const { backend } = grant;
  const partial = { ...TUS, "upload-length": "5", "upload-concat": "partial" };
  await expectRefused(await grant.fetch("/v1/uploads", { method: "POST", headers: partial }), "GRANT_SCOPE");
  const made = await backend.fetch("/v1/uploads", { method: "POST", headers: partial });
  const location = made.headers.get("location") ?? "";
  await backend.fetch(location, {
    method: "PATCH",
    headers: { ...APPEND, "upload-offset": "0" },
    body: "hello",
  });
  const final = { ...TUS, "upload-concat": `final;${location}`, "upload-metadata": metadataHeader(NOTES) };
  await expectRefused(await grant.fetch("/v1/uploads", { method: "POST", headers: final }), "GRANT_SCOPE");
  expect((await backend.fetch("/v1/uploads", { method: "POST", headers: final })).status).toBe(201);
});

const UPLOAD_METHODS = [
  ["HEAD", TUS],
  ["GET", {}],
  ["PATCH", { ...APPEND, "upload-offset": "0" }],
  ["DELETE", TUS],
] as const;

test.each(UPLOAD_METHODS)("%s works for the grant's own upload and no other", async (method, headers) => {
  const backend = await newCaller({ user: "crm", role: "service" });
  const [own, others] = [await mint({ userId: "bob" }, backend), await mint({ userId: "bob" }, backend)];
  const session = await newCaller({ tenantId: backend.tenantId, user: "bob" });
  await createByTus(own);
  await createByTus(others);
  const init = { method, headers, body: method === "PATCH" ? "hello" : null };
  const stranger = await own.fetch(`/v1/uploads/${others.fileId}`, init);
  expect(stranger.status).toBe(404);
  if (method !== "HEAD") await expectRefused(stranger, "UPLOAD_NOT_FOUND");
  // The same user's session may do both.
  expect((await session.fetch(`/v1/uploads/${others.fileId}`, init)).status).toBeLessThan(300);
  expect((await own.fetch(`/v1/uploads/${own.fileId}`, init)).status).toBeLessThan(300);
});

test("before its upload was made there is nothing for a grant to see", async () => {
  const grant = await mint();
  await expectRefused(await patchByTus(grant, 0, "hello"), "UPLOAD_NOT_FOUND");
});

test("another tenant's caller has nothing of a grant's upload, nor its grant of theirs", async () => {
  const grant = await mint();
  await createByTus(grant);
  const stranger = await newCaller({ user: "crm", role: "admin" });
  const strangersGrant = await mint({}, stranger);
  for (const fetchAs of [stranger.fetch, strangersGrant.fetch]) {
    expect((await fetchAs(`/v1/uploads/${grant.fileId}`, { method: "HEAD", headers: TUS })).status).toBe(404);
  }
  expect((await stranger.fetch(`/v1/files/${grant.fileId}`)).status).toBe(404);
});

test.each([
  ["GET", "/v1/files"],
  ["POST", "/v1/files"],
  ["GET", "/v1/files/{id}"],
  ["GET", "/v1/files/{id}/content"],
  ["DELETE", "/v1/files/{id}"],
  ["POST", "/v1/signed-urls"],
  ["POST", "/v1/upload-grants"],
])("a grant is no session for %s %s", async (method, path) => {
  const grant = await mint();
  await createByTus(grant);
  const answer = await grant.fetch(path.replace("{id}", grant.fileId), {
    method,
    headers: { "content-type": "application/json" },
    body: method === "POST" ? JSON.stringify({ items: [{ fileId: grant.fileId }] }) : null,
  });
  await expectRefused(answer, "TOKEN_INVALID");
  expect(await listedFiles(grant.backend)).toEqual([grant.fileId]);
});

const GRANT_TYPE = "causeway-grant+jwt";

interface TokenChange {
  readonly secret?: string;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A grant's token as the worker signs it, but for what the test changes. */
async function forge(caller: Caller, change: TokenChange = {}): Promise<string> {
  const claims = {
    iss: "causeway",
    aud: "causeway-upload-grant",
    tenant: caller.tenantId,
    sub: "ann",
    jti: (await mint({}, caller)).fileId,
    scope: {},
    exp: Math.floor(Date.now() / 1000) + 60,
    ...change.claims,
  };
  const header = { alg: "HS256", typ: GRANT_TYPE, kid: "local", ...change.header };
  return new SignJWT(claims)
    .setProtectedHeader(header)
    .sign(new TextEncoder().encode(change.secret ?? inject("signedUrlSecret")));
}

function createWith(token: string): Promise<Response> {
  const headers = { ...TUS, "upload-length": "5", "upload-metadata": metadataHeader(NOTES) };
  return fetchWith(token, "/v1/uploads", { method: "POST", headers });
}

test("a grant put together as the worker does is accepted", async () => {
  const backend = await newCaller({ role: "service" });
  expect((await createWith(await forge(backend))).status).toBe(201);
});

test.each([
  ["the sessions' secret", () => ({ secret: inject("jwtSecret") })],
  ["the reports' secret", () => ({ secret: inject("reportSecret") })],
  ["another key's id", () => ({ header: { kid: "other" } })],
  ["no key's id", () => ({ header: { kid: undefined } })],
  ["another type", () => ({ header: { typ: "JWT" } })],
  ["no type", () => ({ header: { typ: undefined } })],
  ["another algorithm", () => ({ header: { alg: "HS512" } })],
  ["the sessions' audience", () => ({ claims: { aud: "causeway" } })],
  ["another issuer", () => ({ claims: { iss: "elsewhere" } })],
  ["no end", () => ({ claims: { exp: undefined } })],
  ["no file", () => ({ claims: { jti: undefined } })],
  ["a file with a path", () => ({ claims: { jti: "../x" } })],
  ["no tenant", () => ({ claims: { tenant: undefined } })],
  ["no user", () => ({ claims: { sub: undefined } })],
  ["no scope", () => ({ claims: { scope: undefined } })],
  ["a scope that isn't one", () => ({ claims: { scope: { maxBytes: "all" } } })],
] as const)("a grant with %s is refused", async (_what, makeChange) => {
  const backend = await newCaller({ role: "service" });
  await expectRefused(await createWith(await forge(backend, makeChange())), "TOKEN_INVALID");
});

test("a session with a grant's type is refused for an upload", async () => {
  const claims = { iss: "causeway", aud: "causeway", role: "member" };
  const header = { typ: GRANT_TYPE, kid: undefined };
  const token = await forge(await newCaller({ role: "service" }), {
    secret: inject("jwtSecret"),
    ...{ header, claims },
  });
  await expectRefused(await createWith(token), "TOKEN_INVALID");
});

test("a session signed by a grant's key is refused", async () => {
  const claims = { aud: "causeway", role: "admin" };
  const token = await forge(await newCaller({ role: "service" }), { header: { typ: "JWT" }, claims });
  await expectRefused(await fetchWith(token, "/v1/files"), "TOKEN_INVALID");
  await expectRefused(await createWith(token), "TOKEN_INVALID");
});

test("a grant with the sessions' secret and audience is no session, for it has no role", async () => {
  const change = { secret: inject("jwtSecret"), claims: { aud: "causeway" } };
  const token = await forge(await newCaller({ role: "service" }), change);
  await expectRefused(await fetchWith(token, "/v1/files"), "TOKEN_INVALID");
});

test("a session for an upload works as before, and needs to be one", async () => {
  const caller = await newCaller();
  expect((await createWith(caller.token)).status).toBe(201);
  await expectRefused(await createWith("a.b.c"), "TOKEN_INVALID");
});

test("an expired grant is refused, in the middle of its upload too", async () => {
  const grant = await mint({ expiresInSeconds: 2 });
  expect((await createByTus(grant)).status).toBe(201);
  await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(Date.parse(grant.expiresAt));
  await expectRefused(await patchByTus(grant, 0, "hello"), "TOKEN_EXPIRED");
  await expectRefused(await createByTus(grant), "TOKEN_EXPIRED");
  const expired = await forge(grant.backend, { claims: { exp: Math.floor(Date.now() / 1000) - 1 } });
  await expectRefused(await createWith(expired), "TOKEN_EXPIRED");
});
