import type { SQL } from "drizzle-orm";
import { and, eq, gte, isNotNull, isNull, lte, or, sql } from "drizzle-orm";
import type { FileVersionRef } from "#contract/ids.ts";
import type { CopyMismatchReport } from "#contract/replicas.ts";
import type { Database } from "./database.ts";
import { isVersion } from "./files.ts";
import { isNamed } from "./named-derivatives.ts";
import { isOfVersion } from "./of-version.ts";
import { fileVersions } from "./schema/files.ts";
import { derivatives } from "./schema/processing.ts";
import { replicaRemovals, replicas } from "./schema/replicas.ts";
import { tenants } from "./schema/tenants.ts";

export type ReplicaRow = typeof replicas.$inferSelect;

/** One version's copy at one target. */
export interface CopyAt extends FileVersionRef {
  readonly target: string;
}

export function isCopy(ref: CopyAt): SQL | undefined {
  return and(isOfVersion(replicas, ref), eq(replicas.target, ref.target));
}

/** Where a version that is becoming clean is to be copied to. */
export interface WantedCopies {
  readonly targets: readonly string[];
  readonly nowMs: number;
  /** When cron sends their job, unless they are done by then. */
  readonly announceAtMs: number;
}

export const NO_COPIES: WantedCopies = { targets: [], nowMs: 0, announceAtMs: 0 };

/**
 * The statements by which a version that is clean is wanted at targets where it isn't yet: one, or none. They belong behind
 * what makes it clean, into its batch.
 */
export function wantCopies(
  db: Database,
  ref: FileVersionRef,
  { targets, nowMs, announceAtMs }: WantedCopies,
) {
  if (targets.length === 0) return [];
  const isClean = and(isVersion(ref), eq(fileVersions.state, "clean"), isNotNull(fileVersions.objectKey));
  const wanted = sql`json_each(${JSON.stringify(targets)})`;
  return [
    db
      .insert(replicas)
      .select(
        sql`SELECT ${ref.tenantId}, ${ref.fileId}, ${ref.version}, value, 'pending', ${fileVersions.objectKey},
          coalesce(${fileVersions.sizeBytes}, 0), ${nowMs}, ${nowMs}, 0, NULL, NULL, ${nowMs}, ${announceAtMs}, NULL, NULL, NULL
          FROM ${fileVersions}, ${wanted} WHERE ${isClean}`,
      )
      .onConflictDoNothing(),
  ] as const;
}

/** The statement by which derivatives of a version are wanted where it is stored, if its tenant wants them copied. */
export function wantDerivativeCopies(db: Database, ref: FileVersionRef, atMs: number) {
  const isWished = sql`EXISTS (SELECT 1 FROM ${tenants} WHERE ${tenants.tenantId} = ${ref.tenantId}
    AND ${tenants.settings} ->> 'replicaDerivatives')`;
  return db
    .update(replicas)
    .set({ announceAtMs: atMs, retryAtMs: atMs })
    .where(and(isOfVersion(replicas, ref), eq(replicas.state, "stored"), isWished));
}

/** A copy whose turn may be now. */
export type DueCopy = Pick<ReplicaRow, "target" | "state" | "code">;

/** Nobody is at it, its next try isn't in the future, and nothing of another time is to be removed there first. */
function isDue(ref: FileVersionRef, targets: readonly string[], nowMs: number): SQL | undefined {
  const itsRemoval = sql`SELECT 1 FROM ${replicaRemovals} WHERE ${isOfVersion(replicaRemovals, ref)}
    AND ${replicaRemovals.target} = ${replicas.target}`;
  return and(
    isOfVersion(replicas, ref),
    sql`${replicas.target} IN (SELECT value FROM json_each(${JSON.stringify(targets)}))`,
    isNotNull(replicas.announceAtMs),
    lte(replicas.retryAtMs, nowMs),
    or(isNull(replicas.leaseId), lte(replicas.leasedUntilMs, nowMs)),
    sql`NOT EXISTS (${itsRemoval})`,
  );
}

/** A version's copies at these targets that can be made now. */
export async function findDueCopies(
  db: Database,
  ref: FileVersionRef,
  targets: readonly string[],
  nowMs: number,
): Promise<readonly DueCopy[]> {
  const { target, state, code } = replicas;
  return db
    .select({ target, state, code })
    .from(replicas)
    .where(isDue(ref, targets, nowMs));
}

/** Leases those of them that still can be, and returns at which targets. */
export async function leaseCopies(
  db: Database,
  ref: FileVersionRef,
  targets: readonly string[],
  lease: { readonly id: string; readonly untilMs: number; readonly nowMs: number },
): Promise<readonly string[]> {
  const leased = await db
    .update(replicas)
    .set({ leaseId: lease.id, leasedUntilMs: lease.untilMs, announceAtMs: lease.untilMs })
    .where(isDue(ref, targets, lease.nowMs))
    .returning({ target: replicas.target });
  return leased.map(({ target }) => target).toSorted();
}

export async function findCopy(db: Database, ref: CopyAt): Promise<ReplicaRow | undefined> {
  return db.query.replicas.findFirst({ where: isCopy(ref) });
}

/** What changes about a copy when its turn is over. */
export type CopyEnd = Pick<ReplicaRow, "state" | "tries" | "code" | "detail" | "retryAtMs" | "announceAtMs"> &
  Partial<Pick<ReplicaRow, "changedAtMs" | "derivativesAtMs">>;

/** What of a version was made later than that, of what is copied with it. */
function isMadeSince(ref: FileVersionRef, asOfMs: number): SQL {
  return sql`EXISTS (SELECT 1 FROM ${derivatives}
    WHERE ${and(isOfVersion(derivatives, ref), isNamed(derivatives), gte(derivatives.createdAtMs, asOfMs))})`;
}

/**
 * Ends a copy's turn. False where it isn't that lease's any more, or is gone.
 * @param derivativesFromMs it has another turn, at once, where a derivative was made since then; null where none is wanted
 */
export async function endCopy(
  db: Database,
  ref: CopyAt,
  leaseId: string,
  end: CopyEnd,
  nowMs: number,
  derivativesFromMs: number | null,
): Promise<boolean> {
  const { announceAtMs } = end;
  const nextMs =
    derivativesFromMs === null
      ? announceAtMs
      : sql`CASE WHEN ${isMadeSince(ref, derivativesFromMs)} THEN ${nowMs} ELSE ${announceAtMs} END`;
  const ended = await db
    .update(replicas)
    .set({ ...end, announceAtMs: nextMs, leaseId: null, leasedUntilMs: nowMs })
    .where(and(isCopy(ref), eq(replicas.leaseId, leaseId)))
    .returning({ target: replicas.target });
  return ended.length > 0;
}

/**
 * Keeps that a stored copy hasn't the bytes of its clean version, or isn't there. Whoever is at it has its lease no more: what was copied
 * behind the original doesn't make that right. Nothing changes where the copy, or the version, is another by now.
 */
export async function unstoreCopy(
  db: Database,
  report: CopyMismatchReport,
  detail: string,
  nowMs: number,
): Promise<void> {
  const { objectKey, sha256 } = report;
  const hasThatHash = sql`EXISTS (SELECT 1 FROM ${fileVersions}
    WHERE ${and(isVersion(report), eq(fileVersions.state, "clean"), eq(fileVersions.sha256, sha256))})`;
  await db
    .update(replicas)
    .set({
      ...{ state: "pending", code: report.fault, detail, changedAtMs: nowMs },
      ...{ retryAtMs: nowMs, announceAtMs: nowMs, leaseId: null },
    })
    .where(and(isCopy(report), eq(replicas.state, "stored"), eq(replicas.objectKey, objectKey), hasThatHash));
}
