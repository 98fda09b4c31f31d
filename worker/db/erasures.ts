import type { SQL } from "drizzle-orm";
import { and, asc, eq, inArray, isNotNull, isNull, lte, or, sql } from "drizzle-orm";
import type { ErasureId, FileId, FileVersionRef, TenantId } from "#contract/ids.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import { freeing } from "./freeing.ts";
import type { PendingObject } from "./schema/erasures.ts";
import { erasures } from "./schema/erasures.ts";
import { files, fileVersions } from "./schema/files.ts";
import { quotaReservations, tenants } from "./schema/tenants.ts";
import { selectRow } from "./select-row.ts";
import { isLeftOf, isOwedOnlyCopies } from "./tenant-leftovers.ts";

export type { PendingObject };
export type ErasureRow = typeof erasures.$inferSelect;

export interface NewErasure {
  readonly tenantId: TenantId;
  readonly id: ErasureId;
  readonly requestedBy: string;
  readonly reason: string | null;
  readonly digest: string;
}

/**
 * Begins the erasure of a tenant, from which on nothing of it is served or taken, and returns it; or the one that has
 * begun before. One that has nothing but its audit trail, or what is owed for it, gets a row for that. Undefined where there
 * is nothing of the tenant.
 */
export async function beginErasure(
  db: Database,
  erasure: NewErasure,
  event: AuditEvent,
): Promise<ErasureRow | undefined> {
  const { tenantId, id, requestedBy, reason, digest } = erasure;
  const unfinished = and(eq(erasures.tenantId, tenantId), isNull(erasures.finishedAtMs));
  return freeing(db, event, [id], async (record) => {
    const [, , , , [begun]] = await db.batch([
      db
        .insert(tenants)
        .select(sql`${selectRow(tenants, { tenantId, createdAtMs: event.atMs })} WHERE ${isLeftOf(tenantId)}`)
        .onConflictDoNothing(),
      db
        .update(tenants)
        .set({ erasingAtMs: event.atMs })
        .where(and(eq(tenants.tenantId, tenantId), isNull(tenants.erasingAtMs))),
      record(auditIfChanged(db, event)),
      db.insert(erasures).select(
        sql`SELECT ${tenantId}, ${id}, ${requestedBy}, ${reason}, ${event.atMs}, NULL, NULL, 0, 0, 0, 0, ${digest}, NULL, NULL, NULL
          WHERE EXISTS (SELECT 1 FROM ${tenants} WHERE ${tenants.tenantId} = ${tenantId})
          AND NOT EXISTS (SELECT 1 FROM ${erasures} WHERE ${unfinished})`,
      ),
      db.select().from(erasures).where(unfinished),
    ]);
    return begun;
  });
}

export interface UnfinishedErasure {
  readonly erasure: ErasureRow;
  /** Others remove what is left of the tenant: copies at replica targets. */
  readonly waitsForCopies: boolean;
}

/** Those that aren't finished, the oldest first, but for what was found empty after `emptyUntilMs`. There are few. */
export async function findUnfinishedErasures(
  db: Database,
  emptyUntilMs: number,
): Promise<readonly UnfinishedErasure[]> {
  const { emptyAtMs, finishedAtMs, startedAtMs, id } = erasures;
  const waits = sql<number>`erasures.pending IS NULL AND ${isOwedOnlyCopies("erasures")}`;
  const rows = await db
    .select({ erasure: erasures, waits })
    .from(erasures)
    .where(and(isNull(finishedAtMs), or(isNull(emptyAtMs), lte(emptyAtMs, emptyUntilMs))))
    .orderBy(asc(startedAtMs), asc(id));
  return rows.map((row) => ({ erasure: row.erasure, waitsForCopies: row.waits === 1 }));
}

/** @param tenantId whose it has to be; undefined for anybody's */
export async function findErasure(
  db: Database,
  tenantId: TenantId | undefined,
  id: ErasureId,
): Promise<ErasureRow | undefined> {
  const isOfTenant = tenantId && eq(erasures.tenantId, tenantId);
  return db.query.erasures.findFirst({ where: and(isOfTenant, eq(erasures.id, id)) });
}

type VersionToErase = Pick<typeof fileVersions.$inferSelect, "version" | "state" | "createdAtMs">;

export interface FileToErase {
  readonly id: FileId;
  readonly versions: readonly VersionToErase[];
}

/** The next files of a tenant by their ids, with their versions: those in the trash and those being purged too. */
export async function findFilesToErase(
  db: Database,
  tenantId: TenantId,
  limit: number,
): Promise<readonly FileToErase[]> {
  const next = () =>
    db
      .select({ id: files.id })
      .from(files)
      .where(eq(files.tenantId, tenantId))
      .orderBy(asc(files.id))
      .limit(limit);
  const { fileId, version, state, createdAtMs } = fileVersions;
  const [found, versions] = await db.batch([
    next(),
    db
      .select({ fileId, version, state, createdAtMs })
      .from(fileVersions)
      .where(and(eq(fileVersions.tenantId, tenantId), inArray(fileVersions.fileId, next()))),
  ]);
  const byFile = Map.groupBy(versions, (row) => row.fileId);
  return found.map(({ id }) => ({ id, versions: byFile.get(id) ?? [] }));
}

/** The erasure as it was read: whoever went on with it meanwhile has changed its digest. */
export function isUnchanged({ tenantId, id, digest }: ErasureRow): SQL | undefined {
  return and(
    eq(erasures.tenantId, tenantId),
    eq(erasures.id, id),
    eq(erasures.digest, digest),
    isNull(erasures.finishedAtMs),
  );
}

/** Removes files with all rows that are about them, and counts them, both or neither. */
export async function eraseFiles(
  db: Database,
  erasure: ErasureRow,
  found: readonly FileToErase[],
  digest: string,
): Promise<void> {
  const { tenantId, id } = erasure;
  const ids = JSON.stringify(found.map((file) => file.id));
  const versions = found.reduce((sum, file) => sum + file.versions.length, 0);
  const isCounted = sql`EXISTS (SELECT 1 FROM ${erasures} WHERE ${erasures.tenantId} = ${tenantId}
    AND ${erasures.id} = ${id} AND ${erasures.digest} = ${digest})`;
  await db.batch([
    db
      .update(erasures)
      .set({
        digest,
        files: sql`${erasures.files} + ${found.length}`,
        versions: sql`${erasures.versions} + ${versions}`,
        emptyAtMs: null,
      })
      .where(isUnchanged(erasure)),
    // Their tags, versions, verdicts, derivatives, shares and links go with them, and their names in the search.
    db
      .delete(files)
      .where(
        and(
          eq(files.tenantId, tenantId),
          sql`${files.id} IN (SELECT value FROM json_each(${ids}))`,
          isCounted,
        ),
      ),
  ]);
}

/**
 * Removes some versions of a file that has more than one step can take, and counts them, both or neither: those that are
 * there, so that doing it twice counts nothing twice.
 */
export async function eraseVersions(
  db: Database,
  { tenantId, id }: ErasureRow,
  fileId: FileId,
  found: readonly VersionToErase[],
): Promise<void> {
  const numbers = JSON.stringify(found.map(({ version }) => version));
  const isErased = and(
    eq(fileVersions.tenantId, tenantId),
    eq(fileVersions.fileId, fileId),
    sql`${fileVersions.version} IN (SELECT value FROM json_each(${numbers}))`,
  );
  await db.batch([
    db
      .update(erasures)
      .set({ versions: sql`${erasures.versions} + ${db.$count(fileVersions, isErased)}`, emptyAtMs: null })
      .where(and(eq(erasures.tenantId, tenantId), eq(erasures.id, id), isNull(erasures.finishedAtMs))),
    db.delete(fileVersions).where(isErased),
  ]);
}

/** The next reservations of a tenant: the uploads that hold them are under way, or partial ones that wait. */
export async function findReservationsToErase(
  db: Database,
  tenantId: TenantId,
  limit: number,
): Promise<readonly FileVersionRef[]> {
  const { tenantId: ofTenant, fileId, version } = quotaReservations;
  const refs = db.select({ tenantId: ofTenant, fileId, version }).from(quotaReservations);
  return refs.where(eq(ofTenant, tenantId)).limit(limit);
}

export async function eraseReservations(
  db: Database,
  tenantId: TenantId,
  found: readonly FileVersionRef[],
): Promise<void> {
  const refs = JSON.stringify(found.map(({ fileId, version }) => [fileId, version]));
  await db.delete(quotaReservations).where(
    and(
      eq(quotaReservations.tenantId, tenantId),
      sql`(${quotaReservations.fileId}, ${quotaReservations.version})
          IN (SELECT value ->> 0, value ->> 1 FROM json_each(${refs}))`,
    ),
  );
}

/** Writes down which objects are removed next, unless others are. */
export async function markObjectsPending(
  db: Database,
  erasure: ErasureRow,
  pending: readonly PendingObject[],
): Promise<void> {
  await db
    .update(erasures)
    .set({ pending, emptyAtMs: null })
    .where(and(isUnchanged(erasure), isNull(erasures.pending)));
}

/** Counts the objects that were written down and are removed now. */
export async function countPendingObjects(
  db: Database,
  erasure: ErasureRow,
  pending: readonly PendingObject[],
  digest: string,
): Promise<void> {
  const bytes = pending.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await db
    .update(erasures)
    .set({
      digest,
      objects: sql`${erasures.objects} + ${pending.length}`,
      bytes: sql`${erasures.bytes} + ${bytes}`,
      pending: null,
    })
    .where(and(isUnchanged(erasure), isNotNull(erasures.pending)));
}
