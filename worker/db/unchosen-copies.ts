import type { Column, SQL } from "drizzle-orm";
import { and, eq, isNull, sql } from "drizzle-orm";
import type { TenantId } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import { replicaRemovals, replicas } from "./schema/replicas.ts";
import { tenants } from "./schema/tenants.ts";

/** Copies that one change of a tenant's settings sees to: some seconds of a database's time. */
const MAX_COPIES = 10_000;
const UNCHOSEN = { code: "unchosen", detail: "The tenant's files aren't copied there any more." };

/**
 * The statements by which copies are forgotten that are at targets which their tenant's settings don't choose. What was ever
 * sent there is owed a removal by that (a trigger sees to it), which says why.
 * @param isAmong which of the tenant's copies; undefined for all, ten thousand at a time
 */
export function forgetUnchosenCopies(db: Database, tenantId: TenantId, isAmong?: SQL) {
  const { target } = replicas;
  const unchosen = sql`SELECT rowid FROM ${replicas}
    WHERE ${and(eq(replicas.tenantId, tenantId), isAmong, isUnchosen(tenantId, target))} LIMIT ${MAX_COPIES}`;
  return [
    db.delete(replicas).where(sql`rowid IN (${unchosen})`),
    db
      .update(replicaRemovals)
      .set(UNCHOSEN)
      .where(
        and(
          eq(replicaRemovals.tenantId, tenantId),
          isNull(replicaRemovals.code),
          isUnchosen(tenantId, replicaRemovals.target),
        ),
      ),
  ] as const;
}

/** By what the settings say, and not by which targets processors have at the moment: one that is away comes back. */
function isUnchosen(tenantId: TenantId, target: Column): SQL {
  return sql`EXISTS (SELECT 1 FROM ${tenants} WHERE ${tenants.tenantId} = ${tenantId}
    AND ${tenants.settings} ->> 'replicaTargets' IS NOT NULL
    AND ${target} NOT IN (SELECT value FROM json_each(${tenants.settings}, '$.replicaTargets')))`;
}
