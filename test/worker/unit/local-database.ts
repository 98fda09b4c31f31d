import type { SQLInputValue } from "node:sqlite";
import { DatabaseSync } from "node:sqlite";
import { applyMigrations } from "../../../scripts/dev/migrations.ts";

/** The product's tables in SQLite, in memory, behind what drizzle uses of D1: for looking at statements one by one. */
export interface LocalDatabase {
  readonly sqlite: DatabaseSync;
  readonly binding: D1Database;
  /** The statements since this was last asked. */
  takeStatements(): readonly Statement[];
}

export interface Statement {
  readonly sql: string;
  readonly params: readonly SQLInputValue[];
}

export async function openLocalDatabase(): Promise<LocalDatabase> {
  const sqlite = new DatabaseSync(":memory:");
  const statements: Statement[] = [];
  const binding = localBinding(sqlite, statements);
  await applyMigrations(binding);
  statements.length = 0;
  return { sqlite, binding, takeStatements: () => statements.splice(0) };
}

/** A binding that runs nothing and finds nothing: for statements that are looked at, and not for what they answer. */
export function recordStatements(): Pick<LocalDatabase, "binding" | "takeStatements"> {
  const statements: Statement[] = [];
  const prepare = (sql: string, params: readonly SQLInputValue[] = []) => ({
    bind: (...values: SQLInputValue[]) => prepare(sql, values),
    async raw() {
      statements.push({ sql, params });
      return [];
    },
  });
  return { binding: { prepare } as unknown as D1Database, takeStatements: () => statements.splice(0) };
}

/** How SQLite goes about a statement, a line for each step. */
export function explain({ sqlite }: LocalDatabase, { sql, params }: Statement): readonly string[] {
  const rows = sqlite.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...params);
  return rows.map((row) => String(row["detail"]));
}

function localBinding(sqlite: DatabaseSync, statements: Statement[]): D1Database {
  const prepare = (sql: string, params: readonly SQLInputValue[] = []) => {
    const run = () => {
      statements.push({ sql, params });
      return sqlite.prepare(sql);
    };
    return {
      bind: (...values: SQLInputValue[]) => prepare(sql, values),
      all: async () => ({ results: run().all(...params) }),
      run: async () => ({ results: run().all(...params) }),
      raw: async () => {
        const statement = run();
        statement.setReturnArrays(true);
        return statement.all(...params);
      },
    };
  };
  return {
    prepare,
    batch: (each: readonly { all(): Promise<unknown> }[]) => Promise.all(each.map((one) => one.all())),
  } as unknown as D1Database;
}
