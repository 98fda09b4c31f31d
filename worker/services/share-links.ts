import { AppError } from "#contract/errors.ts";
import type { FileId, Identity, ShareLinkId } from "#contract/ids.ts";
import { newShareLinkId } from "#contract/ids.ts";
import type { ShareLink, ShareLinkRequest } from "#contract/sharing.ts";
import { MAX_ACTIVE_SHARE_LINKS, MAX_SHARE_LINK_SECONDS } from "#contract/sharing.ts";
import { formatTime, formatTimeOrNull } from "#contract/times.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { ShareLinkRow } from "../db/share-links.ts";
import {
  countActiveLinks,
  findShareLinksOfFile,
  insertShareLink,
  revokeShareLink,
} from "../db/share-links.ts";
import type { Caller } from "./file-actions.ts";
import { requireFile } from "./files.ts";
import { hashPassword } from "./link-password.ts";
import { requireLinksOn, stateOfLink } from "./share-link-standing.ts";
import { invalidField, requireFuture, requireShareable } from "./shares.ts";

/** Links that a list has: every active one, and the newest of those that ended. */
const MAX_LISTED = 2 * MAX_ACTIVE_SHARE_LINKS;

/** A link as its file's owner sees it; its address is made by whoever has the keys. */
export type LinkFacts = Omit<ShareLink, "url">;

export interface ShareLinkTools {
  /** Throws when the caller has had too many passwords hashed; asked before each. */
  readonly limitHashing: () => Promise<void>;
}

/**
 * A public page for a file. Throws as `requireShareable`, `SHARE_LINKS_OFF`, `REQUEST_INVALID` for an end that has
 * passed or is too far, `SHARE_LIMIT_REACHED`, and whatever `limitHashing` throws.
 */
export async function createShareLink(
  env: DatabaseBindings,
  { limitHashing }: ShareLinkTools,
  { identity, actor }: Caller,
  fileId: FileId,
  request: ShareLinkRequest,
  nowMs: number,
): Promise<LinkFacts> {
  await requireShareable(env, identity, fileId);
  const { tenantId } = identity;
  await requireLinksOn(env, tenantId);
  const unlocked = newLink(identity, fileId, request, nowMs);
  const link = await withPassword(env, unlocked, request.password, limitHashing);
  const { id: linkId, expiresAtMs, maxDownloads, passwordHash } = link;
  const detail = { linkId, expiresAtMs, maxDownloads, hasPassword: passwordHash !== null };
  const event = { actor, action: "share-link.created", fileId, detail, atMs: nowMs } as const;
  if (await insertShareLink(databaseFor(env, tenantId), link, MAX_ACTIVE_SHARE_LINKS, event)) {
    return formatLink(link, nowMs);
  }
  throw tooManyLinks();
}

function tooManyLinks(): AppError {
  const detail = `A file has ${MAX_ACTIVE_SHARE_LINKS} working links at most.`;
  return new AppError("SHARE_LIMIT_REACHED", { detail });
}

/** Nobody waits for a hash that isn't needed: what is refused anyway is refused before. */
async function withPassword(
  env: DatabaseBindings,
  link: ShareLinkRow,
  password: string | undefined,
  limitHashing: () => Promise<void>,
): Promise<ShareLinkRow> {
  if (password === undefined) return link;
  const active = await countActiveLinks(databaseFor(env, link.tenantId), link, link.createdAtMs);
  if (active >= MAX_ACTIVE_SHARE_LINKS) throw tooManyLinks();
  await limitHashing();
  return { ...link, passwordHash: hashPassword(password) };
}

function newLink(
  { tenantId, userId }: Identity,
  fileId: FileId,
  request: ShareLinkRequest,
  nowMs: number,
): ShareLinkRow {
  return {
    tenantId,
    id: newShareLinkId(),
    fileId,
    createdBy: userId,
    createdAtMs: nowMs,
    expiresAtMs: endOf(request, nowMs),
    revokedAtMs: null,
    passwordHash: null,
    maxDownloads: request.maxDownloads ?? null,
    downloads: 0,
  };
}

function endOf({ expiresAt, expiresInSeconds }: ShareLinkRequest, nowMs: number): number {
  const latestMs = nowMs + MAX_SHARE_LINK_SECONDS * 1000;
  if (expiresAt === undefined) return nowMs + (expiresInSeconds ?? MAX_SHARE_LINK_SECONDS) * 1000;
  const expiresAtMs = requireFuture(expiresAt, nowMs);
  if (expiresAtMs > latestMs) throw invalidField("expiresAt", "is more than a year ahead");
  return expiresAtMs;
}

/** A file's links: for those who may share it. Throws as `requireFile`. */
export async function getShareLinks(
  env: DatabaseBindings,
  identity: Identity,
  fileId: FileId,
  nowMs: number,
): Promise<readonly LinkFacts[]> {
  await requireFile(env, identity, fileId, "share");
  const { tenantId } = identity;
  const found = await findShareLinksOfFile(
    databaseFor(env, tenantId),
    { tenantId, fileId },
    MAX_LISTED,
    nowMs,
  );
  return found.map((link) => formatLink(link, nowMs));
}

/** Ends a link at once, in the trash too. Throws as `requireFile`, and `SHARE_LINK_NOT_FOUND`. */
export async function endShareLink(
  env: DatabaseBindings,
  { identity, actor }: Caller,
  { fileId, linkId }: { readonly fileId: FileId; readonly linkId: ShareLinkId },
  nowMs: number,
): Promise<void> {
  await requireFile(env, identity, fileId, "share");
  const { tenantId } = identity;
  const event = { actor, action: "share-link.revoked", fileId, detail: { linkId }, atMs: nowMs } as const;
  const found = await revokeShareLink(databaseFor(env, tenantId), { tenantId, linkId }, fileId, event);
  if (!found) throw new AppError("SHARE_LINK_NOT_FOUND");
}

function formatLink(link: ShareLinkRow, nowMs: number): LinkFacts {
  return {
    id: link.id,
    state: stateOfLink(link, nowMs),
    hasPassword: link.passwordHash !== null,
    maxDownloads: link.maxDownloads,
    downloads: link.downloads,
    createdBy: link.createdBy,
    createdAt: formatTime(link.createdAtMs),
    expiresAt: formatTimeOrNull(link.expiresAtMs),
    revokedAt: formatTimeOrNull(link.revokedAtMs),
  };
}
