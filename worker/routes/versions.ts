import { createRoute, z } from "@hono/zod-openapi";
import { FileRecord } from "#contract/api.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import { parseHeaderInteger } from "#contract/tus.ts";
import { FileVersion, FileVersionList, FileVersionsQuery } from "#contract/versions.ts";
import type { AppContext } from "../app-env.ts";
import { actorOf, callerOf } from "../middleware/actor.ts";
import { getFile } from "../services/files.ts";
import {
  getVersion,
  getVersions,
  removeVersion,
  requireVersionDownload,
  restoreVersion,
} from "../services/versions.ts";
import { objectStoreOf } from "../storage/store.ts";
import { announcePage, CONTENT_ERRORS, CONTENT_RESPONSES, ContentQuery, answerContent } from "./content.ts";
import { VERSION_EXAMPLE } from "./examples.ts";
import { FILE_ERRORS, FileParams, requireFileId } from "./file-params.ts";
import { grantProblems, openApiRouter, sessionProblems } from "./open-api.ts";
import { publicUrlOf } from "./public-urls.ts";
import { recordReading } from "./record-reading.ts";
import { tell } from "./tell.ts";

const VersionParams = FileParams.extend({
  version: z.string().meta({ description: "Number of the version" }),
});

/** What can't be a number is a version that isn't there. */
function requireRef(c: AppContext, { id, version }: z.infer<typeof VersionParams>): FileVersionRef {
  const { tenantId } = c.get("identity");
  return { tenantId, fileId: requireFileId(id), version: parseHeaderInteger(version) ?? 0 };
}

const listRoute = createRoute({
  method: "get",
  path: "/{id}/versions",
  operationId: "listVersions",
  summary: "List a file's versions, newest first",
  description: "For whoever may change the file: others see what it is, not what it was.",
  security: [{ bearer: [] }],
  request: { params: FileParams, query: FileVersionsQuery },
  responses: {
    200: {
      description: "A page of the versions",
      content: { "application/json": { schema: FileVersionList } },
    },
    ...sessionProblems("REQUEST_INVALID", ...FILE_ERRORS),
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/{id}/versions/{version}",
  operationId: "getFileVersion",
  summary: "Get one version's state",
  description:
    "For whoever may send new versions, and for the holder of the upload grant by which it was sent: asked again until " +
    "its check is over, whether it takes the current one's place or not.",
  security: [{ bearer: [] }, { uploadGrant: [] }, { entityGrant: [] }],
  request: { params: VersionParams },
  responses: {
    200: {
      description: "The version",
      headers: z.object({
        "Retry-After": z.string().optional().meta({ description: "Seconds, while it is being checked" }),
      }),
      content: { "application/json": { schema: FileVersion, example: VERSION_EXAMPLE } },
    },
    ...grantProblems("VERSION_NOT_FOUND", ...FILE_ERRORS),
  },
});

const restoreRoute = createRoute({
  method: "post",
  path: "/{id}/versions/{version}/restore",
  operationId: "restoreVersion",
  summary: "Make a version the current one",
  description:
    "Only a clean one. Newer ones that are still being checked don't take its place by themselves.",
  security: [{ bearer: [] }],
  request: { params: VersionParams },
  responses: {
    200: { description: "The file's record", content: { "application/json": { schema: FileRecord } } },
    ...sessionProblems(
      "VERSION_NOT_FOUND",
      "FILE_IN_TRASH",
      "FILE_NOT_READY",
      "FILE_BLOCKED",
      ...FILE_ERRORS,
    ),
  },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/{id}/versions/{version}",
  operationId: "deleteVersion",
  summary: "Remove a version for good",
  description: "Any but the current one. One that is being uploaded is ended at its upload's address.",
  security: [{ bearer: [] }],
  request: { params: VersionParams },
  responses: {
    204: { description: "It is gone, and its quota is free" },
    ...sessionProblems(
      "VERSION_NOT_FOUND",
      "VERSION_CURRENT",
      "FILE_IN_TRASH",
      "FILE_NOT_READY",
      ...FILE_ERRORS,
    ),
  },
});

const contentRoute = createRoute({
  method: "get",
  path: "/{id}/versions/{version}/content",
  operationId: "downloadVersion",
  summary: "Download a version",
  security: [{ bearer: [] }],
  request: {
    params: VersionParams,
    query: ContentQuery,
  },
  responses: {
    ...CONTENT_RESPONSES,
    ...sessionProblems("REQUEST_INVALID", "PERMISSION_REQUIRED", "VERSION_NOT_FOUND", ...CONTENT_ERRORS),
  },
});

const router = openApiRouter();

/** `/v1/files/{id}/versions`: a file's history. New versions come by an upload that `replaces` the file. */
export const versions = router
  .openapi(listRoute, async (c) => {
    const fileId = requireFileId(c.req.valid("param").id);
    return c.json(await getVersions(c.env, c.get("identity"), fileId, c.req.valid("query")), 200);
  })
  .openapi(getRoute, async (c) => {
    const ref = requireRef(c, c.req.valid("param"));
    const version = await getVersion(c.env, c.get("identity"), c.get("grant"), ref);
    const isSettled = version.state !== "uploading" && version.state !== "quarantined";
    return c.json(version, 200, isSettled ? {} : { "Retry-After": "2" });
  })
  .openapi(restoreRoute, async (c) => {
    const ref = requireRef(c, c.req.valid("param"));
    await restoreVersion(c.env, actorOf(c), c.get("identity"), ref, Date.now());
    tell(c, "file.updated", [ref.fileId]);
    return c.json(await getFile(c.env, c.get("identity"), ref.fileId, publicUrlOf(c)), 200);
  })
  .openapi(deleteRoute, async (c) => {
    const ref = requireRef(c, c.req.valid("param"));
    const later = (work: Promise<void>) => c.executionCtx.waitUntil(work);
    const tools = { objects: objectStoreOf(c.env), later };
    await removeVersion(c.env, tools, callerOf(c), ref, Date.now());
    tell(c, "file.updated", [ref.fileId], { ofQuota: true });
    return c.body(null, 204);
  })
  .openapi(contentRoute, async (c) => {
    const ref = requireRef(c, c.req.valid("param"));
    const { variant, disposition } = c.req.valid("query");
    const object = await requireVersionDownload(c.env, announcePage(c), c.get("identity"), { ref, variant });
    const answer = await answerContent(c, object, disposition);
    recordReading(c, answer, { actor: actorOf(c), ref, variant });
    return answer;
  });
