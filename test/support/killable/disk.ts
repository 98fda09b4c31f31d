import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { ProcessJob } from "#contract/jobs.ts";
import type { UploadState } from "../../../worker/uploads/state/upload-state.ts";

/** What a state directory holds, read from its SQLite files: also while nothing runs on it. */

/** Where miniflare keeps the objects of a class, or what it has in their place. */
const PLACES = {
  uploads: join("do", "killable-UploadObject"),
  queues: join("do", "queue-bridge-QueueObject"),
  records: join("d1", "miniflare-D1DatabaseObject"),
} as const;

/** How long to wait for a database that is being written. */
const BUSY_TIMEOUT_MS = 5_000;

interface Query {
  readonly table: string;
  readonly sql: string;
}

/** The rows of a query in every database of a place that has `table`. */
function readRows(
  stateDirectory: string,
  place: keyof typeof PLACES,
  query: Query,
): readonly Record<string, unknown>[] {
  const directory = join(stateDirectory, PLACES[place]);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")
    .flatMap((name) => readDatabase(join(directory, name), query));
}

function readDatabase(path: string, query: Query): readonly Record<string, unknown>[] {
  // Read only: what a kill left is for workerd to recover.
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const hasTable = database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(query.table);
    return hasTable === undefined ? [] : database.prepare(query.sql).all();
  } catch (error) {
    if (isUnmade(error)) return [];
    throw error;
  } finally {
    database.close();
  }
}

/**
 * Whether a kill came when the database was being made: only then is there a journal to be rolled back
 * (SQLITE_READONLY_ROLLBACK), since all further writes go to a log (WAL). Nothing is in it yet.
 */
function isUnmade(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 776;
}

/** What is durable of every upload. */
export function readUploads(stateDirectory: string): readonly UploadState[] {
  const sql =
    "SELECT a.json AS declaration, b.json AS progress FROM state AS a JOIN state AS b ON a.id = 1 AND b.id = 2";
  const rows = readRows(stateDirectory, "uploads", { table: "state", sql });
  // The product's own words, as it reads them itself.
  return rows.map(
    ({ declaration, progress }) =>
      ({ ...JSON.parse(String(declaration)), ...JSON.parse(String(progress)) }) as UploadState,
  );
}

const VersionRow = z.object({
  tenantId: z.string(),
  fileId: z.string(),
  state: z.string(),
  objectKey: z.string().nullable(),
  etag: z.string().nullable(),
  sizeBytes: z.number().nullable(),
});
export type VersionRow = z.infer<typeof VersionRow>;

/** The record of every file's bytes. */
export function readVersions(stateDirectory: string): readonly VersionRow[] {
  const sql = `SELECT tenant_id AS tenantId, file_id AS fileId, state, object_key AS objectKey, etag, size_bytes AS sizeBytes
    FROM file_versions`;
  return readRows(stateDirectory, "records", { table: "file_versions", sql }).map((row) =>
    VersionRow.parse(row),
  );
}

/** Every job that was ever sent. */
export function readJobs(stateDirectory: string): readonly ProcessJob[] {
  const rows = readRows(stateDirectory, "queues", { table: "messages", sql: "SELECT body FROM messages" });
  return rows.map(({ body }) => ProcessJob.parse(JSON.parse(Buffer.from(String(body), "base64").toString())));
}
