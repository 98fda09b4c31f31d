/** The statement behind each of ours: D1's batch takes its own only. */
const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

export interface CountedWrites {
  readonly database: D1Database;
  /** What D1 bills since this was last asked: rows, and an index's entry as one. */
  take(): number;
}

/** A database that counts the rows which its statements write, by D1's own `meta.rows_written`. */
export function countWrites(real: D1Database): CountedWrites {
  let rows = 0;
  const count = <T>(result: D1Result<T>): D1Result<T> => {
    rows += result.meta.rows_written;
    return result;
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const counted = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all: async () => count(await statement.all()),
      run: async () => count(await statement.run()),
      // Of which D1 doesn't tell: what is asked so here only reads.
      raw: (...args: [{ columnNames: true }]) => statement.raw(...args),
    } as D1PreparedStatement;
    originals.set(counted, statement);
    return counted;
  };
  const database: Pick<D1Database, "prepare" | "batch"> = {
    prepare: (query) => wrap(real.prepare(query)),
    batch: async <T>(statements: D1PreparedStatement[]) => {
      const results = await real.batch<T>(statements.map((each) => originals.get(each) ?? each));
      return results.map(count);
    },
  };
  return {
    database: database as D1Database,
    take() {
      const taken = rows;
      rows = 0;
      return taken;
    },
  };
}
