import type { D1Database } from "@cloudflare/workers-types";
import type { Answer, CronRun, Question, Statement, WireError } from "./wire.ts";

/** Where the side door is, and what opens it. */
export interface SideDoor {
  readonly url: URL;
  readonly token: string;
  /** So long an answer is waited for. */
  readonly patienceMs?: number;
}

/** D1 has no deadline of its own here; what takes longer hangs, unless it is known to take long. */
const PATIENCE_MS = 60_000;

type Done = Exclude<Answer, { readonly error: WireError }>;

async function post(
  { url, token, patienceMs = PATIENCE_MS }: SideDoor,
  path: string,
  body: Question | CronRun,
): Promise<Done> {
  const response = await fetch(new URL(path, url), {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(patienceMs),
  });
  if (!response.ok) throw new Error(`The side door answered ${response.status}.`);
  const answer = JSON.parse(await response.text()) as Answer;
  if ("error" in answer) throw rebuildError(answer.error);
  return answer;
}

function rebuildError({ name, message, cause }: WireError): Error {
  const error = new Error(message, cause === undefined ? {} : { cause: rebuildError(cause) });
  error.name = name;
  return error;
}

/** JSON would make something else of it: null, or an object. */
function requirePlain(value: unknown): void {
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return;
  throw new Error(`D1_TYPE_ERROR: Type '${typeof value}' not supported`);
}

type Ask = (question: Pick<Question, "method" | "statements" | "columnNames">) => Promise<unknown>;

/** D1's prepared statement. */
class DoorStatement {
  readonly statement: Statement;
  readonly #ask: Ask;

  constructor(ask: Ask, statement: Statement) {
    this.#ask = ask;
    this.statement = statement;
  }

  bind(...values: readonly unknown[]): DoorStatement {
    for (const value of values) requirePlain(value);
    return new DoorStatement(this.#ask, { sql: this.statement.sql, values });
  }

  all(): Promise<unknown> {
    return this.#ask({ method: "all", statements: [this.statement] });
  }

  run(): Promise<unknown> {
    return this.#ask({ method: "run", statements: [this.statement] });
  }

  async first(column?: string): Promise<unknown> {
    const { results } = (await this.all()) as { results: readonly Record<string, unknown>[] };
    const [row] = results;
    if (row === undefined) return null;
    return column === undefined ? row : row[column];
  }

  raw({ columnNames }: { readonly columnNames?: boolean } = {}): Promise<unknown> {
    return this.#ask({ method: "raw", statements: [this.statement], columnNames });
  }
}

function queriesOf(ask: Ask) {
  return {
    prepare: (sql: string) => new DoorStatement(ask, { sql, values: [] }),
    batch: (statements: readonly DoorStatement[]) =>
      ask({ method: "batch", statements: statements.map(({ statement }) => statement) }),
  };
}

function openSession(door: SideDoor, database: string, beginning: string) {
  let bookmark: string | null = null;
  const ask: Ask = async (question) => {
    const answer = await post(door, "/databases", { database, session: bookmark ?? beginning, ...question });
    bookmark = answer.bookmark ?? bookmark;
    return answer.result;
  };
  return { ...queriesOf(ask), getBookmark: () => bookmark };
}

/** A database behind the door, by the name of its binding. What is bound is text, numbers and null: no bytes. */
export function openDatabase(door: SideDoor, database: string): D1Database {
  const ask: Ask = async (question) => (await post(door, "/databases", { database, ...question })).result;
  const opened = {
    ...queriesOf(ask),
    exec: (sql: string) => ask({ method: "exec", statements: [{ sql, values: [] }] }),
    withSession: (beginning = "first-unconstrained") => openSession(door, database, beginning),
  };
  // All of D1's that anybody here calls.
  return opened as unknown as D1Database;
}

/** Runs the worker's cron handler, as of a time. Throws where that didn't end well. */
export async function runCron(door: SideDoor, scheduledTimeMs = Date.now()): Promise<void> {
  const { result } = await post(door, "/cron", { cron: "* * * * *", scheduledTimeMs });
  const { outcome } = result as { outcome: string };
  if (outcome !== "ok") throw new Error(`The cron handler ended with "${outcome}".`);
}
