import { describe, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { newCaller, newTenantId } from "../support/api.ts";
import { file, list, Listed, names, queryText, refusal } from "../support/lists.ts";

test("who lists what: scopes, roles, shares that ended, and the trash", async () => {
  const listed = new Listed();
  const tenantId = newTenantId();
  const hour = 3_600_000;
  const nowMs = Date.now();
  await listed.add(
    file(tenantId, { filename: "ann's" }),
    file(tenantId, { filename: "bob's", ownerId: "bob" }),
    file(tenantId, { filename: "shared", ownerId: "bob", sharedWith: { ann: null } }),
    file(tenantId, { filename: "shared until later", ownerId: "bob", sharedWith: { ann: nowMs + hour } }),
    file(tenantId, { filename: "shared until before", ownerId: "bob", sharedWith: { ann: nowMs - hour } }),
    file(tenantId, { filename: "ann's trash", deletedAtMs: nowMs - 2 }),
    file(tenantId, { filename: "ann's older trash", deletedAtMs: nowMs - 9 }),
    file(tenantId, {
      filename: "bob's trash",
      ownerId: "bob",
      deletedAtMs: nowMs - 5,
      sharedWith: { ann: null },
    }),
    file(tenantId, { filename: "ann's purging", deletedAtMs: nowMs - 1, isPurging: true }),
    file(newTenantId(), { filename: "another tenant's", sharedWith: { ann: null } }),
  );
  const [ann, admin, service] = await Promise.all([
    listed.caller({ tenantId, userId: "ann", role: "member" }),
    listed.caller({ tenantId, userId: "ann", role: "admin" }),
    listed.caller({ tenantId, userId: "crm", role: "service" }),
  ]);
  const ALL = ["shared until before", "shared until later", "shared", "bob's", "ann's"];
  const TABLE: readonly (readonly [Caller, object, readonly string[]])[] = [
    [ann, {}, ["ann's"]],
    [ann, { scope: "own" }, ["ann's"]],
    [ann, { scope: "own", ownerId: "ann" }, ["ann's"]],
    [ann, { ownerId: "bob" }, []],
    [ann, { scope: "shared" }, ["shared until later", "shared"]],
    [ann, { scope: "shared", ownerId: "bob" }, ["shared until later", "shared"]],
    [ann, { scope: "visible" }, ["shared until later", "shared", "ann's"]],
    [ann, { trash: "false" }, ["ann's"]],
    [ann, { trash: "true" }, ["ann's trash", "ann's older trash"]],
    [ann, { trash: "true", scope: "visible" }, ["ann's trash", "ann's older trash"]],
    [ann, { trash: "true", order: "asc" }, ["ann's older trash", "ann's trash"]],
    [ann, { trash: "true", q: "older" }, ["ann's older trash"]],
    [admin, {}, ALL],
    [admin, { scope: "all" }, ALL],
    [admin, { scope: "visible" }, ALL],
    [admin, { scope: "own" }, ["ann's"]],
    [admin, { scope: "shared" }, ["shared until later", "shared"]],
    [admin, { ownerId: "ann" }, ["ann's"]],
    [admin, { trash: "true" }, ["ann's trash", "bob's trash", "ann's older trash"]],
    [admin, { trash: "true", scope: "own" }, ["ann's trash", "ann's older trash"]],
    [admin, { trash: "true", ownerId: "bob" }, ["bob's trash"]],
    [service, {}, ALL],
    [service, { scope: "own" }, []],
    [service, { scope: "shared" }, []],
  ];
  for (const [caller, query, expected] of TABLE)
    expect(await names(caller, query), queryText(query)).toEqual(expected);

  expect(await refusal(ann, { scope: "all" })).toMatchObject({ status: 403, code: "ROLE_REQUIRED" });
  expect(await refusal(ann, { scope: "all", trash: "true" })).toMatchObject({ code: "ROLE_REQUIRED" });
  const [trashed] = (await list(ann, { trash: "true" })).items;
  expect(trashed).toMatchObject({
    state: "deleted",
    deletedAt: new Date(nowMs - 2).toISOString(),
    isPublic: false,
  });
  expect((await list(ann)).items[0]).toMatchObject({ state: "clean", deletedAt: null });
});

test("what is attached to an entity is its tenant's members', or its owner's, as the tenant has it", async () => {
  const listed = new Listed();
  const tenantId = newTenantId();
  const contact = { entityType: "contact", entityId: "c-1" };
  await listed.add(
    file(tenantId, { ...contact, filename: "offer" }),
    file(tenantId, { ...contact, filename: "old offer", deletedAtMs: 1 }),
    file(tenantId, { ...contact, filename: "bob's offer", ownerId: "bob" }),
    file(tenantId, { ...contact, filename: "offer for bob", sharedWith: { bob: null } }),
    file(tenantId, { ...contact, entityId: null, filename: "of no contact" }),
    file(tenantId, { filename: "offer of nothing" }),
    file(newTenantId(), { ...contact, filename: "another tenant's offer" }),
  );
  const bob = await listed.caller({ tenantId, userId: "bob", role: "member" });
  const [OFFERS, BOBS] = [["offer for bob", "bob's offer", "offer"], ["bob's offer"]];
  const TABLE: readonly (readonly [query: object, open: readonly string[], closed: readonly string[]])[] = [
    [contact, OFFERS, ["offer for bob", "bob's offer"]],
    [{ ...contact, ownerId: "ann" }, ["offer for bob", "offer"], ["offer for bob"]],
    [{ ...contact, q: "ob's" }, BOBS, BOBS],
    [{ ...contact, scope: "own" }, BOBS, BOBS],
    [{ ...contact, trash: "true" }, [], []],
    [{ entityType: "contact" }, BOBS, BOBS],
    [
      { scope: "visible", q: "offer", sort: "name" },
      ["bob's offer", "offer", "offer for bob"],
      ["bob's offer", "offer for bob"],
    ],
    [{ q: "offer" }, BOBS, BOBS],
  ];
  for (const [query, open] of TABLE) expect(await names(bob, query), queryText(query)).toEqual(open);
  await listed.run([
    [`UPDATE tenants SET settings = '{"entityAccess":"owner"}' WHERE tenant_id = ?`, [tenantId]],
  ]);
  for (const [query, , closed] of TABLE) expect(await names(bob, query), queryText(query)).toEqual(closed);
});

test("files are found by their bytes, of those that the caller may see", async () => {
  const listed = new Listed();
  const tenantId = newTenantId();
  const same = { sha256: "5a".repeat(32) };
  const contact = { entityType: "contact", entityId: "c-1" };
  const bobs = { ...same, ownerId: "bob" };
  await listed.add(
    file(tenantId, { ...same, filename: "own" }),
    file(tenantId, { ...same, ...contact, filename: "own, attached" }),
    file(tenantId, { ...bobs, filename: "shared", sharedWith: { ann: null } }),
    file(tenantId, { ...bobs, filename: "shared until before", sharedWith: { ann: 1 } }),
    file(tenantId, { ...bobs, ...contact, filename: "attached" }),
    file(tenantId, { ...bobs, ...contact, entityId: null, filename: "of no contact" }),
    file(tenantId, { ...bobs, filename: "private" }),
    file(tenantId, { ...same, filename: "trash", deletedAtMs: 2 }),
    file(tenantId, { ...same, filename: "blocked", state: "infected" }),
    file(tenantId, { ...contact, filename: "other bytes", sha256: "0".repeat(64) }),
    file(tenantId, { filename: "not checked", state: "quarantined" }),
    file(newTenantId(), { ...same, ...contact, filename: "another tenant's", sharedWith: { ann: null } }),
  );
  const [ann, admin] = await Promise.all([
    listed.caller({ tenantId, userId: "ann", role: "member" }),
    listed.caller({ tenantId, userId: "ann", role: "admin" }),
  ]);
  const VISIBLE = { ...same, scope: "visible", state: "clean", order: "asc" };
  const OPEN: readonly (readonly [Caller, object, readonly string[]])[] = [
    [ann, VISIBLE, ["own", "own, attached", "shared", "attached"]],
    [ann, { ...VISIBLE, sort: "name" }, ["attached", "own", "own, attached", "shared"]],
    [ann, { ...VISIBLE, ...contact }, ["own, attached", "attached"]],
    [ann, { ...VISIBLE, ownerId: "bob" }, ["shared", "attached"]],
    [ann, same, ["blocked", "own, attached", "own"]],
    [ann, { ...same, scope: "shared" }, ["shared"]],
    [ann, { ...same, trash: "true" }, ["trash"]],
    [ann, { ...VISIBLE, sha256: "f".repeat(64) }, []],
    [
      admin,
      VISIBLE,
      [...["own", "own, attached", "shared", "shared until before", "attached", "of no contact"], "private"],
    ],
    [admin, { ...same, ownerId: "bob", q: "p" }, ["private"]],
  ];
  for (const [caller, query, expected] of OPEN)
    expect(await names(caller, query), queryText(query)).toEqual(expected);
  const first = await list(ann, { ...VISIBLE, limit: 2 });
  expect(await names(ann, { ...VISIBLE, limit: 2, cursor: first.nextCursor })).toEqual([
    "shared",
    "attached",
  ]);
  await listed.run([
    [`UPDATE tenants SET settings = '{"entityAccess":"owner"}' WHERE tenant_id = ?`, [tenantId]],
  ]);
  expect(await names(ann, VISIBLE)).toEqual(["own", "own, attached", "shared"]);
});

test("a cursor is of one list: of its filters, order, tenant and caller", async () => {
  const listed = new Listed();
  const tenantId = newTenantId();
  const facts = { tags: ["a", "b"], entityType: "deal", entityId: "1", filename: "abc.txt" };
  await listed.add(...[1, 2, 3].map(() => file(tenantId, facts)));
  const ann = await listed.caller({ tenantId, userId: "ann", role: "member" });
  const query = {
    tag: ["a", "b"],
    entityType: "deal",
    q: "abc",
    createdAfter: "2026-01-01T00:00:00Z",
    limit: 1,
  };
  const { nextCursor: cursor } = await list(ann, query);
  expect(cursor).toMatch(/^[\w-]+$/);
  expect((await list(ann, { ...query, cursor })).items).toHaveLength(1);
  expect((await list(ann, { ...query, tag: ["b", "a"], limit: 2, cursor })).nextCursor).toBeNull();
  // `tag` is the older name of `tags`: one list.
  const { tag: tags, ...untagged } = query;
  expect((await list(ann, { ...untagged, tags, limit: 2, cursor })).items).toHaveLength(2);

  const other = {
    status: 400,
    code: "REQUEST_INVALID",
    errors: [{ path: "cursor", message: expect.any(String) }],
  };
  const CHANGES: readonly object[] = [
    { tag: ["a"] },
    { entityType: "contact" },
    { entityId: "1" },
    { q: "ab" },
    { createdAfter: "2026-01-02T00:00:00Z" },
    { createdBefore: "2027-01-02T00:00:00Z" },
    { sort: "name" },
    { sort: "size" },
    { order: "asc" },
    { scope: "shared" },
    { trash: "true" },
    { class: "document" },
    { type: "text/plain" },
    { mimeType: "text/plain" },
    { state: "clean" },
  ];
  for (const change of CHANGES)
    expect(await refusal(ann, { ...query, cursor, ...change }), queryText(change)).toMatchObject(other);
  const strangers = await Promise.all([
    listed.caller({ tenantId, userId: "bob", role: "member" }),
    listed.caller({ tenantId, userId: "ann", role: "admin" }),
    listed.caller({ tenantId: newTenantId(), userId: "ann", role: "member" }),
  ]);
  for (const stranger of strangers)
    expect(await refusal(stranger, { ...query, cursor })).toMatchObject(other);

  const [value, id, hash] = JSON.parse(Buffer.from(cursor ?? "", "base64url").toString()) as unknown[];
  const encode = (content: unknown) => Buffer.from(JSON.stringify(content)).toString("base64url");
  expect((await list(ann, { ...query, cursor: encode([value, id, hash]) })).items).toHaveLength(1);
  const BAD = [
    [String(value), id, hash],
    [value, "x", hash],
    [value, id],
    [1.5, id, hash],
    [null, id, hash],
    {},
    1,
  ];
  for (const content of BAD)
    expect(await refusal(ann, { ...query, cursor: encode(content) })).toMatchObject(other);
  for (const text of [
    "",
    "x",
    "%",
    `${cursor}x`,
    "a".repeat(8_193),
    Buffer.from([0xff]).toString("base64url"),
  ])
    expect(await refusal(ann, { ...query, cursor: text }), text).toMatchObject(other);
});

describe("a query that isn't right is refused, naming what", () => {
  const GOOD = {
    tag: ["a", "b"],
    q: "abc",
    type: "Image/PNG",
    entityType: "deal",
    entityId: "1",
    limit: 200,
  };
  const DATES = { createdAfter: "2026-01-01T00:00:00.5+02:00", createdBefore: "2026-01-01T00:00:00Z" };
  test.each<readonly [path: string, change: object]>([
    ["limit", { limit: 0 }],
    ["limit", { limit: 201 }],
    ["limit", { limit: 1.5 }],
    ["limit", { limit: [1, 2] }],
    ["type", { type: "image" }],
    ["type", { type: "image/*" }],
    ["type", { mimeType: "image/png" }],
    ["mimeType", { mimeType: "image/*" }],
    ["tag", { tags: Array.from({ length: 9 }, (_, index) => `t${index}`) }],
    ["class", { class: "images" }],
    ["sha256", { sha256: "5a".repeat(31) }],
    ["sha256", { sha256: "5A".repeat(32) }],
    ["sha256", { sha256: ["5a".repeat(32), "5b".repeat(32)] }],
    ["sha256", { sha256: "5a".repeat(32), q: "a b", tags: ["c", "d"] }],
    ["state", { state: "deleted" }],
    ["state", { state: ["clean", "infected"] }],
    ["ownerId", { ownerId: "a b" }],
    ["createdAfter", { createdAfter: "2026-01-01" }],
    ["createdAfter", { createdAfter: "1767225600" }],
    ["createdBefore", { createdBefore: "yesterday" }],
    ["sort", { sort: "type" }],
    ["order", { order: "up" }],
    ["scope", { scope: "mine" }],
    ["trash", { trash: "1" }],
    ["sort", { trash: "true", sort: "date" }],
    ["scope", { trash: "true", scope: "shared" }],
    ["tag", { tag: Array.from({ length: 11 }, (_, index) => `t${index}`) }],
    ["tag.0", { tag: "" }],
    ["q", { q: "x".repeat(201) }],
    ["q", { q: Array.from({ length: 21 }, (_, index) => `${index + 10}x`).join(" ") }],
    ["entityId", { entityType: [], entityId: "1" }],
    ["unknown", { unknown: "1" }],
  ])("%s %j", async (path, change) => {
    const caller = await newCaller();
    await list(caller, { ...GOOD, ...DATES });
    const problem = await refusal(caller, { ...GOOD, ...change });
    expect(problem).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
    expect((problem as { errors: readonly { path: string }[] }).errors.map((error) => error.path)).toContain(
      path,
    );
  });
});
