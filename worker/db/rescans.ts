import { and, desc, eq, inArray, sql } from "drizzle-orm";
import type { FileId, RescanId, TenantId, UserId } from "#contract/ids.ts";
import { MAX_OPEN_RESCANS } from "#contract/rescans.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import { rescanJobs, rescans } from "./schema/rescans.ts";
import { tenants } from "./schema/tenants.ts";
import { selectRow } from "./select-row.ts";

export type RescanRow = typeof rescans.$inferSelect;

export interface NewRescan {
  readonly tenantId: TenantId;
  readonly id: RescanId;
  readonly fileId: FileId | undefined;
  readonly olderThan: number | undefined;
  readonly requestedBy: UserId;
}

function isRescan(tenantId: TenantId, id: RescanId) {
  return and(eq(rescans.tenantId, tenantId), eq(rescans.id, id));
}

/** Begins a rescan. Undefined where the tenant has as many under way as it may. */
export async function insertRescan(
  db: Database,
  { tenantId, id, fileId, olderThan, requestedBy }: NewRescan,
  event: AuditEvent,
): Promise<RescanRow | undefined> {
  const { atMs } = event;
  const row: typeof rescans.$inferInsert = {
    ...{ tenantId, id, fileId, olderThan, requestedBy, createdAtMs: atMs, filesTotal: 1, state: "running" },
    // Never fed: before those that were.
    fedAtMs: 0,
  };
  const open = sql`(SELECT count(*) FROM ${rescans} WHERE ${rescans.tenantId} = ${tenantId}
    AND ${rescans.state} IN ('running', 'paused'))`;
  const total = sql`coalesce((SELECT ${tenants.fileCount} FROM ${tenants} WHERE ${tenants.tenantId} = ${tenantId}), 0)`;
  const [begun] = await db.batch([
    db
      .insert(rescans)
      .select(sql`${selectRow(rescans, row)} WHERE ${open} < ${MAX_OPEN_RESCANS}`)
      .returning(),
    auditIfChanged(db, event),
    db
      .update(rescans)
      .set(fileId === undefined ? { filesTotal: total } : { filesTotal: 1 })
      .where(isRescan(tenantId, id)),
  ]);
  return begun.length === 0 ? undefined : findRescan(db, tenantId, id);
}

export async function findRescan(
  db: Database,
  tenantId: TenantId,
  id: RescanId,
): Promise<RescanRow | undefined> {
  const [found] = await db.select().from(rescans).where(isRescan(tenantId, id));
  return found;
}

/** A tenant's rescans, the newest first. */
export async function findRescans(
  db: Database,
  tenantId: TenantId,
  limit: number,
): Promise<readonly RescanRow[]> {
  return db
    .select()
    .from(rescans)
    .where(eq(rescans.tenantId, tenantId))
    .orderBy(desc(rescans.createdAtMs), desc(rescans.id))
    .limit(limit);
}

/** Sets a rescan's state if it is in one of `from`. False where it isn't. One that is cancelled awaits no verdicts. */
export async function changeRescan(
  db: Database,
  { tenantId, id }: Pick<RescanRow, "tenantId" | "id">,
  from: readonly RescanRow["state"][],
  to: RescanRow["state"],
  event: AuditEvent,
): Promise<boolean> {
  const isCancelled = to === "cancelled";
  const [changed] = await db.batch([
    db
      .update(rescans)
      .set({ state: to, ...(isCancelled ? { finishedAtMs: event.atMs } : {}) })
      .where(and(isRescan(tenantId, id), inArray(rescans.state, [...from])))
      .returning({ id: rescans.id }),
    auditIfChanged(db, event),
    db
      .delete(rescanJobs)
      .where(
        and(
          eq(rescanJobs.tenantId, tenantId),
          eq(rescanJobs.rescanId, id),
          sql`EXISTS (SELECT 1 FROM ${rescans} WHERE ${isRescan(tenantId, id)} AND ${rescans.state} = 'cancelled')`,
        ),
      ),
  ]);
  return changed.length > 0;
}
