import { and, desc, eq, exists, gt, inArray, isNull, lt, ne, sql } from "drizzle-orm";
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

function isOfFile({ tenantId, fileId }: { tenantId: TenantId; fileId: FileId }) {
  return and(eq(fileVersions.tenantId, tenantId), eq(fileVersions.fileId, fileId));
}

function isLiveFile({ tenantId, fileId }: { tenantId: TenantId; fileId: FileId }) {
  return and(
    eq(files.tenantId, tenantId),
    eq(files.id, fileId),
    isNull(files.deletedAtMs),
    isNull(files.purgingAtMs),
  );
}

/**
 * Gives out the number of a file's next version, once; undefined where the file isn't there or is in the trash. Uploads that
 * begin at the same time may be taken beyond the limit.
 */
export async function takeNextVersion(
  db: Database,
  file: { readonly tenantId: TenantId; readonly fileId: FileId },
  maxVersions: number,
  nowMs: number,
): Promise<number | "full" | undefined> {
  const versionsOf = db.$count(fileVersions, isOfFile(file));
  const [[taken], [found]] = await db.batch([
    db
      .update(files)
      .set({ lastVersion: sql`${files.lastVersion} + 1`, updatedAtMs: nowMs })
      .where(and(isLiveFile(file), lt(versionsOf, maxVersions)))
      .returning({ version: files.lastVersion }),
    db.select({ id: files.id }).from(files).where(isLiveFile(file)),
  ]);
  return taken?.version ?? (found === undefined ? undefined : "full");
}

/** How many versions a file has beside one. */
export function countOtherVersions(db: Database, { version, ...file }: FileVersionRef): Promise<number> {
  return db.$count(fileVersions, and(isOfFile(file), ne(fileVersions.version, version)));
}

export interface VersionWithVerdict {
  readonly version: VersionRow;
  readonly verdict: VerdictRow | undefined;
}

/** Some of a file's versions, newest first, with the newest verdict of each: those before a version, where one is given. */
export async function findVersions(
  db: Database,
  file: { readonly tenantId: TenantId; readonly fileId: FileId },
  {
    before = Number.MAX_SAFE_INTEGER,
    limit,
  }: { readonly before: number | undefined; readonly limit: number },
): Promise<readonly VersionWithVerdict[]> {
  const page = db
    .select()
    .from(fileVersions)
    .where(and(isOfFile(file), lt(fileVersions.version, before)))
    .orderBy(desc(fileVersions.version))
    .limit(limit);
  const numbers = db.select({ version: page.as("page").version }).from(page.as("page"));
  const { tenantId, fileId } = file;
  const [versionRows, verdictRows] = await db.batch([
    page,
    db
      .select()
      .from(verdicts)
      .where(
        and(eq(verdicts.tenantId, tenantId), eq(verdicts.fileId, fileId), inArray(verdicts.version, numbers)),
      )
      .orderBy(desc(verdicts.scannedAtMs)),
  ]);
  return versionRows.map((version) => ({
    version,
    verdict: verdictRows.find((verdict) => verdict.version === version.version),
  }));
}

/** The version that is to take the place of another: the newest clean one, or else the newest that is stored. */
export async function findSuccessor(db: Database, ref: FileVersionRef): Promise<VersionRow | undefined> {
  const [found] = await db
    .select()
    .from(fileVersions)
    // An upload under way may yet come to nothing.
    .where(and(isOfFile(ref), ne(fileVersions.version, ref.version), ne(fileVersions.state, "uploading")))
    .orderBy(desc(eq(fileVersions.state, "clean")), desc(fileVersions.version))
    .limit(1);
  return found;
}

/**
 * Makes a clean version the current one; newer ones that are still being checked won't take its place by themselves.
 * @returns whether it was there, clean, and of a file that isn't in the trash
 */
export async function makeVersionCurrent(
  db: Database,
  ref: FileVersionRef,
  renaming: Renaming,
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
        ...renameUnlessRenamed(renaming),
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

/** What a file is called when a version becomes its current one. */
export interface Renaming {
  /** The name that the new one was made of: a file that was renamed since keeps its name. */
  readonly filename: string;
  readonly newFilename: string;
}

/** The columns that a file's name is in. */
export function renameUnlessRenamed({ filename, newFilename }: Renaming) {
  const isSameName = sql`${files.filename} = ${filename}`;
  return {
    filename: sql`CASE WHEN ${isSameName} THEN ${newFilename} ELSE ${files.filename} END`,
    foldedName: sql`CASE WHEN ${isSameName} THEN ${foldName(newFilename)} ELSE ${files.foldedName} END`,
  };
}

/**
 * The statement by which a version that was found clean takes the current one's place, if it is newer than that one and
 * than any that somebody chose. It belongs behind the verdict, into its batch.
 */
export function promoteStatement(db: Database, ref: FileVersionRef, renaming: Renaming, nowMs: number) {
  const { tenantId, fileId, version } = ref;
  return db
    .update(files)
    .set({
      currentVersion: version,
      ...renameUnlessRenamed(renaming),
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

/** A file's name as it is now, and what its current version was declared as. */
export interface Naming {
  readonly filename: string;
  readonly current: Pick<VersionRow, "originalFilename" | "declaredType">;
}

/** How a file is called; undefined where it isn't there. */
export async function findNaming(
  db: Database,
  { tenantId, fileId }: Pick<FileVersionRef, "tenantId" | "fileId">,
): Promise<Naming | undefined> {
  const { originalFilename, declaredType } = fileVersions;
  const isCurrent = and(
    eq(fileVersions.tenantId, files.tenantId),
    eq(fileVersions.fileId, files.id),
    eq(fileVersions.version, files.currentVersion),
  );
  const [found] = await db
    .select({ filename: files.filename, current: { originalFilename, declaredType } })
    .from(files)
    .innerJoin(fileVersions, isCurrent)
    .where(and(eq(files.tenantId, tenantId), eq(files.id, fileId)));
  return found;
}
