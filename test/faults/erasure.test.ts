import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Erasure } from "#contract/erasures.ts";
import { firstDigest, nextDigest, verifyProof } from "#contract/erasures.ts";
import { newAdmin, newOperator, PATIENCE_MS, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import { append, createUpload, fileIdOf, newCaller, readProblem, TUS, uploadFile } from "../support/api.ts";
import type { Fault, Operation } from "../support/faulty/faults.ts";
import type { FaultyStack } from "../support/faulty/stack.ts";
import { startFaultyStack } from "../support/faulty/stack.ts";
import { addRowsAbout, countTenantRows, TENANT_TABLES } from "../support/tenant-rows.ts";

const SETTLE_SECONDS = 60;
const PART = 5 * 1024 * 1024;

let stack: FaultyStack;
beforeAll(async () => {
  stack = await startFaultyStack({
    OPERATOR_TENANT: "operator",
    ERASURE_SETTLE_SECONDS: String(SETTLE_SECONDS),
  });
});
afterAll(() => stack.stop());
beforeEach(() => stack.control({ reset: true }));

interface Filled {
  readonly ann: Caller;
  readonly admin: Caller;
  /** Every upload, those under way too. */
  readonly locations: readonly string[];
  /** What a proof has to be about: the ids of files and the keys of objects, each in their order. */
  readonly files: readonly string[];
  readonly keys: readonly string[];
}

async function partialUpload(caller: Caller, bytes: string): Promise<string> {
  const headers = { ...TUS, "upload-concat": "partial", "upload-length": String(bytes.length) };
  const location = (await caller.fetch("/v1/uploads", { method: "POST", headers })).headers.get("location");
  if (location === null) throw new Error("The partial upload wasn't begun.");
  await append(caller, location, 0, bytes);
  return location;
}

/** What holds room for a partial upload, which has no record. */
async function reserve(tenantId: string, fileId: string): Promise<void> {
  const row = "INSERT INTO quota_reservations VALUES (?, ?, 1, 4, 0, 0, NULL, NULL) ON CONFLICT DO NOTHING";
  await stack.database.prepare(row).bind(tenantId, fileId).run();
}

/** A tenant with stored files, rows of every kind, an upload under way and a partial one. */
async function fillTenant(): Promise<Filled> {
  const ann = await newCaller({ stack });
  const metadata = { filename: "notes.txt", tags: "a,b" };
  const stored = [
    await uploadFile(ann, Buffer.from("one"), metadata),
    await uploadFile(ann, Buffer.from("two"), metadata),
  ];
  const open = await createUpload(ann, 100);
  await append(ann, open, 0, "some");
  const partial = await partialUpload(ann, "part");
  for (const fileId of stored) await addRowsAbout(stack.database, ann.tenantId, fileId);
  await reserve(ann.tenantId, fileIdOf(partial));
  return {
    ann,
    admin: await newAdmin(ann.tenantId, stack),
    locations: [...stored.map((id) => `/v1/uploads/${id}`), open, partial],
    files: [...stored, fileIdOf(open)].sort(),
    keys: await stack.listKeys(`t/${ann.tenantId}/`),
  };
}

function requestErasure(caller: Caller, tenantId: string, body: object = {}): Promise<Response> {
  return sendJson(caller, "POST", `/v1/admin/tenants/${tenantId}/erasure`, { confirm: tenantId, ...body });
}

async function getErasure(caller: Caller, id: string): Promise<Erasure> {
  const answer = await caller.fetch(`/v1/admin/erasures/${id}`);
  if (answer.status !== 200) throw new Error(`The erasure answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Erasure;
}

async function begin({ admin }: Filled): Promise<Erasure> {
  const answer = await requestErasure(admin, admin.tenantId);
  expect(answer.status).toBe(202);
  return (await answer.json()) as Erasure;
}

const NOTHING = Object.fromEntries(TENANT_TABLES.map((table) => [table, 0]));

/** Runs the cron as often as it takes to come to the first end: all is gone but the tenant's own row. */
async function expectSwept({ admin }: Filled): Promise<void> {
  const swept = { ...NOTHING, tenants: 1 };
  await expect
    .poll(
      async () => {
        await stack.runScheduled();
        return countTenantRows(stack.database, admin.tenantId);
      },
      { timeout: PATIENCE_MS },
    )
    .toEqual(swept);
  await expect
    .poll(
      async () => {
        await stack.runScheduled();
        return stack.listKeys(`t/${admin.tenantId}/`);
      },
      { timeout: PATIENCE_MS },
    )
    .toEqual([]);
}

/** As much later as it takes for what lands late to have landed. */
function later(times = 1): number {
  return Date.now() + times * (SETTLE_SECONDS + 5) * 1000;
}

async function expectedDigest({ tenantId, id }: Erasure, filled: Pick<Filled, "files" | "keys">) {
  return nextDigest(await firstDigest(tenantId, id), [
    ...filled.files.map((file) => `file ${file}` as const),
    ...filled.keys.map((key) => `object ${key}` as const),
  ]);
}

async function expectProven(filled: Filled, id: string): Promise<Erasure> {
  await expect
    .poll(
      async () => {
        await stack.runScheduled(later());
        return (await getErasure(filled.admin, id)).finishedAt;
      },
      { timeout: PATIENCE_MS },
    )
    .not.toBeNull();
  const proof = await getErasure(filled.admin, id);
  expect(await countTenantRows(stack.database, filled.admin.tenantId)).toEqual(NOTHING);
  expect(await stack.listKeys(`t/${filled.admin.tenantId}/`)).toEqual([]);
  expect(proof).toMatchObject({
    files: filled.files.length,
    versions: filled.files.length,
    objects: filled.keys.length,
    digest: await expectedDigest(proof, filled),
  });
  return proof;
}

test("all that a tenant had is removed, and that is proven; another's is left alone", async () => {
  const [filled, other] = [await fillTenant(), await fillTenant()];
  const { admin, ann } = filled;
  const before = await countTenantRows(stack.database, admin.tenantId);
  for (const table of TENANT_TABLES) expect(before[table], table).toBeGreaterThan(0);
  expect(filled.keys).toHaveLength(3);
  const others = await countTenantRows(stack.database, other.admin.tenantId);

  const begun = await begin(filled);
  expect(begun).toMatchObject({
    tenantId: admin.tenantId,
    requestedBy: "boss",
    reason: null,
    finishedAt: null,
    signature: null,
    kid: null,
  });
  await expectSwept(filled);
  // What lands late is waited for.
  await stack.runScheduled();
  expect(await getErasure(admin, begun.id)).toMatchObject({ finishedAt: null, signature: null });
  const proof = await expectProven(filled, begun.id);
  expect(proof.bytes).toBe("one".length + "two".length + "part".length);

  const keys = [{ kid: "test", secret: "fault-tests-fault-tests-fault-tests-fault-tests" }];
  expect(await verifyProof(proof, keys)).toBe(true);
  for (const change of [{ files: 2 }, { bytes: 1 }, { digest: begun.digest }, { requestedBy: "ann" }]) {
    expect(await verifyProof({ ...proof, ...change }, keys), JSON.stringify(change)).toBe(false);
  }
  expect(await verifyProof(proof, [{ kid: "test", secret: "x".repeat(40) }])).toBe(false);
  expect(await verifyProof(proof, [{ kid: "other", secret: keys[0]?.secret ?? "" }])).toBe(false);

  for (const location of filled.locations) {
    expect((await ann.fetch(location, { method: "HEAD", headers: TUS })).status).toBe(404);
  }
  expect(await countTenantRows(stack.database, other.admin.tenantId)).toEqual(others);
  expect(await stack.listKeys(`t/${other.admin.tenantId}/`)).toEqual(other.keys);
  for (const location of other.locations.slice(2)) {
    expect((await other.ann.fetch(location, { method: "HEAD", headers: TUS })).status).toBe(200);
  }
});

test("parts of an upload under way go with it", async () => {
  const ann = await newCaller({ stack });
  const location = await createUpload(ann, 3 * PART);
  await append(ann, location, 0, Buffer.alloc(PART, "text "));
  const inspect = { tenantId: ann.tenantId, fileId: fileIdOf(location) };
  const { rows } = await stack.control({ inspect });
  expect(rows?.multipart).not.toBeNull();
  const filled: Filled = {
    ...{ ann, admin: await newAdmin(ann.tenantId, stack), locations: [location] },
    ...{ files: [inspect.fileId], keys: [] },
  };
  const { id } = await begin(filled);
  await expectProven(filled, id);
  expect((await stack.control({})).counts.abort).toBe(1);
});

test("an upload that can't be finished, because the store fails, goes too", async () => {
  const ann = await newCaller({ stack });
  await stack.control({ plan: { operation: "put", faults: Array.from({ length: 30 }, () => FAIL) } });
  const location = await createUpload(ann, 4);
  expect((await append(ann, location, 0, "some")).status).toBe(204);
  const files = [fileIdOf(location)];
  const admin = await newAdmin(ann.tenantId, stack);
  const filled: Filled = { ann, admin, locations: [location], files, keys: [] };
  const { id } = await begin(filled);
  await expectProven(filled, id);
});

const FAIL: Fault = { kind: "fail" };
const LOSE: Fault = { kind: "lose-answer" };
const NONE: Fault = { kind: "none" };

describe("a store that fails is asked again, and nothing counts twice", () => {
  const FAULTS: readonly (readonly [Operation, readonly Fault[]])[] = [
    ["list", [FAIL]],
    ["list", [LOSE]],
    ["list", [NONE, FAIL]],
    ["delete", [FAIL]],
    ["delete", [LOSE]],
    ["delete", [LOSE, FAIL, LOSE]],
  ];
  test.each(FAULTS)("%s %j", async (operation, faults) => {
    const filled = await fillTenant();
    await stack.control({ plan: { operation, faults } });
    const { id } = await begin(filled);
    await expectSwept(filled);
    await expectProven(filled, id);
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
  for (let atCall = 1; atCall <= calls; atCall += 1) {
    for (const kind of ["fail", "lose-answer"] as const) {
      const filled = await fillSmallTenant();
      const { id } = await beginQuietly(filled);
      await stack.control({ database: { kind, atCall } });
      await stack.runScheduled().catch(() => {});
      expect((await stack.control({ database: null })).databaseCalls, `${kind} at ${atCall}`).toBe(0);
      await stack.runScheduled();
      await expectProven(filled, id);
    }
  }
}, 300_000);

test("a database that fails as an erasure comes to its end does not make it end twice, or never", async () => {
  for (let atCall = 1; atCall <= 12; atCall += 1) {
    for (const kind of ["fail", "lose-answer"] as const) {
      const filled = await fillSmallTenant();
      const { id } = await beginQuietly(filled);
      await stack.control({ database: null });
      await stack.runScheduled();
      await stack.control({ database: { kind, atCall } });
      await stack.runScheduled(later()).catch(() => {});
      await stack.control({ database: null });
      await expectProven(filled, id);
    }
  }
}, 300_000);

test("a request for an erasure whose answer is lost has begun it, and is answered when it is made again", async () => {
  const filled = await fillSmallTenant();
  await stack.control({ database: { kind: "lose-answer", atCall: 1 } });
  expect((await requestErasure(filled.admin, filled.admin.tenantId)).status).toBe(503);
  const { id } = await begin(filled);
  await expectProven(filled, id);
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
  for (let atCall = 1; atCall <= calls; atCall += 1) {
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

test("what lands after all was removed is found, counted and removed, and waited for again", async () => {
  const filled = await fillTenant();
  const { id } = await begin(filled);
  await expectSwept(filled);
  const late = `t/${filled.admin.tenantId}/${filled.files[0]}/1/original-7`;
  await stack.putObject(late, "late");
  await stack.runScheduled();
  expect(await stack.listKeys(`t/${filled.admin.tenantId}/`)).toEqual([late]);
  await stack.runScheduled(later());
  expect(await stack.listKeys(`t/${filled.admin.tenantId}/`)).toEqual([]);
  expect((await getErasure(filled.admin, id)).finishedAt).toBeNull();
  await stack.runScheduled(later(2));
  const proof = await getErasure(filled.admin, id);
  expect(proof.finishedAt).not.toBeNull();
  expect(proof).toMatchObject({
    objects: filled.keys.length + 1,
    digest: await expectedDigest(proof, { ...filled, keys: [...filled.keys, late] }),
  });
});

test("many objects and files go in steps, and several runs at once count each once", async () => {
  const ann = await newCaller({ stack });
  const uploads = Array.from({ length: 52 }, (_, index) => uploadFile(ann, Buffer.from(`file ${index}`)));
  const files = await Promise.all(uploads);
  const prefix = `t/${ann.tenantId}/`;
  await stack.control({ putObjects: { prefix: `${prefix}zz/`, count: 1_000 } });
  const stored = await stack.database
    .prepare("SELECT object_key AS key FROM file_versions WHERE tenant_id = ?")
    .bind(ann.tenantId)
    .all<{ key: string }>();
  const extra = Array.from({ length: 1_000 }, (_, index) => `${prefix}zz/${String(index).padStart(4, "0")}`);
  const keys = [...stored.results.map(({ key }) => key), ...extra].sort();
  const filled: Filled = {
    ann,
    admin: await newAdmin(ann.tenantId, stack),
    locations: [],
    files: files.sort(),
    keys,
  };
  const { id } = await begin(filled);
  await Promise.all([stack.runScheduled(), stack.runScheduled(), stack.runScheduled()]);
  await expectSwept(filled);
  await expectProven(filled, id);
});

test("an erasure that is asked for again is the one under way; when it is finished, the id is free", async () => {
  const filled = await fillTenant();
  const first = await begin(filled);
  const operator = await newOperator(stack);
  const again = await requestErasure(operator, filled.admin.tenantId, { reason: "again" });
  expect(await again.json()).toMatchObject({ id: first.id, requestedBy: "boss", reason: null });
  await expectSwept(filled);
  await expectProven(filled, first.id);
  expect(await readProblem(await requestErasure(filled.admin, filled.admin.tenantId))).toMatchObject({
    code: "TENANT_NOT_FOUND",
  });
  await uploadFile(filled.ann, Buffer.from("new"));
  const second = await requestErasure(operator, filled.admin.tenantId, { reason: "left" });
  const { id, ...begun } = (await second.json()) as Erasure;
  expect(id).not.toBe(first.id);
  expect(begun).toMatchObject({ requestedBy: "operator/root", reason: "left" });
});

test("while it is being erased, a tenant is neither changed nor exported, and told why", async () => {
  const filled = await fillTenant();
  const { admin } = filled;
  const path = `/v1/admin/tenants/${admin.tenantId}`;
  await begin(filled);
  const change = await sendJson(admin, "PATCH", path, { settings: { trashDays: 1 } });
  expect(await readProblem(change)).toMatchObject({ status: 403, code: "TENANT_ERASING" });
  for (const [method, rest] of [
    ["GET", "/export"],
    ["POST", "/recount"],
    ["GET", `/files/${filled.files[0]}/versions/1/content`],
  ] as const) {
    const answer = await admin.fetch(`${path}${rest}`, { method });
    expect(await readProblem(answer)).toMatchObject({ code: "TENANT_ERASING" });
  }
  expect(await (await admin.fetch(path)).json()).toMatchObject({ erasingAt: expect.any(String) as string });
});

test("an export under way breaks off, so that what is left never passes for the whole", async () => {
  const filled = await fillTenant();
  const path = `/v1/admin/tenants/${filled.admin.tenantId}/export`;
  const whole = await (await filled.admin.fetch(path)).text();
  expect(whole).toContain('"kind":"end"');
  // Its calls are for the tenant, the event, the tenant's line, and then the first page of files.
  await stack.control({ database: { kind: "hold", atCall: 4 } });
  const answer = await filled.admin.fetch(path);
  const reading = answer.text();
  reading.catch(() => {});
  await expect.poll(async () => (await stack.control({})).databaseCalls, { timeout: PATIENCE_MS }).toBe(4);
  await begin(filled);
  await stack.control({ database: null });
  await expect(reading).rejects.toThrow();
});

test.each([
  ["another's id", { confirm: "other" }, "confirm"],
  ["an empty reason", { reason: "" }, "reason"],
  ["a field that isn't known", { force: true }, ""],
])("an erasure with %s is refused and begins nothing", async (_what, body, path) => {
  const { admin } = await fillTenant();
  expect(await readProblem(await requestErasure(admin, admin.tenantId, body))).toMatchObject({
    status: 400,
    code: "REQUEST_INVALID",
    errors: [{ path }],
  });
  const tenant = await (await admin.fetch(`/v1/admin/tenants/${admin.tenantId}`)).json();
  expect(tenant).toMatchObject({ erasingAt: null });
});

test("an erasure is seen by its tenant's admins and by operators; to others it isn't there", async () => {
  const filled = await fillTenant();
  const { id } = await begin(filled);
  expect((await getErasure(await newOperator(stack), id)).id).toBe(id);
  const elsewhere = await newAdmin((await newCaller()).tenantId, stack);
  for (const missing of [id, "0".repeat(26), "x"]) {
    const answer = await elsewhere.fetch(`/v1/admin/erasures/${missing}`);
    expect(await readProblem(answer)).toMatchObject({ status: 404, code: "ERASURE_NOT_FOUND" });
  }
});
