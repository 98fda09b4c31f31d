import { expect, test } from "vitest";
import { claimKey, settleKey } from "../../worker/services/idempotency.ts";
import { newTenantId, useDatabases } from "./support/databases.ts";

const databases = useDatabases();
const NOW = 1_700_000_000_000;
const DAY_MS = 24 * 3_600_000;
const LEASE_MS = 60_000;

function requestOf(keyHash: string, fingerprint = "f") {
  return { tenantId, keyHash, fingerprint, leaseMs: LEASE_MS };
}

const tenantId = newTenantId();

async function take(keyHash: string, nowMs: number): Promise<number> {
  const claim = await claimKey(databases.bindings, requestOf(keyHash), nowMs);
  if (!("takenId" in claim)) throw new Error("It was answered before.");
  return claim.takenId;
}

async function countRows(): Promise<unknown> {
  return databases.bindings.DB.prepare("SELECT count(*) AS n FROM idempotency_keys").first("n");
}

test("an answer is kept for a day, and a request that nobody answered holds its key for its lease", async () => {
  const env = databases.bindings;
  const taken = await take("a", NOW);
  await expect(claimKey(env, requestOf("a"), NOW + LEASE_MS - 1)).rejects.toMatchObject({
    code: "IDEMPOTENCY_KEY_IN_USE",
  });
  await settleKey(env, requestOf("a"), taken, "answer");
  expect(await claimKey(env, requestOf("a"), NOW + DAY_MS - 1)).toEqual({ answer: "answer" });
  await expect(claimKey(env, requestOf("a", "another"), NOW + DAY_MS - 1)).rejects.toMatchObject({
    code: "IDEMPOTENCY_KEY_REUSED",
  });

  const abandoned = await take("b", NOW);
  const again = await take("b", NOW + LEASE_MS);
  // Who comes late changes nothing of the one that took it over.
  await settleKey(env, requestOf("b"), again, "second");
  await settleKey(env, requestOf("b"), abandoned, "late");
  expect(await claimKey(env, requestOf("b"), NOW + LEASE_MS)).toEqual({ answer: "second" });
});

test("what is older than a day goes as others come", async () => {
  for (const key of ["c", "d", "e", "f"]) await take(key, NOW);
  await take("a", NOW + DAY_MS);
  for (const key of ["g", "h", "i"]) await take(key, NOW + 2 * DAY_MS);
  expect(await countRows()).toBe(3);
});
