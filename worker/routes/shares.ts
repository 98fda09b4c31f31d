import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "#contract/errors.ts";
import { UserId } from "#contract/ids.ts";
import { Share, ShareList, ShareRequest } from "#contract/sharing.ts";
import { callerOf } from "../middleware/actor.ts";
import { getShares, removeShare, setShare } from "../services/shares.ts";
import { FILE_ERRORS, FileParams, requireFileId } from "./file-params.ts";
import { JSON_BODY_ERRORS, openApiRouter, sessionProblems } from "./open-api.ts";
import { tellUser } from "./tell.ts";

const listRoute = createRoute({
  method: "get",
  path: "/{id}/shares",
  operationId: "listShares",
  summary: "List the users that a file is shared with",
  description: "For the file's owner, admins and services. Shares that have expired are not listed.",
  security: [{ bearer: [] }],
  request: { params: FileParams },
  responses: {
    200: { description: "The shares", content: { "application/json": { schema: ShareList } } },
    ...sessionProblems(...FILE_ERRORS),
  },
});

const setRoute = createRoute({
  method: "put",
  path: "/{id}/shares/{userId}",
  operationId: "setShare",
  summary: "Share a file with a user of the tenant, or change what they may do",
  description:
    "Each permission includes the ones before it: view the record, download, put into the trash. Users are the issuer's: " +
    "whether it has one of this id isn't known here. A share with nobody is taken, and waits for whoever comes with a token " +
    "of that id: write ids as tokens have them.",
  security: [{ bearer: [] }],
  request: {
    params: FileParams.extend({ userId: UserId }),
    body: { required: true, content: { "application/json": { schema: ShareRequest } } },
  },
  responses: {
    200: { description: "The share was changed", content: { "application/json": { schema: Share } } },
    201: { description: "The file is shared", content: { "application/json": { schema: Share } } },
    ...sessionProblems(...JSON_BODY_ERRORS, "FILE_IN_TRASH", "SHARE_LIMIT_REACHED", ...FILE_ERRORS),
  },
});

const removeRoute = createRoute({
  method: "delete",
  path: "/{id}/shares/{userId}",
  operationId: "removeShare",
  summary: "Stop sharing a file with a user",
  security: [{ bearer: [] }],
  request: { params: FileParams.extend({ userId: z.string() }) },
  responses: {
    204: { description: "They see the file no more" },
    ...sessionProblems("SHARE_NOT_FOUND", ...FILE_ERRORS),
  },
});

const router = openApiRouter();

/** `/v1/files/{id}/shares`: with whom of the tenant a file is shared. */
export const shares = router
  .openapi(listRoute, async (c) => {
    const fileId = requireFileId(c.req.valid("param").id);
    return c.json(await getShares(c.env, c.get("identity"), fileId, Date.now()), 200);
  })
  .openapi(setRoute, async (c) => {
    const { id, userId } = c.req.valid("param");
    const ref = { fileId: requireFileId(id), userId };
    const { share, isNew } = await setShare(c.env, callerOf(c), ref, c.req.valid("json"), Date.now());
    tellUser(c, ref.userId, { type: "file.shared", data: { fileId: ref.fileId } });
    return c.json(share, isNew ? 201 : 200);
  })
  .openapi(removeRoute, async (c) => {
    const { id, userId } = c.req.valid("param");
    const fileId = requireFileId(id);
    const user = UserId.safeParse(userId);
    if (!user.success) throw new AppError("SHARE_NOT_FOUND");
    await removeShare(c.env, callerOf(c), { fileId, userId: user.data }, Date.now());
    tellUser(c, user.data, { type: "file.unshared", data: { fileId } });
    return c.body(null, 204);
  });
