import type { SQL } from "drizzle-orm";
import { and, eq, isNull, lte, or, sql } from "drizzle-orm";
import type { TenantId } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import { idempotencyKeys } from "./schema/idempotency.ts";

export type IdempotencyRow = typeof idempotencyKeys.$inferSelect;

export interface IdempotencyRef {
  readonly tenantId: TenantId;
  readonly keyHash: string;
}

/** Two for each that comes: what is over goes sooner than new ones come, without an index of times. */
const REMOVED_AT_ONCE = 2;

function isRef({ tenantId, keyHash }: IdempotencyRef): SQL | undefined {
  return and(eq(idempotencyKeys.tenantId, tenantId), eq(idempotencyKeys.keyHash, keyHash));
}

export interface KeyTimes {
  readonly nowMs: number;
  /** What began before is over, answered or not. */
  readonly keptSinceMs: number;
  /** What began before and has no answer won't have one. */
  readonly abandonedSinceMs: number;
}

/** Of claims in the same millisecond, so many have ids of their own: the product is below 2^53 until the year 2039. */
const IDS_A_MS = 4096;

/** Ids are in the order of their times, and never used again: who comes late settles nobody else's claim. */
function newClaimId(nowMs: number): number {
  const [random = 0] = crypto.getRandomValues(new Uint16Array(1));
  return nowMs * IDS_A_MS + (random % IDS_A_MS);
}

/** Takes a key for a request. The id that it has then; undefined where another request has it. */
export async function insertKey(
  db: Database,
  ref: IdempotencyRef,
  fingerprint: string,
  { nowMs, keptSinceMs, abandonedSinceMs }: KeyTimes,
): Promise<number | undefined> {
  const { id, begunAtMs, answer } = idempotencyKeys;
  const oldest = sql`${id} IN (SELECT id FROM ${idempotencyKeys} ORDER BY id LIMIT ${REMOVED_AT_ONCE})`;
  const isAbandoned = and(isNull(answer), lte(begunAtMs, abandonedSinceMs));
  const [, , [taken]] = await db.batch([
    db.delete(idempotencyKeys).where(and(oldest, lte(begunAtMs, keptSinceMs))),
    db.delete(idempotencyKeys).where(and(isRef(ref), or(lte(begunAtMs, keptSinceMs), isAbandoned))),
    db
      .insert(idempotencyKeys)
      .values({ ...ref, id: newClaimId(nowMs), fingerprint, begunAtMs: nowMs })
      .onConflictDoNothing()
      .returning({ id }),
  ]);
  return taken?.id;
}

export async function findKey(db: Database, ref: IdempotencyRef): Promise<IdempotencyRow | undefined> {
  const [row] = await db.select().from(idempotencyKeys).where(isRef(ref));
  return row;
}

/**
 * Keeps the answer of the request that took the key, unless another has taken it since.
 * @param asOfMs when a request had to begin that is over when the answer is good no more: this one, if it began later
 */
export async function keepAnswer(
  db: Database,
  ref: IdempotencyRef,
  takenId: number,
  answer: string,
  asOfMs: number,
): Promise<void> {
  await db
    .update(idempotencyKeys)
    .set({ answer, begunAtMs: sql`min(${idempotencyKeys.begunAtMs}, ${asOfMs})` })
    .where(and(isRef(ref), eq(idempotencyKeys.id, takenId)));
}

/** Gives a key back whose request made nothing. */
export async function deleteKey(db: Database, ref: IdempotencyRef, takenId: number): Promise<void> {
  await db.delete(idempotencyKeys).where(and(isRef(ref), eq(idempotencyKeys.id, takenId)));
}
