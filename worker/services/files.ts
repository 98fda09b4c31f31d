import type { FileRecord, FileState, MissingDerivative } from "#contract/api.ts";
import { blockReasonOf } from "#contract/block-reasons.ts";
import type { DerivativeName } from "#contract/derivatives.ts";
import { derivativesOf, typeOf } from "#contract/derivatives.ts";
import { AppError } from "#contract/errors.ts";
import type { FileId, FileVersionRef, Identity } from "#contract/ids.ts";
import { formatTime, formatTimeOrNull } from "#contract/times.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FileRow, FileWithDetails } from "../db/files.ts";
import { findFileById, findFileWithVersion } from "../db/files.ts";
import type { Action, FileStanding } from "./permissions.ts";
import { requireAllowed } from "./permissions.ts";
import { formatReplica } from "./replica-records.ts";
import { warningsOf } from "./warnings.ts";

/** Makes the URL by which anybody may read a file while it is public. */
export type PublicUrlOf = (file: Pick<FileRow, "tenantId" | "id" | "filename">) => Promise<string>;

/** State that callers see: that of the current version, unless the file is deleted. */
export function stateOf({ file, version }: FileWithDetails): FileState {
  return file.deletedAtMs === null ? version.state : "deleted";
}

/** What of a file decides who may do what with it. */
export function standingOf({ file, shared, opensEntities }: FileWithDetails): FileStanding {
  const { ownerId, entityType, entityId } = file;
  const entity = entityType === null || entityId === null ? undefined : { type: entityType, id: entityId };
  const isOpen = entity !== undefined && opensEntities;
  return { ownerId, isDeleted: file.deletedAtMs !== null, entity, shared, isOpen };
}

/** Whether anybody may read it by its public URL: it was made public, and its tenant has public files. */
export function isPublished({ file, hasPublicFiles }: FileWithDetails): boolean {
  return file.isPublic && hasPublicFiles;
}

/**
 * The file if the caller may do `action` with it. Throws `FILE_NOT_FOUND` alike for a missing file, another tenant's
 * and one the caller may not see, `PERMISSION_REQUIRED` for one they may see and no more, and `TENANT_ERASING`.
 */
export async function requireFile(
  env: DatabaseBindings,
  identity: Identity,
  fileId: FileId,
  action: Action,
  detail?: string,
): Promise<FileWithDetails> {
  const { tenantId, userId } = identity;
  const viewer = { userId, nowMs: Date.now() };
  const found = await findFileById(databaseFor(env, tenantId), tenantId, fileId, viewer);
  if (found === undefined) throw new AppError("FILE_NOT_FOUND");
  if (found.isTenantErasing) throw new AppError("TENANT_ERASING");
  requireAllowed(identity, standingOf(found), action, detail);
  return found;
}

/**
 * The record of a file as one of its versions would make it: what was just sent, before its check is over and it takes
 * the current one's place. Who asks has sent it.
 */
export async function getSentFile(
  env: DatabaseBindings,
  { userId }: Identity,
  ref: FileVersionRef,
  publicUrlOf: PublicUrlOf,
): Promise<FileRecord> {
  const viewer = { userId, nowMs: Date.now() };
  const found = await findFileWithVersion(databaseFor(env, ref.tenantId), ref, viewer);
  if (found === undefined) throw new AppError("FILE_NOT_FOUND");
  return formatFile(found, publicUrlOf);
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

/** The type to serve and show: what the bytes say, where they say it. */
export function mimeTypeOf(version: FileWithDetails["version"]): string {
  return version.sniffedType ?? version.declaredType;
}

/** For so long a job is tried, half an hour more or less, until it is told to have failed (processor/job-settler.ts). */
const MAKING_MAX_MS = 8 * 3_600_000;
const LOST = "No answer came: it can be tried again.";

/** What is made of files of its type and isn't there, of a clean version. */
export function missingDerivativesOf(found: FileWithDetails): readonly MissingDerivative[] {
  const { version, derivatives, missingDerivatives, failedJob } = found;
  if (version.state !== "clean") return [];
  return derivativesOf(typeOf(version.declaredType, version.sniffedType), found)
    .filter((name) => !derivatives.some((made) => made.name === name))
    .map((name) => {
      const reported = missingDerivatives.find((missing) => missing.name === name);
      if (reported !== undefined) return { name, state: reported.state, reason: reported.reason };
      // Nobody is at it any more.
      if (failedJob !== undefined) return { name, state: "failed", reason: failedJob.detail };
      if (notWantedSinceMs(found, name) !== undefined) return { name, state: "failed", reason: NOT_WANTED };
      const isAtIt = (version.announcedAtMs ?? 0) > Date.now() - MAKING_MAX_MS;
      return isAtIt ? { name, state: "making", reason: null } : { name, state: "failed", reason: LOST };
    });
}

const NOT_WANTED = "It wasn't wanted when the image was processed. It can be made now.";

/**
 * When a version's image was made without the AVIF that its tenant has wished for since, and nobody was asked again; an AVIF
 * is reported before its WebP is.
 */
export function notWantedSinceMs(
  { version, derivatives }: FileWithDetails,
  name: DerivativeName,
): number | undefined {
  if (name !== "optimized-avif") return undefined;
  const madeAtMs = derivatives.find((made) => made.name === "optimized")?.createdAtMs;
  return madeAtMs !== undefined && (version.announcedAtMs ?? 0) <= madeAtMs ? madeAtMs : undefined;
}

/** A file as callers see it. */
export async function formatFile(found: FileWithDetails, publicUrlOf: PublicUrlOf): Promise<FileRecord> {
  const { file, version, verdict, foundLater } = found;
  return {
    id: file.id,
    filename: file.filename,
    originalFilename: version.originalFilename,
    mimeType: mimeTypeOf(version),
    sizeBytes: version.sizeBytes,
    sha256: version.sha256,
    state: stateOf(found),
    verdict: verdict === undefined ? null : formatVerdict(verdict, foundLater),
    processingError: version.state === "quarantined" ? (found.failedJob?.detail ?? null) : null,
    version: version.version,
    derivatives: found.derivatives.map(({ name, mimeType, sizeBytes, width, height }) => {
      return { name, mimeType, sizeBytes, width, height };
    }),
    missingDerivatives: [...missingDerivativesOf(found)],
    replicas: found.replicas.map(formatReplica),
    properties: version.properties,
    warnings: warningsOf(version.sizeBytes, found.warnBytes),
    tags: [...found.tags],
    entityType: file.entityType,
    entityId: file.entityId,
    ownerId: file.ownerId,
    isPublic: file.isPublic,
    publicUrl: isPublished(found) ? await publicUrlOf(file) : null,
    createdAt: formatTime(file.createdAtMs),
    updatedAt: formatTime(file.updatedAtMs),
    deletedAt: formatTimeOrNull(file.deletedAtMs),
    purgeAt: formatTimeOrNull(file.purgeAtMs),
  };
}

function formatVerdict(
  row: NonNullable<FileWithDetails["verdict"]>,
  foundLater: boolean,
): FileRecord["verdict"] {
  const { verdict, signatureName, engine, signatureVersion, scannedAtMs } = row;
  const scannedAt = formatTime(scannedAtMs);
  return {
    verdict,
    signatureName,
    engine,
    signatureVersion,
    scannedAt,
    reason: blockReasonOf(row),
    foundLater,
  };
}
