import { createRoute, z } from "@hono/zod-openapi";
import { Erasure, ErasureRequest } from "#contract/erasures.ts";
import type { AppEnv } from "../../app-env.ts";
import {
  countCopiesLeft,
  formatErasure,
  requestErasure,
  requireErasure,
} from "../../services/erasure-requests.ts";
import type { ErasureMeans } from "../../services/erasure.ts";
import { driveErasureOf } from "../../services/erasure.ts";
import { requireErasing } from "../../services/tenant-permissions.ts";
import { objectStoreOf } from "../../storage/store.ts";
import { UploadClient } from "../../uploads/upload-client.ts";
import { adminProblems, JSON_BODY_ERRORS, openApiRouter } from "../open-api.ts";
import { requireTenantInPath, TENANT_ERRORS, TenantParams } from "./tenant-in-path.ts";

const erasureContent = { "application/json": { schema: Erasure } };

const requestRoute = createRoute({
  method: "post",
  path: "/{tenantId}/erasure",
  operationId: "eraseTenant",
  summary: "Erase all that a tenant has",
  description:
    "From now on whatever is asked of the tenant's files and uploads is refused (TENANT_ERASING), as is every change; its " +
    "admins can still read the tenant and its audit trail. All of it is removed: uploads under way, objects, records, " +
    "audit trail. For its admins and for operators. Asked for again, it answers the one under way.",
  security: [{ bearer: [] }],
  request: {
    params: TenantParams,
    body: { required: true, content: { "application/json": { schema: ErasureRequest } } },
  },
  responses: {
    202: { description: "It has begun", content: erasureContent },
    ...adminProblems(...JSON_BODY_ERRORS, ...TENANT_ERRORS),
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getErasure",
  summary: "An erasure, and when it is finished the proof of it",
  security: [{ bearer: [] }],
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: { description: "The erasure", content: erasureContent },
    ...adminProblems("ERASURE_NOT_FOUND", "ROLE_REQUIRED"),
  },
});

type Settings = Pick<AppEnv["Variables"]["config"], "erasureSettleMs" | "signingKeys">;

/** What an erasure works with. */
export function erasureMeans(env: Env, { erasureSettleMs: settleMs, signingKeys }: Settings): ErasureMeans {
  const uploads = new UploadClient(env);
  return {
    objects: objectStoreOf(env),
    eraseUpload: (ref) => uploads.erase(ref),
    settleMs,
    signingKeys,
  };
}

/** `/v1/admin/tenants/{tenantId}/erasure`. */
export const tenantErasure = openApiRouter().openapi(requestRoute, async (c) => {
  const { actor } = requireTenantInPath(c, c.req.valid("param").tenantId, "erase");
  const erasure = await requestErasure(c.env, actor, c.req.valid("json"), Date.now());
  const means = erasureMeans(c.env, c.get("config"));
  c.executionCtx.waitUntil(driveErasureOf(c.env, erasure, means, Date.now()));
  return c.json(formatErasure(erasure, await countCopiesLeft(c.env, erasure)), 202);
});

/** `/v1/admin/erasures`. Works while the tenant is being erased, and when nothing else of it is left. */
export const erasures = openApiRouter().openapi(getRoute, async (c) => {
  const tenantId = requireErasing(c.get("identity"), c.get("config").operatorTenant);
  const erasure = await requireErasure(c.env, tenantId, c.req.valid("param").id);
  return c.json(formatErasure(erasure, await countCopiesLeft(c.env, erasure)), 200);
});
