import type { FileWarning, UploadGrant } from "#contract/api.ts";
import { actorAs } from "#contract/audit.ts";
import { chargeOf } from "#contract/charges.ts";
import type { EntityRef } from "#contract/entities.ts";
import { AppError } from "#contract/errors.ts";
import { classLimitBytes } from "#contract/file-types.ts";
import type { FileId, FileVersionRef, Identity } from "#contract/ids.ts";
import { newFileId } from "#contract/ids.ts";
import type { Actor } from "../db/audit.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { findFileById, findVersion } from "../db/files.ts";
import type { ReservedPartial } from "../db/partials.ts";
import type { NewReservation, Wanted } from "../db/quota.ts";
import { findReservation, FIRST_CHECK_MS, postponeCheck } from "../db/quota.ts";
import { findTenant } from "../db/tenants.ts";
import type { Insertion } from "../db/uploads.ts";
import { insertPartial, insertUpload, insertVersionUpload } from "../db/uploads.ts";
import { requireGranted } from "./entity-grants.ts";
import { requireFree } from "./final-uploads.ts";
import { requireGrantedVersion, takeVersionOf } from "./new-versions.ts";
import { openUploadLimits, requireFewOpenUploads, RESERVATION_STEP_BYTES, roomError } from "./quota.ts";
import { forgetUpload } from "./stored-uploads.ts";
import { creationKeyOf } from "./upload-grants.ts";
import type { UploadDeclaration, ValidationRules, ValidUpload } from "./upload-validation.ts";
import { requireWithin, validateUpload } from "./upload-validation.ts";
import { warningsOf } from "./warnings.ts";

/** What holds for an upload whatever it declares. */
export interface UploadRules extends ValidationRules {
  readonly defaultQuotaBytes: number;
  readonly requestId: string | null;
  readonly nowMs: number;
}

/** An upload as it is declared, and what it is made of. */
export interface NewDeclaration extends UploadDeclaration {
  readonly partials?: readonly ReservedPartial[] | undefined;
}

export interface AcceptedUpload {
  readonly fileId: FileId;
  readonly version: number;
  readonly filename: string;
  readonly declaredType: string;
  /** The most that the file may become: the limit of its class, or of all uploads. */
  readonly maxBytes: number;
  /**
   * What is reserved for it: its length without that of its partials, or, while that isn't known, a first step. Null for
   * one that is asked for again and was stored, or came to nothing: it isn't to be begun.
   */
  readonly reservedBytes: number | null;
  /** Of an upload by a grant: what tells its creation from another. */
  readonly creationKey: string | null;
  /** What it is declared to be attached to; of a new version, what its file is. */
  readonly entity: EntityRef | null;
  /** Whether this is a grant's creation again, whose record was there. */
  readonly isAgain: boolean;
  readonly warnings: readonly FileWarning[];
}

/**
 * Validates a declared upload (R23), reserves for it and inserts its record, before any byte is stored. Throws
 * `FILE_NAME_REQUIRED`, `FILE_NAME_INVALID`, `FILE_TYPE_REFUSED`, `FILE_TOO_LARGE`, `UPLOAD_METADATA_INVALID` or
 * `GRANT_SCOPE`, each naming the rule, `GRANT_USED`, `OPEN_UPLOADS_EXCEEDED`, `QUOTA_EXCEEDED` and `TENANT_ERASING`; for a
 * final upload also
 * `UPLOAD_CONCAT_INVALID`, and for a new version of a file what `takeVersionOf` throws. A grant's creation may be asked
 * for again.
 */
export async function createUpload(
  env: DatabaseBindings,
  identity: Identity,
  declaration: NewDeclaration,
  rules: UploadRules,
): Promise<AcceptedUpload> {
  const { lengthBytes, grant } = declaration;
  requireGranted(identity, "upload");
  const declared = validateUpload({ ...declaration, within: identity.entityGrant }, rules);
  const { filename, declaredType, fileClass } = declared;
  const maxBytes = Math.min(
    classLimitBytes(fileClass, rules.settings),
    rules.maxUploadBytes,
    grant?.scope.maxBytes ?? Number.MAX_SAFE_INTEGER,
  );
  const ref = await refOfUpload(env, identity, declaration, rules);
  const insert = ref.version === 1 ? insertUpload : insertVersionUpload;
  const { partials = [], metadata } = declaration;
  const creationKey = grant === undefined ? null : await creationKeyOf(metadata, lengthBytes);
  const accepted = {
    ...{ fileId: ref.fileId, version: ref.version, filename, declaredType, maxBytes, creationKey },
    ...{
      entity: await entityOf(env, ref, declared),
      warnings: warningsOf(lengthBytes, rules.settings.warnBytes?.[fileClass]),
    },
  };
  const limits = openUploadLimits(identity, grant !== undefined, rules.settings);
  const inserting = insert(databaseFor(env, ref.tenantId), {
    ...declared,
    ref,
    wanted: wantedFor(lengthBytes, maxBytes, rules),
    ownerId: identity.userId,
    sizeBytes: lengthBytes ?? undefined,
    partials,
    creationKey,
    limits,
    actor: actorOf(identity, grant, rules.requestId),
    nowMs: rules.nowMs,
  });
  const inserted = await inserting.catch(async (error: unknown) => {
    // The answer may have been lost: its partials are to be free for the next attempt. Its id is nobody else's, as a
    // grant's may be, which is for no final upload.
    if (partials.length > 0) await forgetUpload(env, ref).catch(() => {});
    throw error;
  });
  if (creationKey !== null && inserted.kind !== "inserted") {
    const again = await findAgain(env, ref, creationKey, rules.nowMs);
    if (again !== undefined) return { ...accepted, ...again, isAgain: true };
  }
  if (inserted.kind === "no-room") await requireFree(env, ref.tenantId, partials);
  const reservedBytes = await requireInserted(env, { ref, identity, limits }, inserted, rules);
  return { ...accepted, reservedBytes, isAgain: false };
}

/**
 * What is reserved for the upload that a grant has begun before, by the same creation; undefined where there is none.
 * Where nothing is reserved any more, only its object knows by which creation it was. It isn't swept between this and its
 * being made, however old it is, as that of a renewed grant may be: what is reserved is looked at when another hour is over.
 * Throws `GRANT_USED`.
 */
async function findAgain(
  env: DatabaseBindings,
  ref: FileVersionRef,
  creationKey: string,
  nowMs: number,
): Promise<Pick<AcceptedUpload, "reservedBytes"> | undefined> {
  const held = await findReservation(databaseFor(env, ref.tenantId), ref);
  if (held === undefined) {
    const version = await findVersion(databaseFor(env, ref.tenantId), ref);
    return version === undefined ? undefined : { reservedBytes: null };
  }
  if (held.creationKey !== creationKey) throw new AppError("GRANT_USED", { detail: USED_DETAIL });
  await postponeCheck(databaseFor(env, ref.tenantId), ref, nowMs + FIRST_CHECK_MS);
  return { reservedBytes: held.reservedBytes };
}

const USED_DETAIL = "Its upload was created with another length or other metadata.";

/** Which version of which file an upload becomes. Throws as `takeVersionOf`. */
async function refOfUpload(
  env: DatabaseBindings,
  identity: Identity,
  { metadata, grant }: NewDeclaration,
  rules: UploadRules,
): Promise<FileVersionRef> {
  if (grant !== undefined) {
    if (grant.ref.version > 1) await requireGrantedVersion(env, grant.ref, rules.settings);
    return grant.ref;
  }
  const replaced = metadata.get("replaces");
  if (replaced) return takeVersionOf(env, identity, replaced, rules);
  return { tenantId: identity.tenantId, fileId: newFileId(), version: 1 };
}

function actorOf(identity: Identity, grant: UploadGrant | undefined, requestId: string | null): Actor {
  return actorAs(identity, grant === undefined ? identity.role : "grant", requestId);
}

/** Another could be declared with a new version, which stays where its file is: nobody tells an entity that isn't theirs. */
async function entityOf(
  env: DatabaseBindings,
  { tenantId, fileId, version }: FileVersionRef,
  declared: ValidUpload,
): Promise<EntityRef | null> {
  const found = version === 1 ? undefined : await findFileById(databaseFor(env, tenantId), tenantId, fileId);
  const { entityType = null, entityId = null } = version === 1 ? declared : (found?.file ?? {});
  return entityType === null || entityId === null ? null : { entityType, entityId };
}

/** What a known length counts; of one that isn't known yet the first step, or what room there is. */
function wantedFor(
  lengthBytes: number | null,
  maxBytes: number,
  { defaultQuotaBytes }: Pick<UploadRules, "defaultQuotaBytes">,
): Wanted {
  const atLeastBytes = chargeOf(lengthBytes ?? 0);
  if (lengthBytes !== null) return { atLeastBytes, atMostBytes: atLeastBytes, defaultQuotaBytes };
  return {
    atLeastBytes,
    atMostBytes: chargeOf(Math.min(RESERVATION_STEP_BYTES, maxBytes)),
    defaultQuotaBytes,
  };
}

/** What was asked to be let in. */
interface Asked extends Pick<NewReservation, "ref" | "limits"> {
  readonly identity: Identity;
}

/** What is reserved. Throws `GRANT_USED`, `OPEN_UPLOADS_EXCEEDED`, `QUOTA_EXCEEDED` and `TENANT_ERASING`. */
async function requireInserted(
  env: DatabaseBindings,
  { ref: { tenantId, fileId }, identity, limits }: Asked,
  inserted: Insertion,
  { defaultQuotaBytes }: Pick<UploadRules, "defaultQuotaBytes">,
): Promise<number> {
  switch (inserted.kind) {
    case "inserted":
      return inserted.reservedBytes;
    case "taken":
      // Only a grant's id is there before its upload: a random one is never taken.
      throw new AppError("GRANT_USED", { detail: `Its upload was ${fileId}.` });
    case "no-room": {
      const tenant = await findTenant(databaseFor(env, tenantId), tenantId);
      if (tenant !== undefined) await requireFewOpenUploads(env, tenant, identity.userId, limits);
      throw roomError(tenant, defaultQuotaBytes);
    }
  }
}

/**
 * Takes a partial upload (tus 1.0, Concatenation) in: it has neither name nor type, no record but its reservation, and
 * becomes a file only as a part of a final upload, which is validated as a whole and reserves only what it needs beyond
 * its partials. Throws `FILE_TOO_LARGE`, `OPEN_UPLOADS_EXCEEDED`, `QUOTA_EXCEEDED` and `TENANT_ERASING`.
 */
export async function createPartialUpload(
  env: DatabaseBindings,
  identity: Identity,
  lengthBytes: number | null,
  rules: Pick<UploadRules, "maxUploadBytes" | "defaultQuotaBytes" | "nowMs" | "settings">,
): Promise<AcceptedUpload & { readonly reservedBytes: number }> {
  const { maxUploadBytes: maxBytes, nowMs } = rules;
  requireWithin(lengthBytes, maxBytes);
  const { tenantId, userId: ownerId } = identity;
  const ref = { tenantId, fileId: newFileId(), version: 1 };
  const wanted = wantedFor(lengthBytes, maxBytes, rules);
  // A grant is for no partial upload.
  const [creationKey, limits] = [null, openUploadLimits(identity, false, rules.settings)];
  const reservation = { ref, wanted, creationKey, ownerId, limits, nowMs };
  const inserted = await insertPartial(databaseFor(env, tenantId), reservation);
  const reservedBytes = await requireInserted(env, { ref, identity, limits }, inserted, rules);
  const declaredType = "application/octet-stream";
  const { fileId, version } = ref;
  const common = { creationKey, entity: null, isAgain: false, warnings: [] };
  return { ...{ fileId, version, filename: "", declaredType, maxBytes }, reservedBytes, ...common };
}
