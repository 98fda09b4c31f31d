import { createRoute, z } from "@hono/zod-openapi";
import { Health } from "#contract/api.ts";
import type { AppContext } from "../app-env.ts";
import { probeGateway } from "../delivery/replica-content.ts";
import { checkHealth, currentHealth, isReady } from "../services/health.ts";
import { objectStoreOf } from "../storage/store.ts";
import { HEALTH_EXAMPLE, UNREADY_EXAMPLE } from "./examples.ts";
import { openApiRouter } from "./open-api.ts";

/** Processors are heard of again within this, where they live. */
const RETRY_AFTER_SECONDS = 15;

const healthRoute = createRoute({
  method: "get",
  path: "/",
  operationId: "getHealth",
  summary: "Whether the service answers, and the state of each part",
  description:
    "For what restarts a service that is dead: 200 as long as the worker answers, whatever its parts do.",
  responses: {
    200: {
      description: "The worker answers; `status` and `parts` tell of the rest",
      content: { "application/json": { schema: Health, example: HEALTH_EXAMPLE } },
    },
  },
});

const readyRoute = createRoute({
  method: "get",
  path: "/",
  operationId: "getReadiness",
  summary: "Whether files can be taken and checked",
  description:
    "For what sends traffic, and for alarms. What `/health` answers, with a status that tells. A report is up to a second old.",
  responses: {
    200: {
      description: "All that uploads and their checks need is there",
      content: { "application/json": { schema: Health, example: HEALTH_EXAMPLE } },
    },
    503: {
      description: "`parts` tells what is down: files can't be taken, or wait for their check",
      headers: z.object({ "Retry-After": z.string().meta({ description: "Seconds" }) }),
      content: { "application/json": { schema: Health, example: UNREADY_EXAMPLE } },
    },
  },
});

function reportOf(c: AppContext): Promise<Health> {
  const { replicaReads, version, development, databaseAlertShare } = c.get("config");
  const probes = {
    ...{ development, databaseAlertShare },
    objects: objectStoreOf(c.env),
    replicaReads: replicaReads && (() => probeGateway(replicaReads)),
  };
  return currentHealth(c.env, () => checkHealth(c.env, probes, version, Date.now()));
}

const NO_STORE = { "Cache-Control": "no-store" } as const;

/** `/health`: 200 as long as the worker itself answers, so that a part's failure doesn't take the whole down. */
export const health = openApiRouter().openapi(healthRoute, async (c) =>
  c.json(await reportOf(c), 200, NO_STORE),
);

/** `/ready`: 503 while a part is down that uploads or scanning need. */
export const ready = openApiRouter().openapi(readyRoute, async (c) => {
  const report = await reportOf(c);
  if (isReady(report)) return c.json(report, 200, NO_STORE);
  return c.json(report, 503, { ...NO_STORE, "Retry-After": String(RETRY_AFTER_SECONDS) });
});
