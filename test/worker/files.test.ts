import { describe, expect, test } from "vitest";
import type { FileList } from "#contract/listing.ts";
import type { Caller } from "../support/api.ts";
import {
  append,
  createUpload,
  fileIdOf,
  getRecord,
  newCaller,
  readProblem,
  TUS,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";

const MISSING = "00000000000000000000000000";

async function list(caller: Caller, query = ""): Promise<FileList> {
  return (await (await caller.fetch(`/v1/files${query}`)).json()) as FileList;
}

test("a record tells all that was declared and found", async () => {
  const caller = await newCaller();
  const fileId = await uploadFile(caller, Buffer.from("hello"), {
    filename: "Übersicht 2026.txt",
    filetype: "text/plain",
    entityType: "contact",
    entityId: "c-1",
    tags: "offer, signed,offer",
    other: "kept",
  });
  expect(await waitForVerdict(caller, fileId)).toEqual({
    id: fileId,
    filename: "Übersicht 2026.txt",
    originalFilename: "Übersicht 2026.txt",
    mimeType: "text/plain",
    sizeBytes: 5,
    sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    state: "clean",
    verdict: {
      verdict: "clean",
      signatureName: null,
      engine: expect.stringContaining("ClamAV"),
      signatureVersion: expect.any(String),
      scannedAt: expect.any(String),
      reason: null,
      foundLater: false,
    },
    processingError: null,
    version: 1,
    // Some of it may have been made already.
    derivatives: expect.any(Array),
    missingDerivatives: expect.any(Array),
    replicas: [],
    properties: expect.any(Object),
    warnings: [],
    tags: ["offer", "signed"],
    entityType: "contact",
    entityId: "c-1",
    ownerId: "ann",
    isPublic: false,
    publicUrl: null,
    createdAt: expect.any(String),
    updatedAt: expect.any(String),
    deletedAt: null,
    purgeAt: null,
  });
});

test("a list is newest first, in pages that join without a gap, filtered by entity and state", async () => {
  const caller = await newCaller();
  const ids: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    const entityId = index % 2 === 0 ? "even" : "odd";
    const metadata = { filename: `${index}.txt`, entityType: "contact", entityId };
    ids.unshift(await uploadFile(caller, Buffer.from("x"), metadata));
  }
  for (const id of ids) await waitForVerdict(caller, id);
  const pending = fileIdOf(await createUpload(caller, 1));

  const first = await list(caller, "?limit=4");
  const second = await list(caller, `?limit=4&cursor=${first.nextCursor}`);
  expect([...first.items, ...second.items].map((item) => item.id)).toEqual(ids);
  expect(second.nextCursor).toBeNull();

  const odd = await list(caller, "?entityType=contact&entityId=odd");
  expect(odd.items.map((item) => item.filename)).toEqual(["3.txt", "1.txt"]);
  expect((await list(caller, "?state=uploading")).items.map((item) => item.id)).toEqual([pending]);
});

test("a list has no uploads under way unless it asks for them, and a file that gets a new version as it was", async () => {
  const caller = await newCaller();
  const fileId = await uploadFile(caller, Buffer.from("x"), {
    filename: "a.txt",
    entityType: "contact",
    entityId: "1",
  });
  await waitForVerdict(caller, fileId);
  await createUpload(caller, 1, { filename: "a.txt", entityType: "contact", entityId: "1" });
  await createUpload(caller, 1, { filename: "a.txt", replaces: fileId });
  for (const query of [
    "",
    "?sort=name",
    "?sort=size",
    "?q=a",
    "?entityType=contact&entityId=1",
    "?class=document",
  ]) {
    expect(
      (await list(caller, query)).items.map(({ id }) => id),
      query,
    ).toEqual([fileId]);
  }
  const counts = await caller.fetch("/v1/entities/counts", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ items: [{ entityType: "contact", entityId: "1" }] }),
  });
  expect(await counts.json()).toMatchObject({ items: [{ files: 1, bytes: 1 }] });
});

test.each(["?limit=0", "?limit=201", "?limit=x", "?cursor=abc", "?state=lost", "?state=deleted"])(
  "a list with %s is refused",
  async (query) => {
    const caller = await newCaller();
    expect((await caller.fetch("/v1/files")).status).toBe(200);
    const answer = await caller.fetch(`/v1/files${query}`);
    expect(await readProblem(answer)).toMatchObject({
      status: 400,
      code: "REQUEST_INVALID",
      errors: [{ path: query.slice(1, query.indexOf("=")), message: expect.any(String) }],
    });
  },
);

test("a deleted file is served no more, listed no more, and deleted only once", async () => {
  const caller = await newCaller();
  const fileId = await uploadFile(caller, Buffer.from("hello"));
  await waitForVerdict(caller, fileId);
  expect((await caller.fetch(`/v1/files/${fileId}/content`)).status).toBe(200);
  expect((await caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" })).status).toBe(204);
  expect(await readProblem(await caller.fetch(`/v1/files/${fileId}/content`))).toMatchObject({ status: 404 });
  expect(await readProblem(await caller.fetch(`/v1/files/${fileId}`, { method: "DELETE" }))).toMatchObject({
    status: 404,
    code: "FILE_NOT_FOUND",
  });
  expect((await list(caller)).items).toEqual([]);
  expect(await getRecord(caller, fileId)).toMatchObject({ state: "deleted" });
});

/** What a caller is told, without what differs in every answer. */
async function told(answer: Response): Promise<unknown> {
  const { "x-request-id": _id, date: _date, ...headers } = Object.fromEntries(answer.headers);
  const text = await answer.text();
  const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: answer.status, headers, body: { ...body, requestId: undefined } };
}

describe("a file of somebody else's is told apart in no way from one that isn't there", () => {
  const REQUESTS: readonly (readonly [string, (id: string) => string, RequestInit])[] = [
    ["HEAD", (id) => `/v1/uploads/${id}`, { headers: TUS }],
    ["DELETE", (id) => `/v1/uploads/${id}`, { headers: TUS }],
    ["GET", (id) => `/v1/files/${id}`, {}],
    ["GET", (id) => `/v1/files/${id}/content`, {}],
    ["DELETE", (id) => `/v1/files/${id}`, {}],
  ];

  test.each(["another tenant", "another member"])("%s", async (who) => {
    const owner = await newCaller();
    const complete = await uploadFile(owner, Buffer.from("hello"));
    await waitForVerdict(owner, complete);
    const unfinished = fileIdOf(await createUpload(owner, 10));
    const other = await newCaller(who === "another tenant" ? {} : { tenantId: owner.tenantId, user: "bob" });

    for (const [method, path, init] of REQUESTS) {
      const ask = async (id: string) => told(await other.fetch(path(id), { ...init, method }));
      const missing = await ask(MISSING);
      expect(missing).toMatchObject({ status: 404 });
      for (const id of [complete, unfinished, "no-id"]) expect(await ask(id)).toEqual(missing);
    }
    const patchMissing = await told(await append(other, `/v1/uploads/${MISSING}`, 0, "x"));
    expect(await told(await append(other, `/v1/uploads/${unfinished}`, 0, "x"))).toEqual(patchMissing);
    expect(patchMissing).toMatchObject({ status: 404, body: { code: "UPLOAD_NOT_FOUND" } });
    const sign = async (fileId: string) =>
      told(
        await other.fetch("/v1/signed-urls", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ items: [{ fileId }] }),
        }),
      );
    expect(await sign(complete)).toEqual(await sign(MISSING));
    expect((await list(other)).items).toEqual([]);
    // Nothing of it harmed the owner's.
    expect(await getRecord(owner, complete)).toMatchObject({ state: "clean" });
    expect(await getRecord(owner, unfinished)).toMatchObject({ state: "uploading" });
  });

  test.each(["admin", "service"] as const)("but the tenant's own %s sees it", async (role) => {
    const owner = await newCaller();
    const fileId = await uploadFile(owner, Buffer.from("hello"));
    const other = await newCaller({ tenantId: owner.tenantId, user: "boss", role });
    expect(await waitForVerdict(other, fileId)).toMatchObject({ state: "clean", ownerId: "ann" });
    expect((await list(other)).items.map((item) => item.id)).toEqual([fileId]);
  });
});
