import type { SQL } from "drizzle-orm";
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { TenantId } from "#contract/ids.ts";
import type { TenantChange } from "#contract/tenant-admin.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import { tenants } from "./schema/tenants.ts";
import type { TenantRow } from "./tenants.ts";
import { ensureTenant } from "./tenants.ts";
import { forgetUnchosenCopies } from "./unchosen-copies.ts";

/** Tenants of a database in the order of their ids, `limit` of them at most, after one of them. */
export async function listTenants(
  db: Database,
  after: TenantId | undefined,
  limit: number,
): Promise<readonly TenantRow[]> {
  return db
    .select()
    .from(tenants)
    .where(after && gt(tenants.tenantId, after))
    .orderBy(tenants.tenantId)
    .limit(limit);
}

/** Settings as they are after a change: what it names is removed first, so that nothing is merged into what was. */
function changedSettings(change: NonNullable<TenantChange["settings"]>): SQL {
  const removed = Object.fromEntries(Object.keys(change).map((name) => [name, null]));
  return sql`json_patch(json_patch(${tenants.settings}, ${JSON.stringify(removed)}), ${JSON.stringify(change)})`;
}

/**
 * Changes a tenant's quota and settings, and makes its row where there is none. Copies at targets that it doesn't choose any
 * more are owed removals then. Undefined where the tenant is being
 * erased.
 */
export async function changeTenant(
  db: Database,
  tenantId: TenantId,
  { quotaBytes, settings }: TenantChange,
  event: AuditEvent,
): Promise<TenantRow | undefined> {
  const [, changed] = await db.batch([
    ensureTenant(db, tenantId, event.atMs),
    db
      .update(tenants)
      .set({
        tenantId,
        ...(quotaBytes === undefined ? {} : { quotaBytes }),
        ...(settings === undefined ? {} : { settings: changedSettings(settings) }),
      })
      .where(and(eq(tenants.tenantId, tenantId), isNull(tenants.erasingAtMs)))
      .returning(),
    auditIfChanged(db, event),
    ...(settings?.replicaTargets === undefined ? [] : forgetUnchosenCopies(db, tenantId)),
  ]);
  return changed[0];
}
