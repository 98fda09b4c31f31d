import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "#contract/errors.ts";
import { ShareLinkId } from "#contract/ids.ts";
import { ShareLink, ShareLinkList, ShareLinkRequest } from "#contract/sharing.ts";
import type { AppContext } from "../app-env.ts";
import { signShareToken } from "../delivery/share-token.ts";
import { callerOf } from "../middleware/actor.ts";
import { requireRate } from "../middleware/rate-limit.ts";
import type { LinkFacts } from "../services/share-links.ts";
import { createShareLink, endShareLink, getShareLinks } from "../services/share-links.ts";
import { FILE_ERRORS, FileParams, requireFileId } from "./file-params.ts";
import { IDEMPOTENCY_ERRORS, IdempotencyHeaders, idempotent } from "./idempotent.ts";
import { JSON_BODY_ERRORS, openApiRouter, sessionProblems } from "./open-api.ts";
import { publicOrigin } from "./origins.ts";

const listRoute = createRoute({
  method: "get",
  path: "/{id}/share-links",
  operationId: "listShareLinks",
  summary: "List a file's share links",
  description:
    "For the file's owner, admins and services: every link that works, and the newest of those that don't.",
  security: [{ bearer: [] }],
  request: { params: FileParams },
  responses: {
    200: { description: "The links", content: { "application/json": { schema: ShareLinkList } } },
    ...sessionProblems(...FILE_ERRORS),
  },
});

const createLinkRoute = createRoute({
  method: "post",
  path: "/{id}/share-links",
  middleware: idempotent("createShareLink", "json"),
  operationId: "createShareLink",
  summary: "Make a public page for a file",
  description:
    "Whoever has its address can download the file, as long as the link lives: a year where nothing else is said. " +
    "The address holds for as long as its signing key does; the list tells one by the current key.",
  security: [{ bearer: [] }],
  request: {
    params: FileParams,
    headers: IdempotencyHeaders,
    body: { required: true, content: { "application/json": { schema: ShareLinkRequest } } },
  },
  responses: {
    201: { description: "The link", content: { "application/json": { schema: ShareLink } } },
    ...sessionProblems(
      ...IDEMPOTENCY_ERRORS,
      ...JSON_BODY_ERRORS,
      "SHARE_LINKS_OFF",
      "FILE_IN_TRASH",
      "SHARE_LIMIT_REACHED",
      ...FILE_ERRORS,
    ),
  },
});

const revokeRoute = createRoute({
  method: "delete",
  path: "/{id}/share-links/{linkId}",
  operationId: "revokeShareLink",
  summary: "Revoke a share link",
  description: "At once: its page, and every download that was begun through it and asks for more.",
  security: [{ bearer: [] }],
  request: { params: FileParams.extend({ linkId: z.string() }) },
  responses: {
    204: { description: "It works no more" },
    ...sessionProblems("SHARE_LINK_NOT_FOUND", ...FILE_ERRORS),
  },
});

async function addUrl(c: AppContext, facts: LinkFacts): Promise<ShareLink> {
  const link = { tenantId: c.get("identity").tenantId, linkId: facts.id };
  const token = await signShareToken(link, c.get("config").signingKeys);
  return { ...facts, url: `${publicOrigin(c)}/s/${token}` };
}

const router = openApiRouter();

/** `/v1/files/{id}/share-links`: a file's public pages, as its owner sees them. */
export const shareLinks = router
  .openapi(listRoute, async (c) => {
    const fileId = requireFileId(c.req.valid("param").id);
    const links = await getShareLinks(c.env, c.get("identity"), fileId, Date.now());
    const items = await Promise.all(links.map((link) => addUrl(c, link)));
    return c.json({ items }, 200);
  })
  .openapi(createLinkRoute, async (c) => {
    const fileId = requireFileId(c.req.valid("param").id);
    const tools = { limitHashing: () => requireRate(c, "passwords") };
    const facts = await createShareLink(c.env, tools, callerOf(c), fileId, c.req.valid("json"), Date.now());
    return c.json(await addUrl(c, facts), 201);
  })
  .openapi(revokeRoute, async (c) => {
    const { id, linkId } = c.req.valid("param");
    const fileId = requireFileId(id);
    const link = ShareLinkId.safeParse(linkId);
    if (!link.success) throw new AppError("SHARE_LINK_NOT_FOUND");
    await endShareLink(c.env, callerOf(c), { fileId, linkId: link.data }, Date.now());
    return c.body(null, 204);
  });
