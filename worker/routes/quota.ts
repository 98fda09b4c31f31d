import { createRoute } from "@hono/zod-openapi";
import { Quota } from "#contract/quota.ts";
import { getQuota } from "../services/quota.ts";
import { openApiRouter, sessionProblems } from "./open-api.ts";

const quotaRoute = createRoute({
  method: "get",
  path: "/",
  operationId: "getQuota",
  summary: "The tenant's quota, and what it is used by",
  security: [{ bearer: [] }],
  responses: {
    200: { description: "As it is now", content: { "application/json": { schema: Quota } } },
    ...sessionProblems(),
  },
});

const router = openApiRouter();

/** `/v1/quota`: how much of what a tenant may store is stored. */
export const quota = router.openapi(quotaRoute, async (c) => {
  const { defaultQuotaBytes } = c.get("config");
  const found = await getQuota(c.env, c.get("identity").tenantId, defaultQuotaBytes);
  return c.json(found, 200);
});
