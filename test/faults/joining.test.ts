import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { metadataHeader, newCaller, readProblem, TUS } from "../support/api.ts";
import { postFinal, uploadPartial } from "../support/concatenation.ts";
import type { Change } from "../support/faulty/faults.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";

/** No less than what a record counts. */
const TEXTS = ["abc".repeat(2_000), "defg".repeat(2_000)] as const;
const WHOLE_BYTES = TEXTS.join("").length;

const stack = useFaultyStack();

function join(caller: Caller, partials: readonly string[], filename = "notes.txt"): Promise<Response> {
  return postFinal(caller, partials, { "upload-metadata": metadataHeader({ filename }) });
}

/** What a tenant has, in its records and in the bucket. */
interface Holdings {
  readonly versions: number;
  readonly uploading: number;
  readonly objects: number;
  readonly storedBytes: number;
  readonly usedBytes: number;
}

async function holdingsOf({ tenantId }: Caller): Promise<Holdings> {
  const [row] = await stack.query(
    `SELECT reserved_bytes + files_bytes + versions_bytes + trash_bytes AS usedBytes,
      (SELECT count(*) FROM file_versions AS v WHERE v.tenant_id = t.tenant_id) AS versions,
      (SELECT count(*) FROM file_versions AS v WHERE v.tenant_id = t.tenant_id AND state = 'uploading') AS uploading
      FROM tenants AS t WHERE tenant_id = ?`,
    tenantId,
  );
  const keys = await stack.listKeys(`t/${tenantId}/`);
  const objects = await Promise.all(keys.map((key) => stack.readObject(key)));
  const storedBytes = objects.reduce((sum, bytes) => sum + (bytes?.byteLength ?? 0), 0);
  const counts = row as { usedBytes: number; versions: number; uploading: number };
  return { ...counts, objects: keys.length, storedBytes };
}

/** The cron as it is when everything that was begun could be over. */
async function sweep({ tenantId }: Caller): Promise<void> {
  await stack.query("UPDATE quota_reservations SET check_at_ms = 0 WHERE tenant_id = ?", tenantId);
  await stack.runScheduled();
}

const COUNTED = { uploading: 0, storedBytes: WHOLE_BYTES, usedBytes: WHOLE_BYTES };
const JOINED: Holdings = { ...COUNTED, versions: 1, objects: 1 };
const APART: Holdings = { ...COUNTED, versions: 0, objects: TEXTS.length };

/** By alarms and the cron alone. Where the partials are still there, they can be joined. */
async function expectSettled(caller: Caller, partials: readonly string[], what: string): Promise<Holdings> {
  const settle = async () => {
    await sweep(caller);
    return holdingsOf(caller);
  };
  const isSettled = expect.toBeOneOf([JOINED, APART]);
  await expect.poll(settle, { interval: 50, timeout: 20_000, message: what }).toEqual(isSettled);
  const settled = await holdingsOf(caller);
  if (settled.versions === 0) {
    expect((await join(caller, partials)).status, what).toBe(201);
    expect(await holdingsOf(caller), what).toEqual(JOINED);
  }
  return settled;
}

async function newPartials(): Promise<{ readonly caller: Caller; readonly partials: readonly string[] }> {
  const caller = await newCaller({ stack });
  const partials = [await uploadPartial(caller, TEXTS[0]), await uploadPartial(caller, TEXTS[1])];
  expect(await holdingsOf(caller)).toEqual(APART);
  return { caller, partials };
}

/** How many calls to the database a joining makes. */
async function callsOfJoining(change: Change): Promise<number> {
  const { caller, partials } = await newPartials();
  await stack.control({ ...change, database: null });
  await join(caller, partials);
  return (await stack.control({})).databaseCalls;
}

test("a joining whose answer from the database was lost can be tried again at once", async () => {
  const { caller, partials } = await newPartials();
  await stack.control({ database: { kind: "lose-answer", atCall: 1 } });
  expect((await join(caller, partials)).status).toBe(503);
  expect(await holdingsOf(caller)).toEqual(APART);
  expect((await join(caller, partials)).status).toBe(201);
  expect(await holdingsOf(caller)).toEqual(JOINED);
});

test("partials of a final that was made after its creation was given up are free when nobody waits for it", async () => {
  const { caller, partials } = await newPartials();
  // The first call asks for a final that is there, the second makes one; what would forget it fails.
  await stack.control({ database: { kind: "lose-answer", atCall: 2, failsAfter: true } });
  expect((await join(caller, partials)).status).toBe(503);
  await stack.control({ database: null });
  expect(await holdingsOf(caller)).toMatchObject({ versions: 1, uploading: 1 });
  // It may be on its way to its object.
  const tooSoon = await readProblem(await join(caller, partials));
  expect(tooSoon).toMatchObject({ status: 400, code: "UPLOAD_CONCAT_INVALID" });
  await stack.control({ clockAheadMs: 11_000 });
  expect((await join(caller, partials)).status).toBe(201);
  expect(await holdingsOf(caller)).toEqual(JOINED);
});

const UNREADABLE: Change = { plan: { operation: "get", faults: [{ kind: "fail" }] } };

test.each([
  ["is joined", {}, 3],
  ["can't be made", UNREADABLE, 2],
] as const)(
  "whichever call to the database fails as a final %s, all that is stored is counted in the end",
  async (_what, change, leastCalls) => {
    const calls = await callsOfJoining(change);
    expect(calls).toBeGreaterThanOrEqual(leastCalls);
    const outcomes = new Set<number>();
    for (let atCall = 1; atCall <= calls; atCall += 1) {
      for (const kind of ["fail", "lose-answer"] as const) {
        const { caller, partials } = await newPartials();
        await stack.control({ ...change, database: { kind, atCall } });
        await join(caller, partials);
        await stack.control({ reset: true, database: null });
        outcomes.add((await expectSettled(caller, partials, `${kind} at ${atCall}`)).versions);
      }
    }
    expect(outcomes).toContain(0);
  },
  180_000,
);

test.each(["fail", "lose-answer"] as const)(
  "partials that can't be removed from the bucket now (%s) are soon, and their final is whole",
  async (kind) => {
    const { caller, partials } = await newPartials();
    await stack.control({ plan: { operation: "delete", faults: [{ kind }, { kind }, { kind }] } });
    const answer = await join(caller, partials);
    expect(answer.status).toBe(201);
    const head = await caller.fetch(answer.headers.get("location") ?? "", { method: "HEAD", headers: TUS });
    expect(head.headers.get("upload-offset")).toBe(String(WHOLE_BYTES));
    await expect.poll(() => holdingsOf(caller), { interval: 50, timeout: 20_000 }).toEqual(JOINED);
    expect((await stack.control({})).sentJobs).toHaveLength(1);
  },
);

test("a partial of which the store sends less than it has is asked for again", async () => {
  const { caller, partials } = await newPartials();
  // The first read is for the first bytes' type.
  await stack.control({ plan: { operation: "get", faults: [{ kind: "none" }, { kind: "cut-short" }] } });
  expect((await join(caller, partials)).status).toBe(201);
  await expect.poll(() => holdingsOf(caller), { interval: 50, timeout: 20_000 }).toEqual(JOINED);
  const [key = ""] = await stack.listKeys(`t/${caller.tenantId}/`);
  expect((await stack.readObject(key))?.toString()).toBe(TEXTS.join(""));
});

test("a partial that is being joined can be terminated, and what its final may have of it stays counted", async () => {
  const { caller, partials } = await newPartials();
  // The first read is for the first bytes' type, the second copies the first partial, the third the other.
  const hold = [{ kind: "none" }, { kind: "none" }, { kind: "hold" }] as const;
  await stack.control({ plan: { operation: "get", faults: hold } });
  const joining = join(caller, partials);
  await expect.poll(async () => (await stack.control({})).held, { interval: 20, timeout: 10_000 }).toBe(1);
  const refused = await readProblem(await join(caller, partials, "other.txt"));
  expect(refused).toMatchObject({ status: 400, code: "UPLOAD_CONCAT_INVALID" });
  expect((await caller.fetch(partials[0] ?? "", { method: "DELETE", headers: TUS })).status).toBe(204);
  expect((await holdingsOf(caller)).usedBytes).toBe(WHOLE_BYTES);
  await stack.control({ release: true });
  await joining;
  // It has to begin again, and finds that one of them is gone.
  const left = {
    versions: 0,
    uploading: 0,
    objects: 1,
    storedBytes: TEXTS[1].length,
    usedBytes: TEXTS[1].length,
  };
  await expect.poll(() => holdingsOf(caller), { interval: 50, timeout: 20_000 }).toEqual(left);
});

/** Joins partials, and resolves when the final's bytes are about to be put into the bucket, under this id. */
async function joinUntilPut(caller: Caller, partials: readonly string[], filename?: string) {
  const before = (await stack.control({ plan: { operation: "put", faults: [{ kind: "hold" }] } })).held;
  const joining = join(caller, partials, filename);
  const heldNow = async () => (await stack.control({})).held;
  await expect.poll(heldNow, { interval: 20, timeout: 10_000 }).toBe(before + 1);
  const call = (await stack.control({})).calls.findLast(({ isHeld }) => isHeld);
  if (call === undefined) throw new Error("Nothing is held.");
  return { joining, fileId: call.fileId, release: () => stack.control({ release: [call.id] }) };
}

/** What a purge leaves of the rows of a file. */
async function eraseRows({ tenantId }: Caller, fileId: string): Promise<void> {
  await stack.eraseRecord(fileId);
  await stack.query("DELETE FROM quota_reservations WHERE tenant_id = ? AND file_id = ?", tenantId, fileId);
}

test("a final whose file was purged before it was heard that it is recorded takes its partials with it", async () => {
  const { caller, partials } = await newPartials();
  const { joining, fileId, release } = await joinUntilPut(caller, partials);
  await stack.control({ database: { kind: "lose-answer", atCall: "every" } });
  await release();
  expect((await joining).status).toBe(201);
  expect(await holdingsOf(caller)).toMatchObject({ versions: 1, uploading: 0, usedBytes: WHOLE_BYTES });
  await eraseRows(caller, fileId);
  await stack.control({ database: null });
  const nothing: Holdings = { versions: 0, uploading: 0, objects: 0, storedBytes: 0, usedBytes: 0 };
  await expect.poll(() => holdingsOf(caller), { interval: 50, timeout: 20_000 }).toEqual(nothing);
});

test("a final whose file was purged before it was recorded leaves its partials to another", async () => {
  const { caller, partials } = await newPartials();
  const first = await joinUntilPut(caller, partials);
  await eraseRows(caller, first.fileId);
  const second = await joinUntilPut(caller, partials);
  await first.release();
  expect((await first.joining).status).toBe(404);
  for (const partial of partials) {
    expect((await caller.fetch(partial, { method: "HEAD", headers: TUS })).status).toBe(200);
  }
  await second.release();
  expect((await second.joining).status).toBe(201);
  expect(await holdingsOf(caller)).toEqual(JOINED);
});

test("a final that is asked for again while it is copied is told of, and made once", async () => {
  const { caller, partials } = await newPartials();
  const { joining, fileId, release } = await joinUntilPut(caller, partials);
  const again = await join(caller, partials);
  expect(again.status).toBe(201);
  expect(again.headers.get("location")).toBe(`/v1/uploads/${fileId}`);
  await release();
  expect((await joining).headers.get("location")).toBe(`/v1/uploads/${fileId}`);
  expect(await holdingsOf(caller)).toEqual(JOINED);
});

test("one that came to nothing is made anew when it is asked for again", async () => {
  const { caller, partials } = await newPartials();
  const first = await joinUntilPut(caller, partials);
  await eraseRows(caller, first.fileId);
  await first.release();
  expect((await first.joining).status).toBe(404);
  expect((await join(caller, partials)).status).toBe(201);
  expect(await holdingsOf(caller)).toEqual(JOINED);
});

test("a final that came to nothing and copies again leaves the one after it known to their partials", async () => {
  const { caller, partials } = await newPartials();
  const hold = [{ kind: "none" }, { kind: "none" }, { kind: "hold" }] as const;
  await stack.control({ plan: { operation: "get", faults: hold } });
  const doomed = join(caller, partials);
  await expect.poll(async () => (await stack.control({})).held, { interval: 20, timeout: 10_000 }).toBe(1);
  const [file] = await stack.query("SELECT id FROM files WHERE tenant_id = ?", caller.tenantId);
  const doomedId = String(file?.["id"]);
  await eraseRows(caller, doomedId);
  const next = await joinUntilPut(caller, partials);
  const { calls } = await stack.control({
    plan: { operation: "put", faults: [{ kind: "fail" }], fileId: doomedId },
  });
  await stack.control({ release: calls.filter(({ operation }) => operation === "get").map(({ id }) => id) });
  const location = (await doomed).headers.get("location") ?? "";
  const statusOf = async () => (await caller.fetch(location, { method: "HEAD", headers: TUS })).status;
  await expect.poll(statusOf, { interval: 50, timeout: 20_000 }).toBe(404);
  const again = await join(caller, partials);
  expect(again.status).toBe(201);
  expect(again.headers.get("location")).toBe(`/v1/uploads/${next.fileId}`);
  await next.release();
  expect((await next.joining).status).toBe(201);
  expect(await holdingsOf(caller)).toEqual(JOINED);
});
