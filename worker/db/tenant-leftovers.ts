import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { TenantId } from "#contract/ids.ts";
import { auditArchives, auditEvents, auditLog } from "./schema/audit.ts";
import { files } from "./schema/files.ts";
import { replicaRemovals } from "./schema/replicas.ts";
import { quotaReservations } from "./schema/tenants.ts";

/** Tables whose rows say that something of a tenant is left; what hangs on these goes with them. */
const OWNED = [files, quotaReservations, auditEvents, auditLog, auditArchives, replicaRemovals] as const;

/** Whether anything of a tenant is left beside its own row. */
export function isLeftOf(tenantId: TenantId): SQL {
  return sql.join(
    OWNED.map((table) => sql`EXISTS (SELECT 1 FROM ${table} WHERE tenant_id = ${tenantId})`),
    sql` OR `,
  );
}
