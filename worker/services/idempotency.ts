import { AppError } from "#contract/errors.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { IdempotencyRef } from "../db/idempotency.ts";
import { deleteKey, findKey, insertKey, keepAnswer } from "../db/idempotency.ts";

/** So long the same request is answered as the first was, at most. */
const KEPT_MS = 24 * 3_600_000;
const RETRY_AFTER_SECONDS = 2;

export interface IdempotentRequest extends IdempotencyRef {
  readonly fingerprint: string;
  /** So long after its beginning nobody answers the first any more. */
  readonly leaseMs: number;
}

/** The right to do what a request asks for, or what it was answered before, as it was kept. */
export type KeyClaim = { readonly takenId: number } | { readonly answer: string };

/**
 * Takes the key of a request, or finds what the same request was answered. Throws `IDEMPOTENCY_KEY_IN_USE` while that one is
 * under way, and `IDEMPOTENCY_KEY_REUSED` where it was another request.
 */
export async function claimKey(
  env: DatabaseBindings,
  request: IdempotentRequest,
  nowMs: number,
): Promise<KeyClaim> {
  const { tenantId, keyHash, fingerprint, leaseMs } = request;
  const db = databaseFor(env, tenantId);
  const times = { nowMs, keptSinceMs: nowMs - KEPT_MS, abandonedSinceMs: nowMs - leaseMs };
  const takenId = await insertKey(db, { tenantId, keyHash }, fingerprint, times);
  if (takenId !== undefined) return { takenId };
  const first = await findKey(db, request);
  if (first !== undefined && first.fingerprint !== fingerprint) throw new AppError("IDEMPOTENCY_KEY_REUSED");
  const answer = first?.answer ?? undefined;
  if (answer !== undefined) return { answer };
  // Or given back just now: the first made nothing, and this may be sent again.
  throw new AppError("IDEMPOTENCY_KEY_IN_USE", { headers: { "Retry-After": String(RETRY_AFTER_SECONDS) } });
}

/** An answer as it is kept, and until when it is good at all. */
export interface Answer {
  readonly text: string;
  readonly goodUntilMs: number;
}

/**
 * Settles a claim: with an answer that is given from now on, or by giving the key back. Never throws: the request has its
 * answer, and the key is free again when its lease is over.
 */
export async function settleKey(
  env: DatabaseBindings,
  ref: IdempotencyRef,
  takenId: number,
  answer: Answer | undefined,
): Promise<void> {
  const db = databaseFor(env, ref.tenantId);
  try {
    await (answer === undefined
      ? deleteKey(db, ref, takenId)
      : keepAnswer(db, ref, takenId, answer.text, answer.goodUntilMs - KEPT_MS));
  } catch (error) {
    console.error({ event: "idempotency-key-unsettled", tenantId: ref.tenantId, error: String(error) });
  }
}
