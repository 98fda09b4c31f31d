import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { TenantId } from "#contract/ids.ts";
import { auditArchives, auditEvents, auditLog } from "./schema/audit.ts";
import { files } from "./schema/files.ts";
import { replicaRemovals } from "./schema/replicas.ts";
import { quotaReservations } from "./schema/tenants.ts";

/** Tables whose rows an erasure removes itself; what hangs on these goes with them. */
const REMOVED = [files, quotaReservations, auditEvents, auditLog, auditArchives] as const;
/** Tables whose rows say that something of a tenant is left. */
const OWNED = [...REMOVED, replicaRemovals] as const;

type OwnedTable = (typeof OWNED)[number];

/** Whether anything of a tenant is left beside its own row. */
export function isLeftOf(tenantId: TenantId): SQL {
  return isAnyIn(OWNED, sql`${tenantId}`);
}

/**
 * Whether removals of copies are all that is left of a tenant in the database.
 * @param table whose row names the tenant, as the statement calls it
 */
export function isOwedOnlyCopies(table: string): SQL {
  const tenantId = sql`${sql.identifier(table)}.tenant_id`;
  return sql`(${isAnyIn([replicaRemovals], tenantId)}) AND NOT (${isAnyIn(REMOVED, tenantId)})`;
}

function isAnyIn(tables: readonly OwnedTable[], tenantId: SQL): SQL {
  return sql.join(
    tables.map((table) => sql`EXISTS (SELECT 1 FROM ${table} WHERE tenant_id = ${tenantId})`),
    sql` OR `,
  );
}
