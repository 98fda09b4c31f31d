import type { Variant } from "#contract/api.ts";
import { DERIVATIVE_FORMS } from "#contract/derivatives.ts";
import type { DerivativeName } from "#contract/derivatives.ts";
import { AppError } from "#contract/errors.ts";
import type { FileId, FileVersionRef, Identity, ShareLinkId, TenantId, UserId } from "#contract/ids.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FileWithDetails, VersionRow } from "../db/files.ts";
import { findFileById, findFilesByIds, findVersion } from "../db/files.ts";
import { isPublished, mimeTypeOf, missingDerivativesOf, requireFile, standingOf } from "./files.ts";
import { isAllowed, isByShare, requireAllowed } from "./permissions.ts";
import { requireStandingLink } from "./share-link-standing.ts";

/** Bytes that may be served, with what their answer's headers need. */
export interface ServableObject {
  /** Whether a stranger made it, or the processor did of what a stranger made. */
  readonly origin: "uploaded" | "derived";
  readonly objectKey: string;
  /** Of the original only: the very bytes that were scanned. */
  readonly etag: string | null;
  readonly sizeBytes: number;
  readonly mimeType: string;
  readonly filename: string;
  readonly sha256: string | null;
  readonly version: number;
  readonly storedAtMs: number;
}

/**
 * The only way from a record to an object's key, so the only place where default deny is decided (R26): nothing but a
 * `clean` version that isn't deleted, of a tenant that isn't being erased, is ever served. Throws `FILE_NOT_FOUND`,
 * `FILE_NOT_READY`, `FILE_BLOCKED`, `VARIANT_BEING_MADE` or `VARIANT_NOT_FOUND`.
 */
export function servableObject(found: FileWithDetails, variant: Variant): ServableObject {
  requireServable(found);
  return variant === "original" ? servableOriginal(found) : servableDerivative(found, variant);
}

function requireServable({ file, version, isTenantErasing }: FileWithDetails): void {
  if (file.deletedAtMs !== null || isTenantErasing) throw new AppError("FILE_NOT_FOUND");
  requireClean(version);
}

/** Throws `FILE_NOT_READY` or `FILE_BLOCKED` for a version that isn't clean. */
export function requireClean({ state }: Pick<VersionRow, "state">): void {
  switch (state) {
    case "clean":
      return;
    case "uploading":
    case "quarantined":
      throw new AppError("FILE_NOT_READY", { headers: { "Retry-After": "2" } });
    case "infected":
    case "unscannable":
      throw new AppError("FILE_BLOCKED");
  }
}

function servableOriginal({ file, version }: FileWithDetails): ServableObject {
  const { objectKey, etag, sizeBytes, storedAtMs } = version;
  if (objectKey === null || etag === null || sizeBytes === null || storedAtMs === null) {
    throw new AppError("FILE_NOT_READY");
  }
  return {
    origin: "uploaded",
    objectKey,
    etag,
    sizeBytes,
    mimeType: mimeTypeOf(version),
    filename: file.filename,
    sha256: version.sha256,
    version: version.version,
    storedAtMs,
  };
}

function servableDerivative(found: FileWithDetails, variant: DerivativeName): ServableObject {
  const derivative = found.derivatives.find((candidate) => candidate.name === variant);
  if (derivative === undefined) throw missingVariant(found, variant);
  const extension = derivative.objectKey.slice(derivative.objectKey.lastIndexOf(".") + 1);
  return {
    origin: "derived",
    objectKey: derivative.objectKey,
    etag: null,
    sizeBytes: derivative.sizeBytes,
    mimeType: derivative.mimeType,
    filename: nameOfDerivative(found, variant, extension),
    sha256: null,
    version: derivative.version,
    storedAtMs: derivative.createdAtMs,
  };
}

function nameOfDerivative({ file }: FileWithDetails, variant: DerivativeName, extension: string): string {
  return `${file.filename.replace(/\.[^.]*$/, "")}-${variant}.${extension}`;
}

function missingVariant(found: FileWithDetails, variant: DerivativeName): AppError {
  const missing = missingDerivativesOf(found).find(({ name }) => name === variant);
  if (missing?.state === "making") {
    return new AppError("VARIANT_BEING_MADE", { headers: { "Retry-After": "2" } });
  }
  const detail = missing?.reason ?? "Nothing of this name is made of files of this type.";
  return new AppError("VARIANT_NOT_FOUND", { detail });
}

/** What a caller with a session may download. Throws as `servableObject`, and `FILE_NOT_FOUND` without permission. */
export async function requireDownload(
  env: DatabaseBindings,
  identity: Identity,
  fileId: FileId,
  variant: Variant,
): Promise<ServableObject> {
  return servableObject(await requireFile(env, identity, fileId, "download"), variant);
}

interface SignedFile {
  readonly tenantId: TenantId;
  readonly fileId: FileId;
  readonly version: number;
  readonly variant: Variant;
  readonly linkId?: ShareLinkId | undefined;
  /** The member that it was signed for. */
  readonly askedBy?: UserId | undefined;
}

/**
 * What the holder of a signed URL may download now: the signature has been checked, so the tenant in it is verified.
 * A URL is for one version; it stops when that is no longer the current one. One that was made for a member stops when
 * that member may no longer download the file. One that was made through a share link stops with the link:
 * `SHARE_LINK_ENDED`, `SHARE_LINKS_OFF`.
 */
export async function requireSignedDownload(
  env: DatabaseBindings,
  signed: SignedFile,
): Promise<ServableObject> {
  const { tenantId, fileId, linkId, askedBy } = signed;
  const nowMs = Date.now();
  if (linkId !== undefined) await requireStandingLink(env, { tenantId, linkId }, nowMs);
  const viewer = askedBy === undefined ? undefined : { userId: askedBy, nowMs };
  const found = await findFileById(databaseFor(env, tenantId), tenantId, fileId, viewer);
  if (found === undefined || found.version.version !== signed.version) throw new AppError("FILE_NOT_FOUND");
  if (askedBy !== undefined) requireStillAllowed({ tenantId, userId: askedBy, role: "member" }, found);
  return servableObject(found, signed.variant);
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
  return servableObject(found, variant);
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

export interface SignableItem {
  readonly fileId: FileId;
  readonly variant: Variant;
}

type SignableObject = Pick<ServableObject, "version" | "filename">;

export interface Signable<Item> {
  readonly item: Item;
  readonly object: SignableObject;
  /** When the share ends by which the caller may download it, if it is by one that has an end. */
  readonly untilMs: number | undefined;
}

/**
 * Checks a list of files for signing, all or none, in one query. Throws the error of the first that can't be served,
 * with its place in the list.
 */
export async function requireSignable<Item extends SignableItem>(
  env: DatabaseBindings,
  identity: Identity,
  items: readonly Item[],
): Promise<readonly Signable<Item>[]> {
  const { tenantId, userId } = identity;
  const ids = [...new Set(items.map((item) => item.fileId))];
  const viewer = { userId, nowMs: Date.now() };
  const found = await findFilesByIds(databaseFor(env, tenantId), tenantId, ids, viewer);
  const byId = new Map(found.map((details) => [details.file.id, details]));
  return items.map((item, index) => signable(identity, byId.get(item.fileId), item, index));
}

/** The URL of a variant that is being made is good already: it answers as the variant does. */
function signableObject(found: FileWithDetails, variant: Variant): SignableObject {
  requireServable(found);
  const missing = missingDerivativesOf(found).find(({ name }) => name === variant);
  if (missing?.state !== "making") return servableObject(found, variant);
  const [form] = DERIVATIVE_FORMS[missing.name];
  const filename = nameOfDerivative(found, missing.name, form?.extension ?? "bin");
  return { version: found.version.version, filename };
}

function signable<Item extends SignableItem>(
  identity: Identity,
  found: FileWithDetails | undefined,
  item: Item,
  index: number,
): Signable<Item> {
  const place = `items.${index}.fileId`;
  try {
    if (found === undefined) throw new AppError("FILE_NOT_FOUND");
    const standing = standingOf(found);
    requireAllowed(identity, standing, "download");
    const untilMs = isByShare(identity, standing) ? found.sharedUntilMs : undefined;
    return { item, object: signableObject(found, item.variant), untilMs };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, {
      errors: [{ path: place, message: error.message }],
      headers: error.headers,
    });
  }
}
