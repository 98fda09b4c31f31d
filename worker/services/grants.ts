import { AppError } from "#contract/errors.ts";
import type { Identity, TenantId } from "#contract/ids.ts";
import { requireRole } from "./permissions.ts";

/** What upload grants and entity grants have in common. */

/** Grants are minted by a CRM's backend or an admin. Throws `ROLE_REQUIRED` for a member. */
export function requireGranting(identity: Identity): void {
  requireRole(identity, "service", "admin");
}

/** When a grant ends that is made now. Tokens tell time in whole seconds. */
export function grantEndMs(nowMs: number, expiresInSeconds: number): number {
  return (Math.floor(nowMs / 1000) + expiresInSeconds) * 1000;
}

/** For so long after its end a grant can be renewed: an upload under way is gone by then. */
const RENEWABLE_MS = 7 * 24 * 3_600_000;

/**
 * A grant that may be renewed. Throws `ROLE_REQUIRED` for a member, and `REQUEST_INVALID` alike for what isn't a grant,
 * another tenant's, and one that ended long ago.
 * @param grant undefined for a token that isn't one of ours
 */
export function requireRenewable<G>(
  caller: Identity,
  grant: G | undefined,
  standingOf: (grant: G) => { readonly tenantId: TenantId; readonly expiresAtMs: number },
  nowMs: number,
): G {
  requireGranting(caller);
  if (grant !== undefined) {
    const { tenantId, expiresAtMs } = standingOf(grant);
    if (tenantId === caller.tenantId && nowMs < expiresAtMs + RENEWABLE_MS) return grant;
  }
  throw new AppError("REQUEST_INVALID", {
    errors: [{ path: "token", message: "is no grant of this tenant's that can be renewed" }],
  });
}

export function scopeError(path: string, detail: string): AppError {
  return new AppError("GRANT_SCOPE", {
    detail,
    errors: [{ path, message: "is outside of the grant's scope" }],
  });
}

/** Of what an upload declares: what it is attached to. */
export const ENTITY_KEYS = ["entityType", "entityId"] as const;
type Entity = Readonly<Partial<Record<(typeof ENTITY_KEYS)[number], string | undefined>>>;

/** What an upload declares, with the entity that its grant is for. Throws `GRANT_SCOPE` where the two contradict each other. */
export function applyEntity(
  granted: Entity,
  metadata: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const applied = new Map(metadata);
  for (const key of ENTITY_KEYS) {
    const value = granted[key];
    if (value === undefined) continue;
    if ((metadata.get(key) || value) !== value) throw scopeError(key, "The grant is for another entity.");
    applied.set(key, value);
  }
  return applied;
}
