import type { SQL } from "drizzle-orm";
import { eq, sql } from "drizzle-orm";
import type { TenantId } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import { tenants } from "./schema/tenants.ts";
import { selectRow } from "./select-row.ts";

export type TenantRow = typeof tenants.$inferSelect;

/** A tenant's row, or undefined while it has never uploaded anything. */
export async function findTenant(db: Database, tenantId: TenantId): Promise<TenantRow | undefined> {
  return db.query.tenants.findFirst({ where: eq(tenants.tenantId, tenantId) });
}

/** The statement that makes a tenant's row where there is none. Where there is, it writes nothing: an ignored conflict would. */
export function ensureTenant(db: Database, tenantId: TenantId, nowMs: number) {
  const row = selectRow(tenants, { tenantId, createdAtMs: nowMs });
  const isThere = sql`EXISTS (SELECT 1 FROM tenants AS t WHERE t.tenant_id = ${tenantId})`;
  return db.insert(tenants).select(sql`${row} WHERE NOT ${isThere}`);
}

/** Whether all that a tenant has is being removed for good. */
export async function isTenantErasing(db: Database, tenantId: TenantId): Promise<boolean> {
  const found = await findTenant(db, tenantId);
  return (found?.erasingAtMs ?? null) !== null;
}

/**
 * The condition that a row isn't of a tenant that is being erased: what is that one's is removed and counted by its
 * erasure, and by nothing else.
 * @param table the row's, as the statement calls it
 */
export function isOfLivingTenant(table: string): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM tenants AS t
    WHERE t.tenant_id = ${sql.identifier(table)}.tenant_id AND t.erasing_at_ms IS NOT NULL)`;
}
