import { createRoute, z } from "@hono/zod-openapi";
import { UploadRulesResponse } from "#contract/upload-rules.ts";
import { authenticateUpload } from "../middleware/authenticate-grants.ts";
import { limitRequests } from "../middleware/rate-limit.ts";
import { tenant } from "../middleware/tenant.ts";
import { getQuota } from "../services/quota.ts";
import { uploadRules as rulesOf } from "../services/upload-rules.ts";
import { UPLOAD_RULES_EXAMPLE } from "./examples.ts";
import { grantProblems, openApiRouter } from "./open-api.ts";

/** A page asks once for all of its files; another user of the browser is another caller. */
const CACHING = { "Cache-Control": "private, max-age=60", Vary: "Authorization" } as const;

const rulesRoute = createRoute({
  method: "get",
  path: "/",
  operationId: "getUploadRules",
  summary: "What may be uploaded, by whoever asks",
  description:
    "Types, endings and limits of the caller's tenant, and what is left of its quota; with an upload grant, what that " +
    "one allows of them. For a file input's `accept`, and to refuse a file before it is sent.",
  security: [{ bearer: [] }, { uploadGrant: [] }, { entityGrant: [] }],
  responses: {
    200: {
      description: "As it is now",
      headers: z.object({ "Cache-Control": z.string().meta({ example: CACHING["Cache-Control"] }) }),
      content: { "application/json": { schema: UploadRulesResponse, example: UPLOAD_RULES_EXAMPLE } },
    },
    ...grantProblems(),
  },
});

const router = openApiRouter();
router.use(authenticateUpload, limitRequests, tenant);

/** `/v1/upload-rules`: what validation at creation asks of a file. */
export const uploadRules = router.openapi(rulesRoute, async (c) => {
  const { maxUploadBytes, maxAppendBytes, defaultQuotaBytes } = c.get("config");
  const { availableBytes } = await getQuota(c.env, c.get("identity").tenantId, defaultQuotaBytes);
  const ofCaller = { settings: c.get("tenantSettings"), grant: c.get("grant"), availableBytes };
  return c.json(rulesOf({ ...ofCaller, maxUploadBytes, maxAppendBytes }), 200, CACHING);
});
