import type { SQL } from "drizzle-orm";
import { and, desc, eq, isNotNull, isNull, lt, sql } from "drizzle-orm";
import type { FileId } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import type { VersionRow } from "./files.ts";
import type { RescanRow } from "./rescans.ts";
import { files, fileVersions } from "./schema/files.ts";
import { verdicts } from "./schema/processing.ts";
import type { RescanCursor } from "./schema/rescans.ts";
import { rescanJobs, rescans } from "./schema/rescans.ts";

export interface PlacedFile {
  readonly id: FileId;
  readonly atMs: number;
}

/**
 * The next files of a rescan, `limit` at most, the newest first: those that are live and those in the trash, in one order,
 * so that none is passed over that goes from the one to the other meanwhile. The one that it has come to is told again.
 */
export async function findFilesToRescan(
  db: Database,
  { tenantId, fileId, cursor }: RescanRow,
  limit: number,
): Promise<readonly PlacedFile[]> {
  const { id, createdAtMs } = files;
  const isLeft = and(
    eq(files.tenantId, tenantId),
    isNull(files.purgingAtMs),
    fileId === null ? undefined : eq(id, fileId),
    cursor === null ? undefined : sql`(${createdAtMs}, ${id}) <= (${cursor.atMs}, ${cursor.fileId})`,
  );
  // Each by its own index, and both at one moment.
  const select = (isThere: SQL) =>
    db
      .select({ id, atMs: createdAtMs })
      .from(files)
      .where(and(isLeft, isThere))
      .orderBy(desc(createdAtMs), desc(id))
      .limit(limit);
  const [live, trashed] = await db.batch([
    select(isNull(files.deletedAtMs)),
    select(isNotNull(files.deletedAtMs)),
  ]);
  return [...live, ...trashed].toSorted((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1)).slice(0, limit);
}

/** The clean versions of files that a rescan is to scan, the newest of each first; of the one that it has come to, those left. */
export async function findVersionsToRescan(
  db: Database,
  { tenantId, olderThan, cursor }: Pick<RescanRow, "tenantId" | "olderThan" | "cursor">,
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
        cursor === null
          ? undefined
          : sql`(${fileVersions.fileId} <> ${cursor.fileId} OR ${fileVersions.version} < ${cursor.version})`,
      ),
    )
    .orderBy(desc(fileVersions.version));
}

/** Where a rescan is after a step. */
export interface Step {
  readonly cursor: RescanCursor | null;
  readonly isSent: boolean;
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
  const [moved] = await db.batch([
    db
      .update(rescans)
      .set({
        cursor: step.cursor,
        isSent: step.isSent,
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
    // Where the rescan was moved on.
    db.insert(rescanJobs).select(
      sql`SELECT v.tenant_id, v.file_id, v.version, ${id}, ${nowMs}, 1 FROM ${fileVersions} AS v
        WHERE changes() > 0 AND v.tenant_id = ${tenantId} AND v.state = 'clean'
          AND (v.file_id, v.version) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${refs}))`,
    ),
  ]);
  return moved.length > 0;
}
