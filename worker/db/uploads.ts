import type { SQL } from "drizzle-orm";
import { and, eq, exists, isNotNull, isNull, notExists, sql } from "drizzle-orm";
import type { FileClass } from "#contract/file-types.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import type { ReprDigests } from "#contract/jobs.ts";
import { foldName } from "#contract/names.ts";
import type { Actor } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import { insertTags } from "./file-changes.ts";
import { isVersion } from "./files.ts";
import type { ReservedPartial } from "./partials.ts";
import { handOver, join, reserveBeyond, spendJoined } from "./partials.ts";
import type { Begun, NewReservation } from "./quota.ts";
import { isReserved, release, reserve } from "./quota.ts";
import { files, fileVersions } from "./schema/files.ts";
import { selectRow } from "./select-row.ts";
import { ensureTenant, isOfLivingTenant } from "./tenants.ts";

/** An upload that becomes a file. */
export interface NewUpload extends NewReservation {
  readonly filename: string;
  readonly originalFilename: string;
  readonly declaredType: string;
  readonly fileClass: FileClass;
  readonly sizeBytes: number | undefined;
  readonly entityType: string | undefined;
  readonly entityId: string | undefined;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly partials: readonly ReservedPartial[];
  readonly actor: Actor;
}

export type Insertion =
  | { readonly kind: "inserted"; readonly reservedBytes: number }
  /** There was no room for it, its tenant takes nothing any more, or a partial of it isn't to be had. */
  | { readonly kind: "no-room" }
  /** There is a file of this id. */
  | { readonly kind: "taken" };

/**
 * Inserts the records of an upload that is about to begin, in one batch: its reservation if there is room, and all else
 * only where that is.
 */
export async function insertUpload(db: Database, upload: NewUpload): Promise<Insertion> {
  const { ref, partials, nowMs } = upload;
  return insertReserved(() =>
    db.batch([
      ensureTenant(db, ref.tenantId, nowMs),
      reserveFor(db, upload, "file"),
      insertFile(db, upload),
      insertVersion(db, upload),
      auditIfChanged(db, { ...eventOf(upload), action: "file.created", atMs: nowMs }),
      ...(upload.tags.length === 0 ? [] : [insertTags(db, upload.tags, isNewFile(ref))]),
      ...(partials.length === 0 ? [] : [join(db, ref, partials)]),
    ]),
  );
}

function isNewFile(ref: FileVersionRef): SQL | undefined {
  return and(eq(files.tenantId, ref.tenantId), eq(files.id, ref.fileId), isReserved(ref));
}

/** The same for an upload that becomes the next version of a file, whose number was given by `takeNextVersion`. */
export async function insertVersionUpload(db: Database, upload: NewUpload): Promise<Insertion> {
  const { ref, partials, nowMs } = upload;
  return insertReserved(() =>
    db.batch([
      ensureTenant(db, ref.tenantId, nowMs),
      reserveFor(db, upload, "version"),
      insertVersion(db, upload),
      auditIfChanged(db, { ...eventOf(upload), action: "file.created", atMs: nowMs }),
      ...(partials.length === 0 ? [] : [join(db, ref, partials)]),
    ]),
  );
}

function reserveFor(db: Database, upload: NewUpload, begun: Begun) {
  const { ref, wanted, ownerId, partials, nowMs } = upload;
  if (partials.length === 0) return reserve(db, upload, begun);
  return reserveBeyond(db, ref, wanted, ownerId, partials, begun, nowMs);
}

/** Reserves for a partial upload, which has no record but that. */
export async function insertPartial(db: Database, partial: NewReservation): Promise<Insertion> {
  const { ref, nowMs } = partial;
  return insertReserved(() =>
    db.batch([ensureTenant(db, ref.tenantId, nowMs), reserve(db, partial, "partial")]),
  );
}

async function insertReserved(
  insert: () => Promise<readonly [unknown, readonly { reservedBytes: number }[], ...unknown[]]>,
): Promise<Insertion> {
  try {
    const [, [reserved]] = await insert();
    return reserved === undefined ? { kind: "no-room" } : { kind: "inserted", ...reserved };
  } catch (error) {
    if (isTaken(error)) return { kind: "taken" };
    throw error;
  }
}

/** D1 has no error codes; its message ends in SQLite's own name of the error. Of one under way the reservation is met first. */
function isTaken(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    /UNIQUE constraint failed: (?:files\.tenant_id, files\.id|file_versions\.tenant_id|quota_reservations\.tenant_id)\b/.test(
      error.message,
    ) || isTaken(error.cause)
  );
}

function eventOf({ ref, actor, fileClass, sizeBytes }: NewUpload) {
  const detail = { fileClass, sizeBytes: sizeBytes ?? null };
  return { actor, fileId: ref.fileId, version: ref.version, detail };
}

function insertFile(db: Database, upload: NewUpload) {
  const { tenantId, fileId, version } = upload.ref;
  const row = selectRow(files, {
    tenantId,
    id: fileId,
    ownerId: upload.ownerId,
    filename: upload.filename,
    foldedName: foldName(upload.filename),
    currentVersion: version,
    lastVersion: version,
    entityType: upload.entityType ?? null,
    entityId: upload.entityId ?? null,
    metadata: { ...upload.metadata },
    createdAtMs: upload.nowMs,
    updatedAtMs: upload.nowMs,
    // As the version's trigger would set them: so it has nothing to write.
    sizeBytes: upload.sizeBytes ?? -1,
    mimeType: upload.declaredType,
    fileClass: upload.fileClass,
    // The place that was counted with its reservation, in the same batch.
    searchId: sql`(SELECT (t.number << 30) | t.file_sequence FROM tenants AS t WHERE t.tenant_id = ${tenantId})`,
  });
  return db.insert(files).select(sql`${row} WHERE ${isReserved(upload.ref)}`);
}

function insertVersion(db: Database, upload: NewUpload) {
  const row = selectRow(fileVersions, {
    ...upload.ref,
    state: "uploading",
    originalFilename: upload.originalFilename,
    uploadedBy: upload.ownerId,
    declaredType: upload.declaredType,
    fileClass: upload.fileClass,
    sizeBytes: upload.sizeBytes ?? null,
    createdAtMs: upload.nowMs,
  });
  return db.insert(fileVersions).select(sql`${row} WHERE ${isReserved(upload.ref)}`);
}

/**
 * Forgets an upload that never began or ended without a file, in one batch: its reservation, its version, and the file
 * where that has no other. Doing it again changes nothing. Of a tenant that is being erased, version and file stay for that to
 * count.
 */
export async function deleteUnfinishedUpload(db: Database, ref: FileVersionRef): Promise<void> {
  const otherVersions = db
    .select({ one: sql`1` })
    .from(fileVersions)
    .where(and(eq(fileVersions.tenantId, files.tenantId), eq(fileVersions.fileId, files.id)));
  const isFile = and(eq(files.tenantId, ref.tenantId), eq(files.id, ref.fileId));
  // What is being purged ends there, with its event, and by its rows knows what is left to end (services/purge.ts).
  const purgedFile = db
    .select({ one: sql`1` })
    .from(files)
    .where(and(isFile, isNotNull(files.purgingAtMs)));
  const isUnstored = and(isVersion(ref), eq(fileVersions.state, "uploading"));
  await db.batch([
    db.delete(fileVersions).where(and(isUnstored, notExists(purgedFile), isOfLivingTenant("file_versions"))),
    db
      .delete(files)
      .where(and(isFile, isNull(files.purgingAtMs), notExists(otherVersions), isOfLivingTenant("files"))),
    handOver(db, ref),
    release(db, ref),
  ]);
}

function hasVersion(db: Database, ref: FileVersionRef): SQL {
  return exists(
    db
      .select({ one: sql`1` })
      .from(fileVersions)
      .where(isVersion(ref)),
  );
}

export interface StoredObject {
  readonly objectKey: string;
  readonly etag: string;
  readonly sizeBytes: number;
  /** What its bytes must have; null where nothing was announced, or was compared already. */
  readonly expectedDigests: ReprDigests | null;
}

export interface StoredUpload {
  readonly object: StoredObject;
  /** What it was made of; empty for an upload that wasn't. */
  readonly partials: readonly Pick<ReservedPartial, "fileId">[];
  readonly actor: Actor;
  readonly nowMs: number;
}

/**
 * Records that a version's bytes are stored: `uploading` → `quarantined`. From then on the version counts, and no
 * longer its reservation, nor those of the partials that it was made of. Doing it again changes nothing.
 * @returns whether there is such a version at all: a file that is being purged has no use for bytes that come now
 */
export async function markVersionStored(
  db: Database,
  ref: FileVersionRef,
  { object, partials, actor, nowMs }: StoredUpload,
): Promise<boolean> {
  const { fileId, version } = ref;
  const detail = { sizeBytes: object.sizeBytes };
  const isKept = and(
    eq(files.tenantId, ref.tenantId),
    eq(files.id, ref.fileId),
    isNull(files.purgingAtMs),
    hasVersion(db, ref),
  );
  const isUploading = and(isVersion(ref), eq(fileVersions.state, "uploading"));
  const isCurrent = sql`${files.currentVersion} = ${version} AND ${files.state} = 'uploading'`;
  const isStored = exists(
    db
      .select({ one: sql`1` })
      .from(files)
      .where(isKept),
  );
  const [found] = await db.batch([
    db
      .update(files)
      // Its state too, which the version's trigger would write once more.
      .set({ updatedAtMs: nowMs, state: sql`iif(${isCurrent}, 'quarantined', ${files.state})` })
      .where(isKept)
      .returning({ id: files.id }),
    db
      .update(fileVersions)
      .set({ state: "quarantined", ...object, storedAtMs: nowMs, announcedAtMs: nowMs })
      .where(isUploading),
    auditIfChanged(db, { actor, action: "file.uploaded", fileId, version, detail, atMs: nowMs }),
    ...(partials.length === 0 ? [] : [spendJoined(db, ref, partials, isStored, nowMs)]),
    release(db, ref),
  ]);
  return found.length > 0;
}
