/** The statement behind each counted one: D1's batch takes its own only. */
const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

/** What D1 bills, by its own word: rows that are read; rows that are written, and an index's entry as one. */
export type Billed = "rows_read" | "rows_written";

/**
 * A database that counts the rows that its statements read or write. `raw` tells none: to count what is read it is run
 * twice, and nothing is written by it.
 */
export function countRows(
  database: D1Database,
  billed: Billed,
): { database: D1Database; rows: () => number } {
  let rows = 0;
  const count = <T>(result: D1Result<T>): D1Result<T> => {
    rows += result.meta[billed];
    return result;
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const counted = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all: async () => count(await statement.all()),
      run: async () => count(await statement.run()),
      raw: async (...args: [{ columnNames: true }]) => {
        if (billed === "rows_read") count(await statement.all());
        return statement.raw(...args);
      },
    } as D1PreparedStatement;
    originals.set(counted, statement);
    return counted;
  };
  const counted: Pick<D1Database, "prepare" | "batch"> = {
    prepare: (query) => wrap(database.prepare(query)),
    batch: async <T>(statements: D1PreparedStatement[]) => {
      const own = statements.map((statement) => originals.get(statement) ?? statement);
      return (await database.batch<T>(own)).map(count);
    },
  };
  // Locally there is no replica: a session reads what everybody reads.
  const withSession = () => ({ ...counted, getBookmark: () => null });
  return { database: { ...counted, withSession } as D1Database, rows: () => rows };
}
