import { createRoute } from "@hono/zod-openapi";
import type { Job } from "#contract/jobs.ts";
import { QueuedRepairs, RepairRequest } from "#contract/repairs.ts";
import { CopyRetryRequest, RetriedCopies } from "#contract/replica-retries.ts";
import {
  BackfillRequest,
  BackfillStep,
  OwedRemovalPage,
  ReplicaListQuery,
  ReplicaTargetList,
  ReplicatedVersionPage,
} from "#contract/replicas.ts";
import { callerOf } from "../../middleware/actor.ts";
import { requestRepairs } from "../../services/repairs.ts";
import { backfill, getRemovals, getReplicas, getTargets, retryCopies } from "../../services/replicas.ts";
import { sendJobs } from "../../storage/jobs.ts";
import { JSON_BODY_ERRORS, openApiRouter, sessionProblems } from "../open-api.ts";

const security = [{ bearer: [] }];
const OF_ADMINS = "Of the caller's own tenant, for its admins";

const listRoute = createRoute({
  method: "get",
  path: "/",
  operationId: "listReplicas",
  summary: "Clean versions with their copies, in the order of their files' ids",
  description: `${OF_ADMINS}. With all that is needed to compare copies, and to make them again.`,
  security,
  request: { query: ReplicaListQuery },
  responses: {
    200: { description: "A page", content: { "application/json": { schema: ReplicatedVersionPage } } },
    ...sessionProblems("REQUEST_INVALID", "ROLE_REQUIRED"),
  },
});

const targetsRoute = createRoute({
  method: "get",
  path: "/targets",
  operationId: "listReplicaTargets",
  summary: "How far each replica target is behind",
  description: `${OF_ADMINS}.`,
  security,
  responses: {
    200: { description: "The targets", content: { "application/json": { schema: ReplicaTargetList } } },
    ...sessionProblems("ROLE_REQUIRED"),
  },
});

const removalsRoute = createRoute({
  method: "get",
  path: "/removals",
  operationId: "listOwedRemovals",
  summary: "Copies of what is gone that are still to be removed, and why they are there",
  description: `${OF_ADMINS}. In the order of their files' ids.`,
  security,
  request: { query: ReplicaListQuery },
  responses: {
    200: { description: "A page", content: { "application/json": { schema: OwedRemovalPage } } },
    ...sessionProblems("REQUEST_INVALID", "ROLE_REQUIRED"),
  },
});

const backfillRoute = createRoute({
  method: "post",
  path: "/backfill",
  operationId: "backfillReplicas",
  summary: "Have copies made that are lacking, a step at a time",
  description:
    `${OF_ADMINS}. A step looks at some clean versions and wants copies wherever one is lacking at a target that the ` +
    "tenant's files go to; they are made in the minutes that follow. `nextCursor` goes on, null is the end, and a second " +
    "run of all steps wants nothing. It may be broken off and begun again.",
  security,
  request: { body: { required: true, content: { "application/json": { schema: BackfillRequest } } } },
  responses: {
    200: { description: "The step", content: { "application/json": { schema: BackfillStep } } },
    ...sessionProblems(...JSON_BODY_ERRORS, "ROLE_REQUIRED"),
  },
});

const retryRoute = createRoute({
  method: "post",
  path: "/retry",
  operationId: "retryReplicas",
  summary: "Have copies and removals that came to nothing tried again now",
  description:
    `${OF_ADMINS}. They are tried again by themselves too, at longer and longer intervals of up to six hours. With ` +
    "`versions`, copies of these at `target` are made again instead, also those that count as stored: whoever has read them " +
    "has found them wanting. A target that there isn't, or that the tenant has nothing at, is `REQUEST_INVALID`.",
  security,
  request: { body: { required: true, content: { "application/json": { schema: CopyRetryRequest } } } },
  responses: {
    202: {
      description: "They are tried within a minute",
      content: { "application/json": { schema: RetriedCopies } },
    },
    ...sessionProblems(...JSON_BODY_ERRORS, "ROLE_REQUIRED"),
  },
});

const repairRoute = createRoute({
  method: "post",
  path: "/repair",
  operationId: "repairPrimary",
  summary: "Have objects of the primary store made again of their copies",
  description:
    `${OF_ADMINS}. For objects that are missing, or were read and have other bytes; the copy that is named with each was ` +
    "found to be right, and is tried first. Nothing takes an object's place before its bytes have the recorded SHA-256, and " +
    "what has them already is left alone: the same request twice changes nothing. What was made of a file and is gone too is made again.",
  security,
  request: { body: { required: true, content: { "application/json": { schema: RepairRequest } } } },
  responses: {
    202: {
      description: "They are made again in the minutes that follow; the audit tells each as `file.repaired`",
      content: { "application/json": { schema: QueuedRepairs } },
    },
    ...sessionProblems(...JSON_BODY_ERRORS, "ROLE_REQUIRED"),
  },
});

/** `/v1/admin/replicas`. */
export const replicas = openApiRouter()
  .openapi(listRoute, async (c) =>
    c.json(await getReplicas(c.env, c.get("identity"), c.req.valid("query")), 200),
  )
  .openapi(targetsRoute, async (c) => {
    const lagAlertMs = c.get("config").replicaLagAlertSeconds * 1000;
    return c.json(await getTargets(c.env, c.get("identity"), lagAlertMs, Date.now()), 200);
  })
  .openapi(removalsRoute, async (c) =>
    c.json(await getRemovals(c.env, c.get("identity"), c.req.valid("query")), 200),
  )
  .openapi(backfillRoute, async (c) =>
    c.json(await backfill(c.env, callerOf(c), c.req.valid("json"), Date.now()), 200),
  )
  .openapi(retryRoute, async (c) =>
    c.json(await retryCopies(c.env, callerOf(c), c.req.valid("json"), Date.now()), 202),
  )
  .openapi(repairRoute, async (c) => {
    const send = (jobs: readonly Job[]) => sendJobs(c.env, jobs);
    return c.json(await requestRepairs(c.env, send, callerOf(c), c.req.valid("json"), Date.now()), 202);
  });
