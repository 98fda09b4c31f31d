import { AppError } from "#contract/errors.ts";
import type { Identity } from "#contract/ids.ts";
import { TenantId } from "#contract/ids.ts";
import type { TenantChange } from "#contract/tenant-admin.ts";

/** What can be done with a tenant as a whole. */
export const TENANT_ACTIONS = [
  "view",
  "configure",
  "set-quota",
  "recount",
  "audit",
  "export",
  "erase",
] as const;
export type TenantAction = (typeof TENANT_ACTIONS)[number];

/** What a caller is to a tenant: an operator of the deployment, or one of its own. */
export type TenantRelation = "operator" | "admin" | "service" | "member";

const ALLOWED: Readonly<Record<TenantRelation, ReadonlySet<TenantAction>>> = {
  operator: new Set(TENANT_ACTIONS),
  // A quota is what the tenant pays for: nobody of the tenant sets it.
  admin: new Set(["view", "configure", "recount", "audit", "export", "erase"]),
  service: new Set(["view", "configure", "audit", "export"]),
  member: new Set(),
};

/** Whether the caller is an operator: an admin of the tenant that the deployment names. */
export function isOperator({ tenantId, role }: Identity, operatorTenant: TenantId | undefined): boolean {
  return operatorTenant !== undefined && tenantId === operatorTenant && role === "admin";
}

/** Throws `ROLE_REQUIRED` for anybody but an operator. */
export function requireOperator(identity: Identity, operatorTenant: TenantId | undefined): void {
  if (!isOperator(identity, operatorTenant)) throw roleError("This takes an operator of the deployment.");
}

function roleError(detail: string): AppError {
  return new AppError("ROLE_REQUIRED", { detail });
}

/**
 * The tenant that a path names, if the caller may do `action` with it. Throws `ROLE_REQUIRED` for a member and for a role
 * that this isn't for, and `TENANT_NOT_FOUND` for another tenant, whether it exists or not.
 */
export function requireTenantAllowed(
  identity: Identity,
  named: string,
  action: TenantAction,
  operatorTenant: TenantId | undefined,
): TenantId {
  const byOperator = isOperator(identity, operatorTenant);
  const relation = byOperator ? "operator" : identity.role;
  if (!ALLOWED[relation].has(action)) throw roleError("The caller's role doesn't allow this with a tenant.");
  const parsed = TenantId.safeParse(named);
  if (!parsed.success || (!byOperator && parsed.data !== identity.tenantId)) {
    throw new AppError("TENANT_NOT_FOUND");
  }
  return parsed.data;
}

/** What a change of a tenant takes. */
export function actionOf({ quotaBytes }: TenantChange): TenantAction {
  return quotaBytes === undefined ? "configure" : "set-quota";
}

/**
 * Whose erasures the caller may see: undefined for everybody's. Throws `ROLE_REQUIRED` for anybody who may not erase
 * their own tenant.
 */
export function requireErasing(
  identity: Identity,
  operatorTenant: TenantId | undefined,
): TenantId | undefined {
  requireTenantAllowed(identity, identity.tenantId, "erase", operatorTenant);
  return isOperator(identity, operatorTenant) ? undefined : identity.tenantId;
}
