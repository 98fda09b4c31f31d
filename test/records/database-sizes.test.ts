import { expect, test, vi } from "vitest";
import { MAX_DATABASE_BYTES } from "../../worker/db/database-size.ts";
import { measureFillings, warnOfFillings } from "../../worker/services/database-sizes.ts";
import { checkHealth, currentHealth, isReady } from "../../worker/services/health.ts";
import { useDatabases } from "./support/databases.ts";

const databases = useDatabases();
const objects = { head: async () => undefined, get: async () => undefined };

test("a database that is nearly full is told in the log and by the health, with how full it is", async () => {
  const env = databases.bindings;
  const [filling] = await measureFillings(env);
  if (filling === undefined) throw new Error("It wasn't measured.");
  expect(filling.sizeBytes).toBeGreaterThan(100_000);
  const share = filling.sizeBytes / MAX_DATABASE_BYTES;
  expect(filling.share).toBe(share);
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const sizePart = async (databaseAlertShare: number) => {
    await warnOfFillings(env, databaseAlertShare);
    const { parts } = await checkHealth(
      env,
      { objects, databaseAlertShare, replicaReads: undefined, development: false },
      "1",
      0,
    );
    return parts.databaseSize.state;
  };
  expect(await sizePart(share * 1.01)).toBe("ok");
  expect(error).not.toHaveBeenCalled();
  expect(await sizePart(share)).toBe("degraded");
  expect(error).toHaveBeenCalledExactlyOnceWith({ event: "database-filling", ...filling });
  error.mockRestore();
});

/** The same database, as full as it may be. */
function fullDatabase(DB: D1Database): D1Database {
  const withSize = <T extends D1Result>(result: T): T => ({
    ...result,
    meta: { ...result.meta, size_after: MAX_DATABASE_BYTES },
  });
  const measured = (statement: D1PreparedStatement): D1PreparedStatement =>
    Object.assign(Object.create(statement) as D1PreparedStatement, {
      bind: (...values: unknown[]) => measured(statement.bind(...values)),
      run: async () => withSize(await statement.run()),
      all: () => statement.all(),
      raw: (options: { columnNames?: false }) => statement.raw(options),
    });
  const prepare = (sql: string) => measured(DB.prepare(sql));
  return { prepare, batch: (statements: D1PreparedStatement[]) => DB.batch(statements) } as D1Database;
}

test("nobody is sent to a database that is full, and one who asks again and again makes nobody work", async () => {
  const env = { DB: fullDatabase(databases.bindings.DB) };
  const probes = { objects, databaseAlertShare: 0.8, replicaReads: undefined, development: false };
  let checks = 0;
  const report = () =>
    currentHealth(env, () => {
      checks += 1;
      return checkHealth(env, probes, "1", 0);
    });
  await report();
  const health = await report();
  expect(checks).toBe(1);
  expect(health.status).toBe("degraded");
  expect(health.parts.databaseSize.state).toBe("down");
  const allElse = Object.fromEntries(
    Object.keys(health.parts).map((name) => [name, { state: "ok", detail: "" }]),
  );
  const parts = { ...health.parts, ...allElse };
  expect(isReady({ ...health, parts })).toBe(true);
  expect(isReady({ ...health, parts: { ...parts, databaseSize: health.parts.databaseSize } })).toBe(false);
});

test("a report is answered for a second, and for another one while the next is being made", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
  const env = { DB: databases.bindings.DB };
  const probes = { objects, databaseAlertShare: 0.8, replicaReads: undefined, development: false };
  const made = await checkHealth(env, probes, "1", 0);
  const ask = (version: string, gate?: Promise<void>) =>
    currentHealth(env, async () => {
      await gate;
      return { ...made, version };
    }).then((report) => report.version);
  expect(await ask("1")).toBe("1");
  vi.setSystemTime(1_000_999);
  expect(await ask("2")).toBe("1");
  vi.setSystemTime(1_001_000);
  const gate = Promise.withResolvers<void>();
  const slow = ask("3", gate.promise);
  vi.setSystemTime(1_001_999);
  expect(await ask("4")).toBe("1");
  vi.setSystemTime(1_002_000);
  expect(await ask("5")).toBe("5");
  gate.resolve();
  expect(await slow).toBe("3");
  vi.useRealTimers();
});
