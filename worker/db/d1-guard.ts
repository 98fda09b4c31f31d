import { AppError } from "#contract/errors.ts";
import { withDeadline } from "../deadline.ts";
import { Silence } from "./silence.ts";

/** Longest wait for D1; a statement that has not answered by then may still be carried out. */
export const D1_DEADLINE_MS = 10_000;

/**
 * D1 has no error codes. What SQLite says of a statement ends in SQLite's own name of it; all else is the service's, and so
 * is what it says of the database's condition.
 */
const OF_A_STATEMENT = /\bSQLITE_(?!BUSY|LOCKED|FULL|IOERR|NOMEM|INTERRUPT)[A-Z_]+/;

/** Does the calls to one database. */
class Guard {
  readonly #silence: Silence;
  readonly #deadlineMs: number;

  constructor({ deadlineMs = D1_DEADLINE_MS, restMs }: GuardTimes) {
    this.#silence = new Silence(restMs);
    this.#deadlineMs = deadlineMs;
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    const sinceMs = Date.now();
    this.#silence.requireTry(sinceMs);
    try {
      return await withDeadline(this.#noted(call()), this.#deadlineMs, "SERVICE_UNAVAILABLE");
    } catch (error) {
      if (OF_A_STATEMENT.test(String(error))) throw error;
      if (error instanceof AppError) {
        this.#silence.noteSilence(sinceMs, Date.now());
        throw error;
      }
      throw new AppError("SERVICE_UNAVAILABLE", { detail: "The database did not answer.", cause: error });
    }
  }

  /** Of one that comes late too. */
  async #noted<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } finally {
      this.#silence.noteAnswer(Date.now());
    }
  }
}

/** For tests: those of a deployment where nothing is said. */
export interface GuardTimes {
  readonly deadlineMs?: number;
  /** How long a silent database is left alone. */
  readonly restMs?: number;
}

/** Of a binding and of its sessions, which ask its replicas. */
const guards = new WeakMap<D1Database, { readonly own: Guard; readonly ofSessions: Guard }>();

function guardsOf(binding: D1Database, times: GuardTimes) {
  const known = guards.get(binding);
  if (known !== undefined) return known;
  const made = { own: new Guard(times), ofSessions: new Guard(times) };
  guards.set(binding, made);
  return made;
}

/** The statement behind each of ours: D1's batch takes its own only. */
const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

function wrapStatement(statement: D1PreparedStatement, guard: Guard): D1PreparedStatement {
  const wrapped = {
    bind: (...values: unknown[]) => wrapStatement(statement.bind(...values), guard),
    first: (column?: string) =>
      guard.run(() => (column === undefined ? statement.first() : statement.first(column))),
    run: () => guard.run(() => statement.run()),
    all: () => guard.run(() => statement.all()),
    raw: (...args: never[]) =>
      guard.run(() => (statement.raw as (...given: never[]) => Promise<unknown[]>)(...args)),
  } as unknown as D1PreparedStatement;
  originals.set(wrapped, statement);
  return wrapped;
}

/** What a database and a session of one have in common. */
type Queries = Pick<D1Database, "prepare" | "batch">;

function wrapQueries(target: Queries, guard: Guard): Queries {
  return {
    prepare: (query) => wrapStatement(target.prepare(query), guard),
    batch: <T>(statements: D1PreparedStatement[]) =>
      guard.run(() => target.batch<T>(statements.map((statement) => originals.get(statement) ?? statement))),
  };
}

function wrapSession(session: D1DatabaseSession, guard: Guard): D1DatabaseSession {
  return { ...wrapQueries(session, guard), getBookmark: () => session.getBookmark() };
}

/**
 * A D1 binding whose every call has a deadline, a session's too: the binding itself has none, and a query that never
 * answers would hold whatever waits for it for ever. Throws `SERVICE_UNAVAILABLE` for that, at once while the database is
 * silent (silence.ts), and for whatever keeps D1 from answering; and passes on what is wrong with a statement.
 */
export function guardD1(binding: D1Database, times: GuardTimes = {}): D1Database {
  const { own, ofSessions } = guardsOf(binding, times);
  return {
    ...wrapQueries(binding, own),
    exec: (query: string) => own.run(() => binding.exec(query)),
    withSession: (...args: Parameters<D1Database["withSession"]>) =>
      wrapSession(binding.withSession(...args), ofSessions),
  } as D1Database;
}
