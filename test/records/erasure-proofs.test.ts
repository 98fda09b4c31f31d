import { expect, test } from "vitest";
import { verifyProof } from "#contract/erasures.ts";
import type { TenantId } from "#contract/ids.ts";
import { databaseFor } from "../../worker/db/database.ts";
import { tenants } from "../../worker/db/schema/tenants.ts";
import { formatErasure, requestErasure, requireErasure } from "../../worker/services/erasure-requests.ts";
import { driveErasureOf } from "../../worker/services/erasure.ts";
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
