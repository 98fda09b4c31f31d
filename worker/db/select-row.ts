import type { SQLChunk, Table } from "drizzle-orm";
import { getTableColumns, SQL, sql } from "drizzle-orm";

const SEPARATOR = sql.raw(", ");
const NULL = sql.raw("NULL");

/** Values, or what they are computed by. */
export type SelectedRow<T extends Table> = {
  readonly [K in keyof T["$inferInsert"]]: T["$inferInsert"][K] | SQL;
};

/**
 * A row as `SELECT …`, to be followed by where it comes from or under what condition: drizzle's own `values` have no
 * condition, and in D1's batches a condition has to be part of the statement.
 */
export function selectRow<T extends Table>(table: T, row: SelectedRow<T>): SQL {
  const given: Readonly<Record<string, unknown>> = row;
  const chunks: SQLChunk[] = [sql.raw("SELECT ")];
  for (const [name, column] of Object.entries(getTableColumns(table))) {
    const value: unknown = given[name] ?? column.default;
    if (chunks.length > 1) chunks.push(SEPARATOR);
    if (value instanceof SQL) chunks.push(value);
    else chunks.push(value === undefined || value === null ? NULL : sql.param(value, column));
  }
  return sql.join(chunks);
}
