import type { UploadGrant, Variant } from "#contract/api.ts";
import type { Actor } from "#contract/audit.ts";
import { blockReasonOf } from "#contract/block-reasons.ts";
import { AppError } from "#contract/errors.ts";
import type { FileId, FileVersionRef, Identity } from "#contract/ids.ts";
import { formatTime } from "#contract/times.ts";
import type { FileVersion, FileVersionList, FileVersionsQuery } from "#contract/versions.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FileWithDetails } from "../db/files.ts";
import { findFileWithVersion } from "../db/files.ts";
import type { VersionWithVerdict } from "../db/versions.ts";
import { deleteVersion, findNaming, findVersions, makeVersionCurrent } from "../db/versions.ts";
import type { ObjectLister, ObjectRemover } from "../storage/object-store.ts";
import type { Caller } from "./file-actions.ts";
import { nameWithVersion } from "./file-names.ts";
import { mimeTypeOf, requireFile, standingOf } from "./files.ts";
import { removeVersionObjects } from "./object-removals.ts";
import type { AnnouncePage } from "./page-images.ts";
import { servableVariant } from "./page-images.ts";
import type { Action } from "./permissions.ts";
import { requireAllowed } from "./permissions.ts";
import type { ServableObject } from "./servable.ts";
import { requireClean } from "./servable.ts";
import { isWithinGrant } from "./upload-grants.ts";

/**
 * A file's history is for whoever may change the file: somebody it was shared with sees what it is, not what it was.
 */

const HISTORY_DETAIL =
  "A file's versions are read by whoever may change it: its owner, admins and services. Others read the current one, at " +
  "/v1/files/{id}/content.";

/** A page of a file's versions, newest first. Throws as `requireFile`. */
export async function getVersions(
  env: DatabaseBindings,
  identity: Identity,
  fileId: FileId,
  { limit, cursor }: FileVersionsQuery,
): Promise<FileVersionList> {
  const { file } = await requireFile(env, identity, fileId, "edit", HISTORY_DETAIL);
  const { tenantId } = identity;
  const before = cursor === undefined ? undefined : Number(cursor);
  const found = await findVersions(
    databaseFor(env, tenantId),
    { tenantId, fileId },
    { before, limit: limit + 1 },
  );
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  const nextCursor = last === undefined ? null : String(last.version.version);
  return { items: page.map((each) => formatVersion(each, file.currentVersion)), nextCursor };
}

/**
 * One version, current or not, as it stands by itself: what a new one is asked for until its check is over. Throws as
 * `requireFile` and `VERSION_NOT_FOUND`.
 * @param grant whose upload it has to be, where the caller has an upload grant: that stands for itself
 */
export async function getVersion(
  env: DatabaseBindings,
  identity: Identity,
  grant: UploadGrant | undefined,
  ref: FileVersionRef,
): Promise<FileVersion> {
  if (grant === undefined)
    return formatFound(await requireVersion(env, identity, ref, "replace", HISTORY_DETAIL));
  if (!isWithinGrant(grant, ref)) throw new AppError("FILE_NOT_FOUND");
  const found = await findFileWithVersion(databaseFor(env, ref.tenantId), ref);
  if (found === undefined || found.file.deletedAtMs !== null) throw new AppError("FILE_NOT_FOUND");
  return formatFound(found);
}

function formatFound({ file, version, verdict }: FileWithDetails): FileVersion {
  return formatVersion({ version, verdict }, file.currentVersion);
}

function formatVersion({ version, verdict }: VersionWithVerdict, current: number): FileVersion {
  return {
    version: version.version,
    isCurrent: version.version === current,
    state: version.state,
    originalFilename: version.originalFilename,
    mimeType: mimeTypeOf(version),
    sizeBytes: version.sizeBytes,
    sha256: version.sha256,
    verdict: verdict?.verdict ?? null,
    signatureName: verdict?.signatureName ?? null,
    reason: verdict === undefined ? null : blockReasonOf(verdict),
    uploadedBy: version.uploadedBy,
    createdAt: formatTime(version.createdAtMs),
  };
}

async function requireVersion(
  env: DatabaseBindings,
  identity: Identity,
  ref: FileVersionRef,
  action: Action,
  detail?: string,
): Promise<FileWithDetails> {
  const { userId } = identity;
  const db = databaseFor(env, ref.tenantId);
  const found = await findFileWithVersion(db, ref, { userId, nowMs: Date.now() });
  if (found !== undefined) {
    requireAllowed(identity, standingOf(found), action, detail);
    return found;
  }
  await requireFile(env, identity, ref.fileId, action, detail);
  throw new AppError("VERSION_NOT_FOUND");
}

/** Bytes of one version. Throws as `requireFile` and `servableVariant`, and `VERSION_NOT_FOUND`. */
export async function requireVersionDownload(
  env: DatabaseBindings,
  announce: AnnouncePage,
  identity: Identity,
  { ref, variant }: { readonly ref: FileVersionRef; readonly variant: Variant },
): Promise<ServableObject> {
  const found = await requireVersion(env, identity, ref, "edit", HISTORY_DETAIL);
  return servableVariant(env, announce, found, variant);
}

/**
 * Makes an older version the current one again; doing it twice changes nothing. Throws as `requireFile`,
 * `VERSION_NOT_FOUND`, `FILE_IN_TRASH`, and `FILE_NOT_READY` or `FILE_BLOCKED` for one that isn't clean.
 */
export async function restoreVersion(
  env: DatabaseBindings,
  actor: Actor,
  identity: Identity,
  ref: FileVersionRef,
  nowMs: number,
): Promise<void> {
  const { file, version } = await requireVersion(env, identity, ref, "edit");
  if (file.deletedAtMs !== null) throw new AppError("FILE_IN_TRASH");
  requireClean(version);
  const db = databaseFor(env, ref.tenantId);
  const naming = await findNaming(db, ref);
  // It was there a moment ago.
  if (naming === undefined) throw new AppError("VERSION_NOT_FOUND");
  const isCurrent = file.currentVersion === ref.version;
  const newFilename = isCurrent ? naming.filename : nameWithVersion(naming, version);
  const event = { ...eventOf(actor, ref, nowMs), action: "version.restored" } as const;
  const restored = await makeVersionCurrent(db, ref, { filename: naming.filename, newFilename }, event);
  // It was there a moment ago.
  if (!restored) throw new AppError("VERSION_NOT_FOUND");
}

function eventOf(actor: Actor, { fileId, version }: FileVersionRef, atMs: number) {
  return { actor, fileId, version, atMs };
}

export interface VersionRemovalTools {
  readonly objects: ObjectLister & ObjectRemover;
  /** Goes on with work when the answer is under way. */
  readonly later: (work: Promise<void>) => void;
}

/**
 * Removes a version that isn't the current one, and frees what it takes; its objects go afterwards. Throws as
 * `requireFile`, `VERSION_NOT_FOUND`,
 * `FILE_IN_TRASH`, `VERSION_CURRENT`, and `FILE_NOT_READY` for one that is being uploaded: its upload can be ended.
 */
export async function removeVersion(
  env: DatabaseBindings,
  { objects, later }: VersionRemovalTools,
  { identity, actor }: Caller,
  ref: FileVersionRef,
  nowMs: number,
): Promise<void> {
  const { file, version } = await requireVersion(env, identity, ref, "edit");
  if (file.deletedAtMs !== null) throw new AppError("FILE_IN_TRASH");
  if (version.state === "uploading") throw new AppError("FILE_NOT_READY");
  if (file.currentVersion === ref.version) throw new AppError("VERSION_CURRENT");
  const event = { ...eventOf(actor, ref, nowMs), action: "version.deleted" } as const;
  const deleted = await deleteVersion(databaseFor(env, ref.tenantId), ref, event);
  if (!deleted) throw new AppError("VERSION_NOT_FOUND");
  later(removeVersionObjects(env, objects, ref));
}
