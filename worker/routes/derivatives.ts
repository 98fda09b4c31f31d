import { createRoute } from "@hono/zod-openapi";
import { DerivativesRequest, FileRecord } from "#contract/api.ts";
import { callerOf } from "../middleware/actor.ts";
import { retryDerivatives } from "../services/derivatives.ts";
import { getFile } from "../services/files.ts";
import { sendJob } from "../storage/jobs.ts";
import { FILE_ERRORS, FileParams, requireFileId } from "./file-params.ts";
import { JSON_BODY_ERRORS, openApiRouter, sessionProblems } from "./open-api.ts";
import { publicUrlOf } from "./public-urls.ts";

const retryRoute = createRoute({
  method: "post",
  path: "/{id}/derivatives",
  operationId: "retryDerivatives",
  summary: "Try again what could not be made of a file",
  description: "For whoever may change the file. What there is nothing to make of isn't tried.",
  security: [{ bearer: [] }],
  request: {
    params: FileParams,
    body: { required: true, content: { "application/json": { schema: DerivativesRequest } } },
  },
  responses: {
    202: { description: "The record", content: { "application/json": { schema: FileRecord } } },
    ...sessionProblems(
      ...JSON_BODY_ERRORS,
      "FILE_IN_TRASH",
      "FILE_NOT_READY",
      "FILE_BLOCKED",
      ...FILE_ERRORS,
    ),
  },
});

/** `/v1/files/{id}/derivatives`. */
export const derivatives = openApiRouter().openapi(retryRoute, async (c) => {
  const fileId = requireFileId(c.req.valid("param").id);
  const announce = (job: Parameters<typeof sendJob>[1]) => sendJob(c.env, job);
  await retryDerivatives(c.env, announce, callerOf(c), fileId, c.req.valid("json"), Date.now());
  return c.json(await getFile(c.env, c.get("identity"), fileId, publicUrlOf(c)), 202);
});
