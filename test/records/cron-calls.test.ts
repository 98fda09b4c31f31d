import { expect, test } from "vitest";
import { CALLS, SUBREQUESTS } from "../../worker/services/call-shares.ts";
import type { Removal } from "../../worker/services/purge.ts";
import { purgeDue } from "../../worker/services/purge.ts";
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
