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

/** A link that works. What it leads to is another matter, which may be behind a password. */
export interface OpenLink {
  readonly ref: ShareLinkRef;
  readonly link: ShareLinkRow;
}

/** What a link leads to now. */
export interface SharedContent {
  readonly object: ServableObject;
  readonly hasThumbnail: boolean;
}

/**
 * A link whose token has been verified, if it works. Throws as `requireStandingLink`, and `SHARE_LINK_ENDED` where its
 * downloads are used up.
 */
export async function openShareLink(
  env: DatabaseBindings,
  ref: ShareLinkRef,
  nowMs: number,
): Promise<OpenLink> {
  const link = await requireStandingLink(env, ref, nowMs);
  if (stateOfLink(link, nowMs) === "used-up") throw endedError("used-up");
  return { ref, link };
}

/**
 * What a link leads to now, for who has its password where it has one: that a file is infected, or gone, is told to nobody
 * else. Throws as `servableObject`: `FILE_NOT_FOUND` for one that was deleted.
 */
export async function requireSharedContent(
  env: DatabaseBindings,
  { ref, link }: OpenLink,
): Promise<SharedContent> {
  const found = await findFileById(databaseFor(env, ref.tenantId), ref.tenantId, link.fileId);
  if (found === undefined) throw new AppError("FILE_NOT_FOUND");
  const object = servableObject(found, "original");
  return { object, hasThumbnail: found.derivatives.some(({ name }) => name === "thumbnail") };
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
 * Counts one download through a link, with its audit, and returns what it is of; or refuses it: `SHARE_PASSWORD_WRONG`,
 * whatever `limitGuesses` throws, then as `requireSharedContent`, and `SHARE_LINK_ENDED` where others were faster.
 */
export async function takeDownload(
  env: DatabaseBindings,
  open: OpenLink,
  attempt: Attempt,
): Promise<ServableObject> {
  const { ref, link } = open;
  if (link.passwordHash !== null) await requirePassword(link.passwordHash, attempt);
  const { object } = await requireSharedContent(env, open);
  const { requestId, nowMs } = attempt;
  const counted = await countDownload(databaseFor(env, ref.tenantId), ref, {
    actor: { tenantId: ref.tenantId, id: ref.linkId, kind: "share-link", requestId },
    action: "file.read",
    fileId: link.fileId,
    version: object.version,
    detail: { variant: "original" },
    atMs: nowMs,
  });
  if (counted) return object;
  await requireStandingLink(env, ref, nowMs);
  throw endedError("used-up");
}

async function requirePassword(passwordHash: string, { password, limitGuesses }: Attempt): Promise<void> {
  if (password === undefined) throw new AppError("SHARE_PASSWORD_WRONG", { detail: "A password is needed." });
  await limitGuesses();
  if (!isPassword(password, passwordHash)) throw new AppError("SHARE_PASSWORD_WRONG");
}
