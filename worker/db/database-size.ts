import { sql } from "drizzle-orm";
import type { Database } from "./database.ts";

/** As large as a database may become (Cloudflare, D1, "Limits": 10 GB on paid plans). It takes no writes then. */
export const MAX_DATABASE_BYTES = 10e9;

/** As D1 tells it with each statement. */
export async function databaseSizeBytes(db: Database): Promise<number> {
  const { meta } = await db.run(sql`SELECT 1`);
  return meta.size_after;
}

/** What D1 and SQLite say of a database that has no room for a write. */
const FULL = /SQLITE_FULL|database or disk is full|exceeded maximum (?:DB|database) size/i;

/** Whether a database has no room for what was to be written. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && (FULL.test(error.message) || isFull(error.cause));
}
