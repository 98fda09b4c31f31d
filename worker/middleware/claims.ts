import type { JWTPayload } from "jose";
import { Identity } from "#contract/ids.ts";
import type { ClaimPath, TokenConfig } from "../token-config.ts";

/** What is at the path. Own members alone: a pointer leads into a token, not into JavaScript. */
function readClaim(payload: JWTPayload, path: ClaimPath): unknown {
  let value: unknown = payload;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/** Who a verified token speaks for. Throws where a claim is missing, is nothing of ours, or names a role we don't know. */
export function identityOf(payload: JWTPayload, { claims, roles }: TokenConfig): Identity {
  const role = readClaim(payload, claims.role);
  return Identity.parse({
    tenantId: readClaim(payload, claims.tenant),
    userId: readClaim(payload, claims.user),
    role: typeof role === "string" ? roles.get(role) : undefined,
  });
}
