import { createRoute } from "@hono/zod-openapi";
import { AppError } from "#contract/errors.ts";
import { FailedJobPage, MAX_RETRIED_JOBS, RetriedJobs, VersionListQuery } from "#contract/failed-jobs.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import { callerOf } from "../../middleware/actor.ts";
import { getFailedJobs, retryFailedJob, retryFailedJobs } from "../../services/failed-jobs.ts";
import { sendJobs } from "../../storage/jobs.ts";
import { openApiRouter, sessionProblems } from "../open-api.ts";
import { findRef, VersionInPath } from "./version-in-path.ts";

const security = [{ bearer: [] }];

const listRoute = createRoute({
  method: "get",
  path: "/",
  operationId: "listFailedJobs",
  summary: "Jobs that were tried as often as jobs are, the newest first",
  description:
    "Of the caller's own tenant, for its admins: versions that wait for their check, or for what is made of them, and " +
    "that nobody tries again by himself.",
  security,
  request: { query: VersionListQuery },
  responses: {
    200: { description: "A page of jobs", content: { "application/json": { schema: FailedJobPage } } },
    ...sessionProblems("REQUEST_INVALID", "ROLE_REQUIRED"),
  },
});

const retryRoute = createRoute({
  method: "post",
  path: "/{fileId}/{version}/retry",
  operationId: "retryFailedJob",
  summary: "Have a failed job done again",
  security,
  request: { params: VersionInPath },
  responses: {
    202: { description: "It is on its way" },
    ...sessionProblems("FAILED_JOB_NOT_FOUND", "ROLE_REQUIRED"),
  },
});

const retryAllRoute = createRoute({
  method: "post",
  path: "/retry",
  operationId: "retryFailedJobs",
  summary: "Have all failed jobs done again",
  description: `${MAX_RETRIED_JOBS} by one call, those first that failed first.`,
  security,
  responses: {
    202: {
      description: "They are on their way",
      content: { "application/json": { schema: RetriedJobs } },
    },
    ...sessionProblems("ROLE_REQUIRED"),
  },
});

/** What can't name a version has no failed job. */
function requireRef(ref: FileVersionRef | undefined): FileVersionRef {
  if (ref === undefined) throw new AppError("FAILED_JOB_NOT_FOUND");
  return ref;
}

/** `/v1/admin/failed-jobs`. */
export const failedJobs = openApiRouter()
  .openapi(listRoute, async (c) =>
    c.json(await getFailedJobs(c.env, c.get("identity"), c.req.valid("query")), 200),
  )
  .openapi(retryAllRoute, async (c) => {
    const announce = (jobs: Parameters<typeof sendJobs>[1]) => sendJobs(c.env, jobs);
    return c.json(await retryFailedJobs(c.env, announce, callerOf(c), Date.now()), 202);
  })
  .openapi(retryRoute, async (c) => {
    const announce = (jobs: Parameters<typeof sendJobs>[1]) => sendJobs(c.env, jobs);
    const ref = requireRef(findRef(c, c.req.valid("param")));
    await retryFailedJob(c.env, announce, callerOf(c), ref, Date.now());
    return c.body(null, 202);
  });
