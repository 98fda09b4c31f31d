import { createRoute } from "@hono/zod-openapi";
import { Health } from "#contract/api.ts";
import { probeGateway } from "../delivery/replica-content.ts";
import { checkHealth } from "../services/health.ts";
import { objectStoreOf } from "../storage/store.ts";
import { HEALTH_EXAMPLE } from "./examples.ts";
import { openApiRouter } from "./open-api.ts";

const healthRoute = createRoute({
  method: "get",
  path: "/",
  operationId: "getHealth",
  summary: "State of each part",
  responses: {
    200: {
      description: "The worker answers; `status` and `parts` tell of the rest",
      content: { "application/json": { schema: Health, example: HEALTH_EXAMPLE } },
    },
  },
});

/** `/health`: 200 as long as the worker itself answers, so that a part's failure doesn't take the whole down. */
export const health = openApiRouter().openapi(healthRoute, async (c) => {
  const { replicaReads, version, databaseAlertShare } = c.get("config");
  const probes = {
    ...{ objects: objectStoreOf(c.env), databaseAlertShare },
    replicaReads: replicaReads && (() => probeGateway(replicaReads)),
  };
  const report = await checkHealth(c.env, probes, version, Date.now());
  return c.json(report, 200);
});
