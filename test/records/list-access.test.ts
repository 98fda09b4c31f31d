import { expect, test } from "vitest";
import { UserId } from "#contract/ids.ts";
import type { EntityCountsRequest } from "#contract/listing.ts";
import { FileListQuery } from "#contract/listing.ts";
import { countRows } from "../../bench/workers/counted-rows.ts";
import { getEntityCounts, getFiles } from "../../worker/services/file-list.ts";
import type { ListedFile } from "../support/listed-files.ts";
import { insertionOf } from "../support/listed-files.ts";
import { newTenantId, useDatabases } from "./support/databases.ts";

const CONTACT = { entityType: "contact", entityId: "c-1" } as const;

/** A database, and a copy of it that is behind: what the sessions of lists may be answered from. */
const databases = useDatabases("COPY");

function clean(facts: Pick<ListedFile, "tenantId" | "id" | "ownerId" | "filename">): ListedFile {
  return {
    ...{ ...CONTACT, tags: [], state: "clean", mimeType: "text/plain", fileClass: "document" },
    ...{ sha256: null, sizeBytes: 1, createdAtMs: 1, deletedAtMs: null, isPurging: false, sharedWith: {} },
    ...facts,
  };
}

async function insert(database: D1Database, files: readonly ListedFile[]): Promise<void> {
  const statements = files.flatMap(insertionOf);
  await database.batch(statements.map(([sql, params]) => database.prepare(sql).bind(...params)));
}

function withCopy(): { readonly DB: D1Database } {
  const { DB, COPY } = databases.bindings;
  const withSession: D1Database["withSession"] = (...args) => (COPY ?? DB).withSession(...args);
  const prepare: D1Database["prepare"] = (query) => DB.prepare(query);
  const batch: D1Database["batch"] = (statements) => DB.batch(statements);
  return { DB: { prepare, batch, withSession } as D1Database };
}

test("a share or a setting that was ended is ended in lists, whatever a copy of the database still has", async () => {
  const tenantId = newTenantId();
  const identity = { tenantId, userId: UserId.parse("bob"), role: "member" } as const;
  const shared = clean({ tenantId, id: "0".repeat(26), ownerId: "ann", filename: "ann's" });
  const own = clean({ tenantId, id: "1".repeat(26), ownerId: "bob", filename: "bob's" });
  const { DB, COPY } = databases.bindings;
  await insert(COPY ?? DB, [{ ...shared, sharedWith: { bob: null } }, own]);
  await insert(DB, [shared, own]);
  await DB.prepare(`UPDATE tenants SET settings = '{"entityAccess":"owner"}' WHERE tenant_id = ?`)
    .bind(tenantId)
    .run();
  const env = withCopy();
  const list = async (query: object) => {
    const page = await getFiles(env, identity, FileListQuery.parse(query), async () => "", Date.now());
    return page.items.map(({ filename }) => filename);
  };
  const count = async (more: Pick<EntityCountsRequest, "scope"> = {}) => {
    const { items } = await getEntityCounts(env, identity, { items: [CONTACT], ...more }, Date.now());
    return items.map(({ files }) => files);
  };
  expect(await list({ scope: "shared" })).toEqual([]);
  expect(await list(CONTACT)).toEqual(["bob's"]);
  expect(await list({ scope: "visible" })).toEqual(["bob's"]);
  expect(await count()).toEqual([1]);
  expect(await count({ scope: "shared" })).toEqual([0]);
  // Nobody can take one's own files away: those may come from the copy, which here has one of another name.
  await (COPY ?? DB).prepare("UPDATE files SET filename = 'copied' WHERE id = ?").bind(own.id).run();
  expect(await list({ scope: "own" })).toEqual(["copied"]);
});

test("how many others have the same bytes changes nothing of what is read for somebody who may not see those", async () => {
  const tenantId = newTenantId();
  const sha256 = "5a".repeat(32);
  const bob = { tenantId, userId: UserId.parse("bob"), role: "member" } as const;
  const privateOf = (ownerId: string, id: number): ListedFile => ({
    ...clean({ tenantId, id: String(id).padStart(26, "3"), ownerId, filename: "private" }),
    ...{ sha256, entityType: null, entityId: null },
  });
  const { DB } = databases.bindings;
  const others = Array.from({ length: 50 }, (_, index) => privateOf("ann", 100 + index));
  await insert(DB, [
    { ...privateOf("bob", 98), sha256: null },
    // So that a search ends at an entry, whatever it finds: that is counted too.
    { ...privateOf("eve", 99), sha256: "f".repeat(64) },
    ...others.map((file) => ({ ...file, sha256: "0".repeat(64) })),
  ]);
  const read = async (query: object) => {
    const { database, rows } = countRows(DB, "rows_read");
    const asked = FileListQuery.parse({ sha256, state: "clean", ...query });
    const { items } = await getFiles({ DB: database }, bob, asked, async () => "", Date.now());
    return { found: items.length, rows: rows() };
  };
  /** With the most rows that each may read. */
  const QUERIES: readonly (readonly [query: object, rows: number])[] = [
    [{ scope: "visible" }, 20],
    [{ scope: "own" }, 20],
    [{ scope: "shared" }, 20],
    [{ ...CONTACT }, 20],
    [{ scope: "visible", sort: "name" }, 20],
    [{ scope: "visible", sort: "size" }, 20],
    [{ scope: "own", sort: "name" }, 20],
    [{ scope: "visible", tags: ["red"] }, 20],
    // All that have the owner, or the word, are counted, as without a digest.
    [{ scope: "visible", ownerId: "ann" }, 80],
    [{ scope: "visible", q: "private" }, 80],
    [{ scope: "visible", q: "pr" }, 80],
  ];
  const readAll = () => Promise.all(QUERIES.map(([query]) => read(query)));
  const before = await readAll();
  await DB.prepare("UPDATE file_versions SET sha256 = ? WHERE tenant_id = ? AND sha256 < ?")
    .bind(sha256, tenantId, sha256)
    .run();
  expect(await readAll()).toEqual(before);
  for (const [index, [query, most]] of QUERIES.entries()) {
    expect(before[index]?.found, JSON.stringify(query)).toBe(0);
    expect(before[index]?.rows, JSON.stringify(query)).toBeLessThan(most);
  }
  await insert(DB, [{ ...privateOf("ann", 200), sharedWith: { bob: null } }]);
  expect(await read({ scope: "visible" })).toMatchObject({ found: 1 });
});

test("an entity that is asked for many times is counted once", async () => {
  const tenantId = newTenantId();
  const ids = Array.from({ length: 20 }, (_, index) => String(index).padStart(26, "2"));
  await insert(
    databases.bindings.DB,
    ids.map((id) => clean({ tenantId, id, ownerId: "ann", filename: id })),
  );
  const identity = { tenantId, userId: UserId.parse("boss"), role: "admin" } as const;
  const rowsOf = async (times: number) => {
    const { database, rows } = countRows(databases.bindings.DB, "rows_read");
    const items = Array.from({ length: times }, () => CONTACT);
    const counted = await getEntityCounts({ DB: database }, identity, { items }, Date.now());
    expect(counted.items).toEqual(items.map((each) => ({ ...each, files: 20, bytes: 20 })));
    return rows();
  };
  expect(await rowsOf(200)).toBe(await rowsOf(1));
});
