import type { FileList, FileListQuery, FileRecord, FileState } from "#contract/api.ts";
import { AppError } from "#contract/errors.ts";
import { FileId, type Identity } from "#contract/ids.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FileRow, FileWithDetails } from "../db/files.ts";
import { findFileById, listFiles } from "../db/files.ts";
import type { Action, FileStanding } from "./permissions.ts";
import { requireAllowed } from "./permissions.ts";
import { warningsOf } from "./warnings.ts";

/** Makes the URL by which anybody may read a file while it is public. */
export type PublicUrlOf = (file: Pick<FileRow, "tenantId" | "id" | "filename">) => Promise<string>;

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
  publicUrlOf: PublicUrlOf,
): Promise<FileRecord> {
  return formatFile(await requireFile(env, identity, fileId, "view"), publicUrlOf);
}

/** A page of the files the caller may see, newest first. Throws `REQUEST_INVALID` for a cursor that isn't ours. */
export async function getFiles(
  env: DatabaseBindings,
  identity: Identity,
  query: FileListQuery,
  publicUrlOf: PublicUrlOf,
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
  const items = await Promise.all(page.map((each) => formatFile(each, publicUrlOf)));
  return { items, nextCursor: more ? formatCursor(last.file) : null };
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

/** A file as callers see it. */
export async function formatFile(found: FileWithDetails, publicUrlOf: PublicUrlOf): Promise<FileRecord> {
  const { file, version, verdict } = found;
  return {
    id: file.id,
    filename: file.filename,
    originalFilename: version.originalFilename,
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
    warnings: warningsOf(version.sizeBytes, found.warnBytes),
    tags: [...found.tags],
    entityType: file.entityType,
    entityId: file.entityId,
    ownerId: file.ownerId,
    isPublic: file.isPublic,
    publicUrl: file.isPublic ? await publicUrlOf(file) : null,
    createdAt: formatTime(file.createdAtMs),
    updatedAt: formatTime(file.updatedAtMs),
    deletedAt: file.deletedAtMs === null ? null : formatTime(file.deletedAtMs),
  };
}

function formatVerdict(row: NonNullable<FileWithDetails["verdict"]>): FileRecord["verdict"] {
  const { verdict, signatureName, engine, signatureVersion, scannedAtMs } = row;
  return { verdict, signatureName, engine, signatureVersion, scannedAt: formatTime(scannedAtMs) };
}
