import type { Placeholder, SQL } from "drizzle-orm";
import { fillPlaceholders, sql } from "drizzle-orm";
import type { Database } from "./database.ts";

interface Text {
  readonly sql: string;
  readonly params: unknown[];
}

/** What a parameter may be: as SQLite takes it, so JSON is a text by now. */
export type Value = string | number | null;

/** The place of a parameter in a statement that is made once. */
export function parameter(name: string): SQL<never> {
  return sql<never>`${sql.placeholder(name) satisfies Placeholder}`;
}

/**
 * A statement whose text is made once. For those that each upload runs: making it anew is 0.1 ms, most of what a record
 * costs the worker. Drizzle's own prepared statements can't be part of a batch with values of their own.
 */
export class PreparedStatement<Name extends string> {
  readonly #make: (db: Database) => { toSQL(): Text };
  #text: Text | undefined;

  constructor(make: (db: Database) => { toSQL(): Text }) {
    this.#make = make;
  }

  /** The statement with its values, to be run or to be part of a batch. */
  bind(db: Database, values: Readonly<Record<Name, Value>>): D1PreparedStatement {
    this.#text ??= this.#make(db).toSQL();
    return db.$client.prepare(this.#text.sql).bind(...fillPlaceholders(this.#text.params, values));
  }
}
