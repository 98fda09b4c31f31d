import type { SQL, SQLWrapper } from "drizzle-orm";
import { and, asc, desc, eq, exists, gt, isNull, or, sql } from "drizzle-orm";
import type { FileId, FileVersionRef, TenantId, UserId } from "#contract/ids.ts";
import type { SharePermission } from "#contract/sharing.ts";
import type { Database } from "./database.ts";
import type { DerivativeRow, MissingDerivativeRow } from "./named-derivatives.ts";
import { isNamed, NAMED_DERIVATIVE, NAMED_MISSING } from "./named-derivatives.ts";
import { files, fileTags, fileVersions } from "./schema/files.ts";
import { derivatives, failedJobs, missingDerivatives, verdicts } from "./schema/processing.ts";
import { replicas } from "./schema/replicas.ts";
import { shares } from "./schema/sharing.ts";
import { tenants } from "./schema/tenants.ts";

export type FileRow = typeof files.$inferSelect;
export type VersionRow = typeof fileVersions.$inferSelect;
export type VerdictRow = typeof verdicts.$inferSelect;

/** What of a copy is shown. */
export type ReplicaFacts = typeof replicas.$inferSelect;

/** A file with all that its record shows. */
export interface FileWithDetails {
  readonly file: FileRow;
  readonly version: VersionRow;
  readonly verdict: VerdictRow | undefined;
  /** Whether it is blocked by that, and was clean before. */
  readonly foundLater: boolean;
  readonly derivatives: readonly DerivativeRow[];
  /** Of those that aren't there: why, where that has been reported. */
  readonly missingDerivatives: readonly MissingDerivativeRow[];
  /** Of the version, where its job was tried as often as jobs are. */
  readonly failedJob: typeof failedJobs.$inferSelect | undefined;
  /** Copies of the version, by the names of their targets. */
  readonly replicas: readonly ReplicaFacts[];
  readonly tags: readonly string[];
  /** What was shared of it with the user who asks. */
  readonly shared: SharePermission | undefined;
  /** When that ends; undefined for a share without an end, and where nothing was shared. */
  readonly sharedUntilMs: number | undefined;
  /** From which size on a file of its class is taken with a warning, where the tenant wants one. */
  readonly warnBytes: number | undefined;
  /** Whether its tenant has public files at all: where it hasn't, none is read by its public URL. */
  readonly hasPublicFiles: boolean;
  /** Whether all of its tenant see what is attached to an entity. */
  readonly opensEntities: boolean;
  /** Whether its tenant wants images as AVIF. */
  readonly avifDerivatives: boolean;
  /** All that its tenant has is being removed for good. */
  readonly isTenantErasing: boolean;
}

/** Whether a version is blocked that was clean before. @param ofVersion its verdicts, the newest first */
export function wasFoundLater([newest, ...before]: readonly VerdictRow[]): boolean {
  const isBlocked = newest !== undefined && newest.verdict !== "clean";
  return isBlocked && before.some(({ verdict }) => verdict === "clean");
}

/** The condition that a row of versions is this one. */
export function isVersion(ref: FileVersionRef): SQL | undefined {
  return and(
    eq(fileVersions.tenantId, ref.tenantId),
    eq(fileVersions.fileId, ref.fileId),
    eq(fileVersions.version, ref.version),
  );
}

/** Whose view of a file it is: what was shared of it with them is told too. Undefined for nobody's in particular. */
export interface Viewer {
  readonly userId: UserId;
  readonly nowMs: number;
}

/**
 * One file of a tenant with its current version, or undefined. Those in the trash are found too; those that are being
 * removed for good are not.
 */
export async function findFileById(
  db: Database,
  tenantId: TenantId,
  fileId: FileId,
  viewer?: Viewer,
): Promise<FileWithDetails | undefined> {
  const [found] = await findDetails(db, and(eq(files.tenantId, tenantId), eq(files.id, fileId)), 1, viewer);
  return found;
}

/** Files of a tenant by id, in no order; ids that aren't its own are left out. Otherwise as `findFileById`. */
export async function findFilesByIds(
  db: Database,
  tenantId: TenantId,
  fileIds: readonly FileId[],
  viewer?: Viewer,
): Promise<readonly FileWithDetails[]> {
  const wanted = sql`${files.id} IN (SELECT value FROM json_each(${JSON.stringify(fileIds)}))`;
  return findDetails(db, and(eq(files.tenantId, tenantId), wanted), fileIds.length, viewer);
}

/** One file as above with another version than its current one in the place of that. */
export async function findFileWithVersion(
  db: Database,
  { tenantId, fileId, version }: FileVersionRef,
  viewer?: Viewer,
): Promise<FileWithDetails | undefined> {
  const isWanted = and(eq(files.tenantId, tenantId), eq(files.id, fileId));
  const [found] = await findDetails(db, isWanted, 1, viewer, [], sql`${version}`);
  return found;
}

function isVersionOfFile(version: SQLWrapper): SQL | undefined {
  return and(
    eq(fileVersions.tenantId, files.tenantId),
    eq(fileVersions.fileId, files.id),
    eq(fileVersions.version, version),
  );
}

/** Files with all that their records show, but for those that are being removed for good. */
export async function findDetails(
  db: Database,
  where: SQL | undefined,
  limit: number,
  viewer?: Viewer,
  order: readonly SQL[] = [],
  version: SQLWrapper = files.currentVersion,
): Promise<readonly FileWithDetails[]> {
  const rows = await db
    .select({
      file: files,
      version: fileVersions,
      shared: shares.permission,
      sharedUntilMs: shares.expiresAtMs,
    })
    .from(files)
    .innerJoin(fileVersions, isVersionOfFile(version))
    .leftJoin(shares, isSharedWith(viewer))
    .where(and(where, isNull(files.purgingAtMs)))
    .orderBy(...order)
    .limit(limit);
  return addDetails(db, rows);
}

/** No viewer has the user id "", so that nothing is joined. */
function isSharedWith({ userId, nowMs }: { userId: string; nowMs: number } = { userId: "", nowMs: 0 }) {
  return and(
    eq(shares.tenantId, files.tenantId),
    eq(shares.fileId, files.id),
    sql`${shares.userId} = ${userId}`,
    or(isNull(shares.expiresAtMs), gt(shares.expiresAtMs, nowMs)),
  );
}

type FileAndVersion = Pick<FileWithDetails, "file" | "version"> & {
  readonly shared: SharePermission | null;
  readonly sharedUntilMs: number | null;
};

/** Tags, newest verdicts, derivatives and how the tenant stands, for a page of files, in one batch whatever their number. */
async function addDetails(
  db: Database,
  rows: readonly FileAndVersion[],
): Promise<readonly FileWithDetails[]> {
  const first = rows[0];
  if (first === undefined) return [];
  const tenantId = first.file.tenantId;
  const refs = JSON.stringify(rows.map(({ file }) => file.id));
  const among = (column: unknown) => sql`${column} IN (SELECT value FROM json_each(${refs}))`;
  const [tagRows, verdictRows, derivativeRows, missingRows, failedRows, replicaRows, [tenant]] =
    await db.batch([
      db
        .select({ fileId: sql<FileId>`file_id`.as("file_id"), tag: sql<string>`tag`.as("tag") })
        // Left to itself, SQLite may read all of the tenant's tags by an index that has what is asked for.
        .from(sql`${fileTags} INDEXED BY file_tags_by_file`)
        .where(sql`tenant_id = ${tenantId} AND ${among(sql`file_id`)}`),
      db
        .select()
        .from(verdicts)
        .where(and(eq(verdicts.tenantId, tenantId), among(verdicts.fileId)))
        .orderBy(desc(verdicts.scannedAtMs)),
      db
        .select(NAMED_DERIVATIVE)
        .from(derivatives)
        .where(and(eq(derivatives.tenantId, tenantId), among(derivatives.fileId), isNamed(derivatives))),
      db
        .select(NAMED_MISSING)
        .from(missingDerivatives)
        .where(
          and(
            eq(missingDerivatives.tenantId, tenantId),
            among(missingDerivatives.fileId),
            isNamed(missingDerivatives),
          ),
        ),
      db
        .select()
        .from(failedJobs)
        .where(and(eq(failedJobs.tenantId, tenantId), among(failedJobs.fileId))),
      db
        .select()
        .from(replicas)
        .where(and(eq(replicas.tenantId, tenantId), among(replicas.fileId)))
        .orderBy(asc(replicas.target)),
      db
        .select({ settings: tenants.settings, erasingAtMs: tenants.erasingAtMs })
        .from(tenants)
        .where(eq(tenants.tenantId, tenantId)),
    ]);
  return rows.map((row) => {
    const isOfRow = (other: { fileId: FileId; version: number }): boolean =>
      other.fileId === row.file.id && other.version === row.version.version;
    return {
      ...row,
      shared: row.shared ?? undefined,
      sharedUntilMs: row.sharedUntilMs ?? undefined,
      tags: tagRows.filter((tag) => tag.fileId === row.file.id).map((tag) => tag.tag),
      verdict: verdictRows.find(isOfRow),
      foundLater: wasFoundLater(verdictRows.filter(isOfRow)),
      derivatives: derivativeRows.filter(isOfRow),
      missingDerivatives: missingRows.filter(isOfRow),
      failedJob: failedRows.find(isOfRow),
      replicas: replicaRows.filter(isOfRow),
      warnBytes: tenant?.settings.warnBytes?.[row.version.fileClass],
      hasPublicFiles: tenant?.settings.publicFiles !== false,
      opensEntities: tenant?.settings.entityAccess !== "owner",
      avifDerivatives: tenant?.settings.avifDerivatives === true,
      isTenantErasing: (tenant?.erasingAtMs ?? null) !== null,
    };
  });
}

/** One version of a tenant's file, or undefined; none of a file that is being removed for good. */
export async function findVersion(db: Database, ref: FileVersionRef): Promise<VersionRow | undefined> {
  const isThere = db
    .select({ one: sql`1` })
    .from(files)
    .where(and(eq(files.tenantId, ref.tenantId), eq(files.id, ref.fileId), isNull(files.purgingAtMs)));
  return db.query.fileVersions.findFirst({ where: and(isVersion(ref), exists(isThere)) });
}
