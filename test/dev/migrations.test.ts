import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SQLOutputValue } from "node:sqlite";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { PROJECT_ROOT } from "../../scripts/dev/bundle.ts";

const DIRECTORY = join(PROJECT_ROOT, "migrations");
const NAMES = readdirSync(DIRECTORY)
  .filter((name) => name.endsWith(".sql"))
  .toSorted();
/** The last before tables were built anew and rows copied. */
const BEFORE = "0017_replicas.sql";
const FILES = 300;

type Row = Readonly<Record<string, SQLOutputValue>>;

/** As D1 does: each as one transaction, with foreign keys. */
function migrate(database: DatabaseSync, names: readonly string[]): void {
  for (const name of names) {
    const sql = readFileSync(join(DIRECTORY, name), "utf8").replaceAll("--> statement-breakpoint", "");
    database.exec(`BEGIN; ${sql} COMMIT;`);
  }
}

/** Files of two tenants: of every state, with versions, derivatives, verdicts, tags, reservations and events. */
function fill(database: DatabaseSync): void {
  const numbers = `WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ${FILES})`;
  const tenant = "iif(i % 3 = 0, 'other', 'acme')";
  const id = "printf('f%04d', i)";
  const state =
    "CASE i % 5 WHEN 0 THEN 'uploading' WHEN 1 THEN 'quarantined' WHEN 2 THEN 'infected' ELSE 'clean' END";
  database.exec(`
    INSERT INTO tenants (tenant_id, created_at_ms) VALUES ('acme', 1), ('other', 2);
    ${numbers} INSERT INTO files (tenant_id, id, owner_id, filename, folded_name, current_version, created_at_ms, updated_at_ms)
      SELECT ${tenant}, ${id}, 'ann', 'Name ' || i, 'name ' || i, 1, i, i FROM numbers;
    ${numbers} INSERT INTO file_versions (tenant_id, file_id, version, state, declared_type, size_bytes, created_at_ms)
      SELECT ${tenant}, ${id}, 1, ${state}, 'text/plain', i * 1000, i FROM numbers;
    ${numbers} INSERT INTO file_versions (tenant_id, file_id, version, state, declared_type, size_bytes, created_at_ms)
      SELECT ${tenant}, ${id}, 2, 'clean', 'image/png', i * 7, i FROM numbers WHERE i % 7 = 0;
    ${numbers} INSERT INTO derivatives (tenant_id, file_id, version, name, object_key, mime_type, size_bytes, width, created_at_ms)
      SELECT ${tenant}, ${id}, 1, name, 'key' || i || name, 'image/webp', i, 150, i
      FROM numbers, (SELECT 'thumbnail' AS name UNION SELECT 'preview') WHERE i % 5 > 2;
    ${numbers} INSERT INTO verdicts (tenant_id, file_id, version, verdict, engine, signature_version, scanned_at_ms)
      SELECT ${tenant}, ${id}, 1, iif(i % 5 = 2, 'infected', 'clean'), 'ClamAV', '27000', i FROM numbers WHERE i % 5 > 1;
    ${numbers} INSERT INTO file_tags
      SELECT ${tenant}, ${id}, 'offer', i FROM numbers WHERE i % 2 = 0;
    ${numbers} INSERT INTO quota_reservations (tenant_id, file_id, version, reserved_bytes, created_at_ms, check_at_ms)
      SELECT ${tenant}, ${id}, 1, i * 11, i, i FROM numbers WHERE i % 5 = 0;
    ${numbers} INSERT INTO audit_events (tenant_id, id, at_ms, action, actor_id, actor_kind, file_id)
      SELECT ${tenant}, printf('e%04d', i), i, 'file.created', 'ann', 'member', ${id} FROM numbers;
    UPDATE file_versions SET sha256 = file_id || '/' || version WHERE state <> 'uploading' AND state <> 'quarantined';
    UPDATE files SET deleted_at_ms = 5 WHERE created_at_ms % 9 = 0;
  `);
}

function tablesOf(database: DatabaseSync): readonly string[] {
  return database
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'file_search%'",
    )
    .all()
    .map(({ name }) => String(name));
}

function rowsOf(database: DatabaseSync, table: string, columns?: readonly string[]): readonly Row[] {
  const selected = columns?.map((name) => `"${name}"`).join(", ") ?? "*";
  return database.prepare(`SELECT ${selected} FROM "${table}" ORDER BY 1, 2, 3`).all();
}

function filled(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  migrate(
    database,
    NAMES.filter((name) => name <= BEFORE),
  );
  fill(database);
  return database;
}

const LATER = NAMES.filter((name) => name > BEFORE);

test("migrations leave every row, and what is counted of them, as it was", () => {
  const database = filled();
  const before = new Map(tablesOf(database).map((table) => [table, rowsOf(database, table)]));
  const counted = ["files", "file_versions", "derivatives", "verdicts", "file_tags", "quota_reservations"];
  for (const table of [...counted, "audit_events"])
    expect(before.get(table)?.length, table).toBeGreaterThan(40);
  migrate(database, LATER);
  const kept = new Set(tablesOf(database));
  for (const [table, rows] of before) {
    expect(kept.has(table), table).toBe(true);
    const [first] = rows;
    if (first !== undefined) expect(rowsOf(database, table, Object.keys(first)), table).toEqual(rows);
  }
  expect(database.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
});

/** What gives older files their digests, as it is told to who deploys. */
function readDigestStep(): string {
  const text = readFileSync(join(PROJECT_ROOT, "docs/deployment.md"), "utf8");
  return /UPDATE files SET sha256 = [^;]*;/.exec(text)?.[0] ?? "";
}

test("a file has the digest of its current version, also where the version before writes it; older ones are given theirs", () => {
  const database = filled();
  migrate(database, LATER);
  const differing = () =>
    database
      .prepare(
        `SELECT f.id FROM files AS f JOIN file_versions AS v ON v.tenant_id = f.tenant_id AND v.file_id = f.id
          AND v.version = f.current_version WHERE v.sha256 IS NOT f.sha256`,
      )
      .all();
  const countOf = () => database.prepare("SELECT count(sha256) AS count FROM files").get()?.["count"];
  // Nothing that takes longer the more files there are.
  expect(countOf()).toBe(0);
  database.exec(readDigestStep());
  expect(differing()).toEqual([]);
  expect(countOf()).toBe((FILES * 3) / 5);
  database.exec("UPDATE file_versions SET state = 'clean', sha256 = 'new' WHERE state = 'quarantined'");
  expect(differing()).toEqual([]);
  expect(countOf()).toBe((FILES * 4) / 5);
  database.exec("UPDATE files SET current_version = 2 WHERE CAST(substr(id, 2) AS INTEGER) % 7 = 0");
  expect(differing()).toEqual([]);
});

test("after migrations the triggers count on, and what the version before writes has its place", () => {
  const database = filled();
  migrate(database, LATER);
  const countOf = (column: string): number =>
    Number(
      database.prepare(`SELECT ${column} AS value FROM tenants WHERE tenant_id = 'acme'`).get()?.["value"],
    );
  const sumOf = (column: string, table: string): number =>
    Number(
      database.prepare(`SELECT sum(${column}) AS value FROM ${table} WHERE tenant_id = 'acme'`).get()?.[
        "value"
      ],
    );
  database.exec("DELETE FROM derivatives WHERE name = 'preview'");
  expect(countOf("derivatives_bytes")).toBe(sumOf("size_bytes", "derivatives"));
  database.exec("UPDATE quota_reservations SET reserved_bytes = reserved_bytes + 1");
  expect(countOf("reserved_bytes")).toBe(sumOf("reserved_bytes", "quota_reservations"));
  database.exec(`INSERT INTO audit_events (tenant_id, id, at_ms, action, actor_id, actor_kind)
    VALUES ('acme', 'e9998', 900, 'file.deleted', 'ann', 'member'), ('acme', 'e9999', 1, 'file.purged', 'ann', 'member')`);
  expect(rowsOf(database, "audit_log", ["sequence", "at_ms", "action"])).toEqual([
    { sequence: 1, at_ms: 900, action: "file.deleted" },
    { sequence: 2, at_ms: 900, action: "file.purged" },
  ]);
});
