import type { Actor } from "#contract/audit.ts";
import type { TenantId } from "#contract/ids.ts";
import type { Recount } from "#contract/tenant-admin.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { RecountStanding } from "../db/recounts.ts";
import { beginRecount, findRecount } from "../db/recounts.ts";
import { requireLivingTenant } from "./tenant-admin.ts";

/**
 * Asks for what a tenant has to be counted from its rows, and for the counts that are kept to be corrected by that
 * (cron/recounts.ts); or joins whoever has asked before, while it goes on. Throws `TENANT_NOT_FOUND` and `TENANT_ERASING`.
 */
export async function requestRecount(env: DatabaseBindings, actor: Actor, nowMs: number): Promise<Recount> {
  await requireLivingTenant(env, actor.tenantId);
  const db = databaseFor(env, actor.tenantId);
  await beginRecount(db, actor, nowMs);
  return formatRecount(await findRecount(db, actor.tenantId));
}

/** How the last recount of a tenant stands. Throws `TENANT_NOT_FOUND` and `TENANT_ERASING`. */
export async function getRecount(env: DatabaseBindings, tenantId: TenantId): Promise<Recount> {
  await requireLivingTenant(env, tenantId);
  return formatRecount(await findRecount(databaseFor(env, tenantId), tenantId));
}

function formatRecount(found: RecountStanding | undefined): Recount {
  if (found === undefined) {
    return { state: "none", requestedAt: null, finishedAt: null, filesCounted: 0, corrections: {} };
  }
  const { recount, filesCounted } = found;
  const { requestedAtMs, finishedAtMs, cursor, corrections } = recount;
  const begun = cursor === "" ? "waiting" : "counting";
  return {
    state: finishedAtMs === null ? begun : "done",
    requestedAt: new Date(requestedAtMs).toISOString(),
    finishedAt: finishedAtMs === null ? null : new Date(finishedAtMs).toISOString(),
    filesCounted,
    corrections,
  };
}
