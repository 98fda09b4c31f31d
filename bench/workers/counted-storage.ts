import { operations } from "./operation-counter.ts";

/** Rows are counted by the cursor while it is read, which the product does at once: they are taken in afterwards. */
function countedSql(sql: SqlStorage): SqlStorage {
  const exec = <Row extends Record<string, SqlStorageValue>>(query: string, ...bindings: unknown[]) => {
    const cursor = sql.exec<Row>(query, ...bindings);
    operations.add(/^\s*SELECT/i.test(query) ? "sql.read" : "sql.write");
    operations.addLater(() => {
      operations.add("sql.rowsRead", cursor.rowsRead);
      operations.add("sql.rowsWritten", cursor.rowsWritten);
    });
    return cursor;
  };
  return { exec } as SqlStorage;
}

const ALARM_CALLS: ReadonlySet<string | symbol> = new Set(["setAlarm", "deleteAlarm"]);

function countedStorage(storage: DurableObjectStorage): DurableObjectStorage {
  const sql = countedSql(storage.sql);
  return new Proxy(storage, {
    get(_, name) {
      if (name === "sql") return sql;
      const value: unknown = Reflect.get(storage, name, storage);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (ALARM_CALLS.has(name)) operations.add(`alarm.${String(name)}`);
        return Reflect.apply(value as (...given: unknown[]) => unknown, storage, args);
      };
    },
  });
}

/**
 * Has an object's storage count what it is asked: `sql.read` and `sql.write` statements, rows of either, alarms. In
 * place, because a Durable Object takes no other `ctx` than the runtime's own.
 */
export function countStorage(ctx: DurableObjectState): DurableObjectState {
  return Object.defineProperty(ctx, "storage", { value: countedStorage(ctx.storage) });
}
