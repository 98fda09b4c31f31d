import { AppError } from "#contract/errors.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { findFileById } from "../db/files.ts";
import type { ShareLinkRef, ShareLinkRow } from "../db/share-links.ts";
import { countDownload } from "../db/share-links.ts";
import { isPassword } from "./link-password.ts";
import type { ServableObject } from "./servable.ts";
import { servableObject } from "./servable.ts";
import { endedError, requireStandingLink, stateOfLink } from "./share-link-standing.ts";

/** A link that works, with what it leads to now. */
export interface OpenLink {
  readonly ref: ShareLinkRef;
  readonly link: ShareLinkRow;
  readonly object: ServableObject;
  readonly hasThumbnail: boolean;
}

/**
 * What a link, whose token has been verified, leads to now. Throws as `requireStandingLink`, `SHARE_LINK_ENDED` where
 * its downloads are used up, and as `servableObject`: `FILE_NOT_FOUND` for one that was deleted.
 */
export async function openShareLink(
  env: DatabaseBindings,
  ref: ShareLinkRef,
  nowMs: number,
): Promise<OpenLink> {
  const link = await requireStandingLink(env, ref, nowMs);
  if (stateOfLink(link, nowMs) === "used-up") throw endedError("used-up");
  const found = await findFileById(databaseFor(env, ref.tenantId), ref.tenantId, link.fileId);
  if (found === undefined) throw new AppError("FILE_NOT_FOUND");
  const object = servableObject(found, "original");
  return { ref, link, object, hasThumbnail: found.derivatives.some(({ name }) => name === "thumbnail") };
}

/** Somebody's try at a download. */
export interface Attempt {
  readonly password: string | undefined;
  readonly requestId: string;
  readonly nowMs: number;
  /** Throws when there were too many guesses; asked before each. */
  readonly limitGuesses: () => Promise<void>;
}

/**
 * Counts one download through a link, with its audit, or refuses it: `SHARE_PASSWORD_WRONG`, whatever `limitGuesses`
 * throws, and `SHARE_LINK_ENDED` where others were faster.
 */
export async function takeDownload(
  env: DatabaseBindings,
  { ref, link, object }: OpenLink,
  attempt: Attempt,
): Promise<void> {
  if (link.passwordHash !== null) await requirePassword(link.passwordHash, attempt);
  const { requestId, nowMs } = attempt;
  const counted = await countDownload(databaseFor(env, ref.tenantId), ref, {
    actor: { tenantId: ref.tenantId, id: ref.linkId, kind: "share-link", requestId },
    action: "file.read",
    fileId: link.fileId,
    version: object.version,
    detail: { variant: "original" },
    atMs: nowMs,
  });
  if (counted) return;
  await requireStandingLink(env, ref, nowMs);
  throw endedError("used-up");
}

async function requirePassword(passwordHash: string, { password, limitGuesses }: Attempt): Promise<void> {
  if (password === undefined) throw new AppError("SHARE_PASSWORD_WRONG", { detail: "A password is needed." });
  await limitGuesses();
  if (!isPassword(password, passwordHash)) throw new AppError("SHARE_PASSWORD_WRONG");
}
