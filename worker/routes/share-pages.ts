import { createRoute, z } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import { createMiddleware } from "hono/factory";
import type { ErrorCode } from "#contract/errors.ts";
import { AppError, asAppError } from "#contract/errors.ts";
import {
  MAX_PASSWORD_LENGTH,
  SharedDownload,
  SharedFile,
  type SharedFile as SharedFileFacts,
} from "#contract/sharing.ts";
import { formatTime, formatTimeOrNull } from "#contract/times.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { verifyShareToken } from "../delivery/share-token.ts";
import { signDownload } from "../delivery/signed-url.ts";
import { limitGuesses } from "../middleware/limit-guesses.ts";
import { answerError } from "../middleware/problem.ts";
import { isAboutPassword, problemPage, sharePage } from "../pages/share-page.ts";
import type { ServableObject } from "../services/servable.ts";
import type { OpenLink, SharedContent } from "../services/share-access.ts";
import { openShareLink, requireSharedContent, takeDownload } from "../services/share-access.ts";
import { answerPage } from "./answer-page.ts";
import { openApiRouter, pagesOf, problemResponses } from "./open-api.ts";
import { deliveryOrigin } from "./origins.ts";
import { FORM_TYPE, JSON_TYPE, readPassword, sentType } from "./share-password.ts";

/** How long the bytes of a counted download can be asked for: a slow or broken one goes on that long. */
const DOWNLOAD_SECONDS = 3600;
const THUMBNAIL_SECONDS = 600;

const TokenParams = z.object({ token: z.string().meta({ description: "Of a share link's address" }) });

const LINK_ERRORS = [
  ...["SHARE_LINK_NOT_FOUND", "SHARE_LINK_ENDED", "SHARE_LINKS_OFF", "SERVICE_UNAVAILABLE"],
  ...["FILE_NOT_FOUND", "FILE_NOT_READY", "FILE_BLOCKED"],
] as const satisfies ErrorCode[];

const TAKING_ERRORS = [
  ...["REQUEST_INVALID", "BODY_INCOMPLETE", "BODY_TOO_LARGE", "SHARE_PASSWORD_WRONG", "RATE_LIMITED"],
] as const satisfies ErrorCode[];

const showRoute = createRoute({
  method: "get",
  path: "/{token}",
  operationId: "getSharedFile",
  summary: "What a share link leads to",
  description: "A page for people, or the same as JSON. Looking counts as no download.",
  request: { params: TokenParams },
  responses: {
    200: {
      description: "What is known of the file; behind a password, nothing",
      content: { "text/html": { schema: { type: "string" } }, [JSON_TYPE]: { schema: SharedFile } },
    },
    ...pagesOf(problemResponses(...LINK_ERRORS)),
  },
});

const passwordSchema = {
  type: "object",
  properties: { password: { type: "string", maxLength: MAX_PASSWORD_LENGTH } },
} as const;

/** The body is read here and not by a validator: whoever sends it is unknown, and so is how much it is. */
const takeRoute = createRoute({
  method: "post",
  path: "/{token}",
  operationId: "downloadSharedFile",
  summary: "Download through a share link",
  description:
    "Counts one download. Who accepts JSON, or sends it and accepts anything, is told where the bytes are; all others " +
    "are sent on to them, and refused by a page. Without a password the body may be empty.",
  request: {
    params: TokenParams,
    body: { content: { [FORM_TYPE]: { schema: passwordSchema }, [JSON_TYPE]: { schema: passwordSchema } } },
  },
  responses: {
    200: { description: "Where the bytes are", content: { [JSON_TYPE]: { schema: SharedDownload } } },
    303: {
      description: "To the bytes",
      headers: z.object({ Location: z.string().meta({ description: "A signed URL, for an hour at most" }) }),
    },
    ...pagesOf(problemResponses(...TAKING_ERRORS, ...LINK_ERRORS)),
  },
});

/** People's browsers ask for HTML; a request in JSON that asks for nothing in particular is answered so. */
function wantsJson(c: AppContext): boolean {
  const byDefault = sentType(c) === JSON_TYPE ? JSON_TYPE : "text/html";
  return (
    accepts(c, { header: "Accept", supports: ["text/html", JSON_TYPE], default: byDefault }) === JSON_TYPE
  );
}

/** A URL of the link's file that ends with the link. */
async function signThrough(
  c: AppContext,
  { ref, link }: OpenLink,
  object: ServableObject,
  wanted: { readonly variant: "original" | "thumbnail"; readonly seconds: number; readonly nowMs: number },
) {
  const { tenantId, linkId } = ref;
  const { variant, seconds, nowMs } = wanted;
  const endMs = Math.min(nowMs + seconds * 1000, link.expiresAtMs ?? Number.POSITIVE_INFINITY);
  const expiresAtSeconds = Math.floor(endMs / 1000);
  const disposition = variant === "original" ? "attachment" : "inline";
  const { version, filename } = object;
  const { fileId } = link;
  const download = { tenantId, fileId, version, variant, disposition, expiresAtSeconds, linkId } as const;
  const path = await signDownload(download, filename, c.get("config").signingKeys);
  return {
    url: `${deliveryOrigin(c)}${path}`,
    expiresAt: formatTime(expiresAtSeconds * 1000),
  };
}

async function describeFile(
  c: AppContext,
  open: OpenLink,
  { object, hasThumbnail }: SharedContent,
  nowMs: number,
): Promise<NonNullable<SharedFileFacts["file"]>> {
  const { filename, mimeType, sizeBytes } = object;
  const wanted = { variant: "thumbnail", seconds: THUMBNAIL_SECONDS, nowMs } as const;
  const thumbnailUrl = hasThumbnail ? (await signThrough(c, open, object, wanted)).url : null;
  return { filename, mimeType, sizeBytes, thumbnailUrl };
}

/** Behind a password nothing of the file is told, nor whether it can be had. */
async function describe(c: AppContext, open: OpenLink, nowMs: number): Promise<SharedFileFacts> {
  const { link } = open;
  const isOpen = link.passwordHash === null;
  const content = isOpen ? await requireSharedContent(c.env, open) : undefined;
  return {
    passwordRequired: !isOpen,
    file: content === undefined ? null : await describeFile(c, open, content, nowMs),
    expiresAt: formatTimeOrNull(link.expiresAtMs),
    downloadsLeft: link.maxDownloads === null ? null : link.maxDownloads - link.downloads,
  };
}

const guard = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  const { headers } = c.res;
  headers.set("Cache-Control", "no-store");
  headers.set("Vary", "Accept");
  headers.set("X-Robots-Tag", "noindex, nofollow");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("X-Content-Type-Options", "nosniff");
});

const router = openApiRouter();
router.use(guard);
router.onError(async (error, c) => {
  const answer = await answerError(error, c);
  if (wantsJson(c)) return answer;
  return answerPage(c, (nonce) => problemPage(asAppError(error), nonce), answer);
});

/** `/s/<token>`: a share link's page, for people without a session. */
export const sharePages = router
  .openapi(showRoute, async (c) => {
    const nowMs = Date.now();
    const ref = await verifyShareToken(c.req.valid("param").token, c.get("config").signingKeys);
    const open = await openShareLink(c.env, ref, nowMs);
    const shared = await describe(c, open, nowMs);
    if (wantsJson(c)) return c.json(shared, 200);
    return answerPage(c, (nonce) => sharePage(shared, undefined, nonce));
  })
  .openapi(takeRoute, async (c) => {
    const nowMs = Date.now();
    const ref = await verifyShareToken(c.req.valid("param").token, c.get("config").signingKeys);
    const password = await readPassword(c);
    const open = await openShareLink(c.env, ref, nowMs);
    let object: ServableObject;
    try {
      const guesses = () => limitGuesses(c, ref);
      const attempt = { password, requestId: c.get("requestId"), nowMs, limitGuesses: guesses };
      object = await takeDownload(c.env, open, attempt);
    } catch (error) {
      if (wantsJson(c) || !(error instanceof AppError) || !isAboutPassword(error)) throw error;
      const shared = await describe(c, open, nowMs);
      return answerPage(c, (nonce) => sharePage(shared, error, nonce), error);
    }
    const wanted = { variant: "original", seconds: DOWNLOAD_SECONDS, nowMs } as const;
    const { url, expiresAt } = await signThrough(c, open, object, wanted);
    if (!wantsJson(c)) return c.redirect(url, 303);
    const { filename, mimeType, sizeBytes } = object;
    return c.json({ filename, mimeType, sizeBytes, url, expiresAt }, 200);
  })
  // What can't be a token is a link that never was, too.
  .get("/*", () => {
    throw new AppError("SHARE_LINK_NOT_FOUND");
  });
