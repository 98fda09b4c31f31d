import { sql } from "drizzle-orm";
import { expect, onTestFinished, test, vi } from "vitest";
import { newFileId, UserId } from "#contract/ids.ts";
import { guardD1 } from "../../worker/db/d1-guard.ts";
import { databaseFor, replicaFor } from "../../worker/db/database.ts";
import { erasures } from "../../worker/db/schema/erasures.ts";
import { deleteShare, findSharesOfFile } from "../../worker/db/shares.ts";
import { findTenant } from "../../worker/db/tenants.ts";
import { newTenantId, useDatabases } from "./support/databases.ts";
import { faultyDatabase } from "./support/faults.ts";

const databases = useDatabases();

test("a silent database isn't waited for by everybody: one call tries again after a while, and an answer is heard", async () => {
  const { binding, fallSilent, attempt } = faultyDatabase(databases.bindings.DB);
  const restMs = 200;
  const guarded = guardD1(binding, { deadlineMs: 100, restMs });
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const ask = () => attempt(undefined, () => guarded.prepare("SELECT 1 AS one").first("one"));
  expect((await ask()).value).toBe(1);
  const speak = fallSilent();
  // What is asked in the same moment as an answer comes says nothing of silence.
  vi.setSystemTime(Date.now() + 1);
  const waited = await ask();
  expect(waited).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE" }, calls: 1 });
  expect(await ask()).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE" }, calls: 0 });
  vi.setSystemTime(Date.now() + restMs);
  expect((await ask()).calls).toBe(1);
  expect((await ask()).calls).toBe(0);
  speak();
  // What was asked and is answered late says that it is there again.
  await expect.poll(async () => (await ask()).value, { interval: 1 }).toBe(1);
  expect((await ask()).value).toBe(1);
});

/** All that a log could have of an error: its text, its trace, and those of what caused it. */
function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [String(error), error.stack, everythingOf(error.cause)].join("\n");
}

async function failureOf(query: PromiseLike<unknown>): Promise<string> {
  return query.then(
    () => {
      throw new Error("The query succeeded.");
    },
    (error: unknown) => everythingOf(error),
  );
}

test("what is said of a statement that failed has the statement in it and none of its parameters", async () => {
  const tenantId = newTenantId();
  const { bindings } = databases;
  const [db, replica] = [databaseFor(bindings, tenantId), replicaFor(bindings, tenantId)];
  const ref = { tenantId, fileId: newFileId(), userId: UserId.parse("mallory@crm.example") };
  const event = { actor: { tenantId, id: "ann", kind: "member", requestId: null }, atMs: 1 } as const;
  await db.run(sql`ALTER TABLE shares RENAME TO lost_shares`);
  await db.run(sql`ALTER TABLE tenants RENAME TO lost_tenants`);
  await db.run(sql`ALTER TABLE erasures RENAME TO lost_erasures`);
  const failures = [
    await failureOf(findSharesOfFile(db, ref, 1)),
    await failureOf(findSharesOfFile(replica, ref, 1)),
    await failureOf(findTenant(db, tenantId)),
    await failureOf(deleteShare(db, ref, { ...event, action: "share.removed" })),
    await failureOf(db.all(sql`SELECT user_id FROM shares WHERE tenant_id = ${tenantId}`)),
    await failureOf(db.get(sql`SELECT user_id FROM shares WHERE tenant_id = ${tenantId}`)),
    await failureOf(db.run(sql`DELETE FROM shares WHERE user_id = ${ref.userId}`)),
    await failureOf(db.values(sql`SELECT user_id FROM shares WHERE tenant_id = ${tenantId}`)),
    await failureOf(
      db.insert(erasures).values({
        ...{ tenantId, id: "x" as never, requestedBy: ref.userId, reason: "because of mallory" },
        ...{ startedAtMs: 1, digest: "" },
      }),
    ),
  ];
  for (const failure of failures) {
    expect(failure).toMatch(/no such table/);
    for (const secret of [tenantId, ref.fileId, ref.userId, "mallory"]) expect(failure).not.toContain(secret);
  }
  expect(failures[0]).toContain("Failed query: select");
});
