import { expect, test } from "vitest";
import type { FileId } from "#contract/ids.ts";
import type { Recount } from "#contract/tenant-admin.ts";
import { driveRecounts } from "../../worker/services/cron/recounts.ts";
import { getRecount, requestRecount } from "../../worker/services/recounts.ts";
import { differencesOf } from "./support/counted-rows.ts";
import { newBudget } from "./support/cron-budget.ts";
import { newTenantId, useDatabases } from "./support/databases.ts";

/** Counting in ranges of ten files, beside everything that changes meanwhile. */
const databases = useDatabases();
const RANGE = 10;
const idOf = (n: number) => String(n).padStart(26, "0") as FileId;

/** A tenant with files of two versions, and a derivative of each, some of them in the trash. */
async function newCountedTenant(files: number) {
  const { DB } = databases.bindings;
  const tenantId = newTenantId();
  const each = JSON.stringify(Array.from({ length: files }, (_, index) => index + 1));
  const run = (sql: string) => DB.prepare(sql).bind(tenantId, each);
  await DB.batch([
    DB.prepare("INSERT INTO tenants (tenant_id, created_at_ms) VALUES (?, 1)").bind(tenantId),
    run(`INSERT INTO files (tenant_id, id, owner_id, filename, current_version, created_at_ms, updated_at_ms)
      SELECT ?, printf('%026d', value), 'ann', 'a', 1, 1, 1 FROM json_each(?)`),
    run(`INSERT INTO file_versions (tenant_id, file_id, version, state, declared_type, size_bytes, created_at_ms)
      SELECT ?1, printf('%026d', n.value), v.value, 'clean', 'text/plain', 10000 * v.value, 1
      FROM json_each(?2) AS n, json_each('[1, 2]') AS v`),
    run(
      `INSERT INTO derivatives SELECT ?, printf('%026d', value), 1, 'thumbnail', 'k', 'image/webp', 100, 1, 1, 1 FROM json_each(?)`,
    ),
    run(
      `UPDATE files SET deleted_at_ms = 1, purge_at_ms = 9e15 WHERE tenant_id = ? AND ? <> '' AND id LIKE '%3'`,
    ),
  ]);
  const query = (sql: string) => DB.prepare(sql).bind(tenantId).run();
  const actor = { tenantId, id: "boss", kind: "admin", requestId: null } as const;
  return { tenantId, actor, query };
}

/** One run of the cron that may ask the database so often. */
function runOnce(queries = 1_000): Promise<void> {
  return driveRecounts(databases.bindings, Date.now(), newBudget({ queries }), RANGE);
}

const recountOf = (tenantId: Parameters<typeof getRecount>[1]): Promise<Recount> =>
  getRecount(databases.bindings, tenantId);

test("what is off is found, set right and in the audit, and where nothing is, nothing", async () => {
  const { tenantId, actor, query } = await newCountedTenant(25);
  expect(await recountOf(tenantId)).toMatchObject({ state: "none" });
  expect(await requestRecount(databases.bindings, actor, 5)).toMatchObject({ state: "waiting" });
  await runOnce();
  expect(await recountOf(tenantId)).toMatchObject({ state: "done", corrections: {}, filesCounted: 0 });
  const wrong =
    "files_bytes = files_bytes + 7, file_count = file_count - 1, open_uploads = 5, reserved_bytes = 3";
  await query(`UPDATE tenants SET ${wrong} WHERE tenant_id = ?`);
  await requestRecount(databases.bindings, actor, 6);
  await runOnce();
  expect(await recountOf(tenantId)).toMatchObject({
    state: "done",
    requestedAt: new Date(6).toISOString(),
    corrections: {
      fileCount: { from: 24, to: 25 },
      filesBytes: { from: 22 * 10_000 + 7, to: 22 * 10_000 },
      openUploads: { from: 5, to: 0 },
      reservedBytes: { from: 3, to: 0 },
    },
  });
  expect(await differencesOf(databases.bindings.DB, tenantId)).toEqual([]);
  const { results } = await query("SELECT action, actor_id, detail FROM audit_log WHERE tenant_id = ?");
  const detail = JSON.stringify({ fileCount: -1, filesBytes: 7, reservedBytes: 3, openUploads: 5 });
  expect(results).toEqual([{ action: "tenant.recounted", actor_id: "boss", detail }]);
});

test("it goes on over several runs, and who asks meanwhile joins it", async () => {
  const { tenantId, actor } = await newCountedTenant(45);
  await requestRecount(databases.bindings, actor, 5);
  // One to take it, and two for each range.
  await runOnce(1 + 2 * 2);
  expect(await recountOf(tenantId)).toMatchObject({ state: "counting", filesCounted: 20, finishedAt: null });
  const again = await requestRecount(databases.bindings, { ...actor, id: "other" }, 6);
  expect(again).toMatchObject({
    state: "counting",
    filesCounted: 20,
    requestedAt: new Date(5).toISOString(),
  });
  await runOnce();
  expect(await recountOf(tenantId)).toMatchObject({ state: "done", corrections: {} });
});

const CHANGES: readonly (readonly [string, string])[] = [
  ["is put into the trash", "UPDATE files SET deleted_at_ms = 2 WHERE tenant_id = ? AND id = $"],
  ["is removed", "DELETE FROM files WHERE tenant_id = ? AND id = $"],
  ["gets another current version", "UPDATE files SET current_version = 2 WHERE tenant_id = ? AND id = $"],
  ["loses a version", "DELETE FROM file_versions WHERE tenant_id = ? AND file_id = $ AND version = 2"],
  [
    "gets a version",
    "INSERT INTO file_versions (tenant_id, file_id, version, state, declared_type, size_bytes, created_at_ms) VALUES (?, $, 3, 'clean', 'a/b', 9999, 1)",
  ],
  ["has another size", "UPDATE file_versions SET size_bytes = 77777 WHERE tenant_id = ? AND file_id = $"],
  ["loses a derivative", "DELETE FROM derivatives WHERE tenant_id = ? AND file_id = $"],
  ["has another derivative", "UPDATE derivatives SET size_bytes = 5 WHERE tenant_id = ? AND file_id = $"],
];

test.each(CHANGES)(
  "a file that %s in a range that is counted, or isn't yet, counts as it is",
  async (_how, sql) => {
    const { tenantId, actor, query } = await newCountedTenant(45);
    await query("UPDATE tenants SET trash_bytes = trash_bytes + 1 WHERE tenant_id = ?");
    await requestRecount(databases.bindings, actor, 5);
    await runOnce(1 + 2 * 2);
    for (const n of [1, 10, 11, 20, 21, 45]) await query(sql.replace("$", `'${idOf(n)}'`));
    await runOnce();
    const { corrections } = await recountOf(tenantId);
    expect(Object.entries(corrections).map(([count, { from, to }]) => [count, from - to])).toEqual([
      ["trashBytes", 1],
    ]);
    expect(await differencesOf(databases.bindings.DB, tenantId)).toEqual([]);
  },
);

test("a file that comes while all are counted is counted, before or behind them", async () => {
  const { tenantId, actor, query } = await newCountedTenant(15);
  await requestRecount(databases.bindings, actor, 5);
  // Up to the end of the walk, and no further.
  await runOnce(1 + 2 * 2);
  for (const id of [idOf(0), `${idOf(7).slice(0, -1)}x`, "zz"]) {
    await query(
      `INSERT INTO files (tenant_id, id, owner_id, filename, current_version, created_at_ms, updated_at_ms) VALUES (?, '${id}', 'ann', 'a', 1, 1, 1)`,
    );
  }
  await runOnce();
  expect(await recountOf(tenantId)).toMatchObject({ state: "done", corrections: {} });
});

test("runs at once correct once, those of a database one after the other, and none of an erased tenant's", async () => {
  const [first, second] = [await newCountedTenant(25), await newCountedTenant(25)];
  for (const { actor, query } of [first, second]) {
    await query("UPDATE tenants SET files_bytes = files_bytes + 7 WHERE tenant_id = ?");
    await requestRecount(databases.bindings, actor, 5);
  }
  await Promise.all([runOnce(), runOnce(), runOnce()]);
  await runOnce();
  await runOnce();
  for (const { tenantId } of [first, second]) {
    expect(await differencesOf(databases.bindings.DB, tenantId)).toEqual([]);
    expect(await recountOf(tenantId)).toMatchObject({ state: "done" });
  }
  const gone = await newCountedTenant(5);
  await requestRecount(databases.bindings, gone.actor, 5);
  await gone.query("UPDATE tenants SET erasing_at_ms = 1 WHERE tenant_id = ?");
  await runOnce();
  await expect(recountOf(gone.tenantId)).rejects.toMatchObject({ code: "TENANT_ERASING" });
  const { results } = await gone.query("SELECT cursor FROM recounts WHERE tenant_id = ?");
  expect(results).toEqual([{ cursor: "" }]);
});
