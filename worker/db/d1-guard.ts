import { AppError } from "#contract/errors.ts";
import { withDeadline } from "../deadline.ts";

/** Longest wait for D1; a statement that has not answered by then may still be carried out. */
export const D1_DEADLINE_MS = 10_000;

/**
 * D1 has no error codes. What SQLite says of a statement ends in SQLite's own name of it; all else is the service's, and so
 * is what it says of the database's condition.
 */
const OF_A_STATEMENT = /\bSQLITE_(?!BUSY|LOCKED|FULL|IOERR|NOMEM|INTERRUPT)[A-Z_]+/;

async function guarded<T>(work: Promise<T>): Promise<T> {
  try {
    return await withDeadline(work, D1_DEADLINE_MS, "SERVICE_UNAVAILABLE");
  } catch (error) {
    if (error instanceof AppError || OF_A_STATEMENT.test(String(error))) throw error;
    throw new AppError("SERVICE_UNAVAILABLE", { detail: "The database did not answer.", cause: error });
  }
}

/** The statement behind each of ours: D1's batch takes its own only. */
const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

function wrapStatement(statement: D1PreparedStatement): D1PreparedStatement {
  const wrapped = {
    bind: (...values: unknown[]) => wrapStatement(statement.bind(...values)),
    first: (column?: string) => guarded(column === undefined ? statement.first() : statement.first(column)),
    run: () => guarded(statement.run()),
    all: () => guarded(statement.all()),
    raw: (...args: never[]) => guarded((statement.raw as (...given: never[]) => Promise<unknown[]>)(...args)),
  } as unknown as D1PreparedStatement;
  originals.set(wrapped, statement);
  return wrapped;
}

/** What a database and a session of one have in common. */
type Queries = Pick<D1Database, "prepare" | "batch">;

function wrapQueries(target: Queries): Queries {
  return {
    prepare: (query) => wrapStatement(target.prepare(query)),
    batch: <T>(statements: D1PreparedStatement[]) =>
      guarded(target.batch<T>(statements.map((statement) => originals.get(statement) ?? statement))),
  };
}

function wrapSession(session: D1DatabaseSession): D1DatabaseSession {
  return { ...wrapQueries(session), getBookmark: () => session.getBookmark() };
}

/**
 * A D1 binding whose every call has a deadline, a session's too: the binding itself has none, and a query that never
 * answers would hold whatever waits for it for ever. Throws `SERVICE_UNAVAILABLE` for that and for whatever keeps D1 from
 * answering, and passes on what is wrong with a statement.
 */
export function guardD1(binding: D1Database): D1Database {
  return {
    ...wrapQueries(binding),
    exec: (query: string) => guarded(binding.exec(query)),
    withSession: (...args: Parameters<D1Database["withSession"]>) =>
      wrapSession(binding.withSession(...args)),
  } as D1Database;
}
