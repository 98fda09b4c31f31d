import { afterAll, beforeAll, expect, test } from "vitest";
import { newCaller, uploadFile, waitForVerdict } from "../support/api.ts";
import type { OwnStack } from "../support/own-stack.ts";
import { startOwnStack } from "../support/own-stack.ts";
import { cleanFile, codeOf, createLink, look, sendJson, take, taken } from "../support/sharing.ts";

/** What needs the database: limits that are filled, settings that no route changes here, the audit. */
let stack: OwnStack;
beforeAll(async () => {
  stack = await startOwnStack();
});
afterAll(() => stack.stop());

const fileOfAnn = () => cleanFile({ stack });

async function events(tenantId: string): Promise<readonly Record<string, unknown>[]> {
  const rows = await stack.query(
    `SELECT action, actor_id AS actor, actor_kind AS kind, file_id AS fileId, request_id AS requestId, detail
     FROM audit_log WHERE tenant_id = ? AND (action LIKE 'share%' OR action = 'file.read') ORDER BY sequence`,
    tenantId,
  );
  return rows.map((row) => ({ ...row, detail: JSON.parse(String(row["detail"])) as unknown }));
}

test("every change and every read through a link is recorded, and no refusal is", async () => {
  const { ann, fileId } = await fileOfAnn();
  const path = `/v1/files/${fileId}/shares/bob`;
  const traced = { "x-request-id": "trace-1", "content-type": "application/json" };
  await ann.fetch(path, { method: "PUT", headers: traced, body: '{"permission":"download"}' });
  await sendJson(ann, "PUT", path, { permission: "edit" });
  await ann.fetch(path, { method: "DELETE" });
  await ann.fetch(path, { method: "DELETE" });
  const { id, url, expiresAt } = await createLink(ann, fileId, { password: "12345678", maxDownloads: 1 });
  await take(url, { password: "falsch falsch" });
  await taken(url, { password: "12345678" });
  await take(url, { password: "12345678" });
  for (let again = 0; again < 2; again += 1) {
    await ann.fetch(`/v1/files/${fileId}/share-links/${id}`, { method: "DELETE" });
  }
  const byAnn = { actor: "ann", kind: "member", fileId, requestId: expect.any(String) };
  expect(await events(ann.tenantId)).toEqual([
    {
      ...byAnn,
      action: "share.set",
      requestId: "trace-1",
      detail: { userId: "bob", permission: "download", expiresAtMs: null },
    },
    { ...byAnn, action: "share.removed", detail: { userId: "bob" } },
    {
      ...byAnn,
      action: "share-link.created",
      detail: {
        linkId: id,
        expiresAtMs: Date.parse(expiresAt ?? ""),
        maxDownloads: 1,
        hasPassword: true,
      },
    },
    { ...byAnn, action: "file.read", actor: id, kind: "share-link", detail: { variant: "original" } },
    { ...byAnn, action: "share-link.revoked", detail: { linkId: id } },
  ]);
});

test("a hundred downloads at once through a link for ten are ten in the audit", async () => {
  const { ann, fileId } = await fileOfAnn();
  const { url } = await createLink(ann, fileId, { maxDownloads: 10 });
  await Promise.all(Array.from({ length: 100 }, () => take(url)));
  expect((await events(ann.tenantId)).filter(({ action }) => action === "file.read")).toHaveLength(10);
});

test("a file is shared with 500 users, not one more, however they come", async () => {
  const { ann, fileId } = await fileOfAnn();
  const put = (userId: string) =>
    sendJson(ann, "PUT", `/v1/files/${fileId}/shares/${userId}`, { permission: "view" });
  await stack.query(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 498)
     INSERT INTO shares SELECT ?, ?, 'user-' || i, 'view', 'ann', 1, NULL FROM n`,
    ann.tenantId,
    fileId,
  );
  expect((await put("number-499")).status).toBe(201);
  const both = await Promise.all([put("one"), put("another")]);
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
  expect(await codeOf(await put("one-more"))).toBe("409 SHARE_LIMIT_REACHED");
  expect((await put("user-7")).status).toBe(200);
  await ann.fetch(`/v1/files/${fileId}/shares/user-7`, { method: "DELETE" });
  expect((await put("one-more")).status).toBe(201);
  // One that has expired has no place.
  await stack.query("UPDATE shares SET expires_at_ms = 5 WHERE file_id = ? AND user_id = 'user-8'", fileId);
  expect((await put("the-last")).status).toBe(201);
  expect(await codeOf(await put("beyond"))).toBe("409 SHARE_LIMIT_REACHED");
});

test("a file has 100 working links, not one more, and those that ended don't count", async () => {
  const { ann, fileId } = await fileOfAnn();
  const post = (body = {}) => sendJson(ann, "POST", `/v1/files/${fileId}/share-links`, body);
  const { id } = await createLink(ann, fileId, { maxDownloads: 1 });
  await stack.query(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 98)
     INSERT INTO share_links SELECT ?, printf('%026d', i) || ?, ?, 'ann', 1, NULL, NULL, NULL, NULL, 0 FROM n`,
    ann.tenantId,
    ann.tenantId,
    fileId,
  );
  const both = await Promise.all([post(), post()]);
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
  const endings = [
    "UPDATE share_links SET downloads = 1 WHERE file_id = ? AND id = ?",
    "UPDATE share_links SET revoked_at_ms = 1 WHERE file_id = ? AND id = printf('%026d', 1) || tenant_id AND ? <> ''",
    "UPDATE share_links SET expires_at_ms = 1 WHERE file_id = ? AND id = printf('%026d', 2) || tenant_id AND ? <> ''",
  ];
  for (const ending of endings) {
    expect(await codeOf(await post())).toBe("409 SHARE_LIMIT_REACHED");
    await stack.query(ending, fileId, id);
    expect((await post()).status).toBe(201);
  }
});

test("a tenant that wants no links has none: new ones, old ones, and URLs made through them", async () => {
  const { ann, fileId } = await fileOfAnn();
  const { url } = await createLink(ann, fileId);
  const { url: bytes } = await taken(url);
  const set = (settings: object) =>
    stack.query(
      "UPDATE tenants SET settings = ? WHERE tenant_id = ?",
      JSON.stringify(settings),
      ann.tenantId,
    );
  await set({ shareLinks: false });
  const post = () => sendJson(ann, "POST", `/v1/files/${fileId}/share-links`, {});
  for (const answer of [await post(), await look(url), await take(url), await fetch(bytes)]) {
    expect(await codeOf(answer)).toBe("403 SHARE_LINKS_OFF");
  }
  const shared = await sendJson(ann, "PUT", `/v1/files/${fileId}/shares/bob`, { permission: "view" });
  expect(shared.status).toBe(201);
  await set({ shareLinks: true });
  expect((await post()).status).toBe(201);
  for (const answer of [await look(url), await take(url), await fetch(bytes)]) {
    expect(answer.status).toBe(200);
  }
});

test("a link of a tenant that is being erased, or of a file that is, leads to nothing", async () => {
  const { ann, fileId } = await fileOfAnn();
  const { url } = await createLink(ann, fileId);
  await stack.query("UPDATE files SET purging_at_ms = 1 WHERE id = ?", fileId);
  for (const answer of [await look(url), await take(url)]) {
    expect(await codeOf(answer)).toBe("404 FILE_NOT_FOUND");
  }
  await stack.query("UPDATE files SET purging_at_ms = NULL WHERE id = ?", fileId);
  expect((await look(url)).status).toBe(200);
  await stack.query("UPDATE tenants SET erasing_at_ms = 1 WHERE tenant_id = ?", ann.tenantId);
  for (const answer of [await look(url), await take(url)]) {
    expect(await codeOf(answer)).toBe("404 SHARE_LINK_NOT_FOUND");
  }
});

test("what is kept of a password is its hash by scrypt, with a salt of its own", async () => {
  const { ann, fileId } = await fileOfAnn();
  for (let again = 0; again < 2; again += 1) await createLink(ann, fileId, { password: "korrekt pferd" });
  const rows = await stack.query("SELECT password_hash AS hash FROM share_links WHERE file_id = ?", fileId);
  const hashes = rows.map(({ hash }) => String(hash));
  for (const hash of hashes) expect(hash).toMatch(/^scrypt\$16384\$8\$1\$[\w+/]{22}==\$[\w+/]{43}=$/);
  expect(new Set(hashes).size).toBe(2);
});

test("a password that was hashed by other parameters is still the password", async () => {
  const { ann, fileId } = await fileOfAnn();
  const { url } = await createLink(ann, fileId, { password: "korrekt pferd" });
  // RFC 7914, 12: "password" with the salt "NaCl", N = 1024, r = 8, p = 16; the first 32 of its 64 bytes are ours.
  const hash = "scrypt$1024$8$16$TmFDbA==$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI=";
  await stack.query("UPDATE share_links SET password_hash = ? WHERE file_id = ?", hash, fileId);
  expect((await take(url, { password: "password" })).status).toBe(200);
  expect(await codeOf(await take(url, { password: "korrekt pferd" }))).toBe("403 SHARE_PASSWORD_WRONG");
});

test("a link serves the version that is current, and its URLs one version", async () => {
  const ann = await newCaller({ stack });
  const fileId = await uploadFile(ann, Buffer.from("hello"));
  await waitForVerdict(ann, fileId);
  const { url } = await createLink(ann, fileId);
  const { url: bytes } = await taken(url);
  const facts = "state, declared_type, file_class, size_bytes, object_key, etag, created_at_ms, stored_at_ms";
  await stack.query(
    `INSERT INTO file_versions (tenant_id, file_id, version, ${facts})
     SELECT tenant_id, file_id, 2, ${facts} FROM file_versions WHERE file_id = ?`,
    fileId,
  );
  await stack.query("UPDATE files SET current_version = 2, last_version = 2 WHERE id = ?", fileId);
  expect(await codeOf(await fetch(bytes))).toBe("410 SIGNED_URL_REPLACED");
  expect((await fetch((await taken(url)).url)).status).toBe(200);
});
