import { and, asc, eq, gt, isNull, lte, or, sql } from "drizzle-orm";
import type { FileId, TenantId, UserId } from "#contract/ids.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import { files } from "./schema/files.ts";
import { shares } from "./schema/sharing.ts";

export type ShareRow = typeof shares.$inferSelect;

/** One file and one user that it is, or isn't, shared with. */
export interface ShareRef {
  readonly tenantId: TenantId;
  readonly fileId: FileId;
  readonly userId: UserId;
}

function isOfFile({ tenantId, fileId }: Omit<ShareRef, "userId">) {
  return and(eq(shares.tenantId, tenantId), eq(shares.fileId, fileId));
}

/** With whom a file is shared now, the first first. Those are few: a file has a limit. */
export async function findSharesOfFile(
  db: Database,
  file: Omit<ShareRef, "userId">,
  nowMs: number,
): Promise<readonly ShareRow[]> {
  return db
    .select()
    .from(shares)
    .where(and(isOfFile(file), or(isNull(shares.expiresAtMs), gt(shares.expiresAtMs, nowMs))))
    .orderBy(asc(shares.createdAtMs), asc(shares.userId));
}

/**
 * Shares a file with a user, or changes the share that there is, with its audit. Shares that have expired go, so that
 * they count neither as shares nor for the limit. Undefined where the file is gone from sight or has its `limit` of others.
 */
export async function upsertShare(
  db: Database,
  share: ShareRow,
  limit: number,
  event: AuditEvent,
): Promise<{ readonly share: ShareRow; readonly isNew: boolean } | undefined> {
  const { tenantId, fileId, userId, permission, sharedBy, createdAtMs, expiresAtMs } = share;
  const others = sql`(SELECT count(*) FROM ${shares} WHERE ${isOfFile(share)} AND ${shares.userId} <> ${userId})`;
  const [, before, [row]] = await db.batch([
    db.delete(shares).where(and(isOfFile(share), lte(shares.expiresAtMs, createdAtMs))),
    db.select().from(shares).where(isShare(share)),
    db
      .insert(shares)
      .select(
        sql`SELECT ${tenantId}, ${fileId}, ${userId}, ${permission}, ${sharedBy}, ${createdAtMs}, ${expiresAtMs}
          FROM ${files} WHERE ${files.tenantId} = ${tenantId} AND ${files.id} = ${fileId}
          AND ${files.deletedAtMs} IS NULL AND ${files.purgingAtMs} IS NULL AND ${others} < ${limit}`,
      )
      .onConflictDoUpdate({
        target: [shares.tenantId, shares.fileId, shares.userId],
        set: { permission, sharedBy, expiresAtMs },
      })
      .returning(),
    auditIfChanged(db, event),
  ]);
  return row && { share: row, isNew: before.length === 0 };
}

function isShare(ref: ShareRef) {
  return and(isOfFile(ref), eq(shares.userId, ref.userId));
}

/** Ends a share, with its audit. False where there was none, or it had expired. */
export async function deleteShare(db: Database, ref: ShareRef, event: AuditEvent): Promise<boolean> {
  const [, deleted] = await db.batch([
    db.delete(shares).where(and(isOfFile(ref), lte(shares.expiresAtMs, event.atMs))),
    db.delete(shares).where(isShare(ref)).returning({ userId: shares.userId }),
    auditIfChanged(db, event),
  ]);
  return deleted.length > 0;
}
