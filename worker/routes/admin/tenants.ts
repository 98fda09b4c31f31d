import { createRoute } from "@hono/zod-openapi";
import { Recount, TenantChange, TenantListQuery, TenantPage, TenantRecord } from "#contract/tenant-admin.ts";
import { getRecount, requestRecount } from "../../services/recounts.ts";
import { getTenant, getTenants, updateTenant } from "../../services/tenant-admin.ts";
import { actionOf, requireOperator } from "../../services/tenant-permissions.ts";
import { adminProblems, JSON_BODY_ERRORS, openApiRouter } from "../open-api.ts";
import { requireTenantInPath, TENANT_ERRORS, TenantParams } from "./tenant-in-path.ts";

const security = [{ bearer: [] }];
const tenantAnswer = {
  description: "The tenant",
  content: { "application/json": { schema: TenantRecord } },
};

const listRoute = createRoute({
  method: "get",
  path: "/",
  operationId: "listTenants",
  summary: "All tenants, by their ids",
  description: "For operators: admins of the tenant that the deployment names.",
  security,
  request: { query: TenantListQuery },
  responses: {
    200: { description: "A page of tenants", content: { "application/json": { schema: TenantPage } } },
    ...adminProblems("REQUEST_INVALID", "ROLE_REQUIRED"),
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/{tenantId}",
  operationId: "getTenant",
  summary: "One tenant: quota, settings, counts",
  description: "For its admins and services, and for operators.",
  security,
  request: { params: TenantParams },
  responses: { 200: tenantAnswer, ...adminProblems(...TENANT_ERRORS) },
});

const changeRoute = createRoute({
  method: "patch",
  path: "/{tenantId}",
  operationId: "changeTenant",
  summary: "Change a tenant's settings or quota",
  description: "Settings are for its admins and services too; the quota is for operators alone.",
  security,
  request: {
    params: TenantParams,
    body: { required: true, content: { "application/json": { schema: TenantChange } } },
  },
  responses: {
    200: tenantAnswer,
    ...adminProblems(...JSON_BODY_ERRORS, "TENANT_ERASING", ...TENANT_ERRORS),
  },
});

const recountContent = { "application/json": { schema: Recount } };

const getRecountRoute = createRoute({
  method: "get",
  path: "/{tenantId}/recount",
  operationId: "getRecount",
  summary: "How the last recount of a tenant stands, and what it has corrected",
  description: "For its admins and for operators.",
  security,
  request: { params: TenantParams },
  responses: {
    200: { description: "The recount", content: recountContent },
    ...adminProblems("TENANT_ERASING", ...TENANT_ERRORS),
  },
});

const recountRoute = createRoute({
  method: "post",
  path: "/{tenantId}/recount",
  operationId: "recountTenant",
  summary: "Have a tenant's rows counted again and its counts corrected by them",
  description:
    "Begins in a minute and takes a while, in which the tenant goes on as always. Asked for again meanwhile, it answers the " +
    "one that goes on. For its admins and for operators.",
  security,
  request: { params: TenantParams },
  responses: {
    202: { description: "It is done when its turn comes", content: recountContent },
    ...adminProblems("TENANT_ERASING", ...TENANT_ERRORS),
  },
});

/** `/v1/admin/tenants`. */
export const tenants = openApiRouter()
  .openapi(listRoute, async (c) => {
    requireOperator(c.get("identity"), c.get("config").operatorTenant);
    return c.json(await getTenants(c.env, c.req.valid("query")), 200);
  })
  .openapi(getRoute, async (c) => {
    const { tenantId } = requireTenantInPath(c, c.req.valid("param").tenantId, "view");
    return c.json(await getTenant(c.env, c.get("identity"), tenantId), 200);
  })
  .openapi(changeRoute, async (c) => {
    const change = c.req.valid("json");
    const { actor } = requireTenantInPath(c, c.req.valid("param").tenantId, actionOf(change));
    return c.json(await updateTenant(c.env, actor, change, Date.now()), 200);
  })
  .openapi(recountRoute, async (c) => {
    const { actor } = requireTenantInPath(c, c.req.valid("param").tenantId, "recount");
    return c.json(await requestRecount(c.env, actor, Date.now()), 202);
  })
  .openapi(getRecountRoute, async (c) => {
    const { tenantId } = requireTenantInPath(c, c.req.valid("param").tenantId, "recount");
    return c.json(await getRecount(c.env, tenantId), 200);
  });
