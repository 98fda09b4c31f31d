import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { MigratableDatabase } from "../scripts/dev/migrations.ts";

class LocalStatement {
  readonly #database: DatabaseSync;
  readonly #sql: string;
  readonly #params: readonly SQLInputValue[];

  constructor(database: DatabaseSync, sql: string, params: readonly SQLInputValue[] = []) {
    this.#database = database;
    this.#sql = sql;
    this.#params = params;
  }

  bind(...params: unknown[]): LocalStatement {
    return new LocalStatement(this.#database, this.#sql, params as SQLInputValue[]);
  }

  async run() {
    return { results: this.#database.prepare(this.#sql).all(...this.#params) };
  }
}

/** A file of SQLite's as something that migrations can be applied to. */
export function migratable(database: DatabaseSync): MigratableDatabase {
  return {
    prepare: (sql) => new LocalStatement(database, sql),
    batch: async (statements) => {
      for (const statement of statements) await statement.run();
    },
  };
}
