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

/**
 * A D1 binding whose every call has a deadline: the binding itself has none, and a query that never answers would hold
 * whatever waits for it for ever. Throws `SERVICE_UNAVAILABLE`.
 */
export function withD1Deadline(binding: D1Database): D1Database {
  return {
    prepare: (query: string) => wrapStatement(binding.prepare(query)),
    batch: <T>(statements: D1PreparedStatement[]) =>
      inTime(binding.batch<T>(statements.map((statement) => originals.get(statement) ?? statement))),
    exec: (query: string) => inTime(binding.exec(query)),
    withSession: (...args: Parameters<D1Database["withSession"]>) => binding.withSession(...args),
  } as D1Database;
}
