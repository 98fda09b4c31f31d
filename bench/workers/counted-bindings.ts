import { operations } from "./operation-counter.ts";
import type { SinkBucket } from "./sink-bucket.ts";
import { SinkMultipartUpload } from "./sink-bucket.ts";

type Method = (...args: unknown[]) => unknown;

/** The target with calls of its methods counted as `<prefix>.<method>`, but for those that call nobody themselves. */
function countCalls<T extends object>(
  target: T,
  prefix: string,
  local: ReadonlySet<string | symbol> = new Set(),
  wrapResult: (result: unknown) => unknown = (result) => result,
): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (!local.has(name)) operations.add(`${prefix}.${String(name)}`);
        // Not `value.apply`: a method of a service binding would take that for a method of its own to call.
        return wrapResult(Reflect.apply(value as Method, target, args));
      };
    },
  });
}

const LOCAL_TO_BUCKET = new Set(["resumeMultipartUpload"]);

function countMultipart(result: unknown): unknown {
  if (result instanceof Promise) return result.then(countMultipart);
  return result instanceof SinkMultipartUpload ? countCalls(result, "r2") : result;
}

/** Counts `r2.put`, `r2.uploadPart` and so on. */
export function countedBucket(bucket: SinkBucket): SinkBucket {
  return countCalls(bucket, "r2", LOCAL_TO_BUCKET, countMultipart);
}

/** Counts `queue.send`. */
export function countedQueue<Message>(queue: Queue<Message>): Queue<Message> {
  return countCalls(queue, "queue");
}

/** The statement behind each counted one: D1's batch takes its own only. */
const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

function countedStatement(statement: D1PreparedStatement): D1PreparedStatement {
  const alone = <T>(work: T): T => {
    operations.add("d1.batch");
    operations.add("d1.statement");
    return work;
  };
  const counted = {
    bind: (...values: unknown[]) => countedStatement(statement.bind(...values)),
    first: (...args: [string]) => alone(statement.first(...args)),
    run: () => alone(statement.run()),
    all: () => alone(statement.all()),
    raw: (...args: [{ columnNames: true }]) => alone(statement.raw(...args)),
  } as D1PreparedStatement;
  originals.set(counted, statement);
  return counted;
}

/** Counts `d1.batch`, which a statement sent by itself is one of, and `d1.statement`. */
export function countedDatabase(database: D1Database): D1Database {
  const counted: Pick<D1Database, "prepare" | "batch"> = {
    prepare: (query) => countedStatement(database.prepare(query)),
    batch: (statements) => {
      operations.add("d1.batch");
      operations.add("d1.statement", statements.length);
      return database.batch(statements.map((statement) => originals.get(statement) ?? statement));
    },
  };
  // Locally there is no replica: a session reads what everybody reads.
  return { ...counted, withSession: () => ({ ...counted, getBookmark: () => null }) } as D1Database;
}
