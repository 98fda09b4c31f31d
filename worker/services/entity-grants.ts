import type { EntityAction, EntityGrantRequest, GrantedIdentity } from "#contract/entity-grants.ts";
import { AppError } from "#contract/errors.ts";
import type { Identity } from "#contract/ids.ts";
import { newGrantId } from "#contract/ids.ts";
import { grantEndMs, requireGranting, requireRenewable, scopeError } from "./grants.ts";

/**
 * Entity grants: a CRM decides who sees what is attached to one of its records, and its backend says so by a token for one
 * user and one entity. What it lets its holder do with a file is in permissions.ts; here is what isn't about one file.
 */

/** Throws `ROLE_REQUIRED` for a member. */
export function mintEntityGrant(
  identity: Identity,
  request: EntityGrantRequest,
  nowMs: number,
): GrantedIdentity {
  requireGranting(identity);
  const { userId, entityType, entityId, allow, expiresInSeconds } = request;
  const expiresAtMs = grantEndMs(nowMs, expiresInSeconds);
  const entityGrant = { id: newGrantId(), entityType, entityId, allow: [...new Set(allow)], expiresAtMs };
  return { tenantId: identity.tenantId, userId, role: "member", entityGrant };
}

/** The same grant for longer. Throws as `requireRenewable`. */
export function renewEntityGrant(
  caller: Identity,
  granted: GrantedIdentity | undefined,
  expiresInSeconds: number,
  nowMs: number,
): GrantedIdentity {
  const standing = ({ tenantId, entityGrant }: GrantedIdentity) => ({
    tenantId,
    expiresAtMs: entityGrant.expiresAtMs,
  });
  const renewable = requireRenewable(caller, granted, standing, nowMs);
  const expiresAtMs = grantEndMs(nowMs, expiresInSeconds);
  return { ...renewable, entityGrant: { ...renewable.entityGrant, expiresAtMs } };
}

/** Throws `GRANT_SCOPE` where the caller has an entity grant that isn't for this; a session is for everything. */
export function requireGranted({ entityGrant }: Identity, action: EntityAction): void {
  if (entityGrant === undefined || entityGrant.allow.includes(action)) return;
  throw new AppError("GRANT_SCOPE", { detail: `The grant doesn't say that its holder may ${action}.` });
}

/** Throws `GRANT_SCOPE` for parts of an upload, which are attached to nothing. */
export function requireWholeFile({ entityGrant }: Identity, kind: "file" | "partial" | "final"): void {
  if (entityGrant === undefined || kind === "file") return;
  throw scopeError("Upload-Concat", "An entity grant is for whole files, not for parts of one.");
}
