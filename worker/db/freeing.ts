import { sql } from "drizzle-orm";
import type { AuditEvent } from "./audit.ts";
import { isFull } from "./database-size.ts";
import type { Database } from "./database.ts";

/** The statement that records an event, or one that does nothing in its place. */
export type Recording = <T>(statement: T) => T;

/**
 * Does what frees space. Where the database has no room for its event, which is then all that keeps space from being freed,
 * it is done without, and the event is in the log alone. A batch that failed has changed nothing, so that doing it again is
 * safe.
 * @param work does it with the statement that records it put into `record`
 */
export async function freeing<T>(
  db: Database,
  event: Omit<AuditEvent, "detail" | "version">,
  ids: readonly string[],
  work: (record: Recording) => Promise<T>,
): Promise<T> {
  try {
    return await work((statement) => statement);
  } catch (error) {
    if (!isFull(error)) throw error;
  }
  const done = await work(<S>() => db.select({ nothing: sql`NULL` }).from(sql`(SELECT 1)`) as S);
  const { actor, action, atMs } = event;
  console.error({
    event: "audit-not-recorded",
    reason: "The database is full.",
    action,
    ...actor,
    ids,
    atMs,
  });
  return done;
}
