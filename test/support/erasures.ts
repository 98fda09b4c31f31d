import { expect } from "vitest";
import type { Erasure } from "#contract/erasures.ts";
import { firstDigest, nextDigest } from "#contract/erasures.ts";
import { newAdmin, PATIENCE_MS, sendJson } from "./admin.ts";
import type { Caller } from "./api.ts";
import { append, createUpload, fileIdOf, newCaller, TUS, uploadFile } from "./api.ts";
import type { FaultyStack } from "./faulty/stack.ts";
import { useFaultyStack } from "./faulty/stack.ts";
import { addOldTrail, addRowsAbout, countTenantRows, TENANT_TABLES } from "./tenant-rows.ts";

const SETTLE_SECONDS = 60;

/** For all tests of a file: a stack that can be told to fail, and whose erasures wait a minute for what lands late. */
export function useErasureStack(): FaultyStack {
  return useFaultyStack({
    OPERATOR_TENANT: "operator",
    ERASURE_SETTLE_SECONDS: String(SETTLE_SECONDS),
  });
}

/** A tenant that is about to be erased, and what it has. */
export interface Filled {
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
async function reserve(stack: FaultyStack, tenantId: string, fileId: string): Promise<void> {
  const row =
    "INSERT INTO quota_reservations (tenant_id, file_id, version, reserved_bytes, created_at_ms, check_at_ms) VALUES (?, ?, 1, 4, 0, 0) ON CONFLICT DO NOTHING";
  await stack.database.prepare(row).bind(tenantId, fileId).run();
}

/** A tenant with stored files, rows of every kind, an upload under way and a partial one. */
export async function fillTenant(stack: FaultyStack): Promise<Filled> {
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
  await addOldTrail(stack.database, ann.tenantId, stored[0] ?? "");
  await reserve(stack, ann.tenantId, fileIdOf(partial));
  return {
    ann,
    admin: await newAdmin(ann.tenantId, stack),
    locations: [...stored.map((id) => `/v1/uploads/${id}`), open, partial],
    files: [...stored, fileIdOf(open)].sort(),
    keys: await stack.listKeys(`t/${ann.tenantId}/`),
  };
}

/** The request that an administrator or an operator begins an erasure by. */
export function requestErasure(caller: Caller, tenantId: string, body: object = {}): Promise<Response> {
  return sendJson(caller, "POST", `/v1/admin/tenants/${tenantId}/erasure`, { confirm: tenantId, ...body });
}

/** How an erasure stands, as its caller is told. */
export async function getErasure(caller: Caller, id: string): Promise<Erasure> {
  const answer = await caller.fetch(`/v1/admin/erasures/${id}`);
  if (answer.status !== 200) throw new Error(`The erasure answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Erasure;
}

/** Begins an erasure of all that the tenant has. */
export async function begin({ admin }: Filled): Promise<Erasure> {
  const answer = await requestErasure(admin, admin.tenantId);
  expect(answer.status).toBe(202);
  return (await answer.json()) as Erasure;
}

const NOTHING = Object.fromEntries(TENANT_TABLES.map((table) => [table, 0]));

/** Runs the cron as often as it takes to come to the first end: all is gone but the tenant's own row. */
export async function expectSwept(stack: FaultyStack, { admin }: Filled): Promise<void> {
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
export function later(times = 1): number {
  return Date.now() + times * (SETTLE_SECONDS + 5) * 1000;
}

/** What a proof has to say of all that was removed. */
export async function expectedDigest({ tenantId, id }: Erasure, filled: Pick<Filled, "files" | "keys">) {
  return nextDigest(await firstDigest(tenantId, id), [
    ...filled.files.map((file) => `file ${file}` as const),
    ...filled.keys.map((key) => `object ${key}` as const),
  ]);
}

/** Runs the cron until the erasure has ended, and compares its proof with what there was. */
export async function expectProven(stack: FaultyStack, filled: Filled, id: string): Promise<Erasure> {
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
