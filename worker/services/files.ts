import type { FileList, FileListQuery, FileRecord, FileState } from "#contract/api.ts";
import type { Actor } from "#contract/audit.ts";
import { AppError } from "#contract/errors.ts";
import { FileId, type Identity } from "#contract/ids.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FileRow, FileWithDetails } from "../db/files.ts";
import { findFileById, listFiles, markFileDeleted } from "../db/files.ts";
import type { Action, FileStanding } from "./permissions.ts";
import { requireAllowed } from "./permissions.ts";

/** State that callers see: that of the current version, unless the file is deleted. */
export function stateOf({ file, version }: FileWithDetails): FileState {
  return file.deletedAtMs === null ? version.state : "deleted";
}

/** What of a file decides who may do what with it. */
export function standingOf({ file, shared }: FileWithDetails): FileStanding {
  return { ownerId: file.ownerId, isDeleted: file.deletedAtMs !== null, shared };
}

/**
 * The file if the caller may do `action` with it. Throws `FILE_NOT_FOUND` alike for a missing file, another tenant's
 * and one the caller may not see, and `PERMISSION_REQUIRED` for one they may see and no more.
 */
export async function requireFile(
  env: DatabaseBindings,
  identity: Identity,
  fileId: FileId,
  action: Action,
): Promise<FileWithDetails> {
  const { tenantId, userId } = identity;
  const viewer = { userId, nowMs: Date.now() };
  const found = await findFileById(databaseFor(env, tenantId), tenantId, fileId, viewer);
  if (found === undefined) throw new AppError("FILE_NOT_FOUND");
  requireAllowed(identity, standingOf(found), action);
  return found;
}

/** One file's record. Throws `FILE_NOT_FOUND`. */
export async function getFile(
  env: DatabaseBindings,
  identity: Identity,
  fileId: FileId,
): Promise<FileRecord> {
  return formatFile(await requireFile(env, identity, fileId, "view"));
}

/** A page of the files the caller may see, newest first. Throws `REQUEST_INVALID` for a cursor that isn't ours. */
export async function getFiles(
  env: DatabaseBindings,
  identity: Identity,
  query: FileListQuery,
): Promise<FileList> {
  const found = await listFiles(
    databaseFor(env, identity.tenantId),
    identity.tenantId,
    {
      ownerId: identity.role === "member" ? identity.userId : undefined,
      entityType: query.entityType,
      entityId: query.entityId,
      state: query.state,
      after: query.cursor === undefined ? undefined : parseCursor(query.cursor),
    },
    query.limit + 1,
  );
  const page = found.slice(0, query.limit);
  const last = page.at(-1);
  const more = found.length > query.limit && last !== undefined;
  return { items: page.map(formatFile), nextCursor: more ? formatCursor(last.file) : null };
}

/** Deletes a file: it stops being served at once. Throws `FILE_NOT_FOUND`, for a deleted one too. */
export async function deleteFile(
  env: DatabaseBindings,
  identity: Identity,
  actor: Actor,
  fileId: FileId,
  nowMs: number,
): Promise<void> {
  await requireFile(env, identity, fileId, "delete");
  const deleted = await markFileDeleted(databaseFor(env, identity.tenantId), actor, fileId, nowMs);
  if (!deleted) throw new AppError("FILE_NOT_FOUND");
}

function formatCursor(file: FileRow): string {
  return `${file.createdAtMs}.${file.id}`;
}

function parseCursor(cursor: string): { createdAtMs: number; id: FileId } {
  const [time = "", id = ""] = cursor.split(".");
  const parsed = FileId.safeParse(id);
  if (/^\d{1,15}$/.test(time) && parsed.success) return { createdAtMs: Number(time), id: parsed.data };
  throw new AppError("REQUEST_INVALID", {
    errors: [{ path: "cursor", message: "is not a cursor of this list" }],
  });
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The type to serve and show: what the bytes say, where they say it. */
export function mimeTypeOf(version: FileWithDetails["version"]): string {
  return version.sniffedType ?? version.declaredType;
}

function formatFile(found: FileWithDetails): FileRecord {
  const { file, version, verdict } = found;
  return {
    id: file.id,
    filename: file.filename,
    mimeType: mimeTypeOf(version),
    sizeBytes: version.sizeBytes,
    sha256: version.sha256,
    state: stateOf(found),
    verdict: verdict === undefined ? null : formatVerdict(verdict),
    version: version.version,
    derivatives: found.derivatives.map(({ name, mimeType, sizeBytes, width, height }) => {
      return { name, mimeType, sizeBytes, width, height };
    }),
    replicas: [],
    properties: version.properties,
    tags: [...found.tags],
    entityType: file.entityType,
    entityId: file.entityId,
    ownerId: file.ownerId,
    createdAt: formatTime(file.createdAtMs),
    updatedAt: formatTime(file.updatedAtMs),
  };
}

function formatVerdict(row: NonNullable<FileWithDetails["verdict"]>): FileRecord["verdict"] {
  const { verdict, signatureName, engine, signatureVersion, scannedAtMs } = row;
  return { verdict, signatureName, engine, signatureVersion, scannedAt: formatTime(scannedAtMs) };
}
