import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { TenantId } from "#contract/ids.ts";
import { REPORT_SIGNATURE_HEADER, REPORTS_PATH, signReport } from "#contract/reports.ts";
import type { Caller } from "../support/api.ts";
import { append, createUpload, fileIdOf, newCaller, newTenantId, signUrl } from "../support/api.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";

const stack = useFaultyStack({ TENANT_JURISDICTIONS: "eu-*=eu,eu-stays=none" });
const BYTES = Buffer.from(randomBytes(50_000).toString("hex"));

async function report(content: object): Promise<number> {
  const body = JSON.stringify(content);
  const headers = { [REPORT_SIGNATURE_HEADER]: await signReport(stack.jwtSecret, body, Date.now()) };
  return (await fetch(new URL(REPORTS_PATH, stack.url), { method: "POST", headers, body })).status;
}

/** A file's life from its upload to its end in the trash, with one that stays. */
async function live(caller: Caller, binding: "DB" | "DB_EU"): Promise<void> {
  const fileIds = [await upload(caller), await upload(caller)];
  for (const fileId of fileIds) {
    const wanted = "SELECT tenant_id, etag, size_bytes FROM file_versions WHERE file_id = ?";
    const [row] = await stack.queryIn(binding, wanted, fileId);
    const ref = { tenantId: caller.tenantId, fileId, version: 1 };
    const verdict = { verdict: "clean", signatureName: null, sniffedType: null, sha256: "0".repeat(64) };
    const scanner = { engine: "Test", signatureVersion: "1", scannedAtMs: Date.now() };
    const bytes = { etag: row?.["etag"], sizeBytes: row?.["size_bytes"] };
    expect(await report({ kind: "verdict", ...ref, ...bytes, ...verdict, ...scanner })).toBe(200);
    const answer = await fetch(await signUrl(caller, fileId));
    expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true);
  }
  await caller.fetch(`/v1/files/${fileIds[0]}`, { method: "DELETE" });
  await stack.queryIn(binding, "UPDATE files SET purge_at_ms = 1 WHERE id = ?", String(fileIds[0]));
  await stack.runScheduled();
  expect((await caller.fetch(`/v1/files/${fileIds[0]}`)).status).toBe(404);
  expect((await caller.fetch(`/v1/files/${fileIds[1]}/content`)).status).toBe(200);
}

async function upload(caller: Caller): Promise<string> {
  const location = await createUpload(caller, BYTES.byteLength);
  const half = BYTES.byteLength / 2;
  await append(caller, location, 0, new Uint8Array(BYTES.subarray(0, half)));
  expect((await append(caller, location, half, new Uint8Array(BYTES.subarray(half)))).status).toBe(204);
  return fileIdOf(location);
}

/** Of each table that has rows of the tenant, how many. */
async function rowsIn(binding: "DB" | "DB_EU", tenantId: TenantId): Promise<ReadonlyMap<string, number>> {
  const tables = await stack.queryIn(
    binding,
    `SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%tenant_id%' AND name NOT LIKE '%\\_fts%'`,
  );
  const counts = new Map<string, number>();
  for (const { name } of tables) {
    const counting = `SELECT count(*) AS number FROM "${String(name)}" WHERE tenant_id = ?`;
    const [row] = await stack.queryIn(binding, counting, tenantId);
    if (Number(row?.["number"]) > 0) counts.set(String(name), Number(row?.["number"]));
  }
  return counts;
}

/** What there is of a tenant in each of the places. */
async function tracesOf({ tenantId }: Caller) {
  const { sentJobs, sentElsewhere, askedUploads } = await stack.control({});
  const prefix = `t/${tenantId}/`;
  const ofTenant = (jobs: typeof sentJobs) => jobs.filter(({ objectKey }) => objectKey.startsWith(prefix));
  return {
    anywhere: {
      rows: (await rowsIn("DB", tenantId)).size,
      objects: (await stack.listKeysIn("BUCKET", prefix)).length,
      jobs: ofTenant(sentJobs).length,
      uploads: askedUploads.filter((name) => name.startsWith(`${tenantId}/`)).length,
    },
    eu: {
      rows: (await rowsIn("DB_EU", tenantId)).size,
      objects: (await stack.listKeysIn("BUCKET_EU", prefix)).length,
      jobs: ofTenant(sentElsewhere).length,
      uploads: askedUploads.filter((name) => name.startsWith(`eu:${tenantId}/`)).length,
    },
  };
}

const NOTHING = { rows: 0, objects: 0, jobs: 0, uploads: 0 };

test.each([
  {
    what: "a pinned tenant",
    tenantId: `eu-${newTenantId()}`,
    binding: "DB_EU",
    place: "eu",
    other: "anywhere",
  },
  { what: "one that nobody pinned", tenantId: newTenantId(), binding: "DB", place: "anywhere", other: "eu" },
  { what: "one that stays where it is", tenantId: "eu-stays", binding: "DB", place: "anywhere", other: "eu" },
] as const)("$what has all that it has in its own place, and nothing in the other", async (each) => {
  const caller = await newCaller({ stack, tenantId: TenantId.parse(each.tenantId) });
  await live(caller, each.binding);
  const traces = await tracesOf(caller);
  expect(traces[each.other]).toEqual(NOTHING);
  for (const [name, number] of Object.entries(traces[each.place])) {
    expect(number, name).toBeGreaterThan(0);
  }
});
