import { and, eq, isNotNull, isNull, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import type { ErasureRow } from "./erasures.ts";
import { isUnchanged } from "./erasures.ts";
import { erasures } from "./schema/erasures.ts";
import { idempotencyKeys } from "./schema/idempotency.ts";
import { recountRanges, recounts } from "./schema/recounts.ts";
import { rescans } from "./schema/rescans.ts";
import { tenants } from "./schema/tenants.ts";
import { isLeftOf } from "./tenant-leftovers.ts";

/** Dates when all of a tenant's files were gone, and removes what only they were the reason for. */
export async function markEmpty(db: Database, erasure: ErasureRow, nowMs: number): Promise<void> {
  await db.batch([
    // None is begun any more, and those that were have nothing left to scan.
    db.delete(rescans).where(eq(rescans.tenantId, erasure.tenantId)),
    db.delete(idempotencyKeys).where(eq(idempotencyKeys.tenantId, erasure.tenantId)),
    db.delete(recounts).where(eq(recounts.tenantId, erasure.tenantId)),
    db.delete(recountRanges).where(eq(recountRanges.tenantId, erasure.tenantId)),
    db
      .update(erasures)
      .set({ emptyAtMs: nowMs })
      .where(and(isUnchanged(erasure), isNull(erasures.emptyAtMs))),
  ]);
}

/** When an erasure was finished, and the signature of its proof. */
export interface ErasureEnd {
  readonly finishedAtMs: number;
  readonly signature: string;
  readonly kid: string;
}

/** Removes the tenant's own row and ends the erasure, if nothing of the tenant is left. */
export async function finishErasure(db: Database, erasure: ErasureRow, end: ErasureEnd): Promise<void> {
  const { tenantId } = erasure;
  const isTenantLeft = sql`EXISTS (SELECT 1 FROM ${tenants} WHERE tenant_id = ${tenantId})`;
  await db.batch([
    db
      .delete(tenants)
      .where(
        and(eq(tenants.tenantId, tenantId), isNotNull(tenants.erasingAtMs), sql`NOT (${isLeftOf(tenantId)})`),
      ),
    db.delete(rescans).where(and(eq(rescans.tenantId, tenantId), sql`NOT ${isTenantLeft}`)),
    db.delete(idempotencyKeys).where(and(eq(idempotencyKeys.tenantId, tenantId), sql`NOT ${isTenantLeft}`)),
    db.delete(recounts).where(and(eq(recounts.tenantId, tenantId), sql`NOT ${isTenantLeft}`)),
    db
      .update(erasures)
      .set(end)
      .where(and(isUnchanged(erasure), isNull(erasures.pending), sql`NOT ${isTenantLeft}`)),
  ]);
}
