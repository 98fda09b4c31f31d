import type { Actor } from "#contract/audit.ts";
import type { Erasure, ErasureRequest } from "#contract/erasures.ts";
import { firstDigest, signProof } from "#contract/erasures.ts";
import { AppError } from "#contract/errors.ts";
import type { TenantId } from "#contract/ids.ts";
import { ErasureId, newErasureId } from "#contract/ids.ts";
import { formatTime, formatTimeOrNull } from "#contract/times.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { allDatabases, databaseFor } from "../db/database.ts";
import type { ErasureEnd } from "../db/erasure-ends.ts";
import type { ErasureRow } from "../db/erasures.ts";
import { beginErasure, findErasure } from "../db/erasures.ts";
import { countRemovals } from "../db/replica-removals.ts";
import { forgetTenantStanding } from "./tenants.ts";

/**
 * Asks for the erasure of all that a tenant has, or returns the one that is under way. Throws `REQUEST_INVALID` where the
 * tenant isn't named again, and `TENANT_NOT_FOUND`.
 */
export async function requestErasure(
  env: DatabaseBindings,
  actor: Actor,
  { confirm, reason }: ErasureRequest,
  nowMs: number,
): Promise<ErasureRow> {
  const { tenantId } = actor;
  if (confirm !== tenantId) {
    throw new AppError("REQUEST_INVALID", {
      errors: [{ path: "confirm", message: "has to be the tenant's id" }],
    });
  }
  const id = newErasureId();
  const digest = await firstDigest(tenantId, id);
  const erasure = { tenantId, id, requestedBy: actor.id, reason: reason ?? null, digest };
  const event = { actor, action: "tenant.erased", detail: { erasureId: id }, atMs: nowMs } as const;
  const begun = await beginErasure(databaseFor(env, tenantId), erasure, event);
  if (begun === undefined) throw new AppError("TENANT_NOT_FOUND");
  forgetTenantStanding(env, tenantId);
  return begun;
}

/**
 * An erasure by its id. Throws `ERASURE_NOT_FOUND`.
 * @param tenantId whose it has to be; undefined for an operator
 */
export async function requireErasure(
  env: DatabaseBindings,
  tenantId: TenantId | undefined,
  id: string,
): Promise<ErasureRow> {
  const parsed = ErasureId.safeParse(id);
  if (!parsed.success) throw new AppError("ERASURE_NOT_FOUND");
  const databases = tenantId === undefined ? allDatabases(env) : [databaseFor(env, tenantId)];
  const found = await Promise.all(databases.map((db) => findErasure(db, tenantId, parsed.data)));
  const erasure = found.find((row) => row !== undefined);
  if (erasure === undefined) throw new AppError("ERASURE_NOT_FOUND");
  return erasure;
}

/** How many copies at targets an erasure still waits for. */
export async function countCopiesLeft(env: DatabaseBindings, { tenantId }: ErasureRow): Promise<number> {
  return countRemovals(databaseFor(env, tenantId), tenantId);
}

/** An erasure as it stands; when it is finished, with its proof. */
export function formatErasure(row: ErasureRow, copiesLeft: number): Erasure {
  const { id, tenantId, requestedBy, reason, files, versions, objects, bytes, digest, signature, kid } = row;
  const startedAt = formatTime(row.startedAtMs);
  const finishedAt = formatTimeOrNull(row.finishedAtMs);
  const removed = { files, versions, objects, bytes, digest };
  const ended = { copiesLeft, signature, kid };
  return { id, tenantId, requestedBy, reason, startedAt, finishedAt, ...removed, ...ended };
}

/** The end of an erasure at a time: its proof, signed by the first of the keys. */
export async function proveErasure(
  row: ErasureRow,
  finishedAtMs: number,
  [key]: readonly { readonly kid: string; readonly secret: string }[],
): Promise<ErasureEnd> {
  if (key === undefined) throw new Error("There is no signing key.");
  const proof = formatErasure({ ...row, finishedAtMs }, 0);
  return { finishedAtMs, signature: await signProof(proof, key), kid: key.kid };
}
