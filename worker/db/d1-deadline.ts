import { withDeadline } from "../deadline.ts";

/** Longest wait for D1; a statement that has not answered by then may still be carried out. */
const DEADLINE_MS = 10_000;

function inTime<T>(work: Promise<T>): Promise<T> {
  return withDeadline(work, DEADLINE_MS, "SERVICE_UNAVAILABLE");
}

/** The statement behind each of ours: D1's batch takes its own only. */
const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

function wrapStatement(statement: D1PreparedStatement): D1PreparedStatement {
  const wrapped = {
    bind: (...values: unknown[]) => wrapStatement(statement.bind(...values)),
    first: (column?: string) => inTime(column === undefined ? statement.first() : statement.first(column)),
    run: () => inTime(statement.run()),
    all: () => inTime(statement.all()),
    raw: (...args: never[]) => inTime((statement.raw as (...given: never[]) => Promise<unknown[]>)(...args)),
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
      inTime(target.batch<T>(statements.map((statement) => originals.get(statement) ?? statement))),
  };
}

function wrapSession(session: D1DatabaseSession): D1DatabaseSession {
  return { ...wrapQueries(session), getBookmark: () => session.getBookmark() };
}

/**
 * A D1 binding whose every call has a deadline, a session's too: the binding itself has none, and a query that never
 * answers would hold whatever waits for it for ever. Throws `SERVICE_UNAVAILABLE`.
 */
export function withD1Deadline(binding: D1Database): D1Database {
  return {
    ...wrapQueries(binding),
    exec: (query: string) => inTime(binding.exec(query)),
    withSession: (...args: Parameters<D1Database["withSession"]>) =>
      wrapSession(binding.withSession(...args)),
  } as D1Database;
}
