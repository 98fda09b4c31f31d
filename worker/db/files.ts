import type { Column, SQL } from "drizzle-orm";
import { and, desc, eq, inArray, isNotNull, isNull, lt, or, sql } from "drizzle-orm";
import type { FileId, FileVersionRef, TenantId, UserId } from "#contract/ids.ts";
import type { ReprDigests } from "#contract/jobs.ts";
import type { Database } from "./database.ts";
import { parameter, PreparedStatement } from "./prepared.ts";
import { derivatives, files, fileTags, fileVersions, verdicts } from "./schema.ts";

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
}

export interface NewFile {
  readonly ref: FileVersionRef;
  readonly ownerId: UserId;
  readonly filename: string;
  readonly declaredType: string;
  readonly sizeBytes: number | undefined;
  readonly entityType: string | undefined;
  readonly entityId: string | undefined;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
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

const insertFileRow = new PreparedStatement<
  | "tenantId"
  | "fileId"
  | "ownerId"
  | "filename"
  | "version"
  | "entityType"
  | "entityId"
  | "metadata"
  | "nowMs"
>((db) =>
  db.insert(files).values({
    tenantId: parameter("tenantId"),
    id: parameter("fileId"),
    ownerId: parameter("ownerId"),
    filename: parameter("filename"),
    currentVersion: parameter("version"),
    entityType: parameter("entityType"),
    entityId: parameter("entityId"),
    metadata: parameter("metadata"),
    createdAtMs: parameter("nowMs"),
    updatedAtMs: parameter("nowMs"),
  }),
);

const insertVersionRow = new PreparedStatement<
  "tenantId" | "fileId" | "version" | "declaredType" | "sizeBytes" | "nowMs"
>((db) =>
  db.insert(fileVersions).values({
    tenantId: parameter("tenantId"),
    fileId: parameter("fileId"),
    version: parameter("version"),
    state: "uploading",
    declaredType: parameter("declaredType"),
    sizeBytes: parameter("sizeBytes"),
    createdAtMs: parameter("nowMs"),
  }),
);

/** One parameter for any number of tags: D1 binds a hundred at most. */
const insertTagRows = new PreparedStatement<"tenantId" | "fileId" | "tags">((db) =>
  db
    .insert(fileTags)
    .select(
      sql`SELECT ${parameter("tenantId")}, ${parameter("fileId")}, value FROM json_each(${parameter("tags")})`,
    ),
);

async function insertFileRows(db: Database, file: NewFile): Promise<void> {
  const { ref, ownerId, filename, declaredType, tags, nowMs } = file;
  const { entityType = null, entityId = null, sizeBytes = null } = file;
  const metadata = JSON.stringify(file.metadata);
  await db.$client.batch([
    insertFileRow.bind(db, { ...ref, ownerId, filename, entityType, entityId, metadata, nowMs }),
    insertVersionRow.bind(db, { ...ref, declaredType, sizeBytes, nowMs }),
    ...(tags.length === 0 ? [] : [insertTagRows.bind(db, { ...ref, tags: JSON.stringify(tags) })]),
  ]);
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

const storeVersion = new PreparedStatement<
  ("tenantId" | "fileId" | "version" | "objectKey" | "etag") | ("sizeBytes" | "expectedDigests" | "nowMs")
>((db) =>
  db
    .update(fileVersions)
    .set({
      state: "quarantined",
      objectKey: parameter("objectKey"),
      etag: parameter("etag"),
      sizeBytes: parameter("sizeBytes"),
      expectedDigests: parameter("expectedDigests"),
      storedAtMs: parameter("nowMs"),
      announcedAtMs: parameter("nowMs"),
    })
    .where(
      and(
        eq(fileVersions.tenantId, parameter("tenantId")),
        eq(fileVersions.fileId, parameter("fileId")),
        eq(fileVersions.version, parameter("version")),
        eq(fileVersions.state, "uploading"),
      ),
    ),
);

const touchFile = new PreparedStatement<"tenantId" | "fileId" | "nowMs">((db) =>
  db
    .update(files)
    .set({ updatedAtMs: parameter("nowMs") })
    .where(and(eq(files.tenantId, parameter("tenantId")), eq(files.id, parameter("fileId"))))
    .returning({ id: files.id }),
);

/**
 * Records that a version's bytes are stored: `uploading` → `quarantined`. Doing it again changes nothing.
 * @returns whether there is such a file at all
 */
export async function markVersionStored(
  db: Database,
  ref: FileVersionRef,
  object: StoredObject,
  nowMs: number,
): Promise<boolean> {
  const { tenantId, fileId, version } = ref;
  const { objectKey, etag, sizeBytes } = object;
  const expectedDigests = object.expectedDigests && JSON.stringify(object.expectedDigests);
  const stored = { tenantId, fileId, version, objectKey, etag, sizeBytes, expectedDigests, nowMs };
  const [, found] = await db.$client.batch([
    storeVersion.bind(db, stored),
    touchFile.bind(db, { tenantId, fileId, nowMs }),
  ]);
  return (found?.results.length ?? 0) > 0;
}

/** One file of a tenant with its current version, or undefined. Deleted ones are found too. */
export async function findFileById(
  db: Database,
  tenantId: TenantId,
  fileId: FileId,
): Promise<FileWithDetails | undefined> {
  const [found] = await findDetails(db, and(eq(files.tenantId, tenantId), eq(files.id, fileId)), 1);
  return found;
}

/** Files of a tenant by id, in no order; ids that aren't its own are left out. */
export async function findFilesByIds(
  db: Database,
  tenantId: TenantId,
  fileIds: readonly FileId[],
): Promise<readonly FileWithDetails[]> {
  const wanted = sql`${files.id} IN (SELECT value FROM json_each(${JSON.stringify(fileIds)}))`;
  return findDetails(db, and(eq(files.tenantId, tenantId), wanted), fileIds.length);
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
): Promise<readonly FileWithDetails[]> {
  const rows = await db
    .select({ file: files, version: fileVersions })
    .from(files)
    .innerJoin(fileVersions, currentVersionOfFile)
    .where(where)
    .orderBy(desc(files.createdAtMs), desc(files.id))
    .limit(limit);
  return addDetails(db, rows);
}

type FileAndVersion = Pick<FileWithDetails, "file" | "version">;

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
      tags: tagRows.filter((tag) => tag.fileId === row.file.id).map((tag) => tag.tag),
      verdict: verdictRows.find(isOfRow),
      derivatives: derivativeRows.filter(isOfRow),
    };
  });
}

/** Marks a file deleted; false where there was none, or it was deleted before. */
export async function markFileDeleted(
  db: Database,
  tenantId: TenantId,
  fileId: FileId,
  nowMs: number,
): Promise<boolean> {
  const changed = await db
    .update(files)
    .set({ deletedAtMs: nowMs, updatedAtMs: nowMs })
    .where(and(eq(files.tenantId, tenantId), eq(files.id, fileId), isNull(files.deletedAtMs)))
    .returning({ id: files.id });
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
