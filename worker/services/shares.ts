import type { Actor } from "#contract/audit.ts";
import { AppError } from "#contract/errors.ts";
import type { FileId, Identity, UserId } from "#contract/ids.ts";
import type { Share, ShareList, ShareRequest } from "#contract/sharing.ts";
import { MAX_SHARES } from "#contract/sharing.ts";
import { formatTime, formatTimeOrNull } from "#contract/times.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FileWithDetails } from "../db/files.ts";
import type { ShareRow } from "../db/shares.ts";
import { deleteShare, findSharesOfFile, upsertShare } from "../db/shares.ts";
import { requireFile } from "./files.ts";

/** A file that the caller may share and that isn't in the trash. Throws as `requireFile`, and `FILE_IN_TRASH`. */
export async function requireShareable(
  env: DatabaseBindings,
  identity: Identity,
  fileId: FileId,
): Promise<FileWithDetails> {
  const found = await requireFile(env, identity, fileId, "share");
  if (found.file.deletedAtMs !== null) throw new AppError("FILE_IN_TRASH");
  return found;
}

export function invalidField(path: string, message: string): AppError {
  return new AppError("REQUEST_INVALID", { errors: [{ path, message }] });
}

/** An end that was asked for. Throws `REQUEST_INVALID` for one that has passed. */
export function requireFuture(expiresAt: string, nowMs: number): number {
  const expiresAtMs = Date.parse(expiresAt);
  if (expiresAtMs > nowMs) return expiresAtMs;
  throw invalidField("expiresAt", "has passed");
}

/** With whom a file is shared: for those who may share it. Throws as `requireFile`. */
export async function getShares(
  env: DatabaseBindings,
  identity: Identity,
  fileId: FileId,
  nowMs: number,
): Promise<ShareList> {
  await requireFile(env, identity, fileId, "share");
  const { tenantId } = identity;
  const found = await findSharesOfFile(databaseFor(env, tenantId), { tenantId, fileId }, nowMs);
  return { items: found.map(formatShare) };
}

/**
 * Shares a file with a user of its tenant, or changes what they may do. Throws as `requireShareable`,
 * `REQUEST_INVALID` for its owner and for an end that has passed, and `SHARE_LIMIT_REACHED`.
 */
export async function setShare(
  env: DatabaseBindings,
  { identity, actor }: { readonly identity: Identity; readonly actor: Actor },
  { fileId, userId }: { readonly fileId: FileId; readonly userId: UserId },
  { permission, expiresAt }: ShareRequest,
  nowMs: number,
): Promise<{ readonly share: Share; readonly isNew: boolean }> {
  const { file } = await requireShareable(env, identity, fileId);
  if (file.ownerId === userId) throw invalidField("userId", "owns the file");
  const { tenantId, userId: sharedBy } = identity;
  const expiresAtMs = expiresAt === undefined ? null : requireFuture(expiresAt, nowMs);
  const row = { tenantId, fileId, userId, permission, sharedBy, createdAtMs: nowMs, expiresAtMs };
  const detail = { userId, permission, expiresAtMs };
  const event = { actor, action: "share.set", fileId, detail, atMs: nowMs } as const;
  const set = await upsertShare(databaseFor(env, tenantId), row, MAX_SHARES, event);
  if (set === undefined) {
    throw new AppError("SHARE_LIMIT_REACHED", {
      detail: `A file is shared with ${MAX_SHARES} users at most.`,
    });
  }
  return { share: formatShare(set.share), isNew: set.isNew };
}

/** Ends a share, in the trash too. Throws as `requireFile`, and `SHARE_NOT_FOUND`. */
export async function removeShare(
  env: DatabaseBindings,
  { identity, actor }: { readonly identity: Identity; readonly actor: Actor },
  { fileId, userId }: { readonly fileId: FileId; readonly userId: UserId },
  nowMs: number,
): Promise<void> {
  await requireFile(env, identity, fileId, "share");
  const { tenantId } = identity;
  const event = { actor, action: "share.removed", fileId, detail: { userId }, atMs: nowMs } as const;
  const removed = await deleteShare(databaseFor(env, tenantId), { tenantId, fileId, userId }, event);
  if (!removed) throw new AppError("SHARE_NOT_FOUND");
}

function formatShare({ userId, permission, sharedBy, createdAtMs, expiresAtMs }: ShareRow): Share {
  const expiresAt = formatTimeOrNull(expiresAtMs);
  return { userId, permission, sharedBy, createdAt: formatTime(createdAtMs), expiresAt };
}
