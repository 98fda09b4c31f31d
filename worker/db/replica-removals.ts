import { and, asc, count, eq, gt, lte, or, sql } from "drizzle-orm";
import type { TenantId } from "#contract/ids.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import { isOfVersion } from "./of-version.ts";
import type { CopyAt } from "./replicas.ts";
import { replicaRemovals, replicas } from "./schema/replicas.ts";

export type RemovalRow = typeof replicaRemovals.$inferSelect;

function isRemoval(ref: CopyAt) {
  return and(isOfVersion(replicaRemovals, ref), eq(replicaRemovals.target, ref.target));
}

/** Writes down that what has landed at a target, and that nobody wants there, is to be removed. */
export async function insertRemoval(
  db: Database,
  { tenantId, fileId, version, target }: CopyAt,
  objectKey: string,
  nowMs: number,
): Promise<void> {
  const row = { tenantId, fileId, version, target, objectKey };
  await db
    .insert(replicaRemovals)
    .values({ ...row, sinceMs: nowMs, settleAtMs: nowMs, nextAtMs: nowMs })
    .onConflictDoUpdate({
      target: [
        replicaRemovals.tenantId,
        replicaRemovals.fileId,
        replicaRemovals.version,
        replicaRemovals.target,
      ],
      set: { nextAtMs: nowMs, settleAtMs: sql`max(${replicaRemovals.settleAtMs}, ${nowMs})` },
    });
}

export async function hasDueRemovals(
  db: Database,
  targets: readonly string[],
  nowMs: number,
): Promise<boolean> {
  const isAt = sql`${replicaRemovals.target} IN (SELECT value FROM json_each(${JSON.stringify(targets)}))`;
  const found = await db
    .select({ target: replicaRemovals.target })
    .from(replicaRemovals)
    .where(and(lte(replicaRemovals.nextAtMs, nowMs), isAt))
    .limit(1);
  return found.length > 0;
}

/** Leases removals at these targets, of any tenant, those first that are longest due. */
export async function leaseRemovals(
  db: Database,
  targets: readonly string[],
  lease: { readonly id: string; readonly untilMs: number; readonly nowMs: number },
  limit: number,
): Promise<readonly RemovalRow[]> {
  const due = sql`SELECT rowid FROM ${replicaRemovals} WHERE ${lte(replicaRemovals.nextAtMs, lease.nowMs)}
    AND ${replicaRemovals.target} IN (SELECT value FROM json_each(${JSON.stringify(targets)}))
    ORDER BY ${replicaRemovals.nextAtMs} LIMIT ${limit}`;
  return db
    .update(replicaRemovals)
    .set({ leaseId: lease.id, nextAtMs: lease.untilMs })
    .where(sql`rowid IN (${due})`)
    .returning();
}

/**
 * The statements that end a removal: forgotten where nothing can have landed since it began, or else done once more when
 * that is over.
 * @param leaseMs how long a lease is: it began so much before it ends
 */
export function endRemoval(db: Database, ref: CopyAt, leaseId: string, leaseMs: number, nowMs: number) {
  const isMine = and(isRemoval(ref), eq(replicaRemovals.leaseId, leaseId));
  const { settleAtMs, nextAtMs } = replicaRemovals;
  return [
    db.delete(replicaRemovals).where(and(isMine, sql`${settleAtMs} <= ${nextAtMs} - ${leaseMs}`)),
    db
      .update(replicaRemovals)
      .set({
        leaseId: null,
        nextAtMs: sql`max(${settleAtMs}, ${nowMs})`,
        code: "settling",
        detail: "A copy may have been under way when it was removed: it is looked for once more.",
      })
      .where(isMine),
  ] as const;
}

/** What a removal, or a copy, waits for after a try that came to nothing: so long, doubled by each, up to that. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The statement by which a removal that came to grief is tried again. */
export function failRemoval(
  db: Database,
  ref: CopyAt,
  leaseId: string,
  { code, detail }: { readonly code: string; readonly detail: string },
  { firstMs, maxMs }: Backoff,
  nowMs: number,
) {
  const { tries } = replicaRemovals;
  return db
    .update(replicaRemovals)
    .set({
      ...{ code, detail, leaseId: null, tries: sql`${tries} + 1` },
      // Shifted by twenty at most, it is far within what a number holds.
      nextAtMs: sql`${nowMs} + min(${firstMs} << min(${tries}, 20), ${maxMs})`,
    })
    .where(and(isRemoval(ref), eq(replicaRemovals.leaseId, leaseId)));
}

/** How many copies of a tenant's are still to be removed. */
export async function countRemovals(db: Database, tenantId: TenantId): Promise<number> {
  return db.$count(replicaRemovals, eq(replicaRemovals.tenantId, tenantId));
}

export type RemovalPlace = Pick<RemovalRow, "fileId" | "version" | "target">;

/** A tenant's removals that are still owed, in the order of their files' ids. */
export async function findRemovals(
  db: Database,
  tenantId: TenantId,
  after: RemovalPlace | undefined,
  limit: number,
): Promise<readonly RemovalRow[]> {
  const { fileId, version, target } = replicaRemovals;
  const isBehind =
    after &&
    or(
      gt(fileId, after.fileId),
      and(eq(fileId, after.fileId), gt(version, after.version)),
      and(eq(fileId, after.fileId), eq(version, after.version), gt(target, after.target)),
    );
  return db
    .select()
    .from(replicaRemovals)
    .where(and(eq(replicaRemovals.tenantId, tenantId), isBehind))
    .orderBy(asc(fileId), asc(version), asc(target))
    .limit(limit);
}

/** Makes a tenant's removals due now, but for those that somebody is at, and records that. @returns how many */
export async function hastenRemovals(
  db: Database,
  tenantId: TenantId,
  target: string | undefined,
  event: AuditEvent,
): Promise<number> {
  const { leaseId, nextAtMs, tries } = replicaRemovals;
  const isWaiting = sql`${leaseId} IS NULL AND ${tries} > 0 AND ${nextAtMs} > ${event.atMs}`;
  const isAt = target === undefined ? undefined : eq(replicaRemovals.target, target);
  const [hastened] = await db.batch([
    db
      .update(replicaRemovals)
      .set({ nextAtMs: event.atMs })
      .where(and(eq(replicaRemovals.tenantId, tenantId), isAt, isWaiting))
      .returning({ version: replicaRemovals.version }),
    auditIfChanged(db, event),
  ]);
  return hastened.length;
}

/** How many are owed at each target, and since when. */
export function countRemovalsByTarget(db: Database, tenantId?: TenantId) {
  const { target, sinceMs } = replicaRemovals;
  return db
    .select({
      target,
      removals: count().as("removals"),
      oldestRemovalAtMs: sql<number>`min(${sinceMs})`.as("oldest_removal_at_ms"),
    })
    .from(replicaRemovals)
    .where(tenantId === undefined ? undefined : eq(replicaRemovals.tenantId, tenantId))
    .groupBy(target);
}

/** Whether a tenant has, or is to have, a copy at a target, or is owed a removal there. */
export async function hasAnythingAt(db: Database, tenantId: TenantId, target: string): Promise<boolean> {
  const [copies, removals] = await db.batch([
    db
      .select({ target: replicas.target })
      .from(replicas)
      .where(and(eq(replicas.tenantId, tenantId), eq(replicas.target, target)))
      .limit(1),
    db
      .select({ target: replicaRemovals.target })
      .from(replicaRemovals)
      .where(and(eq(replicaRemovals.tenantId, tenantId), eq(replicaRemovals.target, target)))
      .limit(1),
  ]);
  return copies.length + removals.length > 0;
}
