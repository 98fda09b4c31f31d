import type { SQL } from "drizzle-orm";
import { and, sql } from "drizzle-orm";
import type { FileId, UserId } from "#contract/ids.ts";
import { auditEach } from "./audit.ts";
import type { Database } from "./database.ts";
import type { EventOfEach, FileSet } from "./file-sets.ts";
import { idsOf, isInTrash, isLive, isPurging, isThere } from "./file-sets.ts";
import { freeing } from "./freeing.ts";
import { files } from "./schema/files.ts";
import { quotaReservations } from "./schema/tenants.ts";
import { isOfLivingTenant } from "./tenants.ts";

/** Who deletes files, and until when they can be restored. */
export interface Trashing {
  readonly deletedBy: UserId;
  readonly purgeAtMs: number;
}

/** Puts live files into the trash. */
export async function trashFiles(
  db: Database,
  set: FileSet,
  trashing: Trashing,
  event: Omit<EventOfEach, "action">,
): Promise<readonly FileId[]> {
  const deleted = { ...event, action: "file.deleted" } as const;
  return freeing(db, deleted, set.fileIds, async (record) => {
    const [, changed] = await db.batch([
      record(auditEach(db, deleted, set.fileIds, isLive(set))),
      db
        .update(files)
        .set({ ...trashing, deletedAtMs: event.atMs, updatedAtMs: event.atMs })
        .where(isLive(set))
        .returning({ id: files.id }),
    ]);
    return idsOf(changed);
  });
}

/** Takes files out of the trash. */
export async function restoreFiles(
  db: Database,
  set: FileSet,
  event: Omit<EventOfEach, "action">,
): Promise<readonly FileId[]> {
  const [, changed] = await db.batch([
    auditEach(db, { ...event, action: "file.restored" }, set.fileIds, isInTrash(set)),
    db
      .update(files)
      .set({ deletedAtMs: null, deletedBy: null, purgeAtMs: null, updatedAtMs: event.atMs })
      .where(isInTrash(set))
      .returning({ id: files.id }),
  ]);
  return idsOf(changed);
}

/**
 * Marks files as being removed for good, whether they are in the trash or not: nobody sees them from here on. What they
 * hold is removed afterwards, by whoever comes first.
 * @param condition only those of which this holds, too
 */
export async function markPurging(
  db: Database,
  set: FileSet,
  deletedBy: UserId,
  event: Omit<EventOfEach, "action" | "detail">,
  condition?: SQL,
): Promise<readonly FileId[]> {
  const isMarked = and(isThere(set), condition);
  const deleted = { ...event, action: "file.deleted", detail: { permanent: true } } as const;
  return freeing(db, deleted, set.fileIds, async (record) => {
    const [, changed] = await db.batch([
      record(auditEach(db, deleted, set.fileIds, isMarked)),
      db
        .update(files)
        .set({
          deletedAtMs: sql`coalesce(${files.deletedAtMs}, ${event.atMs})`,
          deletedBy,
          purgeAtMs: null,
          purgingAtMs: event.atMs,
        })
        .where(isMarked)
        .returning({ id: files.id }),
    ]);
    return idsOf(changed);
  });
}

/** The same for files whose time in the trash is over, of any tenant, the longest overdue first. */
export async function markDuePurging(db: Database, nowMs: number, limit: number): Promise<void> {
  const due = sql`SELECT rowid FROM ${files}
    WHERE ${files.purgeAtMs} <= ${nowMs} AND ${files.deletedAtMs} IS NOT NULL AND ${files.purgingAtMs} IS NULL
    ORDER BY ${files.purgeAtMs} LIMIT ${limit}`;
  await db
    .update(files)
    .set({ purgeAtMs: null, purgingAtMs: nowMs })
    .where(sql`rowid IN (${due})`);
}

/**
 * Takes on files that are being purged, of any tenant, those first that were longest not tried, and puts them behind all
 * others: so they are where they belong if they come to grief, even by a crash. Those of more tenants than `most` says stay
 * where they are.
 */
export async function takePurging(
  db: Database,
  nowMs: number,
  most: { readonly files: number; readonly tenants: number },
): Promise<readonly FileSet[]> {
  const next = sql`WITH next AS (SELECT tenant_id, id, purging_at_ms FROM ${files}
      WHERE purging_at_ms IS NOT NULL AND ${isOfLivingTenant("files")}
      ORDER BY purging_at_ms LIMIT ${most.files})
    SELECT tenant_id, id FROM next WHERE tenant_id IN (
      SELECT tenant_id FROM next GROUP BY tenant_id ORDER BY min(purging_at_ms) LIMIT ${most.tenants})`;
  const rows = await db
    .update(files)
    .set({ purgingAtMs: nowMs })
    .where(sql`(tenant_id, id) IN (${next})`)
    .returning({ tenantId: files.tenantId, fileId: files.id });
  return [...Map.groupBy(rows, ({ tenantId }) => tenantId)].map(([tenantId, ofTenant]) => {
    return { tenantId, fileIds: ofTenant.map(({ fileId }) => fileId) };
  });
}

/**
 * Removes the rows of files whose bytes are gone, and all that hangs on them, in one batch: what they took of the quota
 * is freed by triggers, once however often this is tried. A tenant's that is being erased stay for that to count.
 */
export async function deletePurged(
  db: Database,
  set: FileSet,
  event: Omit<EventOfEach, "action">,
): Promise<void> {
  const isPurged = and(isPurging(set), isOfLivingTenant("files"));
  const ofPurged = sql`(${quotaReservations.tenantId}, ${quotaReservations.fileId}) IN (
    SELECT ${files.tenantId}, ${files.id} FROM ${files} WHERE ${isPurged})`;
  const purged = { ...event, action: "file.purged" } as const;
  await freeing(db, purged, set.fileIds, (record) =>
    db.batch([
      record(auditEach(db, purged, set.fileIds, isPurged)),
      db.delete(quotaReservations).where(ofPurged),
      db.delete(files).where(isPurged),
    ]),
  );
}
