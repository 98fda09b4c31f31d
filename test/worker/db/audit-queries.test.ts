import type { SQLInputValue } from "node:sqlite";
import { beforeAll, expect, test } from "vitest";
import { FileId, TenantId } from "#contract/ids.ts";
import type { AuditFilter } from "../../../worker/db/audit-trail.ts";
import { findLogBounds, logQuery, oldEventsQuery } from "../../../worker/db/audit-trail.ts";
import type { Database } from "../../../worker/db/database.ts";
import { databaseFor } from "../../../worker/db/database.ts";
import type { LocalDatabase } from "../unit/local-database.ts";
import { explain, openLocalDatabase } from "../unit/local-database.ts";

const TENANT = TenantId.parse("acme");
const PERIOD = { sinceMs: 1_000, untilMs: 2_000 } as const;
const FILE = FileId.parse("0".repeat(26));

let local: LocalDatabase;
let db: Database;
beforeAll(async () => {
  local = await openLocalDatabase();
  db = databaseFor({ DB: local.binding }, TENANT);
});

/** How SQLite goes about a statement. */
function planOf(query: { toSQL(): { sql: string; params: unknown[] } }): string {
  const { sql, params } = query.toSQL();
  return explain(local, { sql, params: params as SQLInputValue[] }).join("\n");
}

test.each([
  ["all", {}, "PRIMARY KEY (tenant_id=? AND sequence>? AND sequence<?)"],
  [
    "a file's",
    { fileId: FILE },
    "audit_log_by_file (tenant_id=? AND file_id=? AND sequence>? AND sequence<?)",
  ],
  ["a user's", { actorId: "ann" }, "PRIMARY KEY (tenant_id=? AND sequence>? AND sequence<?)"],
  [
    "a user's of a file",
    { fileId: FILE, actorId: "ann", action: "file.read" },
    "audit_log_by_file (tenant_id=? AND file_id=? AND sequence>? AND sequence<?)",
  ],
] as const)("%s logged events are found by an index, in their order", (_what, filter, step) => {
  const plan = planOf(logQuery(db, TENANT, filter, { since: 10, until: 20 }, 51));
  expect(plan).toContain(step);
  expect(plan).not.toMatch(/TEMP B-TREE|SCAN/);
});

test.each([
  ["all", {}, "sqlite_autoindex_audit_events_1"],
  ["a file's", { fileId: FILE }, "audit_events_by_file"],
  ["a user's", { actorId: "ann" }, "audit_events_by_actor"],
  ["an action's", { action: "file.read" }, "audit_events_by_action"],
] as const)("%s events of before are found by an index, in their order", (_what, filter, index) => {
  for (const period of [{}, PERIOD]) {
    const plan = planOf(oldEventsQuery(db, TENANT, { ...filter, ...period }, "00000000001", 51));
    expect(plan).toContain(`USING INDEX ${index}`);
    expect(plan).not.toContain("TEMP B-TREE");
  }
});

test("the numbers of a period are those of its events, whatever lies at its ends", async () => {
  const times = [5, 5, 7, 7, 7, 9, 12, 12];
  for (const [index, atMs] of times.entries()) {
    local.sqlite
      .prepare(
        "INSERT INTO audit_log (tenant_id, sequence, at_ms, action, actor_id, actor_kind) VALUES (?, ?, ?, 'file.read', 'ann', 'member')",
      )
      .run(TENANT, index + 1, atMs);
  }
  const numbers = async (filter: AuditFilter) => {
    const bounds = await findLogBounds(db, TENANT, filter);
    return times.flatMap((_, index) => {
      const isWithin = bounds !== undefined && index + 1 >= bounds.since && index + 1 < bounds.until;
      return isWithin ? [index] : [];
    });
  };
  for (const sinceMs of [undefined, 4, 5, 6, 7, 12, 13]) {
    for (const untilMs of [undefined, 4, 5, 6, 8, 12, 13]) {
      const expected = times.flatMap((atMs, index) =>
        atMs >= (sinceMs ?? 0) && atMs < (untilMs ?? 99) ? [index] : [],
      );
      expect(await numbers({ sinceMs, untilMs }), `${sinceMs} to ${untilMs}`).toEqual(expected);
    }
  }
  expect(await findLogBounds(db, TenantId.parse("other"), {})).toBeUndefined();
});
