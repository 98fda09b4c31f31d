/** What is to go wrong: a call to the database, counted from 0, that isn't carried out, or whose answer is lost. */
export interface Fault {
  readonly call: number;
  readonly when: "before" | "after";
}

/** A database's binding whose calls go wrong when they are told to. */
export interface FaultyDatabase {
  readonly binding: D1Database;
  /** Does `work` with this fault in it. Tells what became of the work, and how many calls there were. */
  attempt<T>(fault: Fault | undefined, work: () => Promise<T>): Promise<Attempted<T>>;
  /** Answers no call from now on, until what it returns is called: then all are carried out. */
  fallSilent(): () => void;
}

export interface Attempted<T> {
  readonly value: T | undefined;
  readonly error: unknown;
  readonly calls: number;
}

class DatabaseFault extends Error {}

export function isFault(error: unknown): boolean {
  return error instanceof DatabaseFault || (error instanceof Error && isFault(error.cause));
}

/** Throws what went wrong without having been told to. */
export function requireFaultOrNone(error: unknown): void {
  if (error === undefined || isFault(error)) return;
  throw new Error("Something else went wrong.", { cause: error });
}

/** Throws where nothing was refused: with this code, or by a fault. */
export function requireRefused(error: unknown, code = ""): void {
  if (isFault(error)) return;
  if (error instanceof Error && error.message.startsWith(code)) return;
  throw new Error("It was admitted, and there is no room for it.", { cause: error });
}

/** The statement behind each of ours: D1's batch takes its own only. */
const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

export function faultyDatabase(real: D1Database): FaultyDatabase {
  let calls = 0;
  let pending: Fault | undefined;
  let silence: PromiseWithResolvers<void> | undefined;

  async function call<T>(work: () => Promise<T>): Promise<T> {
    const number = calls++;
    await silence?.promise;
    if (pending?.call === number && pending.when === "before") throw new DatabaseFault("not carried out");
    const result = await work();
    if (pending?.call === number) throw new DatabaseFault("the answer was lost");
    return result;
  }

  function wrap(statement: D1PreparedStatement): D1PreparedStatement {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      first: (...args: [string]) => call(() => statement.first(...args)),
      run: () => call(() => statement.run()),
      all: () => call(() => statement.all()),
      raw: (...args: [never]) => call(() => statement.raw(...args)),
    } as D1PreparedStatement;
    originals.set(wrapped, statement);
    return wrapped;
  }

  const binding = {
    prepare: (query: string) => wrap(real.prepare(query)),
    batch: (statements: D1PreparedStatement[]) =>
      call(() => real.batch(statements.map((statement) => originals.get(statement) ?? statement))),
  } as unknown as D1Database;

  return {
    binding,
    fallSilent() {
      silence = Promise.withResolvers<void>();
      return silence.resolve;
    },
    async attempt(fault, work) {
      calls = 0;
      pending = fault;
      try {
        return { value: await work(), error: undefined, calls };
      } catch (error) {
        return { value: undefined, error, calls };
      } finally {
        pending = undefined;
      }
    },
  };
}
