import { expect, test } from "vitest";
import type { FileVersionRef } from "#contract/ids.ts";
import { newFileId } from "#contract/ids.ts";
import { derivativeKey } from "#contract/keys.ts";
import type { Report } from "#contract/reports.ts";
import { applyReport } from "../../worker/services/reports.ts";
import { newTenantId, useDatabases } from "./support/databases.ts";

/** Reports of a version that a rescan awaits, which come at the same moment. */
const databases = useDatabases();

async function awaitedVersion(): Promise<FileVersionRef> {
  const { DB } = databases.bindings;
  const [tenantId, fileId] = [newTenantId(), newFileId()];
  const run = (sql: string) => DB.prepare(sql).bind(tenantId, fileId).run();
  await DB.prepare("INSERT INTO tenants (tenant_id, created_at_ms) VALUES (?, 1)").bind(tenantId).run();
  await run(
    `INSERT INTO files (tenant_id, id, owner_id, filename, current_version, created_at_ms, updated_at_ms)
     VALUES (?, ?, 'ann', 'a.png', 1, 1, 1)`,
  );
  await run(
    `INSERT INTO file_versions (tenant_id, file_id, version, state, declared_type, size_bytes, object_key, etag, created_at_ms)
     VALUES (?, ?, 1, 'clean', 'image/png', 5, 'k', 'e', 1)`,
  );
  await run(
    `INSERT INTO rescans (tenant_id, id, requested_by, created_at_ms, fed_at_ms, files_total)
     VALUES (?, ?, 'boss', 1, 1, 1)`,
  );
  await run("INSERT INTO rescan_jobs VALUES (?, ?2, 1, ?2, 1, 1)");
  return { tenantId, fileId, version: 1 };
}

const verdictOn = (ref: FileVersionRef, verdict: "clean" | "infected"): Report => ({
  ...{ ...ref, kind: "verdict", etag: "e", sizeBytes: 5, sha256: "0".repeat(64), sniffedType: null, verdict },
  ...{ signatureName: null, engine: "Test", signatureVersion: "2", scannedAtMs: 9 },
});

const stored = new Set<string>();
const objects = {
  remove: async (keys: readonly string[]) => {
    for (const key of keys) stored.delete(key);
  },
  list: async () => ({ keys: [...stored], sizes: [], isAll: true }),
};

function apply(report: Report, DB = databases.bindings.DB) {
  return applyReport({ DB }, { objects, announce: async () => {}, tell: () => {} }, report, 5);
}

/** Applies a report up to a batch of its calls to the database, then another report, and then the rest of the first. */
async function applyAround(report: Report, batches: number, between: Report): Promise<void> {
  let left = batches;
  const parted = new Proxy(databases.bindings.DB, {
    get(target, name) {
      if (name === "batch") {
        return async (batch: D1PreparedStatement[]) => {
          left -= 1;
          if (left === 0) await apply(between);
          return target.batch(batch);
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await apply(report, parted);
}

async function lookAt({ fileId }: FileVersionRef) {
  const { DB } = databases.bindings;
  const select = (sql: string) => DB.prepare(sql).bind(fileId).first();
  return {
    ...(await select("SELECT state FROM file_versions WHERE file_id = ?")),
    ...(await select("SELECT scanned, found FROM rescans WHERE id = ?")),
    ...(await select("SELECT count(*) AS verdicts FROM verdicts WHERE file_id = ?")),
    ...(await select("SELECT count(*) AS derivatives FROM derivatives WHERE file_id = ?")),
  };
}

test.each([
  ["infected", "clean", { state: "clean", scanned: 1, found: 0, verdicts: 1 }],
  ["clean", "infected", { state: "infected", scanned: 1, found: 1, verdicts: 1 }],
] as const)("of two verdicts at once the first counts: %s around %s", async (outer, inner, expected) => {
  const ref = await awaitedVersion();
  await applyAround(verdictOn(ref, outer), 2, verdictOn(ref, inner));
  expect(await lookAt(ref)).toMatchObject(expected);
});

test("a derivative that is told while its version is found to be infected is removed", async () => {
  const ref = await awaitedVersion();
  const objectKey = derivativeKey(ref, "thumbnail", "webp");
  stored.add(objectKey);
  const facts = { objectKey, mimeType: "image/webp", sizeBytes: 3, width: 1, height: 1 };
  const derivative = { ...ref, kind: "derivative", name: "thumbnail", ...facts } as const;
  const told = applyAround(derivative, 1, verdictOn(ref, "infected"));
  await expect(told).rejects.toMatchObject({ code: "REPORT_REFUSED" });
  expect(await lookAt(ref)).toMatchObject({ state: "infected", derivatives: 0 });
  expect([...stored]).toEqual([]);
});
