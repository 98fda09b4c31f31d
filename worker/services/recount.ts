import type { Actor } from "#contract/audit.ts";
import { AppError } from "#contract/errors.ts";
import type { Recount } from "#contract/tenant-admin.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { recountTenant } from "../db/tenant-admin.ts";
import { requireLivingTenant } from "./tenant-admin.ts";

/**
 * Counts what a tenant has from its rows and corrects the counts that are kept. Throws `TENANT_NOT_FOUND` and
 * `TENANT_ERASING`.
 */
export async function recount(env: DatabaseBindings, actor: Actor, nowMs: number): Promise<Recount> {
  const { tenantId } = actor;
  await requireLivingTenant(env, tenantId);
  const event = { actor, action: "tenant.recounted", atMs: nowMs } as const;
  const corrections = await recountTenant(databaseFor(env, tenantId), tenantId, event);
  if (corrections === undefined) throw new AppError("TENANT_NOT_FOUND");
  return { corrections };
}
