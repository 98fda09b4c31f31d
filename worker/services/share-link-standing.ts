import { AppError } from "#contract/errors.ts";
import type { ShareLinkState } from "#contract/sharing.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { ShareLinkRef, ShareLinkRow } from "../db/share-links.ts";
import { findShareLink } from "../db/share-links.ts";
import { settingsOf } from "./tenants.ts";

/** Whether a link works, and why not. */
export function stateOfLink(link: ShareLinkRow, nowMs: number): ShareLinkState {
  if (link.revokedAtMs !== null) return "revoked";
  if (link.expiresAtMs !== null && link.expiresAtMs <= nowMs) return "expired";
  return link.maxDownloads !== null && link.downloads >= link.maxDownloads ? "used-up" : "active";
}

/** What a link that ended answers; which way it did is a member of the problem document. */
export function endedError(reason: Exclude<ShareLinkState, "active">): AppError {
  return new AppError("SHARE_LINK_ENDED", { members: { reason } });
}

/** Throws `SHARE_LINKS_OFF` where the tenant wants no links: those that it has don't work then either. */
export async function requireLinksOn(
  env: DatabaseBindings,
  tenantId: ShareLinkRef["tenantId"],
): Promise<void> {
  const { shareLinks } = await settingsOf(env, tenantId);
  if (shareLinks === false) throw new AppError("SHARE_LINKS_OFF");
}

/**
 * A link that neither its maker, its tenant nor its time has ended; its downloads may be used up, and those that were
 * counted go on. Throws `SHARE_LINK_NOT_FOUND`, `SHARE_LINKS_OFF` or `SHARE_LINK_ENDED`.
 */
export async function requireStandingLink(
  env: DatabaseBindings,
  ref: ShareLinkRef,
  nowMs: number,
): Promise<ShareLinkRow> {
  const found = await findShareLink(databaseFor(env, ref.tenantId), ref);
  if (found === undefined || found.erasingAtMs !== null) throw new AppError("SHARE_LINK_NOT_FOUND");
  if (found.settings.shareLinks === false) throw new AppError("SHARE_LINKS_OFF");
  const state = stateOfLink(found.link, nowMs);
  if (state === "revoked" || state === "expired") throw endedError(state);
  return found.link;
}
