import { and, desc, eq, gt, isNull, lt, or, sql } from "drizzle-orm";
import type { FileId, ShareLinkId, TenantId } from "#contract/ids.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import { files } from "./schema/files.ts";
import { shareLinks } from "./schema/sharing.ts";
import { tenants } from "./schema/tenants.ts";

export type ShareLinkRow = typeof shareLinks.$inferSelect;

/** One link of a tenant; with its file where the caller says it is that file's. */
export interface ShareLinkRef {
  readonly tenantId: TenantId;
  readonly linkId: ShareLinkId;
}

function isLink({ tenantId, linkId }: ShareLinkRef) {
  return and(eq(shareLinks.tenantId, tenantId), eq(shareLinks.id, linkId));
}

/** Neither revoked nor expired nor used up. */
function isActive(nowMs: number) {
  return and(
    isNull(shareLinks.revokedAtMs),
    or(isNull(shareLinks.expiresAtMs), gt(shareLinks.expiresAtMs, nowMs)),
    or(isNull(shareLinks.maxDownloads), lt(shareLinks.downloads, shareLinks.maxDownloads)),
  );
}

/** Keeps a new link, with its audit. False where the file is gone from sight or has its `limit` of active links. */
export async function insertShareLink(
  db: Database,
  link: ShareLinkRow,
  limit: number,
  event: AuditEvent,
): Promise<boolean> {
  const { tenantId, id, fileId, createdBy, createdAtMs } = link;
  const { expiresAtMs, revokedAtMs, passwordHash, maxDownloads, downloads } = link;
  const active = sql`(SELECT count(*) FROM ${shareLinks} WHERE ${shareLinks.tenantId} = ${tenantId}
    AND ${shareLinks.fileId} = ${fileId} AND ${isActive(createdAtMs)})`;
  const [inserted] = await db.batch([
    db
      .insert(shareLinks)
      .select(
        sql`SELECT ${tenantId}, ${id}, ${fileId}, ${createdBy}, ${createdAtMs}, ${expiresAtMs}, ${revokedAtMs},
          ${passwordHash}, ${maxDownloads}, ${downloads}
          FROM ${files} WHERE ${files.tenantId} = ${tenantId} AND ${files.id} = ${fileId}
          AND ${files.deletedAtMs} IS NULL AND ${files.purgingAtMs} IS NULL AND ${active} < ${limit}`,
      )
      .returning({ id: shareLinks.id }),
    auditIfChanged(db, event),
  ]);
  return inserted.length > 0;
}

/** How many of a file's links work. */
export async function countActiveLinks(
  db: Database,
  { tenantId, fileId }: Pick<ShareLinkRow, "tenantId" | "fileId">,
  nowMs: number,
): Promise<number> {
  const isOfFile = and(eq(shareLinks.tenantId, tenantId), eq(shareLinks.fileId, fileId));
  return db.$count(shareLinks, and(isOfFile, isActive(nowMs)));
}

/** A file's links, the active ones first and the newest of each first, `limit` of them at most. */
export async function findShareLinksOfFile(
  db: Database,
  { tenantId, fileId }: { readonly tenantId: TenantId; readonly fileId: FileId },
  limit: number,
  nowMs: number,
): Promise<readonly ShareLinkRow[]> {
  return db
    .select()
    .from(shareLinks)
    .where(and(eq(shareLinks.tenantId, tenantId), eq(shareLinks.fileId, fileId)))
    .orderBy(desc(sql`${isActive(nowMs)}`), desc(shareLinks.createdAtMs), desc(shareLinks.id))
    .limit(limit);
}

export interface ShareLinkStanding {
  readonly link: ShareLinkRow;
  /** Of its tenant, which may have turned links off, or be on its way out. */
  readonly settings: TenantSettings;
  readonly erasingAtMs: number | null;
}

/** A link with what its tenant says of links, or undefined. */
export async function findShareLink(db: Database, ref: ShareLinkRef): Promise<ShareLinkStanding | undefined> {
  const [found] = await db
    .select({ link: shareLinks, settings: tenants.settings, erasingAtMs: tenants.erasingAtMs })
    .from(shareLinks)
    .innerJoin(tenants, eq(tenants.tenantId, shareLinks.tenantId))
    .where(isLink(ref));
  return found;
}

/** Ends a file's link, with its audit; again, it changes nothing. False where the file has no such link. */
export async function revokeShareLink(
  db: Database,
  ref: ShareLinkRef,
  fileId: FileId,
  event: AuditEvent,
): Promise<boolean> {
  const isLinkOfFile = and(isLink(ref), eq(shareLinks.fileId, fileId));
  const [, , found] = await db.batch([
    db
      .update(shareLinks)
      .set({ revokedAtMs: event.atMs })
      .where(and(isLinkOfFile, isNull(shareLinks.revokedAtMs))),
    auditIfChanged(db, event),
    db.select({ id: shareLinks.id }).from(shareLinks).where(isLinkOfFile),
  ]);
  return found.length > 0;
}

/**
 * Counts one download, with its audit, if the link is still active: what decides and what counts is one statement, so
 * that no two downloads take the same place. False where it is not.
 */
export async function countDownload(db: Database, ref: ShareLinkRef, event: AuditEvent): Promise<boolean> {
  const [counted] = await db.batch([
    db
      .update(shareLinks)
      .set({ downloads: sql`${shareLinks.downloads} + 1` })
      .where(and(isLink(ref), isActive(event.atMs)))
      .returning({ downloads: shareLinks.downloads }),
    auditIfChanged(db, event),
  ]);
  return counted.length > 0;
}
