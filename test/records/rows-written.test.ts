import { expect, test } from "vitest";
import { countKeyRows, countWrittenRows } from "../../bench/records/written-rows.ts";
import { newTenantId, useDatabases } from "./support/databases.ts";

const databases = useDatabases();

/** By D1's own count, which is what it bills (docs/decisions/0028-rows-written.md). */
test("a plain file with two derivatives takes 31 written rows, and a read of it 2", async () => {
  const steps = await countWrittenRows(databases.bindings.DB, newTenantId());
  expect(Object.fromEntries(steps.map(({ step, rows }) => [step, rows]))).toEqual({
    creation: 15,
    stored: 7,
    verdict: 5,
    thumbnail: 2,
    preview: 2,
    read: 2,
  });
});

test("an entity takes one row more, and a tag four", async () => {
  const declared = { entityType: "contact", entityId: "1", tags: "red,blue" };
  const [creation] = await countWrittenRows(databases.bindings.DB, newTenantId(), declared);
  expect(creation).toEqual({ step: "creation", rows: 24 });
});

test("a creation with a key takes three rows more, and one when the key goes", async () => {
  const rows = await countKeyRows(databases.bindings.DB, newTenantId());
  expect(rows).toEqual({ taken: 2, settled: 1, removed: 1 });
});
