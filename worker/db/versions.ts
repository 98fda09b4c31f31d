import { and, desc, eq, exists, gt, isNull, ne, sql } from "drizzle-orm";
import type { FileId, FileVersionRef, TenantId } from "#contract/ids.ts";
import { foldName } from "#contract/names.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import type { VerdictRow, VersionRow } from "./files.ts";
import { isVersion } from "./files.ts";
import { freeing } from "./freeing.ts";
import { objectRemovalOf } from "./object-removals.ts";
import { files, fileVersions } from "./schema/files.ts";
import { verdicts } from "./schema/processing.ts";

function isLiveFile({ tenantId, fileId }: { tenantId: TenantId; fileId: FileId }) {
  return and(
    eq(files.tenantId, tenantId),
    eq(files.id, fileId),
    isNull(files.deletedAtMs),
    isNull(files.purgingAtMs),
  );
}

/** Gives out the number of a file's next version, once; undefined where the file isn't there or is in the trash. */
export async function takeNextVersion(
  db: Database,
  file: { readonly tenantId: TenantId; readonly fileId: FileId },
  nowMs: number,
): Promise<number | undefined> {
  const [taken] = await db
    .update(files)
    .set({ lastVersion: sql`${files.lastVersion} + 1`, updatedAtMs: nowMs })
    .where(isLiveFile(file))
    .returning({ version: files.lastVersion });
  return taken?.version;
}

export interface VersionWithVerdict {
  readonly version: VersionRow;
  readonly verdict: VerdictRow | undefined;
}

/** A file's versions, newest first, with the newest verdict of each. */
export async function findVersions(
  db: Database,
  tenantId: TenantId,
  fileId: FileId,
): Promise<readonly VersionWithVerdict[]> {
  const [versionRows, verdictRows] = await db.batch([
    db
      .select()
      .from(fileVersions)
      .where(and(eq(fileVersions.tenantId, tenantId), eq(fileVersions.fileId, fileId)))
      .orderBy(desc(fileVersions.version)),
    db
      .select()
      .from(verdicts)
      .where(and(eq(verdicts.tenantId, tenantId), eq(verdicts.fileId, fileId)))
      .orderBy(desc(verdicts.scannedAtMs)),
  ]);
  return versionRows.map((version) => ({
    version,
    verdict: verdictRows.find((verdict) => verdict.version === version.version),
  }));
}

/**
 * Makes a clean version the current one; newer ones that are still being checked won't take its place by themselves.
 * @returns whether it was there, clean, and of a file that isn't in the trash
 */
export async function makeVersionCurrent(
  db: Database,
  ref: FileVersionRef,
  filename: string,
  event: AuditEvent,
): Promise<boolean> {
  const isClean = exists(
    db
      .select({ one: sql`1` })
      .from(fileVersions)
      .where(and(isVersion(ref), eq(fileVersions.state, "clean"))),
  );
  const [changed] = await db.batch([
    db
      .update(files)
      .set({
        currentVersion: ref.version,
        settledVersion: sql`${files.lastVersion}`,
        filename,
        foldedName: foldName(filename),
        updatedAtMs: event.atMs,
      })
      .where(and(isLiveFile(ref), isClean))
      .returning({ id: files.id }),
    auditIfChanged(db, event),
  ]);
  return changed.length > 0;
}

/**
 * Removes the record of a version that isn't the current one, and writes down that its objects are to be removed, both or
 * neither. False where there is none, or it is the current one.
 */
export async function deleteVersion(db: Database, ref: FileVersionRef, event: AuditEvent): Promise<boolean> {
  const isNotCurrent = exists(
    db
      .select({ one: sql`1` })
      .from(files)
      .where(and(isLiveFile(ref), ne(files.currentVersion, ref.version))),
  );
  const isRemovable = and(isVersion(ref), isNotCurrent);
  return freeing(db, event, [ref.fileId], async (record) => {
    const [, deleted] = await db.batch([
      // Of the row that goes next.
      objectRemovalOf(db, ref, isRemovable, event.atMs),
      db.delete(fileVersions).where(isRemovable).returning({ version: fileVersions.version }),
      record(auditIfChanged(db, event)),
    ]);
    return deleted.length > 0;
  });
}

/** A version that may become its file's current one, and under what name. */
export interface Promotion {
  /** The name that the new one was made of: a file that was renamed since keeps its name. */
  readonly filename: string;
  readonly newFilename: string;
}

/**
 * The statement by which a version that was found clean takes the current one's place, if it is newer than that one and
 * than any that somebody chose. It belongs behind the verdict, into its batch.
 */
export function promoteStatement(
  db: Database,
  ref: FileVersionRef,
  { filename, newFilename }: Promotion,
  nowMs: number,
) {
  const { tenantId, fileId, version } = ref;
  const isSameName = sql`${files.filename} = ${filename}`;
  return db
    .update(files)
    .set({
      currentVersion: version,
      filename: sql`CASE WHEN ${isSameName} THEN ${newFilename} ELSE ${files.filename} END`,
      foldedName: sql`CASE WHEN ${isSameName} THEN ${foldName(newFilename)} ELSE ${files.foldedName} END`,
      updatedAtMs: nowMs,
    })
    .where(
      and(
        eq(files.tenantId, tenantId),
        eq(files.id, fileId),
        gt(sql`${version}`, files.currentVersion),
        gt(sql`${version}`, files.settledVersion),
        exists(
          db
            .select({ one: sql`1` })
            .from(fileVersions)
            .where(and(isVersion(ref), eq(fileVersions.state, "clean"))),
        ),
      ),
    );
}

/** A file's name as it is now. */
export async function findFilename(
  db: Database,
  tenantId: TenantId,
  fileId: FileId,
): Promise<string | undefined> {
  const [found] = await db
    .select({ filename: files.filename })
    .from(files)
    .where(and(eq(files.tenantId, tenantId), eq(files.id, fileId)));
  return found?.filename;
}
