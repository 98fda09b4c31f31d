import { and, desc, eq, exists, gt, isNull, ne, sql } from "drizzle-orm";
import type { FileClass } from "#contract/file-types.ts";
import type { FileId, FileVersionRef, TenantId, UserId } from "#contract/ids.ts";
import { foldName } from "#contract/names.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import type { VerdictRow, VersionRow } from "./files.ts";
import { isVersion } from "./files.ts";
import { files, fileVersions, verdicts } from "./schema.ts";

export interface NewVersion {
  readonly tenantId: TenantId;
  readonly fileId: FileId;
  readonly uploadedBy: UserId;
  readonly originalFilename: string;
  readonly declaredType: string;
  readonly fileClass: FileClass;
  readonly sizeBytes: number | undefined;
  readonly nowMs: number;
}

function isLiveFile({ tenantId, fileId }: { tenantId: TenantId; fileId: FileId }) {
  return and(
    eq(files.tenantId, tenantId),
    eq(files.id, fileId),
    isNull(files.deletedAtMs),
    isNull(files.purgingAtMs),
  );
}

/** Inserts the next version of a file, in one batch, and returns its number; undefined where the file is gone. */
export async function insertVersion(db: Database, version: NewVersion): Promise<number | undefined> {
  const { tenantId, fileId, uploadedBy, originalFilename, declaredType, fileClass, nowMs } = version;
  const [, inserted] = await db.batch([
    db
      .update(files)
      .set({ lastVersion: sql`${files.lastVersion} + 1`, updatedAtMs: nowMs })
      .where(isLiveFile(version)),
    db
      .insert(fileVersions)
      .select(
        db
          .select({
            tenantId: files.tenantId,
            fileId: files.id,
            version: files.lastVersion,
            state: sql<"uploading">`'uploading'`.as("state"),
            originalFilename: sql<string>`${originalFilename}`.as("original_filename"),
            uploadedBy: sql<UserId>`${uploadedBy}`.as("uploaded_by"),
            declaredType: sql<string>`${declaredType}`.as("declared_type"),
            fileClass: sql<FileClass>`${fileClass}`.as("file_class"),
            sniffedType: sql<string>`NULL`.as("sniffed_type"),
            sizeBytes: sql<number>`${version.sizeBytes ?? null}`.as("size_bytes"),
            objectKey: sql<string>`NULL`.as("object_key"),
            etag: sql<string>`NULL`.as("etag"),
            expectedDigests: sql<null>`NULL`.as("expected_digests"),
            sha256: sql<string>`NULL`.as("sha256"),
            properties: sql<Record<string, string>>`'{}'`.as("properties"),
            createdAtMs: sql<number>`${nowMs}`.as("created_at_ms"),
            storedAtMs: sql<number>`NULL`.as("stored_at_ms"),
            announcedAtMs: sql<number>`NULL`.as("announced_at_ms"),
          })
          .from(files)
          .where(and(isLiveFile({ tenantId, fileId }), sql`changes() > 0`)),
      )
      .returning({ version: fileVersions.version }),
  ]);
  return inserted[0]?.version;
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

/** Removes the record of a version that isn't the current one. False where there is none, or it is the current one. */
export async function deleteVersion(db: Database, ref: FileVersionRef, event: AuditEvent): Promise<boolean> {
  const isNotCurrent = exists(
    db
      .select({ one: sql`1` })
      .from(files)
      .where(and(isLiveFile(ref), ne(files.currentVersion, ref.version))),
  );
  const [deleted] = await db.batch([
    db
      .delete(fileVersions)
      .where(and(isVersion(ref), isNotCurrent))
      .returning({ version: fileVersions.version }),
    auditIfChanged(db, event),
  ]);
  return deleted.length > 0;
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
