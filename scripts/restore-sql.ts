import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";

/**
 * A backup of the database as SQL that restores it: docs/operations.md says how. D1 exports no database with a full-text
 * index, so a backup is the tables' rows alone, and the triggers mustn't count them a second time when they are put back.
 */
const USAGE = `node scripts/restore-sql.ts --tables          the tables of a backup, as options of "wrangler d1 export"
node scripts/restore-sql.ts data.sql > restore.sql   what puts it back into a new, migrated database`;

const MIGRATIONS = join(dirname(dirname(fileURLToPath(import.meta.url))), "migrations");

/** What is made anew, or belongs to the machine that a database was on. */
const LEFT_OUT = /^(file_search|sqlite_|d1_|_cf_|processor_heartbeats$)/;
const FILL_SEARCH =
  "INSERT INTO file_search (rowid, name) SELECT search_id, folded_name FROM files WHERE search_id IS NOT NULL;";

/** A database with all migrations, to be asked what there is in one. */
function migratedDatabase(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  const names = readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql"));
  for (const name of names.sort()) {
    database.exec(readFileSync(join(MIGRATIONS, name), "utf8").replaceAll("--> statement-breakpoint", ""));
  }
  return database;
}

function objectsOf(type: "table" | "trigger"): readonly { readonly name: string; readonly sql: string }[] {
  const rows = migratedDatabase().prepare("SELECT name, sql FROM sqlite_master WHERE type = ?").all(type);
  return rows.map(({ name, sql }) => ({ name: String(name), sql: String(sql) }));
}

function printTables(): void {
  const tables = objectsOf("table").filter(({ name }) => !LEFT_OUT.test(name));
  console.log(tables.map(({ name }) => `--table ${name}`).join(" "));
}

function printRestore(path: string): void {
  const triggers = objectsOf("trigger");
  console.log("PRAGMA defer_foreign_keys = TRUE;");
  for (const { name } of triggers) console.log(`DROP TRIGGER ${name};`);
  process.stdout.write(readFileSync(path, "utf8"));
  for (const { sql } of triggers) console.log(`${sql};`);
  console.log(FILL_SEARCH);
}

const [argument] = process.argv.slice(2);
if (argument === "--tables") printTables();
else if (argument === undefined) {
  console.error(`Usage:\n${USAGE}`);
  process.exitCode = 2;
} else printRestore(argument);
