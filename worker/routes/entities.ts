import { createRoute } from "@hono/zod-openapi";
import { EntityCounts, EntityCountsRequest } from "#contract/listing.ts";
import { getEntityCounts } from "../services/file-list.ts";
import { FILE_SECURITY, JSON_BODY_ERRORS, openApiRouter, sessionProblems } from "./open-api.ts";

const countsRoute = createRoute({
  method: "post",
  path: "/counts",
  operationId: "countFilesOfEntities",
  summary: "Count the files of entities",
  description: "Of up to 200 entities in one call: how many files the caller may see, and their bytes.",
  security: FILE_SECURITY,
  request: { body: { required: true, content: { "application/json": { schema: EntityCountsRequest } } } },
  responses: {
    200: { description: "The counts", content: { "application/json": { schema: EntityCounts } } },
    ...sessionProblems(...JSON_BODY_ERRORS, "ROLE_REQUIRED"),
  },
});

const router = openApiRouter();

/** `/v1/entities`: what the CRM's own things have of files. */
export const entities = router.openapi(countsRoute, async (c) => {
  return c.json(await getEntityCounts(c.env, c.get("identity"), c.req.valid("json"), Date.now()), 200);
});
