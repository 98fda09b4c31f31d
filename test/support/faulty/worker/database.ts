import type { DatabaseFault } from "../faults.ts";

/** The database of the fault tests: miniflare's own, with a fault at one of its calls. */
export class DatabaseFaults {
  #fault: DatabaseFault | undefined;
  /** Calls since the plan was made: a statement by itself, or a batch. */
  calls = 0;

  plan(fault: DatabaseFault | undefined): void {
    this.#fault = fault;
    this.calls = 0;
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    this.calls += 1;
    const fault = this.#faultNow();
    if (fault?.kind === "fail") throw new Error("D1_ERROR: the database is out of order.");
    // Asked for again and again: a request that only waits for another one is ended by the runtime.
    while (fault?.kind === "hold" && this.#fault === fault) await scheduler.wait(5);
    const result = await call();
    if (fault?.kind === "lose-answer") throw new Error("D1_ERROR: the connection was lost.");
    return result;
  }

  #faultNow(): DatabaseFault | undefined {
    const { atCall, failsAfter } = this.#fault ?? {};
    if (atCall === "every" || atCall === this.calls) return this.#fault;
    const isAfter = failsAfter === true && atCall !== undefined && this.calls > atCall;
    return isAfter ? { kind: "fail", atCall: this.calls } : undefined;
  }
}

/** The statement behind each of ours: a batch takes its own only. */
const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

function wrapStatement(statement: D1PreparedStatement, faults: DatabaseFaults): D1PreparedStatement {
  const wrapped = {
    bind: (...values: unknown[]) => wrapStatement(statement.bind(...values), faults),
    run: () => faults.run(() => statement.run()),
    all: () => faults.run(() => statement.all()),
    raw: () => faults.run(() => statement.raw()),
    first: () => faults.run(() => statement.first()),
  } as unknown as D1PreparedStatement;
  originals.set(wrapped, statement);
  return wrapped;
}

export function withDatabaseFaults(database: D1Database, faults: DatabaseFaults): D1Database {
  const wrapped = {
    prepare: (query: string) => wrapStatement(database.prepare(query), faults),
    batch: (statements: D1PreparedStatement[]) =>
      faults.run(() => database.batch(statements.map((each) => originals.get(each) ?? each))),
    // Locally there is one database and no replica: a session reads what everybody reads.
    withSession: () => wrapped,
  };
  return wrapped as unknown as D1Database;
}
