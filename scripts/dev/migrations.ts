import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { PROJECT_ROOT } from "./bundle.ts";

/** The part of D1's binding that applying migrations needs. */
export interface MigratableDatabase {
  prepare(sql: string): { bind(...values: unknown[]): PreparedStatement } & PreparedStatement;
  batch(statements: readonly PreparedStatement[]): Promise<unknown>;
}
interface PreparedStatement {
  run(): Promise<{ results?: readonly Record<string, unknown>[] }>;
}

/** The table that `wrangler d1 migrations apply` keeps, so that either may go on where the other stopped. */
const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`;

/** drizzle-kit's mark between the statements of a migration. */
const BREAKPOINT = "--> statement-breakpoint";

/**
 * Applies the migrations that the database hasn't had, in order, each as one batch: all of it or nothing. Throws a
 * sentence for people where it has had others, which another version of the project brought.
 */
export async function applyMigrations(database: MigratableDatabase): Promise<void> {
  await database.prepare(MIGRATIONS_TABLE).run();
  const { results = [] } = await database.prepare("SELECT name FROM d1_migrations").run();
  const applied = new Set(results.map((row) => z.string().parse(row["name"])));
  const directory = join(PROJECT_ROOT, "migrations");
  const names = readdirSync(directory).filter((name) => name.endsWith(".sql"));
  const foreign = [...applied].find((name) => !names.includes(name));
  if (foreign !== undefined) {
    throw new Error(
      `The state is another version's, with a migration (${foreign}) that this one doesn't know: start that ` +
        "version, set CAUSEWAY_STATE to another directory, or remove this one's.",
    );
  }
  for (const name of names.sort().filter((candidate) => !applied.has(candidate))) {
    const statements = readFileSync(join(directory, name), "utf8").split(BREAKPOINT);
    await database.batch([
      ...statements.map((statement) => database.prepare(statement)),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]);
  }
}
