/** The statement behind each counted one: D1's batch takes its own only. */
const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

/** A database that counts the rows that its statements read, as D1 bills them. `raw` tells none: it is run twice. */
export function countRowsRead(database: D1Database): { database: D1Database; rowsRead: () => number } {
  let rows = 0;
  const count = <T>(result: D1Result<T>): D1Result<T> => {
    rows += result.meta.rows_read;
    return result;
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const counted = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all: async () => count(await statement.all()),
      run: async () => count(await statement.run()),
      raw: async (...args: [{ columnNames: true }]) => {
        count(await statement.all());
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
  return { database: { ...counted, withSession } as D1Database, rowsRead: () => rows };
}
