import { describe, expect, test } from "vitest";
import type { Erasure } from "#contract/erasures.ts";
import { nextDigest } from "#contract/erasures.ts";
import { newAdmin, PATIENCE_MS } from "../support/admin.ts";
import { newCaller, uploadFile } from "../support/api.ts";
import type { Filled } from "../support/erasures.ts";
import {
  begin,
  expectedDigest,
  expectProven,
  expectSwept,
  fillTenant,
  getErasure,
  later,
  requestErasure,
  useErasureStack,
} from "../support/erasures.ts";
import type { Fault, Operation } from "../support/faulty/faults.ts";
import { rows, runs, someCalls } from "../support/runs.ts";
import { addRowsAbout } from "../support/tenant-rows.ts";

const stack = useErasureStack();

const FAIL: Fault = { kind: "fail" };
const LOSE: Fault = { kind: "lose-answer" };
const NONE: Fault = { kind: "none" };

describe("a store that fails is asked again, and nothing counts twice", () => {
  const FAULTS = rows<readonly [Operation, readonly Fault[]]>(
    [
      ["list", [LOSE]],
      ["list", [NONE, FAIL]],
      ["delete", [LOSE, FAIL, LOSE]],
    ],
    [
      ["list", [FAIL]],
      ["delete", [FAIL]],
      ["delete", [LOSE]],
    ],
  );
  test.each(FAULTS)("%s %j", async (operation, faults) => {
    const filled = await fillTenant(stack);
    await stack.control({ plan: { operation, faults } });
    const { id } = await begin(filled);
    await expectSwept(stack, filled);
    await expectProven(stack, filled, id);
  });
});

/** A tenant with less of everything, for tests that make many. */
async function fillSmallTenant(): Promise<Filled> {
  const ann = await newCaller({ stack });
  const stored = await uploadFile(ann, Buffer.from("one"));
  await addRowsAbout(stack.database, ann.tenantId, stored);
  return {
    ann,
    admin: await newAdmin(ann.tenantId, stack),
    locations: [],
    files: [stored],
    keys: await stack.listKeys(`t/${ann.tenantId}/`),
  };
}

const KINDS = ["fail", "lose-answer"] as const;

/** At which call a database fails, and how: in one way in turn, in `npm run test:long` at each call in every way. */
function failuresAt(calls: readonly number[]) {
  return calls.flatMap((atCall, index) => {
    const kinds = runs(0, 1) === 1 ? KINDS : KINDS.slice(index % 2).slice(0, 1);
    return kinds.map((kind) => ({ atCall, kind }));
  });
}

/** Begins an erasure whose own first run fails at once, so that the cron's runs are the only ones. */
async function beginQuietly(filled: Filled): Promise<Erasure> {
  await stack.control({ database: { kind: "fail", atCall: 2 } });
  const erasure = await begin(filled);
  await expect
    .poll(async () => (await stack.control({})).databaseCalls, { timeout: PATIENCE_MS })
    .toBeGreaterThanOrEqual(2);
  return erasure;
}

/** Calls to the database of one run that finds all that there is. */
async function callsOfARun(): Promise<number> {
  await beginQuietly(await fillSmallTenant());
  await stack.control({ database: null });
  await stack.runScheduled();
  return (await stack.control({})).databaseCalls;
}

test("a database that fails at any one of its calls is asked again, and nothing counts twice", async () => {
  const calls = await callsOfARun();
  // Some of them are the cron's other work.
  expect(calls).toBeGreaterThan(15);
  for (const { atCall, kind } of failuresAt(someCalls(calls, 4))) {
    const filled = await fillSmallTenant();
    const { id } = await beginQuietly(filled);
    await stack.control({ database: { kind, atCall } });
    await stack.runScheduled().catch(() => {});
    expect((await stack.control({ database: null })).databaseCalls, `${kind} at ${atCall}`).toBe(0);
    await stack.runScheduled();
    await expectProven(stack, filled, id);
  }
}, 300_000);

test("a database that fails as an erasure comes to its end does not make it end twice, or never", async () => {
  for (const { atCall, kind } of failuresAt(someCalls(13, 3))) {
    const filled = await fillSmallTenant();
    const { id } = await beginQuietly(filled);
    await stack.control({ database: null });
    await stack.runScheduled();
    await stack.control({ database: { kind, atCall } });
    await stack.runScheduled(later()).catch(() => {});
    await stack.control({ database: null });
    await expectProven(stack, filled, id);
  }
}, 300_000);

test("a request for an erasure whose answer is lost has begun it, and is answered when it is made again", async () => {
  const filled = await fillSmallTenant();
  await stack.control({ database: { kind: "lose-answer", atCall: 1 } });
  expect((await requestErasure(filled.admin, filled.admin.tenantId)).status).toBe(503);
  const { id } = await begin(filled);
  await expectProven(stack, filled, id);
});

/** A file's record and an object that come when all else is gone. */
async function landLate({ admin }: Filled): Promise<{ readonly file: string; readonly key: string }> {
  const file = "z".repeat(26);
  const key = `t/${admin.tenantId}/${file}/1/original-1`;
  await stack.database
    .prepare(
      `INSERT INTO files (tenant_id, id, owner_id, filename, current_version, created_at_ms, updated_at_ms)
       VALUES (?, ?, 'ann', 'late', 1, 1, 1)`,
    )
    .bind(admin.tenantId, file)
    .run();
  await stack.putObject(key, "late");
  return { file, key };
}

test("a run that another has overtaken, at whatever call, changes and counts nothing of its own", async () => {
  const calls = await callsOfARun();
  for (const atCall of someCalls(calls, 5)) {
    const filled = await fillSmallTenant();
    const { id } = await beginQuietly(filled);
    await stack.control({ database: { kind: "hold", atCall } });
    const overtaken = stack.runScheduled();
    await expect
      .poll(async () => (await stack.control({})).databaseCalls, { interval: 5, timeout: PATIENCE_MS })
      .toBeGreaterThanOrEqual(atCall);
    await stack.runScheduled();
    const landed = await landLate(filled);
    await stack.control({ database: null });
    await overtaken;
    await stack.runScheduled(later());
    await expect
      .poll(
        async () => {
          await stack.runScheduled(later(2));
          return (await getErasure(filled.admin, id)).finishedAt;
        },
        { timeout: PATIENCE_MS },
      )
      .not.toBeNull();
    const proof = await getErasure(filled.admin, id);
    const first = await expectedDigest(proof, filled);
    // A run that was past the files finds the object first.
    const late = [`file ${landed.file}`, `object ${landed.key}`] as const;
    const digests = [await nextDigest(first, late), await nextDigest(first, late.toReversed())];
    expect(proof, `held at ${atCall}`).toMatchObject({ files: 2, versions: 1, objects: 2 });
    expect(digests, `held at ${atCall}`).toContain(proof.digest);
  }
}, 300_000);
