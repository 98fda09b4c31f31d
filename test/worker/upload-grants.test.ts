import { expect, test } from "vitest";
import {
  APPEND,
  createUpload,
  getRecord,
  headOffset,
  metadataHeader,
  newCaller,
  readProblem,
  TUS,
} from "../support/api.ts";
import { expectStored, listedFiles, textOf } from "../support/tus.ts";
import type { Creation } from "../support/upload-grants.ts";
import {
  postGrant,
  mint,
  NOTES,
  createByTus,
  CREATIONS,
  patchByTus,
  expectRefused,
} from "../support/upload-grants.ts";

test("a grant says which file it is for and until when", async () => {
  const beforeMs = Date.now();
  const grant = await mint();
  const afterMs = Date.now();
  expect(grant.fileId).toMatch(/^[0-9a-z]{26}$/);
  const expiresAtMs = Date.parse(grant.expiresAt);
  expect(expiresAtMs).toBeGreaterThan(beforeMs + 895_000);
  expect(expiresAtMs).toBeLessThanOrEqual(afterMs + 901_000);
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
  ["an empty entity", { entityType: "", entityId: "c-1" }],
  ["an entity's type without its id", { entityType: "contact" }],
  ["an entity's id without its type", { entityId: "c-1" }],
  ["a long entity", { entityType: "contact", entityId: "x".repeat(129) }],
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

  test(`${protocol}: used by many at once, a grant makes one upload, of one of them and those that say the same`, async () => {
    const grant = await mint();
    const lengths = [5, 6, 5, 6, 5, 6, 5, 6];
    const answers = await Promise.all(lengths.map((length) => create(grant, { length })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(4);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      await expectRefused(answer, "GRANT_USED");
    }
    expect(await listedFiles(grant.backend)).toEqual([grant.fileId]);
    const bytes = textOf(lengths[answers.findIndex(({ status }) => status === 201)] ?? 0);
    expect((await patchByTus(grant, 0, bytes)).status).toBe(204);
    await expectStored(grant.backend, grant.fileId, bytes);
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

test.each(UPLOAD_METHODS)(
  "%s doesn't work for a later version of the grant's file",
  async (method, headers) => {
    const backend = await newCaller({ user: "crm", role: "service" });
    const grant = await mint({ userId: "bob" }, backend);
    const session = await newCaller({ tenantId: backend.tenantId, user: "bob" });
    await createByTus(grant);
    await patchByTus(grant, 0, "hello");
    const location = await createUpload(session, 5, { ...NOTES, replaces: grant.fileId });
    expect(location).toBe(`/v1/uploads/2/${grant.fileId}`);
    const init = { method, headers, body: method === "PATCH" ? "world" : null };
    const answer = await grant.fetch(location, init);
    expect(answer.status).toBe(404);
    if (method !== "HEAD") await expectRefused(answer, "UPLOAD_NOT_FOUND");
    expect(await headOffset(session, location)).toBe(0);
    // The owner's session may.
    expect((await session.fetch(location, init)).status).toBeLessThan(300);
  },
);

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
  const { code, detail } = await readProblem(answer);
  expect(code).toBe("GRANT_SCOPE");
  expect(detail).toMatch(/^This is an upload grant: it is for its upload at \/v1\/uploads/);
  expect(await listedFiles(grant.backend)).toEqual([grant.fileId]);
});
