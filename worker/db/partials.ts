import type { SQL } from "drizzle-orm";
import { and, eq, isNull, sql } from "drizzle-orm";
import { chargeOf } from "#contract/charges.ts";
import type { FileId, FileVersionRef, TenantId, UserId } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import type { Begun, Wanted } from "./quota.ts";
import { FIRST_CHECK_MS, freeBytes, isReserved } from "./quota.ts";
import { quotaReservations } from "./schema/tenants.ts";

/**
 * Which final upload a partial one (tus 1.0, Concatenation) was joined to, and whether it is spent, is in the partial's
 * reservation and nowhere else. Each keeps its own while it is joined, with the final upload's name in it, and the final one
 * reserves what it needs beyond them. So a final upload that comes to nothing, however it does, leaves them as they were: a
 * name under which nothing is reserved any more counts for none. From when the final one is stored a partial is spent: it
 * has nothing reserved, and nobody else can have it.
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

/** Partials by their ids, as rows `p` of quota_reservations. */
function areAmong(tenantId: TenantId, ids: readonly FileId[]): SQL {
  return sql`p.tenant_id = ${tenantId} AND p.version = 1
    AND p.file_id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
}

/** Whether the final upload that row `p` names is under way. */
const HAS_FINAL = sql.raw(`EXISTS (SELECT 1 FROM quota_reservations AS f
  WHERE f.tenant_id = p.tenant_id AND f.file_id = p.final_id AND f.version = p.final_version)`);

/** Partials' reservations that no other upload has, by their ids, in the rows `p` of quota_reservations. */
function areFree(tenantId: TenantId, partials: readonly ReservedPartial[]): SQL {
  const ids = partials.map(({ fileId }) => fileId);
  return sql`${areAmong(tenantId, ids)} AND p.spent_at_ms IS NULL AND NOT ${HAS_FINAL}`;
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
  begun: Begun,
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
      sql`SELECT ${tenantId}, ${fileId}, ${version}, ${neededBytes}, ${nowMs}, ${nowMs + FIRST_CHECK_MS}, NULL, NULL, NULL, NULL, ${ownerId}, ${begun === "file"}
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

/** How long it is known to which final upload a spent partial was joined: as long as its object knows that it is complete. */
const KNOWN_MS = 24 * 3_600_000;

/**
 * The statement that spends a final upload's partials, which count by its version from now on.
 * @param isStored the condition under which they do
 */
export function spendJoined(
  db: Database,
  { tenantId, fileId, version }: FileVersionRef,
  partials: readonly Pick<ReservedPartial, "fileId">[],
  isStored: SQL,
  nowMs: number,
) {
  const isJoined = and(eq(quotaReservations.finalId, fileId), eq(quotaReservations.finalVersion, version));
  return db
    .update(quotaReservations)
    .set({ reservedBytes: 0, spentAtMs: nowMs, checkAtMs: nowMs + KNOWN_MS })
    .where(and(areOf(tenantId, partials), isJoined, isStored, isNull(quotaReservations.spentAtMs)));
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

/** The final upload of some partials. */
export interface JoinedFinal extends Pick<FileVersionRef, "fileId" | "version"> {
  /** When its creation began; null where it is stored. */
  readonly reservedAtMs: number | null;
}

/**
 * The final upload that has all of these partials, under way or stored, as long as its file is there; undefined where
 * they have none in common.
 */
export async function findFinal(
  db: Database,
  tenantId: TenantId,
  ids: readonly FileId[],
): Promise<JoinedFinal | undefined> {
  const [found] = await db.all<JoinedFinal>(
    sql`SELECT p.final_id AS fileId, p.final_version AS version, r.created_at_ms AS reservedAtMs
      FROM quota_reservations AS p
        JOIN file_versions AS v
          ON v.tenant_id = p.tenant_id AND v.file_id = p.final_id AND v.version = p.final_version
        JOIN files ON files.tenant_id = v.tenant_id AND files.id = v.file_id AND files.purging_at_ms IS NULL
        LEFT JOIN quota_reservations AS r
          ON r.tenant_id = p.tenant_id AND r.file_id = p.final_id AND r.version = p.final_version
      WHERE ${areAmong(tenantId, ids)} AND (p.spent_at_ms IS NOT NULL OR r.created_at_ms IS NOT NULL)
      GROUP BY p.final_id, p.final_version HAVING count(*) = ${new Set(ids).size}`,
  );
  return found;
}

/** Which partials are spent or have ended: no other final upload can have them. */
export async function findSpent(
  db: Database,
  tenantId: TenantId,
  ids: readonly FileId[],
): Promise<readonly FileId[]> {
  const rows = await db.all<{ id: FileId }>(
    sql`SELECT value AS id FROM json_each(${JSON.stringify(ids)}) WHERE NOT EXISTS (
      SELECT 1 FROM quota_reservations AS p
      WHERE p.tenant_id = ${tenantId} AND p.file_id = value AND p.version = 1 AND p.spent_at_ms IS NULL)`,
  );
  return rows.map(({ id }) => id);
}
