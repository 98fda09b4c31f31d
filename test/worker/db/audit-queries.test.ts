import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SQLInputValue } from "node:sqlite";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { FileId, TenantId } from "#contract/ids.ts";
import type { AuditFilter } from "../../../worker/db/audit.ts";
import { auditList } from "../../../worker/db/audit.ts";
import { databaseFor } from "../../../worker/db/database.ts";

const MIGRATIONS = join(import.meta.dirname, "..", "..", "..", "migrations");
const TENANT = TenantId.parse("acme");

function migratedDatabase(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  for (const name of readdirSync(MIGRATIONS)
    .filter((each) => each.endsWith(".sql"))
    .sort()) {
    database.exec(readFileSync(join(MIGRATIONS, name), "utf8").replaceAll("--> statement-breakpoint", ""));
  }
  return database;
}

const database = migratedDatabase();

/** How SQLite finds the events of a filter. The statement is never run, so that there needn't be a D1. */
function planOf(filter: AuditFilter): string {
  const unused = databaseFor({ DB: {} as D1Database }, TENANT);
  const { sql, params } = auditList(unused, TENANT, filter, 51).toSQL();
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...(params as SQLInputValue[]));
  return steps.map(({ detail }) => String(detail)).join("\n");
}

const PERIOD = { sinceMs: 1_000, untilMs: 2_000, afterId: "00000000001" } as const;
const FILE = FileId.parse("0".repeat(26));

test.each([
  ["all", {}, "sqlite_autoindex_audit_events_1"],
  ["a file's", { fileId: FILE }, "audit_events_by_file"],
  ["a user's", { actorId: "ann" }, "audit_events_by_actor"],
  ["an action's", { action: "file.read" }, "audit_events_by_action"],
] as const)(
  "%s events are found by an index, in their order, a period's without the others",
  (_what, filter, index) => {
    for (const period of [{}, PERIOD]) {
      const plan = planOf({ ...filter, ...period });
      expect(plan).toContain(`USING INDEX ${index}`);
      expect(plan).not.toContain("TEMP B-TREE");
    }
    expect(planOf({ ...filter, ...PERIOD })).toMatch(/id>\? AND id<\?/);
  },
);

test("several filters are still answered by an index, in its order", () => {
  const plan = planOf({ ...PERIOD, fileId: FILE, actorId: "ann", action: "file.read" });
  expect(plan).toMatch(/USING INDEX audit_events_by_\w+/);
  expect(plan).not.toContain("TEMP B-TREE");
});
