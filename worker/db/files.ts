import type { Column, SQL } from "drizzle-orm";
import { and, desc, eq, gt, inArray, isNotNull, isNull, lt, or, sql } from "drizzle-orm";
import type { FileClass } from "#contract/file-types.ts";
import type { FileId, FileVersionRef, TenantId, UserId } from "#contract/ids.ts";
import type { ReprDigests } from "#contract/jobs.ts";
import { foldName } from "#contract/names.ts";
import type { SharePermission } from "#contract/sharing.ts";
import type { Actor } from "./audit.ts";
import { auditIfChanged, auditStatement } from "./audit.ts";
import type { Database } from "./database.ts";
import { derivatives, files, fileTags, fileVersions, shares, verdicts } from "./schema.ts";
import { ensureTenant } from "./tenants.ts";

export type FileRow = typeof files.$inferSelect;
export type VersionRow = typeof fileVersions.$inferSelect;
export type VerdictRow = typeof verdicts.$inferSelect;
export type DerivativeRow = typeof derivatives.$inferSelect;

/** A file with all that its record shows. */
export interface FileWithDetails {
  readonly file: FileRow;
  readonly version: VersionRow;
  readonly verdict: VerdictRow | undefined;
  readonly derivatives: readonly DerivativeRow[];
  readonly tags: readonly string[];
  /** What was shared of it with the user who asks. */
  readonly shared: SharePermission | undefined;
}

export interface NewFile {
  readonly ref: FileVersionRef;
  readonly ownerId: UserId;
  readonly filename: string;
  readonly originalFilename: string;
  readonly declaredType: string;
  readonly fileClass: FileClass;
  readonly sizeBytes: number | undefined;
  readonly entityType: string | undefined;
  readonly entityId: string | undefined;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly actor: Actor;
  readonly nowMs: number;
}

/** Inserts the record of a file whose upload is about to begin, in one batch. False where its id is taken. */
export async function insertFile(db: Database, file: NewFile): Promise<boolean> {
  try {
    await insertFileRows(db, file);
    return true;
  } catch (error) {
    if (isTaken(error)) return false;
    throw error;
  }
}

/** D1 has no error codes; its message ends in SQLite's own name of the error. */
function isTaken(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    /UNIQUE constraint failed: files\.tenant_id, files\.id\b/.test(error.message) || isTaken(error.cause)
  );
}

async function insertFileRows(db: Database, file: NewFile): Promise<void> {
  const { tenantId, fileId, version } = file.ref;
  await db.batch([
    ensureTenant(db, tenantId, file.nowMs),
    db.insert(files).values({
      tenantId,
      id: fileId,
      ownerId: file.ownerId,
      filename: file.filename,
      foldedName: foldName(file.filename),
      currentVersion: version,
      lastVersion: version,
      entityType: file.entityType ?? null,
      entityId: file.entityId ?? null,
      metadata: { ...file.metadata },
      createdAtMs: file.nowMs,
      updatedAtMs: file.nowMs,
    }),
    db.insert(fileVersions).values({
      tenantId,
      fileId,
      version,
      state: "uploading",
      originalFilename: file.originalFilename,
      uploadedBy: file.ownerId,
      declaredType: file.declaredType,
      fileClass: file.fileClass,
      sizeBytes: file.sizeBytes ?? null,
      createdAtMs: file.nowMs,
    }),
    ...(file.tags.length === 0 ? [] : [insertTags(db, file)]),
    auditStatement(db, { actor: file.actor, action: "file.created", fileId, version, atMs: file.nowMs }),
  ]);
}

/** One parameter for any number of tags: D1 binds a hundred at most. */
function insertTags(db: Database, { ref, tags, nowMs }: NewFile) {
  const { tenantId, fileId } = ref;
  return db
    .insert(fileTags)
    .select(sql`SELECT ${tenantId}, ${fileId}, value, ${nowMs} FROM json_each(${JSON.stringify(tags)})`);
}

/** Forgets a file whose upload never began or was given up; versions and tags go with it. */
export async function deleteUnfinishedFile(db: Database, ref: FileVersionRef): Promise<void> {
  const unfinished = db
    .select({ fileId: fileVersions.fileId })
    .from(fileVersions)
    .where(and(isVersion(ref), eq(fileVersions.state, "uploading")));
  await db
    .delete(files)
    .where(and(eq(files.tenantId, ref.tenantId), eq(files.id, ref.fileId), inArray(files.id, unfinished)));
}

function isVersion(ref: FileVersionRef): SQL | undefined {
  return and(
    eq(fileVersions.tenantId, ref.tenantId),
    eq(fileVersions.fileId, ref.fileId),
    eq(fileVersions.version, ref.version),
  );
}

export interface StoredObject {
  readonly objectKey: string;
  readonly etag: string;
  readonly sizeBytes: number;
  /** What its bytes must have; null where nothing was announced, or was compared already. */
  readonly expectedDigests: ReprDigests | null;
}

/**
 * Records that a version's bytes are stored: `uploading` → `quarantined`. Doing it again changes nothing.
 * @returns whether there is such a file at all
 */
export async function markVersionStored(
  db: Database,
  ref: FileVersionRef,
  object: StoredObject,
  actor: Actor,
  nowMs: number,
): Promise<boolean> {
  const { fileId, version } = ref;
  const detail = { sizeBytes: object.sizeBytes };
  const [, , found] = await db.batch([
    db
      .update(fileVersions)
      .set({ state: "quarantined", ...object, storedAtMs: nowMs, announcedAtMs: nowMs })
      .where(and(isVersion(ref), eq(fileVersions.state, "uploading"))),
    auditIfChanged(db, { actor, action: "file.uploaded", fileId, version, detail, atMs: nowMs }),
    db
      .update(files)
      .set({ updatedAtMs: nowMs })
      .where(and(eq(files.tenantId, ref.tenantId), eq(files.id, ref.fileId)))
      .returning({ id: files.id }),
  ]);
  return found.length > 0;
}

/** Whose view of a file it is: what was shared of it with them is told too. Undefined for nobody's in particular. */
export interface Viewer {
  readonly userId: UserId;
  readonly nowMs: number;
}

/**
 * One file of a tenant with its current version, or undefined. Those in the trash are found too; those that are being
 * removed for good are not.
 */
export async function findFileById(
  db: Database,
  tenantId: TenantId,
  fileId: FileId,
  viewer?: Viewer,
): Promise<FileWithDetails | undefined> {
  const [found] = await findDetails(db, and(eq(files.tenantId, tenantId), eq(files.id, fileId)), 1, viewer);
  return found;
}

/** Files of a tenant by id, in no order; ids that aren't its own are left out. Otherwise as `findFileById`. */
export async function findFilesByIds(
  db: Database,
  tenantId: TenantId,
  fileIds: readonly FileId[],
  viewer?: Viewer,
): Promise<readonly FileWithDetails[]> {
  const wanted = sql`${files.id} IN (SELECT value FROM json_each(${JSON.stringify(fileIds)}))`;
  return findDetails(db, and(eq(files.tenantId, tenantId), wanted), fileIds.length, viewer);
}

export interface FileFilter {
  readonly ownerId?: UserId | undefined;
  readonly entityType?: string | undefined;
  readonly entityId?: string | undefined;
  readonly state?: VersionRow["state"] | undefined;
  /** Only files listed after this one. */
  readonly after?: { readonly createdAtMs: number; readonly id: FileId } | undefined;
}

function whenGiven(column: Column, value: string | undefined): SQL | undefined {
  return value === undefined ? undefined : eq(column, value);
}

/** A tenant's files, newest first, `limit` of them at most. */
export async function listFiles(
  db: Database,
  tenantId: TenantId,
  filter: FileFilter,
  limit: number,
): Promise<readonly FileWithDetails[]> {
  const { after } = filter;
  return findDetails(
    db,
    and(
      eq(files.tenantId, tenantId),
      isNull(files.deletedAtMs),
      whenGiven(files.ownerId, filter.ownerId),
      whenGiven(files.entityType, filter.entityType),
      whenGiven(files.entityId, filter.entityId),
      whenGiven(fileVersions.state, filter.state),
      after &&
        or(
          lt(files.createdAtMs, after.createdAtMs),
          and(eq(files.createdAtMs, after.createdAtMs), lt(files.id, after.id)),
        ),
    ),
    limit,
  );
}

const currentVersionOfFile = and(
  eq(fileVersions.tenantId, files.tenantId),
  eq(fileVersions.fileId, files.id),
  eq(fileVersions.version, files.currentVersion),
);

async function findDetails(
  db: Database,
  where: SQL | undefined,
  limit: number,
  viewer?: Viewer,
): Promise<readonly FileWithDetails[]> {
  const rows = await db
    .select({ file: files, version: fileVersions, shared: shares.permission })
    .from(files)
    .innerJoin(fileVersions, currentVersionOfFile)
    .leftJoin(shares, isSharedWith(viewer))
    .where(and(where, isNull(files.purgingAtMs)))
    .orderBy(desc(files.createdAtMs), desc(files.id))
    .limit(limit);
  return addDetails(db, rows);
}

/** No viewer has the user id "", so that nothing is joined. */
function isSharedWith({ userId, nowMs }: { userId: string; nowMs: number } = { userId: "", nowMs: 0 }) {
  return and(
    eq(shares.tenantId, files.tenantId),
    eq(shares.fileId, files.id),
    sql`${shares.userId} = ${userId}`,
    or(isNull(shares.expiresAtMs), gt(shares.expiresAtMs, nowMs)),
  );
}

type FileAndVersion = Pick<FileWithDetails, "file" | "version"> & { readonly shared: SharePermission | null };

/** Tags, newest verdicts and derivatives of a page of files, in one batch whatever their number. */
async function addDetails(
  db: Database,
  rows: readonly FileAndVersion[],
): Promise<readonly FileWithDetails[]> {
  const first = rows[0];
  if (first === undefined) return [];
  const tenantId = first.file.tenantId;
  const refs = JSON.stringify(rows.map(({ file }) => file.id));
  const among = (column: unknown) => sql`${column} IN (SELECT value FROM json_each(${refs}))`;
  const [tagRows, verdictRows, derivativeRows] = await db.batch([
    db
      .select()
      .from(fileTags)
      .where(and(eq(fileTags.tenantId, tenantId), among(fileTags.fileId))),
    db
      .select()
      .from(verdicts)
      .where(and(eq(verdicts.tenantId, tenantId), among(verdicts.fileId)))
      .orderBy(desc(verdicts.scannedAtMs)),
    db
      .select()
      .from(derivatives)
      .where(and(eq(derivatives.tenantId, tenantId), among(derivatives.fileId))),
  ]);
  return rows.map((row) => {
    const isOfRow = (other: { fileId: FileId; version: number }): boolean =>
      other.fileId === row.file.id && other.version === row.version.version;
    return {
      ...row,
      shared: row.shared ?? undefined,
      tags: tagRows.filter((tag) => tag.fileId === row.file.id).map((tag) => tag.tag),
      verdict: verdictRows.find(isOfRow),
      derivatives: derivativeRows.filter(isOfRow),
    };
  });
}

/** Marks a file deleted; false where there was none, or it was deleted before. */
export async function markFileDeleted(
  db: Database,
  actor: Actor,
  fileId: FileId,
  nowMs: number,
): Promise<boolean> {
  const [changed] = await db.batch([
    db
      .update(files)
      .set({ deletedAtMs: nowMs, updatedAtMs: nowMs })
      .where(and(eq(files.tenantId, actor.tenantId), eq(files.id, fileId), isNull(files.deletedAtMs)))
      .returning({ id: files.id }),
    auditIfChanged(db, { actor, action: "file.deleted", fileId, atMs: nowMs }),
  ]);
  return changed.length > 0;
}

/** Versions in quarantine that were last announced before `beforeMs`, oldest first. */
export async function findUnansweredVersions(
  db: Database,
  beforeMs: number,
  limit: number,
): Promise<readonly VersionRow[]> {
  return db
    .select()
    .from(fileVersions)
    .where(
      and(
        sql`${fileVersions.state} = 'quarantined'`,
        lt(fileVersions.announcedAtMs, beforeMs),
        isNotNull(fileVersions.objectKey),
      ),
    )
    .orderBy(fileVersions.announcedAtMs)
    .limit(limit);
}

export async function markVersionAnnounced(db: Database, ref: FileVersionRef, nowMs: number): Promise<void> {
  await db.update(fileVersions).set({ announcedAtMs: nowMs }).where(isVersion(ref));
}

/** One version of a tenant's file, or undefined. */
export async function findVersion(db: Database, ref: FileVersionRef): Promise<VersionRow | undefined> {
  return db.query.fileVersions.findFirst({ where: isVersion(ref) });
}
