import type { Variant } from "#contract/api.ts";
import { AppError } from "#contract/errors.ts";
import type { FileId, FileVersionRef, Identity, ShareLinkId, TenantId, UserId } from "#contract/ids.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FileWithDetails } from "../db/files.ts";
import { findFileById, findVersion } from "../db/files.ts";
import { isPublished, requireFile, standingOf } from "./files.ts";
import type { AnnouncePage } from "./page-images.ts";
import { servableVariant } from "./page-images.ts";
import { isAllowed } from "./permissions.ts";
import type { ServableObject } from "./servable.ts";
import { requireClean, requireThere, servableOriginal } from "./servable.ts";
import { requireStandingLink } from "./share-link-standing.ts";

/** The doors by which the bytes of files are asked for, and who may pass. */

/** What a caller with a session may download. Throws as `servableVariant`, and `FILE_NOT_FOUND` without permission. */
export async function requireDownload(
  env: DatabaseBindings,
  announce: AnnouncePage,
  identity: Identity,
  { fileId, variant }: { readonly fileId: FileId; readonly variant: Variant },
): Promise<ServableObject> {
  return servableVariant(env, announce, await requireFile(env, identity, fileId, "download"), variant);
}

interface SignedFile {
  readonly tenantId: TenantId;
  readonly fileId: FileId;
  readonly version: number;
  readonly variant: Variant;
  readonly linkId?: ShareLinkId | undefined;
  /** The member that it was signed for. */
  readonly askedBy?: UserId | undefined;
  /** What it was attached to, of one that was signed for the holder of an entity grant. */
  readonly within?: { readonly entityType: string; readonly entityId: string } | undefined;
}

/**
 * What the holder of a signed URL may download now: the signature has been checked, so the tenant in it is verified.
 * A URL is for one version; it stops when that is no longer the current one (`SIGNED_URL_REPLACED`). One that was made for a member stops when
 * that member may no longer download the file; one for the holder of an entity grant, when the file is no longer attached
 * to the entity. One that was made through a share link stops with the link:
 * `SHARE_LINK_ENDED`, `SHARE_LINKS_OFF`.
 */
export async function requireSignedDownload(
  env: DatabaseBindings,
  announce: AnnouncePage,
  signed: SignedFile,
): Promise<ServableObject> {
  const { tenantId, fileId, linkId, askedBy, within } = signed;
  const nowMs = Date.now();
  if (linkId !== undefined) await requireStandingLink(env, { tenantId, linkId }, nowMs);
  const viewer = askedBy === undefined ? undefined : { userId: askedBy, nowMs };
  const found = await findFileById(databaseFor(env, tenantId), tenantId, fileId, viewer);
  if (found === undefined) throw new AppError("FILE_NOT_FOUND");
  const isMoved = within?.entityType !== found.file.entityType || within.entityId !== found.file.entityId;
  if (within !== undefined && isMoved) throw new AppError("FILE_NOT_FOUND");
  if (askedBy !== undefined) requireStillAllowed({ tenantId, userId: askedBy, role: "member" }, found);
  requireThere(found);
  if (found.version.version !== signed.version) {
    throw new AppError("SIGNED_URL_REPLACED", {
      detail: "Ask for a new URL: it is for the current version.",
    });
  }
  return servableVariant(env, announce, found, signed.variant);
}

/** Whoever holds the URL isn't who asked for it, and is told nothing of what became of that one. */
function requireStillAllowed(asker: Identity, found: FileWithDetails): void {
  if (!isAllowed(asker, standingOf(found), "download")) throw new AppError("FILE_NOT_FOUND");
}

/**
 * What anybody may read of a public file: while it isn't public, its tenant has no public files, or it can't be served,
 * there is no such file.
 */
export async function requirePublicDownload(
  env: DatabaseBindings,
  { tenantId, fileId }: { tenantId: TenantId; fileId: FileId },
  variant: Variant,
): Promise<ServableObject> {
  const found = await findFileById(databaseFor(env, tenantId), tenantId, fileId);
  if (found === undefined || !isPublished(found) || found.version.state !== "clean") {
    throw new AppError("FILE_NOT_FOUND");
  }
  return servableVariant(env, undefined, found, variant);
}

/**
 * One version for an export of all that its tenant has: of a file in the trash too, and never one that isn't clean. Who
 * may export has been decided. Throws `FILE_NOT_FOUND`, `VERSION_NOT_FOUND`, `FILE_NOT_READY` and `FILE_BLOCKED`.
 */
export async function requireExportedVersion(
  env: DatabaseBindings,
  ref: FileVersionRef,
): Promise<ServableObject> {
  const db = databaseFor(env, ref.tenantId);
  const [found, version] = await Promise.all([
    findFileById(db, ref.tenantId, ref.fileId),
    findVersion(db, ref),
  ]);
  if (found === undefined) throw new AppError("FILE_NOT_FOUND");
  if (version === undefined) throw new AppError("VERSION_NOT_FOUND");
  requireClean(version);
  return servableOriginal({ ...found, version });
}
