/**
 * The far end of the bench database, run as a process of its own: the product's tables in SQLite, in memory. A request is
 * a batch, all of it or nothing.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { SQLInputValue } from "node:sqlite";
import { DatabaseSync } from "node:sqlite";
import { json } from "node:stream/consumers";
import type { MigratableDatabase } from "../scripts/dev/migrations.ts";
import { applyMigrations } from "../scripts/dev/migrations.ts";
import type { WireResult, WireStatement } from "./database-wire.ts";
import { serve } from "./serve.ts";

const database = new DatabaseSync(":memory:");
database.exec("PRAGMA foreign_keys = ON");

function run({ sql, params }: WireStatement): WireResult {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  const rows = statement.all(...(params as SQLInputValue[])) as unknown as readonly unknown[][];
  return { columns: statement.columns().map(({ name }) => name), rows };
}

function runBatch(statements: readonly WireStatement[]): readonly WireResult[] {
  database.exec("BEGIN");
  try {
    const results = statements.map(run);
    database.exec("COMMIT");
    return results;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

/** What applying migrations needs of D1. */
class LocalStatement implements WireStatement {
  readonly sql: string;
  readonly params: readonly unknown[];

  constructor(sql: string, params: readonly unknown[] = []) {
    this.sql = sql;
    this.params = params;
  }

  bind(...params: unknown[]): LocalStatement {
    return new LocalStatement(this.sql, params);
  }

  async run() {
    const { columns, rows } = run(this);
    return {
      results: rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]]))),
    };
  }
}

const migratable: MigratableDatabase = {
  prepare: (sql) => new LocalStatement(sql),
  batch: async (statements) => runBatch(statements as readonly LocalStatement[]),
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const results = runBatch((await json(request)) as readonly WireStatement[]);
    response.setHeader("content-type", "application/json").end(JSON.stringify(results));
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.message : String(error));
  }
}

await applyMigrations(migratable);
serve(createServer((request, response) => void answer(request, response)));
