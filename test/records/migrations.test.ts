import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
const MIGRATIONS = join(ROOT, "migrations");

const NAMES = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).toSorted();

async function migrate(database: DatabaseSync, names: readonly string[]): Promise<void> {
  for (const name of names) database.exec(await readFile(join(MIGRATIONS, name), "utf8"));
}

/** Columns, triggers, indices and all: the text that SQLite keeps of each, without white space. */
function schemaOf(database: DatabaseSync): readonly unknown[] {
  return database
    .prepare("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name")
    .all()
    .map(({ type, name, sql }) => ({ type, name, sql: String(sql).replaceAll(/\s+/g, " ") }));
}

function columnsOf(database: DatabaseSync, table: string): readonly string[] {
  return database
    .prepare(`SELECT name FROM pragma_table_info('${table}')`)
    .all()
    .map(({ name }) => String(name));
}

/** Inserts a row of what is in a table's columns by then. */
function insert(
  database: DatabaseSync,
  table: string,
  row: Readonly<Record<string, string | number | null>>,
): void {
  const known = columnsOf(database, table).filter((name) => name in row);
  const places = known.map(() => "?").join(", ");
  database
    .prepare(`INSERT INTO ${table} (${known.join(", ")}) VALUES (${places})`)
    .run(...known.map((name) => row[name] ?? null));
}

/**
 * Files of two tenants: current, deleted, unfinished; with derivatives and tags. Tenants' own rows are made by uploads,
 * which came after the migration that makes them of the files there are.
 */
function fill(database: DatabaseSync, withTenants: boolean): void {
  if (withTenants) {
    for (const tenant of ["a", "b"]) insert(database, "tenants", { tenant_id: tenant, created_at_ms: 1 });
  }
  const rows = [
    { tenant: "a", id: "1", state: "clean", size: 100, deleted: null },
    { tenant: "a", id: "2", state: "infected", size: 20, deleted: null },
    { tenant: "a", id: "3", state: "clean", size: 3, deleted: 5 },
    { tenant: "a", id: "4", state: "uploading", size: 50, deleted: null },
    { tenant: "b", id: "1", state: "quarantined", size: 7, deleted: null },
    { tenant: "b", id: "2", state: "uploading", size: null, deleted: null },
  ] as const;
  for (const { tenant, id, state, size, deleted } of rows) {
    const key = { tenant_id: tenant, file_id: id, version: 1 };
    insert(database, "files", {
      ...{
        tenant_id: tenant,
        id,
        owner_id: "ann",
        filename: `Name ${id}.txt`,
        folded_name: `name ${id}.txt`,
      },
      ...{ current_version: 1, created_at_ms: Number(id), updated_at_ms: 1, deleted_at_ms: deleted },
    });
    insert(database, "file_versions", {
      ...key,
      state,
      declared_type: "text/plain",
      size_bytes: size,
      created_at_ms: 1,
    });
    insert(database, "file_tags", { ...key, tag: "x" });
  }
  insert(database, "derivatives", {
    ...{
      tenant_id: "a",
      file_id: "1",
      version: 1,
      name: "thumbnail",
      object_key: "k",
      mime_type: "image/webp",
    },
    ...{ size_bytes: 9, created_at_ms: 1 },
  });
}

const COUNTS = `SELECT tenant_id, file_count, files_bytes, versions_bytes, trash_bytes, derivatives_bytes, reserved_bytes,
  file_sequence FROM tenants ORDER BY tenant_id`;
const LISTED =
  "SELECT tenant_id, id, state, size_bytes, mime_type, last_version FROM files ORDER BY tenant_id, id";
const NAMED =
  "SELECT tenant_id, id FROM files WHERE search_id IN (SELECT rowid FROM file_search WHERE name MATCH '\"name 2\"')";

async function fresh(): Promise<DatabaseSync> {
  const database = new DatabaseSync(":memory:");
  onTestFinished(() => database.close());
  return database;
}

/** The one that makes tenants' rows of the files of before. */
const FIRST_WITH_TENANTS = NAMES.indexOf("0003_counts_and_search.sql") + 1;

describe.each(NAMES.map((_name, index) => index + 1))(
  "with rows from when there were %d migrations",
  (count) => {
    test("the newest schema and its counts are those of a new database with the same rows", async () => {
      const [old, current] = [await fresh(), await fresh()];
      await migrate(old, NAMES.slice(0, count));
      fill(old, count >= FIRST_WITH_TENANTS);
      await migrate(old, NAMES.slice(count));
      await migrate(current, NAMES);
      fill(current, true);
      expect(schemaOf(old)).toEqual(schemaOf(current));
      const answers = (database: DatabaseSync) =>
        [COUNTS, LISTED, NAMED].map((query) => database.prepare(query).all());
      expect(answers(old)).toEqual(answers(current));
      expect(old.prepare(COUNTS).all()).toEqual([
        {
          ...{ tenant_id: "a", file_count: 4, files_bytes: 8192, versions_bytes: 0, trash_bytes: 4096 },
          ...{ derivatives_bytes: 9, reserved_bytes: 0, file_sequence: 4 },
        },
        {
          ...{ tenant_id: "b", file_count: 2, files_bytes: 4096, versions_bytes: 0, trash_bytes: 0 },
          ...{ derivatives_bytes: 0, reserved_bytes: 0, file_sequence: 2 },
        },
      ]);
      expect(old.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
    });
  },
);

test("the schema in code is that of the migrations: there is nothing to generate", async () => {
  const directory = await mkdtemp(join(tmpdir(), "causeway-migrations-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await cp(MIGRATIONS, directory, { recursive: true });
  const kit = join(ROOT, "node_modules", "drizzle-kit", "bin.cjs");
  const args = [
    "generate",
    "--dialect",
    "sqlite",
    "--schema",
    "worker/db/schema/index.ts",
    "--out",
    relative(ROOT, directory),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [kit, ...args], { cwd: ROOT });
  expect(stdout).toContain("No schema changes");
  expect((await readdir(directory)).toSorted()).toEqual((await readdir(MIGRATIONS)).toSorted());
});
