import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import type { MigratableDatabase } from "../../scripts/dev/migrations.ts";
import { applyMigrations } from "../../scripts/dev/migrations.ts";
import { readOrCreateSecrets } from "../../scripts/dev/state.ts";

const SECRETS = ["jwtSecret", "reportSecret", "signedUrlSecret", "queuesToken"];

function newState(): { directory: string; path: string } {
  const directory = mkdtempSync(join(tmpdir(), "causeway-state-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return { directory, path: join(directory, "secrets.json") };
}

test("secrets are made once", () => {
  const { directory } = newState();
  const made = readOrCreateSecrets(directory);
  expect(Object.keys(made).toSorted()).toEqual(SECRETS.toSorted());
  expect(readOrCreateSecrets(directory)).toEqual(made);
});

test.each(SECRETS)("without %s one sentence says what to do", (name) => {
  const { directory, path } = newState();
  readOrCreateSecrets(directory);
  const { [name]: _gone, ...others } = JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
  writeFileSync(path, JSON.stringify(others));
  expect(() => readOrCreateSecrets(directory)).toThrow(
    `${path} has no valid ${name}: put it back, or remove`,
  );
});

test("so it does of a file that is cut", () => {
  const { directory, path } = newState();
  readOrCreateSecrets(directory);
  writeFileSync(path, readFileSync(path, "utf8").slice(0, -9));
  expect(() => readOrCreateSecrets(directory)).toThrow(`${path} has no valid JSON: put it back, or remove`);
});

/** D1's binding over a database of this process, as far as looking at migrations needs it. */
function bindingOf(database: DatabaseSync): MigratableDatabase {
  const prepare = (sql: string) => {
    const run = async () => ({ results: database.prepare(sql).all() });
    return { run, bind: () => ({ run }) };
  };
  return {
    prepare,
    batch: async (statements) => {
      for (const statement of statements) await statement.run();
    },
  };
}

test("records of a later version are left alone, and one sentence says what to do", async () => {
  const database = new DatabaseSync(":memory:");
  database.exec(
    "CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name TEXT UNIQUE, applied_at TIMESTAMP)",
  );
  database.exec("INSERT INTO d1_migrations (name) VALUES ('9999_future.sql')");
  await expect(applyMigrations(bindingOf(database))).rejects.toThrow(
    "The state is another version's, with a migration (9999_future.sql) that this one doesn't know: start that " +
      "version, set CAUSEWAY_STATE to another directory, or remove this one's.",
  );
  expect(database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()).toHaveLength(1);
});
