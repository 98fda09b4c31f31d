import type { SQL } from "drizzle-orm";
import { and, eq, isNotNull, isNull, lt, lte, sql } from "drizzle-orm";
import type { FileVersionRef, TenantId, UserId } from "#contract/ids.ts";
import { MINIMUM_CHARGE_BYTES } from "#contract/quota.ts";
import type { Database } from "./database.ts";
import { quotaReservations, tenants } from "./schema/tenants.ts";
import type { TenantRow } from "./tenants.ts";
import { isOfLivingTenant } from "./tenants.ts";

export type ReservationRow = typeof quotaReservations.$inferSelect;

/** When an upload is first asked whether it is still there: its creation is over by then. */
export const FIRST_CHECK_MS = 3_600_000;

/** What is to be reserved: at least so much or nothing, and more as far as there is room. */
export interface Wanted {
  readonly atLeastBytes: number;
  readonly atMostBytes: number;
  /** The quota of a tenant that has none of its own. */
  readonly defaultQuotaBytes: number;
}

export function isReservation({ tenantId, fileId, version }: FileVersionRef): SQL | undefined {
  return and(
    eq(quotaReservations.tenantId, tenantId),
    eq(quotaReservations.fileId, fileId),
    eq(quotaReservations.version, version),
  );
}

/**
 * Whether an upload has its reservation: the condition of all that is made together with it. Written out, as it is in
 * most statements of a creation, where what drizzle puts together costs more than all else.
 */
export function isReserved({ tenantId, fileId, version }: FileVersionRef): SQL {
  return sql`EXISTS (SELECT 1 FROM quota_reservations AS r
    WHERE r.tenant_id = ${tenantId} AND r.file_id = ${fileId} AND r.version = ${version})`;
}

/**
 * What of a quota is free, in the row `t` of tenants: all stored versions count, and what is reserved. Written out, as
 * `isReserved`.
 */
export function freeBytes({ defaultQuotaBytes }: Wanted): SQL {
  return sql`coalesce(t.quota_bytes, ${defaultQuotaBytes})
    - (t.files_bytes + t.versions_bytes + t.trash_bytes + t.reserved_bytes)`;
}

/** An upload that is about to begin, as far as its reservation goes. */
export interface NewReservation {
  readonly ref: FileVersionRef;
  readonly wanted: Wanted;
  /** What tells its creation from another; null where nobody can ask for it again. */
  readonly creationKey: string | null;
  readonly ownerId: UserId;
  readonly limits: OpenUploadLimits;
  readonly nowMs: number;
}

/** A file that is made together with a reservation is counted with it. */
export type Begun = "file" | "version" | "partial";

/** How many uploads may be under way at once. */
export interface OpenUploadLimits {
  readonly ofTenant: number;
  /** Null for whoever isn't one user: a service, and those it gives grants to. */
  readonly ofUser: number | null;
}

/**
 * Whether one more upload may be under way, in the row `t` of tenants. A user's own are counted only where the tenant has
 * so many that they could be too many.
 */
function isBelow(tenantId: TenantId, ownerId: UserId, { ofTenant, ofUser }: OpenUploadLimits): SQL {
  const belowTenants = sql`t.open_uploads < ${ofTenant}`;
  if (ofUser === null) return belowTenants;
  return sql`${belowTenants} AND (t.open_uploads < ${ofUser} OR (SELECT count(*) FROM (
    SELECT 1 FROM quota_reservations AS r
    WHERE r.tenant_id = ${tenantId} AND r.owner_id = ${ownerId} AND r.spent_at_ms IS NULL LIMIT ${ofUser}
  )) < ${ofUser})`;
}

/** How many uploads of a user are under way. */
export async function countOpenUploads(db: Database, tenantId: TenantId, ownerId: UserId): Promise<number> {
  const isOwn = and(
    eq(quotaReservations.tenantId, tenantId),
    eq(quotaReservations.ownerId, ownerId),
    isNull(quotaReservations.spentAtMs),
  );
  return db.$count(quotaReservations, isOwn);
}

/** The statement that reserves for a new upload if there is room, and returns what it has reserved. */
export function reserve(db: Database, reservation: NewReservation, begun: Begun) {
  const { ref, wanted, creationKey, ownerId, limits, nowMs } = reservation;
  const { tenantId, fileId, version } = ref;
  const free = freeBytes(wanted);
  return db
    .insert(quotaReservations)
    .select(
      sql`SELECT ${tenantId}, ${fileId}, ${version}, min(${wanted.atMostBytes}, ${free}), ${nowMs}, ${nowMs + FIRST_CHECK_MS}, NULL, NULL, ${creationKey}, NULL, ${ownerId}, ${begun === "file"}
        FROM tenants AS t WHERE t.tenant_id = ${tenantId} AND t.erasing_at_ms IS NULL
          AND ${wanted.atLeastBytes} <= ${free} AND ${isBelow(tenantId, ownerId, limits)}`,
    )
    .returning({ reservedBytes: quotaReservations.reservedBytes });
}

/** The statement that ends an upload's reservation: it is stored, or it ended. */
export function release(db: Database, ref: FileVersionRef) {
  return db.delete(quotaReservations).where(isReservation(ref));
}

/** What is reserved for an upload, and by which creation; undefined where nothing is. */
export async function findReservation(
  db: Database,
  ref: FileVersionRef,
): Promise<Pick<ReservationRow, "reservedBytes" | "creationKey"> | undefined> {
  return db.query.quotaReservations.findFirst({
    columns: { reservedBytes: true, creationKey: true },
    where: isReservation(ref),
  });
}

/** What is reserved for an upload, beside its tenant; null where there is no reservation. */
export interface Holding {
  readonly reservedBytes: number | null;
  readonly tenant: TenantRow;
}

/**
 * Reserves more for an upload, or nothing where there isn't room for `atLeastBytes` of it in all, and tells what is
 * reserved then. Doing it again changes nothing. Undefined where there is no tenant.
 */
export async function growReservation(
  db: Database,
  ref: FileVersionRef,
  wanted: Wanted,
): Promise<Holding | undefined> {
  const ofTenant = sql`FROM tenants AS t WHERE t.tenant_id = ${ref.tenantId} AND t.erasing_at_ms IS NULL`;
  const free = sql`${freeBytes(wanted)} + ${quotaReservations.reservedBytes}`;
  const [, [held]] = await db.batch([
    db
      .update(quotaReservations)
      .set({
        reservedBytes: sql`(SELECT min(${wanted.atMostBytes}, ${free}) ${ofTenant})`,
      })
      .where(
        and(
          isReservation(ref),
          lt(quotaReservations.reservedBytes, wanted.atLeastBytes),
          sql`EXISTS (SELECT 1 ${ofTenant} AND ${wanted.atLeastBytes} <= ${free})`,
        ),
      ),
    db
      // By a name of its own: rows of a batch come as objects, in which columns of the same name are one.
      .select({
        reservedBytes: sql<number | null>`${quotaReservations.reservedBytes}`.as("held_bytes"),
        tenant: tenants,
      })
      .from(tenants)
      .leftJoin(quotaReservations, isReservation(ref))
      .where(eq(tenants.tenantId, ref.tenantId)),
  ]);
  return held;
}

/** Gives back what an upload doesn't need, if what is reserved is still `fromBytes`. */
export async function shrinkReservation(
  db: Database,
  ref: FileVersionRef,
  fromBytes: number,
  toBytes: number,
): Promise<void> {
  await db
    .update(quotaReservations)
    .set({ reservedBytes: toBytes })
    .where(and(isReservation(ref), eq(quotaReservations.reservedBytes, fromBytes)));
}

/**
 * Takes on reservations whose uploads are to be asked whether they are still there, those first that wait longest, and puts
 * them off: what isn't asked, or doesn't answer, is asked again then, behind those whose time has come by then.
 */
export async function takeReservationsToCheck(
  db: Database,
  nowMs: number,
  againAtMs: number,
  limit: number,
): Promise<readonly ReservationRow[]> {
  const due = sql`SELECT tenant_id, file_id, version FROM ${quotaReservations}
    WHERE check_at_ms <= ${nowMs} AND ${isOfLivingTenant("quota_reservations")}
    ORDER BY check_at_ms LIMIT ${limit}`;
  return db
    .update(quotaReservations)
    .set({ checkAtMs: againAtMs })
    .where(sql`(tenant_id, file_id, version) IN (${due})`)
    .returning();
}

/** Deletes the rows of partials that were spent so long ago that nobody asks which final upload has them. */
export async function deleteSpent(db: Database, nowMs: number): Promise<void> {
  const isOver = and(lte(quotaReservations.checkAtMs, nowMs), isNotNull(quotaReservations.spentAtMs));
  await db.delete(quotaReservations).where(isOver);
}

export async function postponeCheck(db: Database, ref: FileVersionRef, checkAtMs: number): Promise<void> {
  await db.update(quotaReservations).set({ checkAtMs }).where(isReservation(ref));
}

/** What triggers count in a tenant's row. */
export const COUNTS = [
  "reservedBytes",
  "filesBytes",
  "versionsBytes",
  "trashBytes",
  "derivativesBytes",
  "fileCount",
  "openUploads",
] as const satisfies readonly (keyof TenantRow)[];
export type Counts = Readonly<Record<(typeof COUNTS)[number], number>>;

/** The counts by the rows themselves. Names are written out: drizzle leaves tables out where it selects from one. */
function countsOf(tenantId: TenantId): Record<keyof Counts, SQL<number>> {
  const sumOf = (where: string) =>
    sql<number>`(SELECT coalesce(sum(max(v.size_bytes, ${MINIMUM_CHARGE_BYTES})), 0) FROM file_versions AS v
      JOIN files AS f ON f.tenant_id = v.tenant_id AND f.id = v.file_id
      WHERE v.tenant_id = ${tenantId} AND v.state <> 'uploading' AND ${sql.raw(where)})`;
  return {
    reservedBytes: sql<number>`(SELECT coalesce(sum(r.reserved_bytes), 0) FROM quota_reservations AS r
      WHERE r.tenant_id = ${tenantId})`,
    filesBytes: sumOf("f.deleted_at_ms IS NULL AND f.current_version = v.version"),
    versionsBytes: sumOf("f.deleted_at_ms IS NULL AND f.current_version <> v.version"),
    trashBytes: sumOf("f.deleted_at_ms IS NOT NULL"),
    derivativesBytes: sql<number>`(SELECT coalesce(sum(d.size_bytes), 0) FROM derivatives AS d
      WHERE d.tenant_id = ${tenantId})`,
    fileCount: sql<number>`(SELECT count(*) FROM files AS f WHERE f.tenant_id = ${tenantId})`,
    openUploads: sql<number>`(SELECT count(*) FROM quota_reservations AS r
      WHERE r.tenant_id = ${tenantId} AND r.spent_at_ms IS NULL)`,
  };
}

/** A tenant's row beside what its rows come to, or undefined for one that has none. */
export async function countTenant(
  db: Database,
  tenantId: TenantId,
): Promise<{ readonly kept: Counts; readonly counted: Counts } | undefined> {
  const [found] = await db
    .select({ kept: tenants, counted: countsOf(tenantId) })
    .from(tenants)
    .where(eq(tenants.tenantId, tenantId));
  return found;
}

/** The statement that sets a tenant's counts to what its rows come to. */
export function correctCounts(db: Database, tenantId: TenantId) {
  return db.update(tenants).set(countsOf(tenantId)).where(eq(tenants.tenantId, tenantId));
}
