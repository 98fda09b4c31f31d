import { z } from "@hono/zod-openapi";
import type { Actor } from "#contract/audit.ts";
import type { TenantId } from "#contract/ids.ts";
import type { AppContext } from "../../app-env.ts";
import { actorOf } from "../../middleware/actor.ts";
import { actorIn } from "../../services/audit.ts";
import type { TenantAction } from "../../services/tenant-permissions.ts";
import { requireTenantAllowed } from "../../services/tenant-permissions.ts";

export const TENANT_ERRORS = ["TENANT_NOT_FOUND", "ROLE_REQUIRED"] as const;

/** Not the id's own schema: what can't be an id is a tenant that isn't there, not a malformed request. */
export const TenantParams = z.object({ tenantId: z.string().meta({ description: "Tenant id" }) });

/**
 * The tenant that a path names, if the caller may do `action` with it, and the caller as its audit names them. Throws
 * `ROLE_REQUIRED` and `TENANT_NOT_FOUND`.
 */
export function requireTenantInPath(
  c: AppContext,
  named: string,
  action: TenantAction,
): { readonly tenantId: TenantId; readonly actor: Actor } {
  const { operatorTenant } = c.get("config");
  const tenantId = requireTenantAllowed(c.get("identity"), named, action, operatorTenant);
  return { tenantId, actor: actorIn(actorOf(c), tenantId) };
}
