import { blockReasonOf } from "#contract/block-reasons.ts";
import { AppError } from "#contract/errors.ts";
import type { FileVersionRef, Identity } from "#contract/ids.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import type {
  BlockedVersion,
  QuarantinePage,
  QuarantineQuery,
  ReleaseRequest,
} from "#contract/quarantine.ts";
import { BlockedState, PERSON_ENGINE } from "#contract/quarantine.ts";
import { formatTime, formatTimeOrNull } from "#contract/times.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { BlockedVersionRow } from "../db/quarantine.ts";
import { findBlockedVersions, findVersionOfFile, releaseVersion } from "../db/quarantine.ts";
import type { Renaming } from "../db/versions.ts";
import { findNaming } from "../db/versions.ts";
import { jobOf } from "./announce.ts";
import type { Caller } from "./file-actions.ts";
import { nameWithVersion } from "./file-names.ts";
import { mimeTypeOf } from "./files.ts";
import { requireRole } from "./permissions.ts";
import { copiesWantedBy } from "./replica-targets.ts";
import { formatVersionCursor, parseVersionCursor } from "./version-cursor.ts";

/** A page of the tenant's blocked versions, the newest first. Throws `ROLE_REQUIRED`, and `REQUEST_INVALID` for a cursor that isn't ours. */
export async function getQuarantine(
  env: DatabaseBindings,
  identity: Identity,
  { state, cursor, limit }: QuarantineQuery,
): Promise<QuarantinePage> {
  requireRole(identity, "admin");
  const { tenantId } = identity;
  const after = parseVersionCursor(cursor);
  const found = await findBlockedVersions(databaseFor(env, tenantId), tenantId, { state, after }, limit + 1);
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1)?.version : undefined;
  const nextCursor =
    last === undefined ? null : formatVersionCursor({ ...last, atMs: last.blockedAtMs ?? 0 });
  return { items: page.map(formatBlocked), nextCursor };
}

function formatBlocked({ file, version, verdict, foundLater }: BlockedVersionRow): BlockedVersion {
  const state = BlockedState.parse(version.state);
  const signatureName = verdict?.signatureName ?? null;
  const { originalFilename, sizeBytes, sha256, uploadedBy, blockedAtMs, purgeAtMs } = version;
  return {
    ...{ fileId: file.id, version: version.version, isCurrent: file.currentVersion === version.version },
    ...{ filename: file.filename, originalFilename, mimeType: mimeTypeOf(version), sizeBytes, sha256 },
    ...{ ownerId: file.ownerId, uploadedBy, entityType: file.entityType, entityId: file.entityId },
    ...{ state, signatureName, foundLater },
    reason: blockReasonOf({ verdict: state, signatureName }) ?? "",
    engine: verdict?.engine ?? null,
    signatureVersion: verdict?.signatureVersion ?? null,
    blockedAt: formatTime(blockedAtMs ?? 0),
    purgeAt: formatTimeOrNull(purgeAtMs),
  };
}

/** A blocked version of the tenant's. Throws `VERSION_NOT_FOUND`, and `VERSION_NOT_BLOCKED` for one in another state. */
export async function requireBlocked(env: DatabaseBindings, ref: FileVersionRef): Promise<BlockedVersionRow> {
  const found = await findVersionOfFile(databaseFor(env, ref.tenantId), ref);
  if (found === undefined) throw new AppError("VERSION_NOT_FOUND");
  if (!BlockedState.safeParse(found.version.state).success) throw new AppError("VERSION_NOT_BLOCKED");
  return found;
}

/**
 * A person's verdict: a blocked version is clean from here on, and what is made of clean ones is made of it. A scan by the
 * signatures that it was found by doesn't overrule it. Throws `ROLE_REQUIRED`, as `requireBlocked`, and what `announce`
 * throws: the version is released then, and its derivatives can be asked for.
 */
export async function releaseBlocked(
  env: DatabaseBindings,
  announce: (job: ProcessJob) => Promise<void>,
  { identity, actor }: Caller,
  ref: FileVersionRef,
  { reason }: ReleaseRequest,
  nowMs: number,
): Promise<void> {
  requireRole(identity, "admin");
  const found = await requireBlocked(env, ref);
  const { version, verdict } = found;
  const release = {
    ...{ decidedBy: identity.userId, reason, engine: PERSON_ENGINE },
    signatureVersion: verdict?.signatureVersion ?? "",
    scannedAtMs: Math.max(nowMs, (verdict?.scannedAtMs ?? 0) + 1),
  };
  const detail = {
    ...{ reason, was: version.state, signatureName: verdict?.signatureName ?? null },
    signatureVersion: release.signatureVersion,
  };
  const { fileId } = ref;
  const action = "version.released" as const;
  const event = { actor, action, fileId, version: ref.version, detail, atMs: nowMs };
  const db = databaseFor(env, ref.tenantId);
  // Cron sends the job of its copies.
  const copies = await copiesWantedBy(env, ref.tenantId, nowMs);
  const promotion = await findPromotion(db, found);
  const isReleased = await releaseVersion(db, ref, release, promotion, copies, event);
  if (!isReleased) throw new AppError("VERSION_NOT_BLOCKED");
  const job = jobOf(version);
  if (job !== undefined) await announce(job);
}

/** As by a processor's verdict: a file's first version is its current one from the start. */
async function findPromotion(db: Database, { version }: BlockedVersionRow): Promise<Renaming | undefined> {
  const naming = version.version === 1 ? undefined : await findNaming(db, version);
  return naming && { filename: naming.filename, newFilename: nameWithVersion(naming, version) };
}
