import { databaseSizeBytes, MAX_DATABASE_BYTES } from "../db/database-size.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { allDatabases } from "../db/database.ts";
import { withDeadline } from "../deadline.ts";

const DEADLINE_MS = 3_000;

/** How much of what it may hold a database holds. */
export interface Filling {
  /** By its place among the databases, from 1. */
  readonly database: number;
  readonly sizeBytes: number;
  readonly share: number;
}

/** Of every database that answers. */
export async function measureFillings(env: DatabaseBindings): Promise<readonly Filling[]> {
  const measured = await Promise.all(
    allDatabases(env).map(async (db, index): Promise<readonly Filling[]> => {
      const sizeBytes = await sizeOf(db);
      if (sizeBytes === undefined) return [];
      return [{ database: index + 1, sizeBytes, share: sizeBytes / MAX_DATABASE_BYTES }];
    }),
  );
  return measured.flat();
}

async function sizeOf(db: Database): Promise<number | undefined> {
  try {
    return await withDeadline(databaseSizeBytes(db), DEADLINE_MS, "SERVICE_UNAVAILABLE");
  } catch {
    // Said elsewhere: by the health of the databases, and by whatever else cron does with them.
    return undefined;
  }
}

/** Cron's part: says in the log which databases are fuller than they are to be. */
export async function warnOfFillings(env: DatabaseBindings, alertShare: number): Promise<void> {
  for (const { database, sizeBytes, share } of await measureFillings(env)) {
    if (share >= alertShare) console.error({ event: "database-filling", database, sizeBytes, share });
  }
}
