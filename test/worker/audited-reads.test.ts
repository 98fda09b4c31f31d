import { expect, test } from "vitest";
import { expectActions, newAdmin, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { newCaller, signUrl } from "../support/api.ts";
import { publish, shareFile, uploadClean } from "../support/file-states.ts";
import { sharedWorkerAlone } from "../support/shared-worker.ts";
import { createLink, seen, taken } from "../support/sharing.ts";

/** Every reading of a file's bytes is in the trail, by whichever door, and once. */
const worker = sharedWorkerAlone();

interface Shelf {
  readonly ann: Caller;
  readonly admin: Caller;
  readonly fileId: string;
  /** The reads that are recorded when these requests have been answered. Nothing is asked of the file afterwards. */
  readsAfter(...requests: readonly (() => Promise<Response>)[]): Promise<readonly object[]>;
}

async function shelf(): Promise<Shelf> {
  const ann = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, ann);
  const admin = await newAdmin(ann.tenantId, worker);
  return {
    ...{ ann, admin, fileId },
    async readsAfter(...requests) {
      for (const ask of requests) {
        const answer = await ask();
        expect([200, 206, 304, 416]).toContain(answer.status);
        await answer.body?.cancel();
      }
      return readsOnceSettled(ann, fileId);
    },
  };
}

/** A last read, from the beginning and so recorded in any case, comes after what came before it. */
async function readsOnceSettled(ann: Caller, fileId: string): Promise<readonly object[]> {
  const headers = { "x-request-id": "the-last-one" };
  expect((await ann.fetch(`/v1/files/${fileId}/content`, { headers })).status).toBe(200);
  const query = `SELECT action, actor_id, actor_kind, file_id, version, detail, request_id FROM audit_log
    WHERE file_id = ? AND action = 'file.read' ORDER BY sequence`;
  const reads = () => worker.query(query, fileId);
  await expect.poll(async () => (await reads()).at(-1)?.["request_id"]).toBe("the-last-one");
  return (await reads()).slice(0, -1);
}

async function set(admin: Caller, settings: object): Promise<void> {
  const changed = await sendJson(admin, "PATCH", `/v1/admin/tenants/${admin.tenantId}`, { settings });
  expect(changed.status).toBe(200);
}

const range = (text: string): RequestInit => ({ headers: { range: text } });

test.each([
  ["GET", {}, 1],
  ["a range from 0", range("bytes=0-1"), 1],
  ["all but the first byte", range("bytes=1-"), 1],
  ["the last bytes", range("bytes=-2"), 1],
  ["a range that is everything", range("bytes=-500"), 1],
  ["HEAD", { method: "HEAD" }, 0],
  ["a copy that is still good", { headers: { "if-none-match": "*" } }, 0],
  ["a range outside the file", range("bytes=9-"), 0],
] as const)("%s is a reading or isn't", async (_what, init, count) => {
  const { ann, fileId, readsAfter } = await shelf();
  const reads = await readsAfter(() => ann.fetch(`/v1/files/${fileId}/content`, init));
  expect(reads).toHaveLength(count);
});

test("the ranges of a download that goes on are one reading, whichever comes first", async () => {
  const { ann, fileId, readsAfter } = await shelf();
  const ask = (text: string) => () => ann.fetch(`/v1/files/${fileId}/content`, range(text));
  expect(await readsAfter(ask("bytes=3-"), ask("bytes=1-2"), ask("bytes=-1"))).toHaveLength(1);
});

test("who begins anew reads anew", async () => {
  const { ann, fileId, readsAfter } = await shelf();
  const ask = () => ann.fetch(`/v1/files/${fileId}/content`, range("bytes=0-"));
  expect(await readsAfter(ask, ask)).toHaveLength(2);
});

test("another user's range, and another variant's, is another reading", async () => {
  const { ann, admin, fileId, readsAfter } = await shelf();
  await worker.query(
    `INSERT INTO derivatives (tenant_id, file_id, version, name, object_key, mime_type, size_bytes, created_at_ms)
     SELECT tenant_id, file_id, version, 'thumbnail', object_key, 'text/plain', 5, 1 FROM file_versions WHERE file_id = ?`,
    fileId,
  );
  await shareFile(worker, ann, fileId, "bob", "download");
  const bob = await newCaller({ stack: worker, tenantId: ann.tenantId, user: "bob" });
  await set(admin, { derivativeReadAuditSample: 1 });
  const content = `/v1/files/${fileId}/content`;
  const tail = range("bytes=1-");
  const reads = await readsAfter(
    () => ann.fetch(content, tail),
    () => bob.fetch(content, tail),
    () => admin.fetch(content, tail),
    () => ann.fetch(`${content}?variant=thumbnail`, tail),
  );
  expect(reads.map((read) => [Reflect.get(read, "actor_id"), Reflect.get(read, "detail")])).toEqual([
    ["ann", '{"variant":"original"}'],
    ["bob", '{"variant":"original"}'],
    ["boss", '{"variant":"original"}'],
    ["ann", '{"variant":"thumbnail"}'],
  ]);
});

test("a version's content is read by who reads it", async () => {
  const { ann, fileId, readsAfter } = await shelf();
  const path = `/v1/files/${fileId}/versions/1/content`;
  const reads = await readsAfter(
    () => ann.fetch(path, { method: "HEAD" }),
    () => ann.fetch(path, { headers: { "x-request-id": "of-a-version" } }),
  );
  expect(reads).toMatchObject([
    { actor_id: "ann", actor_kind: "member", version: 1, request_id: "of-a-version" },
  ]);
});

test("a public file is read by its URL, whoever that is", async () => {
  const { ann, fileId, readsAfter } = await shelf();
  const url = await publish(ann, fileId);
  const reads = await readsAfter(
    () => fetch(url, { method: "HEAD" }),
    () => fetch(url),
  );
  expect(reads).toMatchObject([{ actor_id: "public-url", actor_kind: "public-url", version: 1 }]);
});

test("two signed URLs of a file are two readers, by ranges too", async () => {
  const { ann, fileId, readsAfter } = await shelf();
  const [first, second] = [await signUrl(ann, fileId), await signUrl(ann, fileId)];
  const reads = await readsAfter(
    () => fetch(first, range("bytes=1-")),
    () => fetch(second, range("bytes=2-")),
    () => fetch(first, range("bytes=3-")),
  );
  expect(reads).toMatchObject([{ actor_kind: "signed-url" }, { actor_kind: "signed-url" }]);
});

test("a thumbnail on a share link's page is read, and its download is the link's", async () => {
  const { ann, admin, fileId, readsAfter } = await shelf();
  await set(admin, { derivativeReadAuditSample: 1 });
  await worker.query(
    `INSERT INTO derivatives (tenant_id, file_id, version, name, object_key, mime_type, size_bytes, created_at_ms)
     SELECT tenant_id, file_id, version, 'thumbnail', object_key, 'text/plain', 5, 1 FROM file_versions WHERE file_id = ?`,
    fileId,
  );
  const { url, id } = await createLink(ann, fileId);
  const thumbnail = (await seen(url)).file?.thumbnailUrl ?? "";
  const download = (await taken(url)).url;
  const reads = await readsAfter(
    () => fetch(thumbnail),
    () => fetch(download),
  );
  const byLink = { actor_kind: "share-link", actor_id: id, version: 1 };
  expect(reads).toMatchObject([
    // Counted and recorded as the link was taken; its bytes aren't again.
    { ...byLink, detail: '{"variant":"original"}' },
    { ...byLink, detail: '{"variant":"thumbnail"}' },
  ]);
});

test("of reads by public URL as many are recorded as the tenant wants", async () => {
  const { ann, admin, fileId, readsAfter } = await shelf();
  const url = await publish(ann, fileId);
  await set(admin, { readAuditSample: 0 });
  expect(await readsAfter(() => fetch(url))).toEqual([]);
});

test("of reads of thumbnails as many are recorded as the tenant wants, whoever reads them", async () => {
  const { ann, admin, fileId, readsAfter } = await shelf();
  await worker.query(
    `INSERT INTO derivatives (tenant_id, file_id, version, name, object_key, mime_type, size_bytes, created_at_ms)
     SELECT tenant_id, file_id, version, 'thumbnail', object_key, 'text/plain', 5, 1 FROM file_versions WHERE file_id = ?`,
    fileId,
  );
  await set(admin, { derivativeReadAuditSample: 0 });
  const content = `/v1/files/${fileId}/content`;
  const reads = await readsAfter(
    () => ann.fetch(`${content}?variant=thumbnail`),
    () => ann.fetch(content),
  );
  expect(reads.map((read) => Reflect.get(read, "detail"))).toEqual(['{"variant":"original"}']);
});

test("signing is recorded once for each file, with how many URLs it is", async () => {
  const { ann, admin, fileId } = await shelf();
  const other = await uploadClean(worker, ann);
  const items = [
    { fileId },
    { fileId: other },
    { fileId, expiresInSeconds: 60 },
    { fileId, disposition: "inline" },
  ];
  const headers = { "content-type": "application/json", "x-request-id": "sign-1" };
  const body = JSON.stringify({ items });
  expect((await ann.fetch("/v1/signed-urls", { method: "POST", headers, body })).status).toBe(200);
  const query = (id: string) => `?action=signed-url.created&fileId=${id}`;
  const bySigner = { actor: { id: "ann", kind: "member" }, version: 1, requestId: "sign-1" };
  expect(await expectActions(admin, query(fileId), ["signed-url.created"])).toMatchObject([
    { ...bySigner, fileId, detail: { items: 3, variants: "original" } },
  ]);
  expect(await expectActions(admin, query(other), ["signed-url.created"])).toMatchObject([
    { ...bySigner, fileId: other, detail: { items: 1, variants: "original" } },
  ]);
  await expectActions(admin, "?action=signed-url.created", ["signed-url.created", "signed-url.created"]);
});
