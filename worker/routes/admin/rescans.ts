import { createRoute, z } from "@hono/zod-openapi";
import {
  MAX_LISTED_RESCANS,
  MAX_OPEN_RESCANS,
  Rescan,
  RescanList,
  RescanRequest,
} from "#contract/rescans.ts";
import { callerOf } from "../../middleware/actor.ts";
import { changeRescanState, getRescan, getRescans, requestRescan } from "../../services/rescans.ts";
import { IDEMPOTENCY_ERRORS, IdempotencyHeaders, idempotent } from "../idempotent.ts";
import { JSON_BODY_ERRORS, openApiRouter, sessionProblems } from "../open-api.ts";

const security = [{ bearer: [] }];
const rescanAnswer = {
  description: "The rescan",
  content: { "application/json": { schema: Rescan } },
};
const RescanParams = z.object({ id: z.string() });

const requestRoute = createRoute({
  method: "post",
  path: "/",
  middleware: idempotent("requestRescan", "json"),
  operationId: "requestRescan",
  summary: "Scan again what is clean",
  description:
    "All of the caller's own tenant, for its admins, the newest files first and those in the trash last; one file, or " +
    "what was scanned by older signatures, where that is said. New uploads go before. What is found is blocked at once " +
    `and recorded as file.found-later. ${MAX_OPEN_RESCANS} may be under way at once.`,
  security,
  request: {
    headers: IdempotencyHeaders,
    body: { required: true, content: { "application/json": { schema: RescanRequest } } },
  },
  responses: {
    202: { ...rescanAnswer, description: "It has begun" },
    ...sessionProblems(
      ...IDEMPOTENCY_ERRORS,
      ...JSON_BODY_ERRORS,
      "ROLE_REQUIRED",
      "FILE_NOT_FOUND",
      "RESCAN_LIMIT_REACHED",
    ),
  },
});

const listRoute = createRoute({
  method: "get",
  path: "/",
  operationId: "listRescans",
  summary: `The newest ${MAX_LISTED_RESCANS} rescans`,
  security,
  responses: {
    200: { description: "The rescans", content: { "application/json": { schema: RescanList } } },
    ...sessionProblems("ROLE_REQUIRED"),
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getRescan",
  summary: "How far a rescan is",
  security,
  request: { params: RescanParams },
  responses: { 200: rescanAnswer, ...sessionProblems("ROLE_REQUIRED", "RESCAN_NOT_FOUND") },
});

const changeRoute = createRoute({
  method: "post",
  path: "/{id}/{change}",
  operationId: "changeRescan",
  summary: "Pause, resume or cancel a rescan",
  description:
    "While it is paused, what was sent is still scanned. What is cancelled begins no scan any more.",
  security,
  request: { params: RescanParams.extend({ change: z.enum(["pause", "resume", "cancel"]) }) },
  responses: {
    200: rescanAnswer,
    ...sessionProblems("REQUEST_INVALID", "ROLE_REQUIRED", "RESCAN_NOT_FOUND", "RESCAN_ENDED"),
  },
});

/** `/v1/admin/rescans`. */
export const rescans = openApiRouter()
  .openapi(requestRoute, async (c) =>
    c.json(await requestRescan(c.env, callerOf(c), c.req.valid("json"), Date.now()), 202),
  )
  .openapi(listRoute, async (c) => c.json(await getRescans(c.env, c.get("identity")), 200))
  .openapi(getRoute, async (c) =>
    c.json(await getRescan(c.env, c.get("identity"), c.req.valid("param").id), 200),
  )
  .openapi(changeRoute, async (c) => {
    const { id, change } = c.req.valid("param");
    return c.json(await changeRescanState(c.env, callerOf(c), id, change, Date.now()), 200);
  });
