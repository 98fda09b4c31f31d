import { and, desc, eq, isNotNull, isNull, lt, sql } from "drizzle-orm";
import type { FileId, TenantId } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import type { VersionRow } from "./files.ts";
import type { RescanRow } from "./rescans.ts";
import { files, fileVersions } from "./schema/files.ts";
import { verdicts } from "./schema/processing.ts";
import { rescanJobs, rescans } from "./schema/rescans.ts";

/** How much there is to do for the processor, as far as a database tells. */
export interface Load {
  /** Versions in quarantine, counted up to a bound. */
  readonly waiting: number;
  /** Verdicts of rescans that are awaited. */
  readonly awaited: number;
}

export async function measureLoad(db: Database, bound: number): Promise<Load> {
  const [[waiting], [awaited]] = await db.batch([
    db
      .select({ n: sql<number>`count(*)`.as("n") })
      .from(sql`(SELECT 1 FROM ${fileVersions} WHERE state = 'quarantined' LIMIT ${bound})`),
    db.select({ n: sql<number>`count(*)`.as("n") }).from(sql`(SELECT 1 FROM ${rescanJobs} LIMIT ${bound})`),
  ]);
  return { waiting: waiting?.n ?? 0, awaited: awaited?.n ?? 0 };
}

interface PlacedFile {
  readonly id: FileId;
  readonly atMs: number;
}

/** The next files of a rescan in its phase, `limit` at most. */
export async function findFilesToRescan(
  db: Database,
  rescan: RescanRow,
  limit: number,
): Promise<readonly PlacedFile[]> {
  const { tenantId, phase, fileId, cursorAtMs, cursorFileId } = rescan;
  const time = phase === "trash" ? files.deletedAtMs : files.createdAtMs;
  const isBehind =
    cursorAtMs === null ? undefined : sql`(${time}, ${files.id}) < (${cursorAtMs}, ${cursorFileId})`;
  const isOfPhase = {
    live: isNull(files.deletedAtMs),
    trash: isNotNull(files.deletedAtMs),
    file: fileId === null ? undefined : eq(files.id, fileId),
    end: sql`false`,
  }[phase];
  const rows = await db
    .select({ id: files.id, atMs: time })
    .from(files)
    .where(and(eq(files.tenantId, tenantId), isOfPhase, isNull(files.purgingAtMs), isBehind))
    .orderBy(desc(time), desc(files.id))
    .limit(limit);
  return rows.map(({ id, atMs }) => ({ id, atMs: atMs ?? 0 }));
}

/** The clean versions of files that a rescan is to scan. */
export async function findVersionsToRescan(
  db: Database,
  { tenantId, olderThan }: Pick<RescanRow, "tenantId" | "olderThan">,
  found: readonly PlacedFile[],
): Promise<readonly VersionRow[]> {
  const ids = JSON.stringify(found.map(({ id }) => id));
  // What has no number counts as older than all that have one.
  const newest = sql`coalesce((SELECT CAST(${verdicts.signatureVersion} AS INTEGER) FROM ${verdicts}
    WHERE ${verdicts.tenantId} = ${fileVersions.tenantId} AND ${verdicts.fileId} = ${fileVersions.fileId}
      AND ${verdicts.version} = ${fileVersions.version} ORDER BY ${verdicts.scannedAtMs} DESC LIMIT 1), 0)`;
  return db
    .select()
    .from(fileVersions)
    .where(
      and(
        eq(fileVersions.tenantId, tenantId),
        sql`${fileVersions.fileId} IN (SELECT value FROM json_each(${ids}))`,
        eq(fileVersions.state, "clean"),
        isNotNull(fileVersions.objectKey),
        olderThan === null ? undefined : lt(newest, olderThan),
      ),
    );
}

/** Where a rescan is after a step. */
export interface Step {
  readonly phase: RescanRow["phase"];
  readonly cursor: PlacedFile | undefined;
  readonly filesSeen: number;
}

/**
 * Notes that verdicts on these versions are awaited, and moves the rescan on, both or neither. False where it has been
 * paused, or another run has moved it on.
 */
export async function takeStep(
  db: Database,
  rescan: RescanRow,
  versions: readonly VersionRow[],
  step: Step,
  nowMs: number,
): Promise<boolean> {
  const { tenantId, id, fedAtMs } = rescan;
  const refs = JSON.stringify(versions.map(({ fileId, version }) => [fileId, version]));
  const isMine = sql`EXISTS (SELECT 1 FROM ${rescans} WHERE ${rescans.tenantId} = ${tenantId}
    AND ${rescans.id} = ${id} AND ${rescans.state} = 'running' AND ${rescans.fedAtMs} = ${nowMs})`;
  const [moved] = await db.batch([
    db
      .update(rescans)
      .set({
        phase: step.phase,
        cursorAtMs: step.cursor?.atMs ?? null,
        cursorFileId: step.cursor?.id ?? null,
        filesSeen: sql`${rescans.filesSeen} + ${step.filesSeen}`,
        sent: sql`${rescans.sent} + ${versions.length}`,
        fedAtMs: nowMs,
      })
      .where(
        and(
          eq(rescans.tenantId, tenantId),
          eq(rescans.id, id),
          eq(rescans.state, "running"),
          eq(rescans.fedAtMs, fedAtMs),
        ),
      )
      .returning({ id: rescans.id }),
    // One that another rescan awaits already is this one's too from here on.
    db
      .insert(rescanJobs)
      .select(
        sql`SELECT v.tenant_id, v.file_id, v.version, ${id}, ${nowMs} FROM ${fileVersions} AS v
          WHERE v.tenant_id = ${tenantId} AND v.state = 'clean' AND ${isMine}
            AND (v.file_id, v.version) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${refs}))`,
      )
      .onConflictDoUpdate({
        target: [rescanJobs.tenantId, rescanJobs.fileId, rescanJobs.version],
        set: { rescanId: id, sentAtMs: nowMs },
      }),
  ]);
  return moved.length > 0;
}

/** Versions whose verdict by a running rescan has been awaited for too long, taken on anew: their jobs were lost. */
export async function takeLostJobs(
  db: Database,
  beforeMs: number,
  nowMs: number,
  limit: number,
): Promise<readonly VersionRow[]> {
  const lost = sql`SELECT j.rowid FROM rescan_jobs AS j
    JOIN rescans AS r ON r.tenant_id = j.tenant_id AND r.id = j.rescan_id AND r.state = 'running'
    JOIN file_versions AS v ON v.tenant_id = j.tenant_id AND v.file_id = j.file_id AND v.version = j.version AND v.state = 'clean'
    WHERE j.sent_at_ms < ${beforeMs} ORDER BY j.sent_at_ms LIMIT ${limit}`;
  const taken = await db
    .update(rescanJobs)
    .set({ sentAtMs: nowMs })
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
