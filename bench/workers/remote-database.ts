/**
 * A D1-shaped database whose statements leave workerd by HTTP to bench/database.ts, in place of env.DB: miniflare's D1
 * runs inside the same workerd, where its SQLite would count as the product's own work. As D1's own binding does, it
 * sends a batch as one request and reads rows from JSON.
 */
import type { WireResult, WireStatement } from "../database-wire.ts";

/** What a bench worker finds in its env; an external HTTP service. */
export interface DatabaseEnv {
  readonly DATABASE: Fetcher;
}

async function query(service: Fetcher, statements: readonly WireStatement[]): Promise<WireResult[]> {
  const response = await service.fetch("http://database/", {
    method: "POST",
    body: JSON.stringify(statements),
  });
  if (response.ok) return response.json<WireResult[]>();
  throw new Error(`D1_ERROR: ${await response.text()}`);
}

function toObjects({ columns, rows }: WireResult): Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])));
}

class RemoteStatement {
  readonly wire: WireStatement;
  readonly #service: Fetcher;

  constructor(service: Fetcher, sql: string, params: readonly unknown[] = []) {
    this.#service = service;
    this.wire = { sql, params };
  }

  bind(...params: unknown[]): RemoteStatement {
    return new RemoteStatement(this.#service, this.wire.sql, params);
  }

  async run() {
    return { success: true, results: toObjects(await this.#query()) };
  }

  all() {
    return this.run();
  }

  async raw() {
    return (await this.#query()).rows;
  }

  async first(): Promise<Record<string, unknown> | null> {
    return toObjects(await this.#query())[0] ?? null;
  }

  async #query(): Promise<WireResult> {
    const [result] = await query(this.#service, [this.wire]);
    if (result === undefined) throw new Error("D1_ERROR: there was no result");
    return result;
  }
}

/** Has what the product uses of a D1Database, not all of it. There are no replicas, so a session is the database. */
export function remoteDatabase(service: Fetcher): D1Database {
  const database = {
    prepare: (sql: string) => new RemoteStatement(service, sql),
    async batch(statements: readonly RemoteStatement[]) {
      const results = await query(
        service,
        statements.map(({ wire }) => wire),
      );
      return results.map((result) => ({ success: true, results: toObjects(result) }));
    },
    withSession: () => ({ ...database, getBookmark: () => null }),
  };
  return database as unknown as D1Database;
}
