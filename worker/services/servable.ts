import type { Variant } from "#contract/api.ts";
import type { DerivativeName } from "#contract/derivatives.ts";
import { AppError } from "#contract/errors.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import type { PageImageName } from "#contract/page-images.ts";
import type { FileWithDetails, VersionRow } from "../db/files.ts";
import type { DerivativeRow } from "../db/named-derivatives.ts";
import type { PageImageRow } from "../db/page-images.ts";
import { mimeTypeOf, missingDerivativesOf } from "./files.ts";

/** Bytes that may be served, with what their answer's headers need. */
export interface ServableObject extends FileVersionRef {
  /** Whether a stranger made it, or the processor did of what a stranger made. */
  readonly origin: "uploaded" | "derived";
  readonly objectKey: string;
  /** Of the original only: the very bytes that were scanned. */
  readonly etag: string | null;
  readonly sizeBytes: number;
  readonly mimeType: string;
  readonly filename: string;
  readonly sha256: string | null;
  readonly storedAtMs: number;
}

/**
 * The only way from a record to an object's key, so the only place where default deny is decided (R26): nothing but a
 * `clean` version that isn't deleted, of a tenant that isn't being erased, is ever served. Throws `FILE_NOT_FOUND`,
 * `FILE_NOT_READY`, `FILE_BLOCKED`, `VARIANT_BEING_MADE` or `VARIANT_NOT_FOUND`.
 */
export function servableObject(
  found: FileWithDetails,
  variant: Exclude<Variant, PageImageName>,
): ServableObject {
  requireServable(found);
  return variant === "original" ? servableOriginal(found) : servableDerivative(found, variant);
}

/** Throws `FILE_NOT_FOUND`, `FILE_NOT_READY` or `FILE_BLOCKED` where nothing of a file is served. */
export function requireServable(found: FileWithDetails): void {
  requireThere(found);
  requireClean(found.version);
}

/** Throws `FILE_NOT_FOUND` for what is in the trash, or of a tenant that is being erased. */
export function requireThere({ file, isTenantErasing }: FileWithDetails): void {
  if (file.deletedAtMs !== null || isTenantErasing) throw new AppError("FILE_NOT_FOUND");
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

/** A version's own bytes. Throws `FILE_NOT_READY` while they aren't stored. */
export function servableOriginal({ file, version }: FileWithDetails): ServableObject {
  const { tenantId, fileId, objectKey, etag, sizeBytes, storedAtMs } = version;
  if (objectKey === null || etag === null || sizeBytes === null || storedAtMs === null) {
    throw new AppError("FILE_NOT_READY");
  }
  return {
    ...{ tenantId, fileId, version: version.version },
    origin: "uploaded",
    objectKey,
    etag,
    sizeBytes,
    mimeType: mimeTypeOf(version),
    filename: file.filename,
    sha256: version.sha256,
    storedAtMs,
  };
}

function servableDerivative(found: FileWithDetails, variant: DerivativeName): ServableObject {
  const derivative = found.derivatives.find((candidate) => candidate.name === variant);
  if (derivative === undefined) throw missingVariant(found, variant);
  return formatDerivative(found, derivative);
}

/** A derivative that was made, of a file that may be served. */
export function formatDerivative(
  found: FileWithDetails,
  derivative: DerivativeRow | PageImageRow,
): ServableObject {
  const { tenantId, fileId, version } = derivative;
  const extension = derivative.objectKey.slice(derivative.objectKey.lastIndexOf(".") + 1);
  return {
    ...{ tenantId, fileId, version },
    origin: "derived",
    objectKey: derivative.objectKey,
    etag: null,
    sizeBytes: derivative.sizeBytes,
    mimeType: derivative.mimeType,
    filename: nameOfDerivative(found, derivative.name, extension),
    sha256: null,
    storedAtMs: derivative.createdAtMs,
  };
}

/** What a derivative is saved as. */
export function nameOfDerivative(
  { file }: FileWithDetails,
  variant: DerivativeName | PageImageName,
  extension: string,
): string {
  return `${file.filename.replace(/\.[^.]*$/, "")}-${variant}.${extension}`;
}

/** Why there is no such variant: it is being made, or it isn't made. */
export function missingVariant(found: FileWithDetails, variant: DerivativeName): AppError {
  const missing = missingDerivativesOf(found).find(({ name }) => name === variant);
  if (missing?.state === "making") {
    return new AppError("VARIANT_BEING_MADE", { headers: { "Retry-After": "2" } });
  }
  const detail = missing?.reason ?? "Nothing of this name is made of files of this type.";
  return new AppError("VARIANT_NOT_FOUND", { detail });
}
