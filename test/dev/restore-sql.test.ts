import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SQLOutputValue } from "node:sqlite";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { PROJECT_ROOT } from "../../scripts/dev/bundle.ts";

function restoreSql(...args: readonly string[]): string {
  const script = join(PROJECT_ROOT, "scripts", "restore-sql.ts");
  return execFileSync(process.execPath, [script, ...args], { encoding: "utf8" });
}

function migratedDatabase(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  const directory = join(PROJECT_ROOT, "migrations");
  for (const name of readdirSync(directory)
    .filter((each) => each.endsWith(".sql"))
    .sort()) {
    database.exec(readFileSync(join(directory, name), "utf8").replaceAll("--> statement-breakpoint", ""));
  }
  return database;
}

function tablesOf(): string[] {
  return [...restoreSql("--tables").matchAll(/--table (\w+)/g)].map(([, name]) => name ?? "");
}

function quote(value: SQLOutputValue): string {
  if (value === null) return "NULL";
  if (typeof value === "object") throw new Error("No table has a column of bytes.");
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}

/** The rows of a database as D1 exports them: by tables in no order that their references would need. */
function dump(database: DatabaseSync): string {
  const lines = tablesOf().flatMap((table) =>
    database
      .prepare(`SELECT * FROM "${table}"`)
      .all()
      .map((row) => {
        const names = Object.keys(row).map((name) => `"${name}"`);
        return `INSERT INTO "${table}" (${names.join(",")}) VALUES(${Object.values(row).map(quote).join(",")});`;
      }),
  );
  return ["PRAGMA defer_foreign_keys=TRUE;", ...lines, ""].join("\n");
}

function fill(database: DatabaseSync): void {
  database.exec(`
    INSERT INTO tenants (tenant_id, created_at_ms) VALUES ('acme', 1), ('other', 2);
    INSERT INTO files (tenant_id, id, owner_id, filename, folded_name, current_version, created_at_ms, updated_at_ms)
      VALUES ('acme', 'a', 'ann', 'It''s.txt', 'it''s.txt', 1, 1, 1), ('other', 'b', 'ann', 'notes', 'notes', 1, 1, 1);
    INSERT INTO file_versions (tenant_id, file_id, version, state, declared_type, size_bytes, created_at_ms)
      VALUES ('acme', 'a', 1, 'clean', 'text/plain', 5, 1), ('acme', 'a', 2, 'quarantined', 'text/plain', 7, 1);
    INSERT INTO file_tags VALUES ('acme', 'a', 'offer; signed', 1);
    INSERT INTO quota_reservations (tenant_id, file_id, version, reserved_bytes, created_at_ms, check_at_ms, final_id, final_version, spent_at_ms) VALUES ('acme', 'c', 1, 11, 1, 1, 'd', 1, 1);
    INSERT INTO audit_log (tenant_id, sequence, at_ms, action, actor_id, actor_kind) VALUES ('acme', 1, 1, 'file.created', 'ann', 'member');
  `);
}

test("a backup that is put back is the database that it was taken of, with its counts, triggers and search", () => {
  const before = migratedDatabase();
  fill(before);
  const directory = mkdtempSync(join(tmpdir(), "causeway-restore-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "data.sql");
  writeFileSync(path, dump(before));

  const after = migratedDatabase();
  // D1 runs a file as one transaction, which is what deferred references are for.
  after.exec(`BEGIN; ${restoreSql(path)} COMMIT;`);
  for (const table of tablesOf()) {
    const rows = (database: DatabaseSync) => database.prepare(`SELECT * FROM "${table}"`).all();
    expect(rows(after), table).toEqual(rows(before));
  }
  const triggers = (database: DatabaseSync) =>
    database.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name").all();
  expect(triggers(after)).toEqual(triggers(before));
  const found = after
    .prepare(
      `SELECT id FROM files WHERE search_id IN (SELECT rowid FROM file_search WHERE file_search MATCH ?)`,
    )
    .all('"it\'s"');
  expect(found).toEqual([{ id: "a" }]);
});

test("a backup has every table but those that are made anew", () => {
  const tables = tablesOf();
  expect(tables).toContain("erasures");
  const missing = migratedDatabase()
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map(({ name }) => String(name))
    .filter((name) => !tables.includes(name));
  expect(missing.filter((name) => !/^(file_search|sqlite_)/.test(name))).toEqual(["processor_heartbeats"]);
});
