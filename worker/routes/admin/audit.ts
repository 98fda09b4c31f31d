import { createRoute } from "@hono/zod-openapi";
import { AuditPage, AuditQuery } from "#contract/audit.ts";
import { getAuditPage } from "../../services/audit-pages.ts";
import { objectStoreOf } from "../../storage/store.ts";
import { openApiRouter, adminProblems } from "../open-api.ts";
import { requireTenantInPath } from "./tenant-in-path.ts";

const listRoute = createRoute({
  method: "get",
  path: "/",
  operationId: "listAuditEvents",
  summary: "What was done by whom, newest first",
  description:
    "Of the caller's own tenant, in the order in which they were recorded: no event comes before one that was listed. " +
    "Older ones, which are archived, come behind the others. A page may have fewer events than `limit`, or none: the list " +
    "is at its end where `nextCursor` is null. Reads by signed URLs are recorded in the share that the tenant's `readAuditSample` " +
    "says, and those of thumbnails and the like in that of `derivativeReadAuditSample`; of a download in ranges the one that begins at 0 is; HEAD and 304 aren't reads.",
  security: [{ bearer: [] }],
  request: { query: AuditQuery },
  responses: {
    200: { description: "A page of events", content: { "application/json": { schema: AuditPage } } },
    ...adminProblems("REQUEST_INVALID", "ROLE_REQUIRED"),
  },
});

/** `/v1/admin/audit`. */
export const audit = openApiRouter().openapi(listRoute, async (c) => {
  const { tenantId } = requireTenantInPath(c, c.get("identity").tenantId, "audit");
  return c.json(await getAuditPage(c.env, objectStoreOf(c.env), tenantId, c.req.valid("query")), 200);
});
