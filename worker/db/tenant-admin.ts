import type { SQL } from "drizzle-orm";
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { TenantId } from "#contract/ids.ts";
import type { Recount, TenantChange, TenantCount } from "#contract/tenant-admin.ts";
import { TENANT_COUNTS } from "#contract/tenant-admin.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import { derivatives, files, fileVersions, quotaReservations, tenants } from "./schema.ts";
import type { TenantRow } from "./tenants.ts";
import { ensureTenant } from "./tenants.ts";

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
 * Changes a tenant's quota and settings, and makes its row where there is none. Undefined where the tenant is being
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
  ]);
  return changed[0];
}

/** Bytes of stored versions, by where their file and they are. */
function versionsBytes(tenantId: TenantId, where: SQL): SQL {
  return sql`(SELECT coalesce(sum(v.size_bytes), 0) FROM ${fileVersions} AS v
    JOIN ${files} AS f ON f.tenant_id = v.tenant_id AND f.id = v.file_id
    WHERE v.tenant_id = ${tenantId} AND v.state <> 'uploading' AND ${where})`;
}

/** What each count has to be, by the rows that it counts. */
function countedFromRows(tenantId: TenantId): Record<TenantCount, SQL> {
  const live = sql`f.deleted_at_ms IS NULL`;
  const current = sql`v.version = f.current_version`;
  return {
    fileCount: sql`(SELECT count(*) FROM ${files} AS f WHERE f.tenant_id = ${tenantId})`,
    filesBytes: versionsBytes(tenantId, sql`${live} AND ${current}`),
    versionsBytes: versionsBytes(tenantId, sql`${live} AND NOT (${current})`),
    trashBytes: versionsBytes(tenantId, sql`f.deleted_at_ms IS NOT NULL`),
    reservedBytes: sql`(SELECT coalesce(sum(r.reserved_bytes), 0) FROM ${quotaReservations} AS r
      WHERE r.tenant_id = ${tenantId})`,
    derivativesBytes: sql`(SELECT coalesce(sum(d.size_bytes), 0) FROM ${derivatives} AS d
      WHERE d.tenant_id = ${tenantId})`,
  };
}

/**
 * Counts a tenant's rows again and sets its counts by them, in one batch. Undefined where there is no such tenant. The
 * event is recorded where something was corrected.
 */
export async function recountTenant(
  db: Database,
  tenantId: TenantId,
  event: AuditEvent,
): Promise<Recount["corrections"] | undefined> {
  const counted = countedFromRows(tenantId);
  const isWrong = sql.join(
    TENANT_COUNTS.map((name) => sql`${tenants[name]} <> ${counted[name]}`),
    sql` OR `,
  );
  const [[before], [after]] = await db.batch([
    db.select().from(tenants).where(eq(tenants.tenantId, tenantId)),
    db
      .update(tenants)
      .set(counted)
      .where(and(eq(tenants.tenantId, tenantId), isWrong))
      .returning(),
    auditIfChanged(db, event),
  ]);
  if (before === undefined) return undefined;
  return after === undefined ? {} : correctionsOf(before, after);
}

function correctionsOf(before: TenantRow, after: TenantRow): Recount["corrections"] {
  const wrong = TENANT_COUNTS.filter((name) => before[name] !== after[name]);
  return Object.fromEntries(wrong.map((name) => [name, { from: before[name], to: after[name] }]));
}
