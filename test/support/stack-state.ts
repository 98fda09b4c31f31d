import { readdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { StackPlace } from "./started-stack.ts";

/** A look from outside at what a stack keeps in its state directory. */
type State = Pick<StackPlace, "stateDirectory">;

/** Resolves when clamd is at work on a file: it keeps what it scans in its temporary directory. */
export async function scanUnderWay({ stateDirectory }: State): Promise<void> {
  const directory = join(stateDirectory, "clamd", "tmp");
  while ((await readdir(directory)).length === 0) await wait(2);
}

/** Databases of miniflare's that stand in for a part of Cloudflare's. */
const DATABASE_OF = { d1: "D1DatabaseObject", queue: "QueueObject", r2: "R2BucketObject" } as const;

/** How long to wait for a stack that is writing at the moment: it writes little, and a test may come in between. */
const BUSY_TIMEOUT_MS = 5_000;

function databasesOf({ stateDirectory }: State, part: keyof typeof DATABASE_OF): string[] {
  const directory = join(stateDirectory, "cloudflare");
  const paths = readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((path) => path.includes(DATABASE_OF[part]) && path.endsWith(".sqlite"))
    .filter((path) => !path.endsWith("metadata.sqlite"))
    .map((path) => join(directory, path));
  if (paths.length === 0) throw new Error(`There is no database of ${part}.`);
  return paths;
}

/** Makes a part of Cloudflare's fail at every write. Returns what ends that; the end of the test does too. */
export function breakWrites(state: State, part: keyof typeof DATABASE_OF): () => void {
  const databases = databasesOf(state, part).map(
    (path) => new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS }),
  );
  const mend = (): void => {
    for (const database of databases.splice(0)) database.close();
  };
  onTestFinished(mend);
  for (const database of databases) database.exec("BEGIN IMMEDIATE");
  return mend;
}

/** What is counted of each file. */
const COUNTED = {
  verdicts: "SELECT file_id, COUNT(*) AS number FROM verdicts GROUP BY file_id",
  checks: "SELECT file_id, COUNT(*) AS number FROM audit_log WHERE action = 'file.checked' GROUP BY file_id",
} as const;

/** How many verdicts there are of each file. The database may be in use. */
export function countVerdicts(state: State): Map<string, number> {
  return countByFile(state, "verdicts");
}

/** How many verdicts there are of each file, or how many of them the audit tells of. The database may be in use. */
export function countByFile(state: State, what: keyof typeof COUNTED): Map<string, number> {
  return new Map(databasesOf(state, "d1").flatMap((path) => readCounts(path, COUNTED[what])));
}

function readCounts(path: string, query: string): [string, number][] {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const rows = database.prepare(query).all();
    return rows.map((row) => [String(row["file_id"]), Number(row["number"])]);
  } finally {
    database.close();
  }
}
