import type { TenantId } from "#contract/ids.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { findTenant } from "../db/tenants.ts";

/** What is otherwise for this tenant than for all. */
export async function settingsOf(env: DatabaseBindings, tenantId: TenantId): Promise<TenantSettings> {
  const found = await findTenant(databaseFor(env, tenantId), tenantId);
  return found?.settings ?? {};
}
