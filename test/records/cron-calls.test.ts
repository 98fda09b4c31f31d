import { expect, test } from "vitest";
import { reannounceUnanswered } from "../../worker/services/announce.ts";
import { CALLS, SUBREQUESTS } from "../../worker/services/call-shares.ts";
import type { Removal } from "../../worker/services/purge.ts";
import { purgeDue } from "../../worker/services/purge.ts";
import { sweepReservations } from "../../worker/services/reservations.ts";
import { useDatabases } from "./support/databases.ts";
import { newQuotaTenant, RULES } from "./support/quota-tenant.ts";

/** The last step of an erasure, which may go over what erasures were given; and finding out what there is to do. */
const BESIDES = 200 + 20;

const databases = useDatabases("DB_2");

test("what one run of the cron may call is within what a Worker may", () => {
  const all = Object.values(CALLS).reduce((sum, calls) => sum + calls, 0);
  expect(all + BESIDES).toBeLessThanOrEqual(SUBREQUESTS);
});

test("a purge takes on what its calls suffice for over all databases, and the next one the rest", async () => {
  const env = { ...databases.bindings, TENANT_BUCKETS: "DB=0-254,DB_2=255-255" };
  const tenants = Array.from({ length: 5 }, () => newQuotaTenant(databases.bindings));
  for (const tenant of tenants) await tenant.create(10);
  await env.DB.prepare("UPDATE files SET deleted_at_ms = 1, deleted_by = 'ann', purge_at_ms = 2").run();
  let calls = 0;
  const count = <T>(answer: T): Promise<T> => {
    calls += 1;
    return Promise.resolve(answer);
  };
  const removal: Removal = {
    objects: {
      list: () => count({ keys: ["a"], sizes: [1], isAll: true }),
      remove: () => count(undefined),
    },
    endUpload: () => count(undefined),
  };
  const leftAfterRun = async () => {
    await purgeDue(env, removal, RULES.nowMs, 24);
    const { results } = await env.DB.prepare("SELECT id FROM files").all();
    return results.length;
  };
  expect(await leftAfterRun()).toBe(3);
  // For each of the two: what is stored was listed and removed, and the upload ended.
  expect(calls).toBe(6);
  expect(await leftAfterRun()).toBe(1);
  expect(await leftAfterRun()).toBe(0);
});

/** A database of which every call fails. */
function brokenDatabase(): D1Database {
  const fail = () => Promise.reject(new Error("It is down."));
  const statement: object = { bind: () => statement, first: fail, run: fail, all: fail, raw: fail };
  return { prepare: () => statement, batch: fail, exec: fail } as unknown as D1Database;
}

test("a database that is down keeps nothing from being done in the one behind it", async () => {
  const env = { ...databases.bindings, TENANT_BUCKETS: "DB_2=0-255" };
  const { DB_2: db } = databases.bindings;
  if (db === undefined) throw new Error("It wasn't bound.");
  const tenant = newQuotaTenant(env);
  const { fileId: trashed } = await tenant.create(10);
  const { fileId: waiting } = await tenant.create(10);
  // Nothing of a third ever comes.
  await tenant.create(10);
  await db
    .prepare("UPDATE files SET deleted_at_ms = 1, deleted_by = 'ann', purge_at_ms = 2 WHERE id = ?")
    .bind(trashed)
    .run();
  const stored = "state = 'quarantined', object_key = 'k', etag = 'e', size_bytes = 10, announced_at_ms = 1";
  await db.prepare(`UPDATE file_versions SET ${stored} WHERE file_id = ?`).bind(waiting).run();
  const down = { ...env, DB: brokenDatabase() };
  const objects = { list: async () => ({ keys: [], sizes: [], isAll: true }), remove: async () => {} };
  await purgeDue(down, { objects, endUpload: async () => {} }, RULES.nowMs, 1_000);
  const announced: string[] = [];
  const announce = async ({ fileId }: { fileId: string }) => void announced.push(fileId);
  await reannounceUnanswered(down, announce, { afterSeconds: 0, nowMs: RULES.nowMs, calls: 1_000 });
  expect(announced).toEqual([waiting]);
  expect(
    await sweepReservations(down, async () => false, RULES.nowMs + 24 * 3_600_000, 1_000),
  ).toBeGreaterThan(0);
  const { results } = await db
    .prepare("SELECT id FROM files WHERE tenant_id = ?")
    .bind(tenant.tenantId)
    .all();
  expect(results).toEqual([{ id: waiting }]);
});
