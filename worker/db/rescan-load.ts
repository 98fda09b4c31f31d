import { and, eq, lt, sql } from "drizzle-orm";
import type { FileId, TenantId } from "#contract/ids.ts";
import { isUnanswered } from "./announcements.ts";
import type { Database } from "./database.ts";
import type { VersionRow } from "./files.ts";
import type { RescanRow } from "./rescans.ts";
import { fileVersions } from "./schema/files.ts";
import { rescanJobs, rescans } from "./schema/rescans.ts";
import { tenants } from "./schema/tenants.ts";

/** How rescans of a database's tenants stand, and what there is to do for the processor as far as it tells. */
export interface Survey {
  /** Those that go on, of tenants that aren't being erased, those first that waited longest. */
  readonly running: readonly RescanRow[];
  /** Versions that wait for their first verdict, counted up to a bound. */
  readonly waiting: number;
  /** Verdicts of rescans that are awaited, and the bytes that they are on. */
  readonly awaited: number;
  readonly awaitedBytes: number;
  /** Whether jobs of those that go on were lost. */
  readonly hasLost: boolean;
}

/** What is asked of each database in a run. */
export interface SurveyTerms {
  readonly nowMs: number;
  /** A job that was sent before this, and not answered, was lost. */
  readonly lostBeforeMs: number;
  /** The number of the newest signatures that a processor has: what asks for newer ones waits. */
  readonly signatures: number;
  /** A job that was lost so often isn't sent again. */
  readonly maxSends: number;
  /** So many rescans are told, and so many waiting versions counted, at most. */
  readonly bound: number;
  /** What a file counts at least. */
  readonly minBytes: number;
}

const isServed = (signatures: number) =>
  sql`(${rescans.olderThan} IS NULL OR ${rescans.olderThan} <= ${signatures})`;

/** Counts as failed what was lost too often, ends the rescans of which all was sent and answered, and tells how the rest stands. */
export async function surveyRescans(db: Database, terms: SurveyTerms): Promise<Survey> {
  const [, , , running, [waiting], [awaited]] = await db.batch([
    ...giveUpLost(db, terms),
    finish(db, terms.nowMs),
    findRunning(db, terms),
    db
      .select({ n: sql<number>`count(*)`.as("n") })
      .from(sql`(SELECT 1 FROM ${fileVersions} WHERE ${isUnanswered(db)} LIMIT ${terms.bound})`),
    measureAwaited(db, terms),
  ]);
  return {
    ...{ running, waiting: waiting?.n ?? 0, awaited: awaited?.n ?? 0, awaitedBytes: awaited?.bytes ?? 0 },
    hasLost: (awaited?.lost ?? 0) > 0,
  };
}

function giveUpLost(db: Database, { lostBeforeMs, maxSends }: SurveyTerms) {
  const isGivenUp = sql`${rescanJobs.sends} >= ${maxSends} AND ${rescanJobs.sentAtMs} < ${lostBeforeMs}`;
  const itsGivenUp = sql`FROM ${rescanJobs} WHERE ${rescanJobs.tenantId} = ${rescans.tenantId}
    AND ${rescanJobs.rescanId} = ${rescans.id} AND ${isGivenUp}`;
  return [
    db
      .update(rescans)
      .set({ failed: sql`${rescans.failed} + (SELECT count(*) ${itsGivenUp})` })
      .where(sql`${rescans.state} IN ('running', 'paused') AND EXISTS (SELECT 1 ${itsGivenUp})`),
    db.delete(rescanJobs).where(isGivenUp),
  ] as const;
}

function finish(db: Database, nowMs: number) {
  const isAwaited = sql`EXISTS (SELECT 1 FROM ${rescanJobs} WHERE ${rescanJobs.tenantId} = ${rescans.tenantId}
    AND ${rescanJobs.rescanId} = ${rescans.id})`;
  return db
    .update(rescans)
    .set({ state: "done", finishedAtMs: nowMs })
    .where(and(sql`${rescans.state} = 'running'`, eq(rescans.isSent, true), sql`NOT ${isAwaited}`));
}

function findRunning(db: Database, { nowMs, signatures, bound }: SurveyTerms) {
  const isErasing = sql`EXISTS (SELECT 1 FROM ${tenants} WHERE ${tenants.tenantId} = ${rescans.tenantId}
    AND ${tenants.erasingAtMs} IS NOT NULL)`;
  return db
    .select()
    .from(rescans)
    .where(
      and(
        sql`${rescans.state} = 'running'`,
        eq(rescans.isSent, false),
        lt(rescans.fedAtMs, nowMs),
        isServed(signatures),
        sql`NOT ${isErasing}`,
      ),
    )
    .orderBy(rescans.fedAtMs)
    .limit(bound);
}

/** What a paused rescan has lost isn't in the queue, and isn't sent: nobody waits behind it. */
function measureAwaited(db: Database, { lostBeforeMs, signatures, minBytes }: SurveyTerms) {
  const isRunning = sql`${rescans.state} = 'running'`;
  const isLost = lt(rescanJobs.sentAtMs, lostBeforeMs);
  return db
    .select({
      n: sql<number>`count(*)`.as("n"),
      bytes: sql<number>`coalesce(sum(max(coalesce(${fileVersions.sizeBytes}, 0), ${minBytes})), 0)`.as(
        "bytes",
      ),
      lost: sql<number>`coalesce(sum(${isLost} AND ${isServed(signatures)}), 0)`.as("lost"),
    })
    .from(rescanJobs)
    .innerJoin(rescans, and(eq(rescans.tenantId, rescanJobs.tenantId), eq(rescans.id, rescanJobs.rescanId)))
    .innerJoin(
      fileVersions,
      and(
        eq(fileVersions.tenantId, rescanJobs.tenantId),
        eq(fileVersions.fileId, rescanJobs.fileId),
        eq(fileVersions.version, rescanJobs.version),
      ),
    )
    .where(sql`${isRunning} OR NOT ${isLost}`);
}

/** Versions whose verdict by a running rescan has been awaited for too long, taken on anew: their jobs were lost. */
export async function takeLostJobs(
  db: Database,
  { lostBeforeMs, signatures, nowMs }: SurveyTerms,
  limit: number,
): Promise<readonly VersionRow[]> {
  const lost = sql`SELECT ${rescanJobs}.rowid FROM ${rescanJobs}
    JOIN ${rescans} ON ${rescans.tenantId} = ${rescanJobs.tenantId} AND ${rescans.id} = ${rescanJobs.rescanId}
    WHERE ${rescans.state} = 'running' AND ${isServed(signatures)} AND ${rescanJobs.sentAtMs} < ${lostBeforeMs}
    ORDER BY ${rescanJobs.sentAtMs} LIMIT ${limit}`;
  const taken = await db
    .update(rescanJobs)
    .set({ sentAtMs: nowMs, sends: sql`${rescanJobs.sends} + 1` })
    .where(sql`rowid IN (${lost})`)
    .returning();
  if (taken.length === 0) return [];
  const refs = JSON.stringify(
    taken.map((row): readonly [TenantId, FileId, number] => [row.tenantId, row.fileId, row.version]),
  );
  return db
    .select()
    .from(fileVersions)
    .where(
      sql`(${fileVersions.tenantId}, ${fileVersions.fileId}, ${fileVersions.version})
        IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(${refs}))`,
    );
}
