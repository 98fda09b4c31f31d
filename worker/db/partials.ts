import type { SQL } from "drizzle-orm";
import { and, eq, sql } from "drizzle-orm";
import type { FileId, FileVersionRef, TenantId, UserId } from "#contract/ids.ts";
import { chargeOf } from "#contract/quota.ts";
import type { Database } from "./database.ts";
import type { Wanted } from "./quota.ts";
import { FIRST_CHECK_MS, freeBytes, isReservation, isReserved } from "./quota.ts";
import { quotaReservations } from "./schema/tenants.ts";

/**
 * What partial uploads (tus 1.0, Concatenation) have reserved, while they are joined: each keeps its own reservation, with
 * the final upload's name in it, and the final one reserves what it needs beyond them. So a final upload that comes to
 * nothing, however it does, leaves them as they were: a name under which nothing is reserved any more counts for none.
 */

/** A partial upload that another is made of. */
export interface ReservedPartial {
  readonly fileId: FileId;
  readonly sizeBytes: number;
}

/** Each of them once: a final upload may have the same one twice. */
function distinct(partials: readonly ReservedPartial[]): readonly ReservedPartial[] {
  return [...new Map(partials.map((partial) => [partial.fileId, partial])).values()];
}

/** Partials' reservations that no other upload has, by their ids, in the rows `p` of quota_reservations. */
function areFree(tenantId: TenantId, partials: readonly ReservedPartial[]): SQL {
  const ids = JSON.stringify(partials.map(({ fileId }) => fileId));
  return sql`p.tenant_id = ${tenantId} AND p.version = 1 AND p.file_id IN (SELECT value FROM json_each(${ids}))
    AND NOT EXISTS (SELECT 1 FROM quota_reservations AS f
      WHERE f.tenant_id = p.tenant_id AND f.file_id = p.final_id AND f.version = p.final_version)`;
}

/**
 * The statement that reserves for a final upload what it needs beyond its partials, if all of these are free and there is
 * room, and returns what it has reserved. What its partials have is enough also where the quota is exceeded by now; and it
 * is let in however many uploads are under way, of which it ends some.
 */
export function reserveBeyond(
  db: Database,
  ref: FileVersionRef,
  wanted: Wanted,
  ownerId: UserId,
  partials: readonly ReservedPartial[],
  nowMs: number,
) {
  const { tenantId, fileId, version } = ref;
  const joined = distinct(partials);
  const joinedBytes = joined.reduce((sum, { sizeBytes }) => sum + chargeOf(sizeBytes), 0);
  // Many small ones count more than what they become.
  const neededBytes = Math.max(0, wanted.atLeastBytes - joinedBytes);
  // A partial whose length was told late may have more reserved than it became: `join` frees that.
  return db
    .insert(quotaReservations)
    .select(
      sql`SELECT ${tenantId}, ${fileId}, ${version}, ${neededBytes}, ${nowMs}, ${nowMs + FIRST_CHECK_MS}, NULL, NULL, NULL, ${ownerId}
        FROM tenants AS t, (SELECT count(*) AS found, coalesce(sum(p.reserved_bytes), 0) AS bytes
          FROM quota_reservations AS p WHERE ${areFree(tenantId, joined)}) AS held
        WHERE t.tenant_id = ${tenantId} AND t.erasing_at_ms IS NULL AND held.found = ${joined.length}
          AND ${neededBytes} <= max(0, ${freeBytes(wanted)}) + held.bytes - ${joinedBytes}`,
    )
    .returning({ reservedBytes: quotaReservations.reservedBytes });
}

/** Partials' reservations, by their ids as one JSON text. */
function areOf(tenantId: TenantId, partials: readonly Pick<ReservedPartial, "fileId">[]): SQL | undefined {
  const ids = JSON.stringify(partials.map(({ fileId }) => fileId));
  return and(
    eq(quotaReservations.tenantId, tenantId),
    eq(quotaReservations.version, 1),
    sql`${quotaReservations.fileId} IN (SELECT value FROM json_each(${ids}))`,
  );
}

/** The statement that gives partials to the final upload that has reserved beyond them. */
export function join(db: Database, ref: FileVersionRef, partials: readonly ReservedPartial[]) {
  const { tenantId, fileId, version } = ref;
  const sizes = JSON.stringify(
    Object.fromEntries(partials.map(({ fileId: partialId, sizeBytes }) => [partialId, chargeOf(sizeBytes)])),
  );
  return db
    .update(quotaReservations)
    .set({
      finalId: fileId,
      finalVersion: version,
      reservedBytes: sql`(SELECT s.value FROM json_each(${sizes}) AS s WHERE s.key = ${quotaReservations.fileId})`,
    })
    .where(and(areOf(tenantId, partials), isReserved(ref)));
}

/**
 * The statement that ends the reservations of a final upload's partials, which count by its version from now on.
 * @param isStored the condition under which they do
 */
export function endJoined(
  db: Database,
  { tenantId, fileId, version }: FileVersionRef,
  partials: readonly Pick<ReservedPartial, "fileId">[],
  isStored: SQL,
) {
  const isJoined = and(eq(quotaReservations.finalId, fileId), eq(quotaReservations.finalVersion, version));
  return db.delete(quotaReservations).where(and(areOf(tenantId, partials), isJoined, isStored));
}

/**
 * The statement that gives what an upload has reserved to the final upload that it was joined to, if it was: one may have
 * copied a partial that ends now. To be followed by the end of the upload's own reservation.
 */
export function handOver(db: Database, { tenantId, fileId, version }: FileVersionRef) {
  const isPartial = sql`p.tenant_id = ${tenantId} AND p.file_id = ${fileId} AND p.version = ${version}`;
  return db
    .update(quotaReservations)
    .set({
      reservedBytes: sql`${quotaReservations.reservedBytes}
        + (SELECT p.reserved_bytes FROM quota_reservations AS p WHERE ${isPartial})`,
    })
    .where(
      sql`(${quotaReservations.tenantId}, ${quotaReservations.fileId}, ${quotaReservations.version})
        = (SELECT p.tenant_id, p.final_id, p.final_version FROM quota_reservations AS p WHERE ${isPartial})`,
    );
}

/** Whether all of them are still there, and no other upload has them. */
export async function arePartialsFree(
  db: Database,
  tenantId: TenantId,
  partials: readonly ReservedPartial[],
): Promise<boolean> {
  const joined = distinct(partials);
  const [counted] = await db.all<{ found: number }>(
    sql`SELECT count(*) AS found FROM quota_reservations AS p WHERE ${areFree(tenantId, joined)}`,
  );
  return counted?.found === joined.length;
}

/** In which final upload's name a partial's reservation is; undefined where there is none, or no reservation any more. */
export async function findFinal(
  db: Database,
  partial: FileVersionRef,
): Promise<Pick<FileVersionRef, "fileId" | "version"> | undefined> {
  const [row] = await db
    .select({ fileId: quotaReservations.finalId, version: quotaReservations.finalVersion })
    .from(quotaReservations)
    .where(isReservation(partial));
  const { fileId = null, version = null } = row ?? {};
  return fileId === null || version === null ? undefined : { fileId, version };
}

/** Which partials have nothing reserved any more: their final upload is stored, or they ended. No other can have them. */
export async function findUnreserved(
  db: Database,
  tenantId: TenantId,
  ids: readonly FileId[],
): Promise<readonly FileId[]> {
  const rows = await db.all<{ id: FileId }>(
    sql`SELECT value AS id FROM json_each(${JSON.stringify(ids)}) WHERE NOT EXISTS (
      SELECT 1 FROM quota_reservations AS p WHERE p.tenant_id = ${tenantId} AND p.file_id = value AND p.version = 1)`,
  );
  return rows.map(({ id }) => id);
}
