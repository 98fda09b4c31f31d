import { describe, expect, test } from "vitest";
import {
  APPEND,
  creationHeaders,
  getRecord,
  metadataHeader,
  newCaller,
  sharedStack,
  TUS,
} from "../support/api.ts";
import { openRequest } from "../support/raw-request.ts";
import { sharedWorkerAlone } from "../support/shared-worker.ts";
import { expectStored, textOf } from "../support/tus.ts";
import type { Creation, Grant } from "../support/upload-grants.ts";
import { CREATIONS, createByTus, expectRefused, mint, NOTES, patchByTus } from "../support/upload-grants.ts";

const NAMED_TEXT = { "content-type": "text/plain", "content-disposition": 'inline; filename="notes.txt"' };

/** A grant is the key of one creation: whoever lost its answer asks for the same again. */

const OTHERS: readonly (readonly [string, Creation])[] = [
  ["another length", { length: 6 }],
  ["another name", { metadata: { ...NOTES, filename: "other.txt" } }],
  ["another type, and its ending", { metadata: { filename: "notes.md", filetype: "text/markdown" } }],
  ["another entity", { metadata: { ...NOTES, entityType: "deal", entityId: "d-1" } }],
  ["other tags", { metadata: { ...NOTES, tags: "a" } }],
];

for (const [protocol, create] of CREATIONS) {
  test(`${protocol}: the same creation again tells where the upload is, as long as it is open`, async () => {
    const grant = await mint();
    const path = `/v1/uploads/${grant.fileId}`;
    const first = await create(grant);
    expect(first.status).toBe(201);
    for (const offset of [0, 2]) {
      const again = await create(grant);
      expect(again.status).toBe(201);
      expect(again.headers.get("location")).toBe(path);
      expect(again.headers.get("upload-offset")).toBe(String(offset));
      if (offset === 0) expect((await patchByTus(grant, 0, "he")).status).toBe(204);
    }
    expect((await patchByTus(grant, 2, "llo")).status).toBe(204);
    await expectStored(grant.backend, grant.fileId, Buffer.from("hello"));
  });

  test.each(OTHERS)(`${protocol}: a creation with %s is another one`, async (_what, change) => {
    const grant = await mint();
    expect((await create(grant)).status).toBe(201);
    await expectRefused(await create(grant, change), "GRANT_USED");
    // What is there wasn't touched.
    expect((await create(grant)).headers.get("upload-offset")).toBe("0");
    expect((await patchByTus(grant, 0, "hello")).status).toBe(204);
    await expectRefused(await create(grant, change), "GRANT_USED");
  });
}

test("a creation that is asked for again and stalls in what is there already is taken over as any other", async () => {
  const grant = await mint();
  await createByTus(grant);
  expect((await patchByTus(grant, 0, "hel")).status).toBe(204);
  const again = await openRequest(new URL("/v1/uploads", sharedStack().url), "POST", {
    ...creationHeaders(5, NOTES),
    ...APPEND,
    authorization: `Bearer ${grant.token}`,
    "content-length": "5",
  });
  await again.write(Buffer.from("h"));
  const isToldOf = async () => {
    await grant.fetch(`/v1/uploads/${grant.fileId}`, { method: "HEAD", headers: TUS });
    return again.received();
  };
  await expect.poll(isToldOf, { interval: 20, timeout: 10_000 }).toContain("UPLOAD_SUPERSEDED");
  await again.cut();
  expect((await patchByTus(grant, 3, "lo")).status).toBe(204);
  await expectStored(grant.backend, grant.fileId, Buffer.from("hello"));
});

test("tus: a complete upload's creation again says that all of it is there", async () => {
  const grant = await mint();
  await createByTus(grant);
  await patchByTus(grant, 0, "hello");
  const again = await createByTus(grant);
  expect(again.status).toBe(201);
  expect(again.headers.get("location")).toBe(`/v1/uploads/${grant.fileId}`);
  expect(again.headers.get("upload-offset")).toBe("5");
  expect(again.headers.get("upload-expires")).toBeNull();
});

test("tus: a deferred length may have been told since", async () => {
  const grant = await mint();
  const headers = { ...TUS, "upload-defer-length": "1", "upload-metadata": metadataHeader(NOTES) };
  const post = () => grant.fetch("/v1/uploads", { method: "POST", headers });
  expect((await post()).status).toBe(201);
  await patchByTus(grant, 0, "he", { "upload-length": "5" });
  expect((await post()).headers.get("upload-offset")).toBe("2");
  await patchByTus(grant, 2, "llo");
  expect((await post()).headers.get("upload-offset")).toBe("5");
});

const TEXT = textOf(1_000);

/** A creation with a body; sent by hand it is cut after some of that. */
interface WithBody {
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string>>;
}

const BODIES: readonly WithBody[] = [
  { protocol: "tus", headers: { ...APPEND, ...creationHeaders(TEXT.byteLength, NOTES) } },
  { protocol: "IETF", headers: { ...NAMED_TEXT, "upload-complete": "?1" } },
  { protocol: "plain", headers: NAMED_TEXT },
];

async function postCut(grant: Grant, headers: WithBody["headers"], sentBytes: number): Promise<void> {
  const all = {
    ...headers,
    authorization: `Bearer ${grant.token}`,
    "content-length": String(TEXT.byteLength),
  };
  const request = await openRequest(new URL("/v1/uploads", sharedStack().url), "POST", all);
  await request.write(TEXT.subarray(0, sentBytes));
  const isRecorded = async () => (await grant.backend.fetch(`/v1/files/${grant.fileId}`)).ok;
  await expect.poll(isRecorded, { interval: 20, timeout: 10_000 }).toBe(true);
  await request.cut();
  await expect.poll(() => offsetOf(grant), { interval: 20, timeout: 10_000 }).toBe(String(sentBytes));
}

async function offsetOf(grant: Grant): Promise<string | undefined> {
  const answer = await grant.fetch(`/v1/uploads/${grant.fileId}`, { method: "HEAD", headers: TUS });
  return answer.headers.get("upload-offset") ?? undefined;
}

test.each(BODIES)(
  "$protocol: a creation that was cut, sent again, goes on where it was",
  async ({ headers }) => {
    for (const sentBytes of [1, 400]) {
      const grant = await mint();
      await postCut(grant, headers, sentBytes);
      const again = await grant.fetch("/v1/uploads", { method: "POST", headers, body: TEXT });
      expect(again.status).toBe(201);
      await expectStored(grant.backend, grant.fileId, TEXT);
    }
  },
);

test.each(BODIES)("$protocol: one whose answer was lost is answered as it was", async ({ headers }) => {
  const grant = await mint();
  const answers: [number, string | null, string][] = [];
  for (let times = 0; times < 2; times += 1) {
    const answer = await grant.fetch("/v1/uploads", { method: "POST", headers, body: TEXT });
    answers.push([answer.status, answer.headers.get("location"), await answer.text()]);
  }
  expect(answers[0]?.[0]).toBe(201);
  expect(answers[1]).toEqual(answers[0]);
  await expectStored(grant.backend, grant.fileId, TEXT);
});

test("a creation again whose bytes are wrong leaves the upload as it is", async () => {
  const grant = await mint();
  const headers = { ...APPEND, ...creationHeaders(5, NOTES) };
  const post = (body: string, checksum: string) =>
    grant.fetch("/v1/uploads", {
      method: "POST",
      headers: { ...headers, "upload-checksum": checksum },
      body,
    });
  expect((await createByTus(grant)).status).toBe(201);
  await expectRefused(await post("hello", `sha1 ${"A".repeat(27)}=`), "UPLOAD_CHECKSUM_MISMATCH");
  expect(await offsetOf(grant)).toBe("0");
  expect((await post("hello", "sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=")).headers.get("upload-offset")).toBe("5");
  await expectStored(grant.backend, grant.fileId, Buffer.from("hello"));
});

const stack = sharedWorkerAlone();

describe("where the worker died between the record and the object", () => {
  /** Leaves a record, of a creation by another grant, under this one's id. */
  async function leaveRecordOf(grant: Grant, other: Grant): Promise<void> {
    for (const [table, column] of [
      ["quota_reservations", "file_id"],
      ["files", "id"],
      ["file_versions", "file_id"],
    ] as const) {
      const [row = {}] = await stack.query(`SELECT * FROM ${table} WHERE ${column} = ?`, other.fileId);
      const values = Object.entries({
        ...row,
        [column]: grant.fileId,
        ...(table === "files" && { search_id: null }),
      });
      await stack.query(
        `INSERT INTO ${table} (${values.map(([name]) => name).join(", ")}) VALUES (${values.map(() => "?").join(", ")})`,
        ...values.map(([, value]) => value as string | number | null),
      );
    }
  }

  test("the same creation again begins it, and another doesn't", async () => {
    const backend = await newCaller({ stack, role: "service" });
    const [grant, other] = [await mint({}, backend), await mint({}, backend)];
    expect((await createByTus(other)).status).toBe(201);
    await leaveRecordOf(grant, other);
    await expectRefused(await createByTus(grant, { length: 1_000_000 }), "GRANT_USED");
    expect((await createByTus(grant)).status).toBe(201);
    expect((await patchByTus(grant, 0, "hello")).status).toBe(204);
    expect((await getRecord(backend, grant.fileId)).state).toBe("quarantined");
  });

  test("a file that its grant's object has forgotten isn't begun anew", async () => {
    const backend = await newCaller({ stack, role: "service" });
    const [grant, other] = [await mint({}, backend), await mint({}, backend)];
    expect((await createByTus(other)).status).toBe(201);
    await leaveRecordOf(grant, other);
    await stack.query("DELETE FROM quota_reservations WHERE file_id = ?", grant.fileId);
    await expectRefused(await createByTus(grant), "GRANT_USED");
  });
});

test("an upload that is there is found also where the quota has no room for it any more", async () => {
  const backend = await newCaller({ stack, role: "service" });
  const grant = await mint({}, backend);
  const headers = { ...APPEND, ...creationHeaders(5, NOTES) };
  const post = () => grant.fetch("/v1/uploads", { method: "POST", headers, body: "hello" });
  expect((await post()).status).toBe(201);
  await stack.query("UPDATE tenants SET quota_bytes = 0 WHERE tenant_id = ?", backend.tenantId);
  expect((await post()).headers.get("upload-offset")).toBe("5");
  await expectRefused(await createByTus(await mint({}, backend)), "QUOTA_EXCEEDED");
});

for (const [protocol, create] of CREATIONS) {
  test.each([
    ["the same creation", undefined],
    ["another one", { length: 6 }],
  ] as const)(
    `${protocol}: %s again, after its file was purged, begins and holds nothing`,
    async (_what, change) => {
      const backend = await newCaller({ stack, role: "service" });
      const grant = await mint({}, backend);
      const path = `/v1/files/${grant.fileId}`;
      expect((await create(grant)).status).toBe(201);
      expect((await patchByTus(grant, 0, "hello")).status).toBe(204);
      expect((await create(grant)).headers.get("upload-offset")).toBe("5");
      const purged = await backend.fetch(`${path}?permanent=true`, { method: "DELETE" });
      expect(purged.status).toBe(204);
      for (let times = 0; times < 2; times += 1) {
        await expectRefused(await create(grant, change), "GRANT_USED");
        expect((await backend.fetch(path)).status).toBe(404);
        const held = "SELECT 1 FROM quota_reservations WHERE file_id = ?";
        expect(await stack.query(held, grant.fileId)).toEqual([]);
      }
      if (change !== undefined) return;
      const head = await grant.fetch(`/v1/uploads/${grant.fileId}`, { method: "HEAD", headers: TUS });
      expect(head.status).toBe(404);
    },
  );
}
