import { expect, test } from "vitest";
import { verifyProof } from "#contract/erasures.ts";
import { newAdmin, PATIENCE_MS } from "../support/admin.ts";
import { append, createUpload, fileIdOf, newCaller, TUS, uploadFile } from "../support/api.ts";
import type { Filled } from "../support/erasures.ts";
import {
  begin,
  expectedDigest,
  expectProven,
  expectSwept,
  fillTenant,
  getErasure,
  later,
  useErasureStack,
} from "../support/erasures.ts";
import type { Fault } from "../support/faulty/faults.ts";
import { countTenantRows, TENANT_TABLES } from "../support/tenant-rows.ts";

const PART = 5 * 1024 * 1024;
const FAIL: Fault = { kind: "fail" };

const stack = useErasureStack();

test("all that a tenant had is removed, and that is proven; another's is left alone", async () => {
  const [filled, other] = [await fillTenant(stack), await fillTenant(stack)];
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
  await expectSwept(stack, filled);
  // What lands late is waited for.
  await stack.runScheduled();
  expect(await getErasure(admin, begun.id)).toMatchObject({ finishedAt: null, signature: null });
  const proof = await expectProven(stack, filled, begun.id);
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

test("a file whose purge is under way when the erasure begins is left to that, which counts it", async () => {
  const filled = await fillTenant(stack);
  const [fileId = ""] = filled.locations.map(fileIdOf);
  await stack.control({ plan: { operation: "list", faults: [{ kind: "hold" }], fileId } });
  const purging = filled.ann.fetch(`/v1/files/${fileId}?permanent=true`, { method: "DELETE" });
  await expect.poll(async () => (await stack.control({})).held, { timeout: PATIENCE_MS }).toBe(1);
  // Its own first run fails, so that the purge is done before there is another.
  await stack.control({ database: { kind: "fail", atCall: 2 } });
  const { id } = await begin(filled);
  await expect
    .poll(async () => (await stack.control({})).databaseCalls, { timeout: PATIENCE_MS })
    .toBeGreaterThanOrEqual(2);
  await stack.control({ database: null, release: true });
  expect((await purging).status).toBe(204);
  const isItsOwn = (key: string) => key.startsWith(`t/${filled.admin.tenantId}/${fileId}/`);
  await expect
    .poll(async () => (await stack.listKeys(`t/${filled.admin.tenantId}/`)).some(isItsOwn))
    .toBe(false);
  const keys = filled.keys.filter((key) => !isItsOwn(key));
  await expectSwept(stack, filled);
  expect(await expectProven(stack, { ...filled, keys }, id)).toMatchObject({ files: filled.files.length });
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
  await expectProven(stack, filled, id);
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
  await expectProven(stack, filled, id);
});

test("what lands after all was removed is found, counted and removed, and waited for again", async () => {
  const filled = await fillTenant(stack);
  const { id } = await begin(filled);
  await expectSwept(stack, filled);
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
  await expectSwept(stack, filled);
  await expectProven(stack, filled, id);
});
