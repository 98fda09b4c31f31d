import type { Actor } from "#contract/audit.ts";
import type { Recount } from "#contract/tenant-admin.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { recountTenant } from "./quota.ts";
import { requireLivingTenant } from "./tenant-admin.ts";

/**
 * Counts what a tenant has from its rows and corrects the counts that are kept. Throws `TENANT_NOT_FOUND` and
 * `TENANT_ERASING`.
 */
export async function recount(env: DatabaseBindings, actor: Actor, nowMs: number): Promise<Recount> {
  await requireLivingTenant(env, actor.tenantId);
  const found = await recountTenant(env, actor, nowMs);
  return {
    corrections: Object.fromEntries(
      found.map(({ count, kept, counted }) => [count, { from: kept, to: counted }]),
    ),
  };
}
