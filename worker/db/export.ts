import type { Column } from "drizzle-orm";
import { and, asc, eq, gt, inArray, isNull } from "drizzle-orm";
import type { FileId, TenantId } from "#contract/ids.ts";
import type { AuditRow } from "./audit-trail.ts";
import { findEventsAfter } from "./audit-trail.ts";
import type { Database } from "./database.ts";
import type { FileRow, VerdictRow, VersionRow } from "./files.ts";
import type { DerivativeRow, MissingDerivativeRow } from "./named-derivatives.ts";
import { isNamed, NAMED_DERIVATIVE, NAMED_MISSING } from "./named-derivatives.ts";
import { files, fileTags, fileVersions } from "./schema/files.ts";
import { derivatives, missingDerivatives, verdicts } from "./schema/processing.ts";
import { shareLinks, shares } from "./schema/sharing.ts";
import { tenants } from "./schema/tenants.ts";
import type { TenantRow } from "./tenants.ts";

export type ShareRow = typeof shares.$inferSelect;
export type ShareLinkRow = typeof shareLinks.$inferSelect;

/** A file with every row that is about it. */
export interface WholeFile {
  readonly file: FileRow;
  readonly versions: readonly VersionRow[];
  readonly verdicts: readonly VerdictRow[];
  readonly derivatives: readonly DerivativeRow[];
  readonly missingDerivatives: readonly MissingDerivativeRow[];
  readonly tags: readonly string[];
  readonly shares: readonly ShareRow[];
  readonly links: readonly ShareLinkRow[];
}

export interface PageOf<T> {
  /** Of the moment at which the page was read; undefined where there is no tenant any more. */
  readonly tenant: TenantRow | undefined;
  readonly items: readonly T[];
}

function tenantIs(db: Database, tenantId: TenantId) {
  return db.select().from(tenants).where(eq(tenants.tenantId, tenantId));
}

function rowsByFile<T extends { readonly fileId: FileId }>(rows: readonly T[]): (id: FileId) => readonly T[] {
  const groups = Map.groupBy(rows, (row) => row.fileId);
  return (id) => groups.get(id) ?? [];
}

/**
 * Whole files of a tenant by their ids, after one of them, `limit` at most: all rows of one moment, in one batch. Those
 * that are being removed for good are gone already.
 */
export async function findWholeFiles(
  db: Database,
  tenantId: TenantId,
  after: string,
  limit: number,
): Promise<PageOf<WholeFile>> {
  const wanted = and(eq(files.tenantId, tenantId), gt(files.id, after as FileId), isNull(files.purgingAtMs));
  const ids = db.select({ id: files.id }).from(files).where(wanted).orderBy(asc(files.id)).limit(limit);
  const ofThose = (table: { readonly tenantId: Column; readonly fileId: Column }) =>
    and(eq(table.tenantId, tenantId), inArray(table.fileId, ids));
  const [[tenant], fileRows, ...details] = await db.batch([
    tenantIs(db, tenantId),
    db.select().from(files).where(wanted).orderBy(asc(files.id)).limit(limit),
    db.select().from(fileVersions).where(ofThose(fileVersions)).orderBy(asc(fileVersions.version)),
    db.select().from(verdicts).where(ofThose(verdicts)).orderBy(asc(verdicts.scannedAtMs)),
    db
      .select(NAMED_DERIVATIVE)
      .from(derivatives)
      .where(and(ofThose(derivatives), isNamed(derivatives)))
      .orderBy(asc(derivatives.name)),
    db
      .select(NAMED_MISSING)
      .from(missingDerivatives)
      .where(and(ofThose(missingDerivatives), isNamed(missingDerivatives)))
      .orderBy(asc(missingDerivatives.name)),
    db.select().from(fileTags).where(ofThose(fileTags)).orderBy(asc(fileTags.tag)),
    db.select().from(shares).where(ofThose(shares)).orderBy(asc(shares.userId)),
    db.select().from(shareLinks).where(ofThose(shareLinks)).orderBy(asc(shareLinks.createdAtMs)),
  ]);
  const [versions, verdictRows, derivativeRows, missingRows, tags, shareRows, links] = details;
  const versionsOf = rowsByFile(versions);
  const verdictsOf = rowsByFile(verdictRows);
  const derivativesOf = rowsByFile(derivativeRows);
  const missingOf = rowsByFile(missingRows);
  const tagsOf = rowsByFile(tags);
  const sharesOf = rowsByFile(shareRows);
  const linksOf = rowsByFile(links);
  const items = fileRows.map((file) => ({
    file,
    versions: versionsOf(file.id),
    verdicts: verdictsOf(file.id),
    derivatives: derivativesOf(file.id),
    missingDerivatives: missingOf(file.id),
    tags: tagsOf(file.id).map(({ tag }) => tag),
    shares: sharesOf(file.id),
    links: linksOf(file.id),
  }));
  return { tenant, items };
}

export interface TrailPage extends PageOf<AuditRow> {
  /** Whether there are events behind the one asked for that are in an archive: those come before the page's. */
  readonly isBehindArchives: boolean;
}

/** A tenant's audit trail in the database of before a time, oldest first, after one event, `limit` of them at most. */
export async function findAuditTrail(
  db: Database,
  tenantId: TenantId,
  untilMs: number,
  after: string,
  limit: number,
): Promise<TrailPage> {
  const found = await findEventsAfter(db, tenantId, after, untilMs, limit);
  // After them: a tenant that is being erased by now has lost some.
  const [tenant] = await tenantIs(db, tenantId);
  const { events: items, newestArchive } = found;
  return { tenant, items, isBehindArchives: newestArchive !== undefined && newestArchive.lastId > after };
}
