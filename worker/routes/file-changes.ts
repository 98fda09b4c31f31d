import { createRoute, z } from "@hono/zod-openapi";
import { FileRecord } from "#contract/api.ts";
import { BulkRequest, BulkResponse, FileEdit } from "#contract/file-changes.ts";
import type { AppContext } from "../app-env.ts";
import { callerOf } from "../middleware/actor.ts";
import { changeInBulk } from "../services/bulk.ts";
import { editFile } from "../services/file-edits.ts";
import { getFile } from "../services/files.ts";
import type { Removal } from "../services/purge.ts";
import { purgeFile } from "../services/purge.ts";
import { deleteFile, restoreFile } from "../services/trash.ts";
import { objectStoreOf } from "../storage/store.ts";
import { UploadClient } from "../uploads/upload-client.ts";
import { FILE_ERRORS, FileParams, requireFileId } from "./file-params.ts";
import { FILE_SECURITY, JSON_BODY_ERRORS, openApiRouter, sessionProblems } from "./open-api.ts";
import { publicUrlOf } from "./public-urls.ts";
import { audiencesBefore, tell } from "./tell.ts";

const RECORD = { description: "The record", content: { "application/json": { schema: FileRecord } } };

const editRoute = createRoute({
  method: "patch",
  path: "/{id}",
  operationId: "editFile",
  summary: "Change a file's name, tags, entity, or whether it is public",
  description: "What isn't in the body stays as it is. A name is stored in a form that every system takes.",
  security: [{ bearer: [] }],
  request: {
    params: FileParams,
    body: { required: true, content: { "application/json": { schema: FileEdit } } },
  },
  responses: {
    200: RECORD,
    ...sessionProblems(
      ...JSON_BODY_ERRORS,
      "FILE_NAME_INVALID",
      "FILE_TYPE_REFUSED",
      "PUBLIC_FILES_OFF",
      "FILE_IN_TRASH",
      ...FILE_ERRORS,
    ),
  },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "deleteFile",
  summary: "Delete a file",
  description:
    "It is no longer served, and can be restored from the trash until its tenant's time for that is over. " +
    "With permanent=true it is removed for good, from the trash too.",
  security: FILE_SECURITY,
  request: {
    params: FileParams,
    query: z.object({ permanent: z.enum(["true", "false"]).default("false") }),
  },
  responses: {
    204: { description: "It is no longer served" },
    ...sessionProblems("REQUEST_INVALID", ...FILE_ERRORS),
  },
});

const restoreRoute = createRoute({
  method: "post",
  path: "/{id}/restore",
  operationId: "restoreFile",
  summary: "Take a file out of the trash",
  security: [{ bearer: [] }],
  request: { params: FileParams },
  responses: { 200: RECORD, ...sessionProblems("FILE_NOT_IN_TRASH", ...FILE_ERRORS) },
});

const bulkRoute = createRoute({
  method: "post",
  path: "/bulk",
  operationId: "changeFiles",
  summary: "Do one thing with many files",
  description: "Each file by itself: what can't be done with one of them is said in its place.",
  security: FILE_SECURITY,
  request: {
    body: { required: true, content: { "application/json": { schema: BulkRequest } } },
  },
  responses: {
    200: {
      description: "What became of each, in order",
      content: { "application/json": { schema: BulkResponse } },
    },
    ...sessionProblems(...JSON_BODY_ERRORS),
  },
});

/** What is told of each of the files that it was done with. */
const FACT_OF = {
  delete: "file.deleted",
  restore: "file.restored",
  purge: "file.purged",
  tag: "file.updated",
  untag: "file.updated",
  attach: "file.updated",
} as const satisfies Readonly<Record<BulkRequest["action"], string>>;

/** What changes whom a file concerns. */
const MOVING: ReadonlySet<BulkRequest["action"]> = new Set(["purge", "attach"]);

function removalOf({ env }: AppContext): Removal {
  const uploads = new UploadClient(env);
  return { objects: objectStoreOf(env), endUpload: (ref) => uploads.end(ref) };
}

const router = openApiRouter();

/** `/v1/files`: what is done with files beyond reading them. */
export const fileChanges = router
  .openapi(bulkRoute, async (c) => {
    const later = (work: Promise<void>) => c.executionCtx.waitUntil(work);
    const tools = { removal: removalOf(c), later };
    const request = c.req.valid("json");
    const before = MOVING.has(request.action) ? await audiencesBefore(c, request.fileIds) : [];
    const items = await changeInBulk(c.env, tools, callerOf(c), request, Date.now());
    const done = items.filter(({ ok }) => ok).map(({ fileId }) => fileId);
    tell(c, FACT_OF[request.action], done, { before: before.filter(({ fileId }) => done.includes(fileId)) });
    return c.json({ items: [...items] }, 200);
  })
  .openapi(editRoute, async (c) => {
    const fileId = requireFileId(c.req.valid("param").id);
    const edit = c.req.valid("json");
    const before = edit.entityType === undefined ? [] : await audiencesBefore(c, [fileId]);
    await editFile(c.env, callerOf(c), fileId, edit, Date.now());
    tell(c, "file.updated", [fileId], { before });
    return c.json(await getFile(c.env, c.get("identity"), fileId, publicUrlOf(c)), 200);
  })
  .openapi(deleteRoute, async (c) => {
    const fileId = requireFileId(c.req.valid("param").id);
    const isForGood = c.req.valid("query").permanent === "true";
    const before = isForGood ? await audiencesBefore(c, [fileId]) : [];
    const remove = isForGood ? purgeFile : deleteFile;
    await remove(c.env, removalOf(c), callerOf(c), fileId, Date.now());
    tell(c, isForGood ? "file.purged" : "file.deleted", [fileId], { before });
    return c.body(null, 204);
  })
  .openapi(restoreRoute, async (c) => {
    const fileId = requireFileId(c.req.valid("param").id);
    await restoreFile(c.env, callerOf(c), fileId, Date.now());
    tell(c, "file.restored", [fileId]);
    return c.json(await getFile(c.env, c.get("identity"), fileId, publicUrlOf(c)), 200);
  });
