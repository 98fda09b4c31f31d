import { expect, test } from "vitest";
import { verifyProof } from "#contract/erasures.ts";
import type { TenantId } from "#contract/ids.ts";
import { tenantPrefix } from "#contract/keys.ts";
import { databaseFor } from "../../worker/db/database.ts";
import { tenants } from "../../worker/db/schema/tenants.ts";
import { driveErasures } from "../../worker/services/cron/erasures.ts";
import { formatErasure, requestErasure, requireErasure } from "../../worker/services/erasure-requests.ts";
import { driveErasureOf } from "../../worker/services/erasure.ts";
import { newBudget } from "./support/cron-budget.ts";
import { newTenantId, useDatabases } from "./support/databases.ts";
import { newQuotaTenant } from "./support/quota-tenant.ts";

const databases = useDatabases();

const OLD_KEY = { kid: "old", secret: "o".repeat(40) };
const NEW_KEY = { kid: "new", secret: "n".repeat(40) };

/** A tenant of whom there is nothing left to remove. */
async function eraseNothing(signingKeys: readonly (typeof OLD_KEY)[], reason: string | undefined) {
  const { bindings } = databases;
  const tenantId = newTenantId();
  await databaseFor(bindings, tenantId).insert(tenants).values({ tenantId, createdAtMs: 1 });
  const actor = { tenantId, id: "boss", kind: "admin", requestId: null } as const;
  const begun = await requestErasure(bindings, actor, { confirm: tenantId, reason }, Date.now());
  const means = {
    objects: { list: async () => ({ keys: [], sizes: [] }), remove: async () => {} },
    eraseUpload: async () => {},
    settleMs: 0,
    signingKeys,
  };
  await driveErasureOf(bindings, begun, means as never, Date.now());
  return () => requireErasure(bindings, tenantId, begun.id).then((row) => formatErasure(row, 0));
}

test("a proof is signed when the erasure is finished, and by no later key", async () => {
  const read = await eraseNothing([OLD_KEY], "the contract ended");
  const proof = await read();
  expect(proof).toMatchObject({ kid: "old", finishedAt: expect.any(String) });
  expect(await read()).toEqual(proof);
  expect(await verifyProof(proof, [NEW_KEY, OLD_KEY])).toBe(true);
  expect(await verifyProof(proof, [NEW_KEY])).toBe(false);
});

test.each([
  ["another", "the contract ended", "they asked for it"],
  ["none", "the contract ended", null],
  ["some where there was none", undefined, "the contract ended"],
  ["what looks like none", undefined, "null"],
  ["a line more", "a", "a\nb"],
] as const)("the reason is a part of what is signed: %s is found out", async (_what, reason, other) => {
  const proof = await (await eraseNothing([OLD_KEY], reason))();
  expect(proof.reason).toBe(reason ?? null);
  expect(await verifyProof(proof, [OLD_KEY])).toBe(true);
  expect(await verifyProof({ ...proof, reason: other }, [OLD_KEY])).toBe(false);
});

/** Makes so many versions more of each of a tenant's files, like those that they have. */
async function multiplyVersions(tenantId: TenantId, count: number): Promise<void> {
  const { DB } = databases.bindings;
  const [row = {}] = (await DB.prepare("SELECT * FROM file_versions LIMIT 1").all()).results;
  const columns = Object.keys(row).map((name) => `"${name}"`);
  const selected = columns.map((name) => (name === '"version"' ? "number.value" : `v.${name}`));
  const numbers = JSON.stringify(Array.from({ length: count }, (_, index) => index + 2));
  await DB.prepare(
    `INSERT INTO file_versions (${columns.join()}) SELECT ${selected.join()}
     FROM file_versions AS v, json_each(?) AS number WHERE v.tenant_id = ?`,
  )
    .bind(numbers, tenantId)
    .run();
}

test("files with very many versions are erased in steps, and all of them are counted", async () => {
  const tenant = newQuotaTenant(databases.bindings);
  for (let file = 0; file < 4; file += 1) await tenant.create(10);
  await multiplyVersions(tenant.tenantId, 399);
  let underWay = 0;
  let most = 0;
  const means = {
    objects: { list: async () => ({ keys: [], sizes: [] }), remove: async () => {} },
    async eraseUpload() {
      underWay += 1;
      most = Math.max(most, underWay);
      await Promise.resolve();
      underWay -= 1;
    },
    settleMs: 0,
    signingKeys: [OLD_KEY],
  };
  const actor = { tenantId: tenant.tenantId, id: "boss", kind: "admin", requestId: null } as const;
  const confirm = { confirm: tenant.tenantId, reason: undefined };
  const { id } = await requestErasure(databases.bindings, actor, confirm, Date.now());
  const read = () => requireErasure(databases.bindings, tenant.tenantId, id);
  for (let run = 1; run <= 3; run += 1) {
    await driveErasureOf(databases.bindings, await read(), means as never, Date.now());
  }
  expect(await read()).toMatchObject({ files: 4, versions: 1_600, finishedAtMs: expect.any(Number) });
  expect(most).toBe(150);
});

test("erasures that wait for copies keep none behind them from being finished, nor from looking for what lands late", async () => {
  const { bindings } = databases;
  const begin = (tenantId: TenantId, atMs: number) => {
    const actor = { tenantId, id: "boss", kind: "admin", requestId: null } as const;
    return requestErasure(bindings, actor, { confirm: tenantId, reason: undefined }, atMs);
  };
  const owed: TenantId[] = [];
  for (let index = 0; index < 5; index += 1) {
    const tenantId = newTenantId();
    owed.push(tenantId);
    await databaseFor(bindings, tenantId).insert(tenants).values({ tenantId, createdAtMs: 1 });
    await bindings.DB.prepare(
      `INSERT INTO replica_removals (tenant_id, file_id, version, target, object_key, since_ms, settle_at_ms, next_at_ms)
       VALUES (?, 'f', 1, 'gone', 'k', 1, 1, 1)`,
    )
      .bind(tenantId)
      .run();
    await begin(tenantId, 1_000 + index);
  }
  const { tenantId, create } = newQuotaTenant(bindings);
  await create(10);
  const { id } = await begin(tenantId, 5_000);
  const listed = new Set<string>();
  const objects = {
    async list(prefix: string) {
      listed.add(prefix);
      return { keys: [], sizes: [], isAll: true };
    },
    remove: async () => {},
  };
  const means = { objects, eraseUpload: async () => {}, settleMs: 0, signingKeys: [OLD_KEY] };
  // To find them, and for four steps: fewer than there are erasures.
  const run = (minute: number) => driveErasures(bindings, means, minute * 60_000, newBudget({ queries: 20 }));
  for (let minute = 1; minute <= 4; minute += 1) await run(minute);
  expect(await requireErasure(bindings, tenantId, id)).toMatchObject({
    files: 1,
    finishedAtMs: expect.any(Number),
  });
  listed.clear();
  for (let minute = 5; minute <= 6; minute += 1) await run(minute);
  expect(listed).toEqual(new Set(owed.map((owing) => tenantPrefix(owing))));
  await bindings.DB.prepare("DELETE FROM replica_removals").run();
  for (let minute = 7; minute <= 9; minute += 1) await run(minute);
  const { results } = await bindings.DB.prepare("SELECT id FROM erasures WHERE finished_at_ms IS NULL").all();
  expect(results).toEqual([]);
});
